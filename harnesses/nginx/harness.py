#!/usr/bin/env python3
"""nginx with the CORS recipe that people copy.

The recipe is the one of https://enable-cors.org/server_nginx.html, with its headers for every method instead of only for `GET` and
`POST`. For lists of origins it uses `map`, as
https://stackoverflow.com/questions/36582199/how-to-allow-access-via-cors-to-multiple-domains-within-nginx does, and `Vary`, which
enable-cors.org asks for in that case.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from webserver import Recipe, run
from webserver.harness import version

CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    map_hash_bucket_size 512;
    # Every header of a request has to reach the specimen.
    ignore_invalid_headers off;
    underscores_in_headers on;
{map}
    server {{
        listen 127.0.0.1:{port};
        location / {{
{cors}
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_redirect off;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


class Nginx(Recipe):
    name = "nginx-recipe"
    stack = "nginx"
    title = "nginx, recipe of enable-cors.org"
    middleware = "recipe of enable-cors.org, commit 98fe090"
    homepage = "https://enable-cors.org/server_nginx.html"

    def framework(self):
        return "nginx " + version("nginx", "-v", word=2).removeprefix("nginx/")

    def cors(self, cors):
        kind, text = cors.origins[0] if len(cors.origins) == 1 else ("map", "")
        lines = []
        if cors.any:
            origin = "'*'"
        elif kind == "reflect":
            origin = "$http_origin"
        else:
            origin = "$cors_origin"
            lines = ["map $http_origin $cors_origin {", '    default "";']
            lines += [f'    "{_key(kind, text)}" $http_origin;' for kind, text in cors.origins]
            lines += ["}"]
        shared = [("Access-Control-Allow-Origin", origin)]
        if cors.credentials:
            shared.append(("Access-Control-Allow-Credentials", "'true'"))
        shared.append(("Access-Control-Allow-Methods", f"'{cors.methods}'"))
        if cors.headers:
            shared.append(("Access-Control-Allow-Headers", f"'{cors.headers}'"))
        if not cors.any:
            shared.append(("Vary", "'Origin'"))
        lines.append("if ($request_method = 'OPTIONS') {")
        lines += [f"    add_header '{name}' {value} always;" for name, value in shared]
        if cors.max_age is not None:
            lines.append(f"    add_header 'Access-Control-Max-Age' {cors.max_age};")
        lines.append("    add_header 'Content-Type' 'text/plain; charset=utf-8';")
        if cors.preflight_status == 204:
            # With other statuses nginx sends a length itself.
            lines.append("    add_header 'Content-Length' 0;")
        lines += [f"    return {cors.preflight_status};", "}"]
        lines += [f"add_header '{name}' {value} always;" for name, value in shared]
        if cors.expose:
            lines.append(f"add_header 'Access-Control-Expose-Headers' '{cors.expose}' always;")
        return "\n".join(lines)

    def write(self, folder, configuration, port, upstream):
        # The map belongs outside of the server, the rest into its location. An exported policy says where its parts belong.
        if "# --- In the server block" in configuration:
            end = configuration.find("# --- In the server block")
        else:
            end = configuration.find("\n}\n") + 3 if configuration.startswith("map") else 0
        text = CONFIGURATION.format(
            folder=folder, map=configuration[:end], cors=configuration[end:], port=port, upstream=upstream
        )
        (folder / "nginx.conf").write_text(text)
        return ["nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]


def _key(kind, text):
    """A key of `map`: a text, or a regular expression after a tilde."""
    if kind == "regex":
        return "~" + text
    if kind == "prefix":
        # enable-cors.org tests origins with a regular expression that has no end.
        return "~^" + text.replace(".", "\\.")
    return text


if __name__ == "__main__":
    run(Nginx())
