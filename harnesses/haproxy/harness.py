#!/usr/bin/env python3
"""HAProxy with the CORS rules of its vendor.

The rules are those that HAProxy Technologies' ingress controller writes for its `cors-*` annotations, `cors-respond-to-options`
included: https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md#cors and
pkg/annotations/ingress/resSetCORS.go there. `cors-respond-to-options` is only in its code; without it, HAProxy passes `OPTIONS`
on to the application. The controller has no rule for `Access-Control-Expose-Headers`: the one here has the form of the
others.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from webserver import Recipe, run
from webserver.harness import version

CONFIGURATION = """\
global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend specimen
    bind 127.0.0.1:{port}
{cors}
    default_backend upstream
backend upstream
    server specimen 127.0.0.1:{upstream}
"""


class HAProxy(Recipe):
    name = "haproxy-recipe"
    stack = "haproxy"
    title = "HAProxy, rules of its ingress controller"
    middleware = "rules of haproxytech/kubernetes-ingress, commit fc12067"
    homepage = "https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md#cors"
    http2 = True

    def framework(self):
        return "HAProxy " + version("haproxy", "-v", word=2)

    def cors(self, cors):
        if not cors.origins:
            return "# Without any CORS, no other origin is allowed."
        origin = "%[var(txn.cors_origin)]"
        kind, text = cors.origins[0]
        if cors.any:
            origin, match = "*", "-m found"
        elif kind == "reflect":
            match = "-m found"
        elif kind == "prefix":
            match = f"-m beg {text}"
        else:
            match = "-m reg " + " ".join(f"'{regex}'" for regex in cors.regexes)
        headers = [("Origin", origin), ("Methods", f'"{cors.methods}"')]
        if cors.headers:
            headers.append(("Headers", f'"{cors.headers}"'))
        headers = [("Access-Control-Allow-" + name, value) for name, value in headers]
        if cors.max_age is not None:
            headers.append(("Access-Control-Max-Age", f'"{cors.max_age}"'))
        if cors.credentials:
            headers.append(("Access-Control-Allow-Credentials", '"true"'))
        if cors.expose:
            headers.append(("Access-Control-Expose-Headers", f'"{cors.expose}"'))
        condition = f"if {{ var(txn.cors_origin) {match} }}"
        return "\n".join(
            [
                "http-request set-var(txn.cors_origin) req.hdr(origin)",
                f"http-request return status {cors.preflight_status} if METH_OPTIONS",
                *(f"http-after-response set-header {name} {value} {condition}" for name, value in headers),
            ]
        )

    def write(self, folder, configuration, port, upstream):
        lines = "\n".join(f"    {line}" for line in configuration.split("\n"))
        text = CONFIGURATION.format(cors=lines, port=port, upstream=upstream)
        (folder / "haproxy.cfg").write_text(text)
        return ["haproxy", "-db", "-f", folder / "haproxy.cfg"]


if __name__ == "__main__":
    run(HAProxy())
