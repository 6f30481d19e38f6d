"""The specimen application without any CORS, on http.server of the standard library."""

import collections
import http.server
import json
import re
import threading
import time
from urllib.parse import parse_qsl, unquote

FAILURE = "the specimen fails on purpose"
JSON_LIMIT = 1024
TEXT = "text/plain; charset=utf-8"
READ = ("GET", "HEAD")


class Specimen:
    """One server on a free port of the loopback interface, with counts of its own."""

    def __init__(self):
        self.hits = collections.Counter()
        self.requests = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.specimen = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def count(self, route):
        with self._lock:
            self.hits[route] += 1

    def count_request(self):
        with self._lock:
            self.requests += 1

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Ignore: the web server disconnected."""


class _Answer(Exception):
    """An answer that ends a handler early."""

    def __init__(self, status, body="", headers=()):
        self.status, self.body, self.headers = status, body, headers


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The header and the body of an answer leave together.
    wbufsize = -1
    disable_nagle_algorithm = True

    def __getattr__(self, name):
        # http.server looks up a method `do_GET`, and so on: every method is answered here.
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def log_message(self, *_):
        pass

    def _handle(self):
        self.server.specimen.count_request()
        self.route_path, _, self.query = self.path.partition("?")
        self.body = self._read_body()
        try:
            self._find_handler()()
        except _Answer as answer:
            self._send(answer.status, answer.body, answer.headers)
        except ConnectionError:
            raise
        except Exception:
            self._send(500, FAILURE)

    def _find_handler(self):
        for pattern, methods, name, handler in ROUTES:
            match = re.fullmatch(pattern, self.route_path)
            if not match:
                continue
            if name == "/private" and "authorization" not in self.headers:
                raise _Answer(401, "", [("www-authenticate", 'Basic realm="specimen"')])
            if methods and self.command not in methods:
                raise _Answer(405, "method not allowed", [("allow", ", ".join(methods))])
            if name and name != "/hits":
                self.server.specimen.count(name)
            return lambda: handler(self, *map(unquote, match.groups()))
        raise _Answer(404, "not found")

    def _read_body(self):
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _send(self, status, body="", headers=(), media_type=TEXT):
        body = body.encode()
        self.send_response_only(status)
        if body:
            self.send_header("content-type", media_type)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _json(self, value, headers=()):
        self._send(200, json.dumps(value), headers, "application/json")

    def _parameters(self, name):
        return [value for key, value in parse_qsl(self.query, keep_blank_values=True) if key == name]

    def echo(self):
        lines = collections.defaultdict(list)
        for name, value in self.headers.items():
            lines[name.lower()].append(value)
        seen = {"method": self.command, "path": self.route_path, "query": self.query, "headers": lines}
        headers = [("x-request-id", "specimen"), ("x-secret", "specimen")]
        self._json({**seen, "body_length": len(self.body)}, headers)

    def status(self, code):
        if not re.fullmatch("[2-5][0-9][0-9]", code):
            raise _Answer(400)
        self._send(int(code), "" if code in ("204", "205", "304") else f"status {code}")

    def redirect(self):
        code, to = (self._parameters("code") or ["307"])[0], self._parameters("to")
        if not to or not re.fullmatch("3[0-9][0-9]", code):
            raise _Answer(400)
        self._send(int(code), "", [("location", to[0])])

    def cookie_set(self):
        self._send(200, "set", [("set-cookie", value) for value in self._parameters("c")])

    def cookie_read(self):
        cookies = ";".join(self.headers.get_all("cookie", [])).split(";")
        self._json([cookie.strip() for cookie in cookies if cookie.strip()])

    def private(self):
        self._send(200, "private")

    def options(self):
        self._send(200, "options", [("x-handler", "options")])

    def vary(self):
        self._send(200, "vary", [("vary", value) for value in self._parameters("v")])

    def own_cors(self):
        allow = "access-control-allow-"
        self._send(200, "own", [(allow + "origin", "https://handler.example"), (allow + "credentials", "true")])

    def error(self):
        raise _Answer(500, FAILURE)

    def number(self):
        if self.headers.get_content_type() != "application/json":
            raise _Answer(415, "not JSON")
        if len(self.body) > JSON_LIMIT:
            raise _Answer(413, "too long")
        try:
            value = json.loads(self.body)
        except ValueError:
            raise _Answer(400, "not JSON") from None
        if not isinstance(value, dict) or list(value) != ["n"] or type(value["n"]) is not int:
            raise _Answer(422, "not a number")
        self.server.specimen.count("/json")
        self._json(value)

    def panic(self):
        raise RuntimeError(FAILURE)

    def stream(self):
        self.send_response_only(200)
        self.send_header("content-type", TEXT)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if self.command == "HEAD":
            return
        for chunk in (b"one ", b"two ", b"three"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
            time.sleep(0.005)
        self.wfile.write(b"0\r\n\r\n")

    def slash(self):
        self._send(200, "slash")

    def to_slash(self):
        self._send(308, "", [("location", "/slash/")])

    def item(self, id):
        self._send(200, f"{self.command} {id}")

    def answer_hits(self):
        self._json(self.server.specimen.hits)


# A regular expression of paths, the methods (none for all of them), the name to count under, and the handler.
# `/json` counts only the bodies that it accepts.
ROUTES = [
    ("/echo", ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"), "/echo", _Handler.echo),
    ("/status/([^/]+)", READ, "/status/{code}", _Handler.status),
    ("/hits", READ, "/hits", _Handler.answer_hits),
    ("/redirect", (), "/redirect", _Handler.redirect),
    ("/cookie/set", READ, "/cookie/set", _Handler.cookie_set),
    ("/cookie/read", READ, "/cookie/read", _Handler.cookie_read),
    ("/private", ("GET", "HEAD", "PUT"), "/private", _Handler.private),
    ("/options", ("OPTIONS", "GET", "HEAD"), "/options", _Handler.options),
    ("/vary", READ, "/vary", _Handler.vary),
    ("/own-cors", READ, "/own-cors", _Handler.own_cors),
    ("/error", READ, "/error", _Handler.error),
    ("/json", ("POST",), None, _Handler.number),
    ("/panic", READ, "/panic", _Handler.panic),
    ("/stream", READ, "/stream", _Handler.stream),
    ("/slash/", READ, "/slash/", _Handler.slash),
    ("/slash", READ, None, _Handler.to_slash),
    ("/item/([^/]+)", ("PUT", "DELETE"), "/item/{id}", _Handler.item),
]
