#!/usr/bin/env python3
"""Apache with the CORS recipe that people copy.

The origins are those of https://stackoverflow.com/a/27990162 (`SetEnvIf`, `Header … env=`, `Header merge Vary`), the
preflights those of
https://benjaminhorn.io/code/setting-cors-cross-origin-resource-sharing-on-apache-with-correct-response-headers-allowing-everything-through/
(`Header always set`, `RewriteRule` for every `OPTIONS`).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from webserver import Cannot, Recipe, run
from webserver.harness import version

# The statuses that `RewriteRule` accepts.
STATUSES = [*range(200, 209), 226]

MODULES = ["mpm_event", "authz_core", "headers", "http2", "proxy", "proxy_http", "rewrite", "setenvif"]

CONFIGURATION = """\
{modules}
ServerName localhost
User www-data
Group www-data
Listen 127.0.0.1:{port}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
Mutex posixsem
ErrorLog /dev/stderr
LogLevel error
StartServers 1
MinSpareThreads 4
MaxSpareThreads 16
ThreadsPerChild 16
MaxRequestWorkers 16
ServerLimit 1
Protocols h2c http/1.1
# Every method and header of a request has to reach the specimen.
HttpProtocolOptions LenientMethods
ProxyPreserveHost On
ProxyAddHeaders Off
{cors}
ProxyPass / http://127.0.0.1:{upstream}/
"""


class Apache(Recipe):
    name = "apache-recipe"
    stack = "apache"
    title = "Apache, recipe with SetEnvIf"
    middleware = "recipe of Stack Overflow answer 27990162"
    homepage = "https://stackoverflow.com/a/27990162"
    http2 = True

    def framework(self):
        return "Apache " + version("apache2", "-v", word=2).removeprefix("Apache/")

    def cors(self, cors):
        if cors.preflight_status not in STATUSES:
            raise Cannot("preflight_status", f"RewriteRule: invalid HTTP response code '{cors.preflight_status}' for flag 'R'")
        lines = []
        if cors.any:
            lines.append('Header always set Access-Control-Allow-Origin "*"')
        else:
            lines += [f'SetEnvIf Origin "{regex}" CORS_ALLOW_ORIGIN=$0' for regex in cors.regexes]
            lines.append(
                "Header always set Access-Control-Allow-Origin %{CORS_ALLOW_ORIGIN}e env=CORS_ALLOW_ORIGIN"
            )
            lines.append('Header merge Vary "Origin"')
        if cors.credentials:
            lines.append('Header always set Access-Control-Allow-Credentials "true"')
        lines.append(f'Header always set Access-Control-Allow-Methods "{cors.methods}"')
        if cors.headers:
            lines.append(f'Header always set Access-Control-Allow-Headers "{cors.headers}"')
        if cors.expose:
            lines.append(f'Header always set Access-Control-Expose-Headers "{cors.expose}"')
        if cors.max_age is not None:
            lines.append(f'Header always set Access-Control-Max-Age "{cors.max_age}"')
        lines.append("RewriteEngine On")
        lines.append("RewriteCond %{REQUEST_METHOD} OPTIONS")
        lines.append(f"RewriteRule ^(.*)$ $1 [R={cors.preflight_status},L]")
        return "\n".join(lines)

    def write(self, folder, configuration, port, upstream):
        modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES)
        text = CONFIGURATION.format(
            modules=modules, folder=folder, port=port, cors=configuration, upstream=upstream
        )
        (folder / "apache.conf").write_text(text)
        return ["apache2", "-f", folder / "apache.conf", "-DFOREGROUND"]


if __name__ == "__main__":
    run(Apache())
