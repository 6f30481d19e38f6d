#!/usr/bin/env python3
"""Caddy with the CORS recipe that people copy.

For one origin it is the snippet of https://gist.github.com/ryanburnette/d13575c9ced201e73f8169d3a793c1a3, which many repositories
repeat. Imported twice it answers every preflight with the first origin. For several origins and for patterns the handlers are
the same, with https://caddyserver.com/docs/caddyfile/matchers#header-regexp and with the `Vary` of
https://gist.github.com/FFengIll/d2864550123672c53630a5cd41d34741. They have no `defer`, because it would make that `Vary` replace
the application's.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from webserver import Recipe, run
from webserver.harness import version

CONFIGURATION = """\
{{
    admin off
    auto_https off
    storage file_system {folder}
    grace_period 100ms
    log {{
        level ERROR
    }}
    servers {{
        protocols h1 h2c
    }}
}}
{snippet}
http://:{port} {{
    bind 127.0.0.1
{site}
    reverse_proxy 127.0.0.1:{upstream} {{
        transport http {{
            compression off
        }}
    }}
}}
"""


class Caddy(Recipe):
    name = "caddy-recipe"
    stack = "caddy"
    title = "Caddy, recipe with @cors_preflight"
    middleware = "recipe of gist d13575c"
    homepage = "https://gist.github.com/ryanburnette/d13575c9ced201e73f8169d3a793c1a3"
    http2 = True

    def framework(self):
        return "Caddy " + version("caddy", "version", word=0).removeprefix("v")

    def cors(self, cors):
        if not cors.origins:
            return "# Without any CORS, no other origin is allowed."
        kind, text = cors.origins[0]
        if len(cors.origins) == 1 and kind in ("any", "exact"):
            return self._snippet(cors, text)
        if kind == "prefix":
            # https://caddyserver.com/docs/caddyfile/matchers#header documents a `*` at the end.
            match = f"header Origin {text}*"
        else:
            match = f"header_regexp Origin {'|'.join(cors.regexes)}"
        preflight = self._preflight(cors, "{header.Origin}", "Vary Origin")
        actual = self._actual(cors, "{header.Origin}", "Vary Origin")
        return "\n".join(
            [
                "@cors_preflight {",
                "    method OPTIONS",
                f"    {match}",
                "}",
                f"@cors {match}",
                "handle @cors_preflight {",
                *preflight,
                "}",
                "handle @cors {",
                *actual,
                "}",
            ]
        )

    def _snippet(self, cors, origin):
        return "\n".join(
            [
                "(cors) {",
                "    @cors_preflight{args.0} method OPTIONS",
                "    @cors{args.0} header Origin {args.0}",
                "    handle @cors_preflight{args.0} {",
                *_indent(self._preflight(cors, "{args.0}", "defer")),
                "    }",
                "    handle @cors{args.0} {",
                *_indent(self._actual(cors, "{args.0}", "defer")),
                "    }",
                "}",
                f"import cors {origin}",
            ]
        )

    def _preflight(self, cors, origin, last):
        lines = [f'Access-Control-Allow-Methods "{cors.methods}"']
        if cors.headers:
            lines.append(f'Access-Control-Allow-Headers "{cors.headers}"')
        if cors.max_age is not None:
            lines.append(f'Access-Control-Max-Age "{cors.max_age}"')
        return [*self._header(cors, origin, [*lines, last]), f'    respond "" {cors.preflight_status}']

    def _actual(self, cors, origin, last):
        lines = [f'Access-Control-Expose-Headers "{cors.expose}"'] if cors.expose else []
        return self._header(cors, origin, [*lines, last])

    def _header(self, cors, origin, lines):
        allow = [f'Access-Control-Allow-Origin "{origin}"']
        if cors.credentials:
            allow.append('Access-Control-Allow-Credentials "true"')
        return ["    header {", *(f"        {line}" for line in [*allow, *lines]), "    }"]

    def write(self, folder, configuration, port, upstream):
        # A snippet stands before the sites.
        snippet, _, rest = configuration.rpartition("\n")
        if not configuration.startswith("("):
            snippet, rest = "", configuration
        text = CONFIGURATION.format(folder=folder, snippet=snippet, site=rest, port=port, upstream=upstream)
        (folder / "Caddyfile").write_text(text)
        return ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


def _indent(lines):
    return [f"    {line}" for line in lines]


if __name__ == "__main__":
    run(Caddy())
