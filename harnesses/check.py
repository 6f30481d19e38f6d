#!/usr/bin/env python3
"""Checks a harness: the protocol, the specimen, a little CORS, and that it leaves nothing behind.

    harnesses/check.py NAME -- COMMAND...        such as    check.py express-cors -- node harnesses/node/express.js

It prints a table. `FAIL` is a mistake of the harness, and makes the exit status 1. `differs` is an answer that a browser or a
cache would judge otherwise than the policy says: look whether the configuration is right; if it is, it is the middleware's.
Needs Python 3.9 and, to look for processes that are left behind, /proc.
"""

import http.client
import json
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

# The longest waits, in seconds.
HELLO, SERVE, STOP, EXIT = 20, 30, 10, 10

failures = 0


def row(what, mark, text=""):
    global failures
    failures += mark == "FAIL"
    print(f"{what:<34} {mark:<8} {text}".rstrip(), flush=True)


# --- The harness -----------------------------------------------------------------------------------------------------------------


class Harness:
    # The process that runs now, so that it is killed when the check itself fails.
    running = None

    def __init__(self, command):
        self.temporary = tempfile.mkdtemp(prefix="check-")
        self.token = os.path.basename(self.temporary)
        environment = dict(os.environ, TMPDIR=self.temporary, HARNESS_CHECK=self.token)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, start_new_session=True
        )
        Harness.running = self.process
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, *requests):
        """Writes all of the requests at once, so that they overlap."""
        self.process.stdin.write("".join(json.dumps(request) + "\n" for request in requests))
        self.process.stdin.flush()

    def answer(self, seconds):
        """The next answer as its kind and value."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise SystemExit(f"FAIL: no answer within {seconds} s") from None
        if line is None:
            raise SystemExit(f"FAIL: the harness ended, exit status {self.process.wait()}")
        try:
            ((kind, value),) = json.loads(line).items()
            return kind, value
        except (ValueError, AttributeError):
            row("standard output", "FAIL", f"not an answer: {line[:100]!r}")
            return self.answer(seconds)

    def answers(self, count, seconds):
        """Answers to `count` requests, by id."""
        found = {}
        while len(found) < count:
            kind, value = self.answer(seconds)
            if not isinstance(value, dict) or value.get("id") in (None, *found):
                row("standard output", "FAIL", f"an answer with a wrong id: {kind} {value}")
            else:
                found[value["id"]] = kind, value
        return found

    def left(self):
        """Processes of this harness that run, by id: its session, its descendants, and all that inherited its environment."""
        processes = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    stat = file.read()
                name, fields = stat[: stat.rindex(")")].split("(", 1)[1], stat[stat.rindex(")") + 2 :].split()
                state, parent, session = fields[0], int(fields[1]), int(fields[3])
                with open(f"/proc/{pid}/environ", "rb") as file:
                    inherits = self.token.encode() in file.read()
            except OSError:
                continue
            if state != "Z":
                processes[int(pid)] = name, parent, inherits or session == self.process.pid
        found = {pid for pid, (_, _, ours) in processes.items() if ours}
        while more := {pid for pid, (_, parent, _) in processes.items() if parent in found} - found:
            found |= more
        return {pid: processes[pid][0] for pid in found}

    def end(self, how, ports, known):
        """Whether everything is gone after `how` was done to the harness. `known` are processes that were seen before."""
        started = time.monotonic()
        try:
            status = self.process.wait(EXIT)
        except subprocess.TimeoutExpired:
            row(how, "FAIL", f"still runs after {EXIT} s")
            os.killpg(self.process.pid, signal.SIGKILL)
            return
        took = time.monotonic() - started
        time.sleep(0.2)
        left = self.left()
        # A daemon that left the session and wrote over its environment is found by its id.
        left.update({pid: name for pid, name in known.items() if process_name(pid) == name})
        files = os.listdir(self.temporary)
        open_ports = [port for port in ports if accepts(port)]
        wrong = []
        if status != 0:
            wrong.append(f"exit status {status}")
        if left:
            wrong.append("processes left: " + ", ".join(f"{name} ({pid})" for pid, name in left.items()))
        if files:
            wrong.append("files left in TMPDIR: " + ", ".join(files))
        if open_ports:
            wrong.append(f"ports still open: {open_ports}")
        row(how, "FAIL" if wrong else "ok", "; ".join(wrong) or f"gone after {took:.1f} s")
        if not files:
            os.rmdir(self.temporary)


def process_name(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            stat = file.read()
    except OSError:
        return None
    rest = stat[stat.rindex(")") + 2 :]
    return None if rest.startswith("Z") else stat[: stat.rindex(")")].split("(", 1)[1]


# --- HTTP ------------------------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, status, lines, body):
        self.status, self.lines, self.body = status, lines, body

    def values(self, name):
        return [value for key, value in self.lines if key.lower() == name]

    def value(self, name):
        """The value of a header as a browser reads it: lines of one name are joined."""
        return ", ".join(self.values(name)) if self.values(name) else None

    def members(self, name):
        return [member.strip() for member in (self.value(name) or "").split(",") if member.strip()]


def ask(port, method, path, headers=(), body=""):
    """One request over a connection of its own. The suite ends TLS and says so."""
    lines = [f"{method} {path} HTTP/1.1", "Host: api.example", "X-Forwarded-Proto: https", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join(lines) + "\r\n\r\n" + body
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            # A server that answers before it read the body may reset the connection.
            pass
    return parse(received, method)


def parse(received, method):
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/1."):
        raise ValueError(f"not HTTP: {received[:60]!r}")
    status = int(first.split()[1])
    if 100 <= status < 200:
        return parse(rest, method)
    lines = [(name, value.strip()) for name, value in (line.split(":", 1) for line in lines)]
    answer = Answer(status, lines, rest)
    if method == "HEAD" or status in (204, 304):
        return answer
    if (answer.value("transfer-encoding") or "").lower() == "chunked":
        answer.body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            size = int(size.split(b";")[0], 16)
            if size == 0:
                break
            answer.body, rest = answer.body + rest[:size], rest[size + 2 :]
    elif (length := answer.value("content-length")) is not None and len(rest) != int(length):
        raise ValueError(f"{len(rest)} bytes of body where content-length says {length}")
    return answer


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    except OSError:
        return False


# --- The specimen ----------------------------------------------------------------------------------------------------------------


def probe(level, method, path, status, headers=(), body="", text=None, values=None, lines=None):
    return dict(
        level=level,
        method=method,
        path=path,
        status=status,
        headers=headers,
        body=body,
        text=text,
        json=values,
        lines=lines or {},
    )


CHALLENGE = ['Basic realm="specimen"']
JSON = [("content-type", "application/json")]
CLIENT_ERROR = range(400, 500)

# What `cors_conformance::specimen` checks, and the level of the route.
PROBES = [
    probe(1, "GET", "/echo", 200, lines={"x-request-id": ["specimen"], "x-secret": ["specimen"]}),
    probe(1, "POST", "/echo?a=b", 200, values={"method": "POST", "path": "/echo", "query": "a=b", "body_length": 0}),
    probe(1, "PUT", "/echo", 200, [("x-a", "1"), ("x-a", "2")], "12345", values={"headers/x-a": ["1", "2"], "body_length": 5}),
    probe(1, "PATCH", "/echo", 200, values={"method": "PATCH"}),
    probe(1, "DELETE", "/echo", 200, values={"method": "DELETE"}),
    probe(1, "PURGE", "/echo", 200, values={"method": "PURGE"}),
    probe(1, "HEAD", "/echo", 200, text=""),
    probe(1, "GET", "/status/418", 418, text="status 418"),
    probe(1, "HEAD", "/status/418", 418, text=""),
    probe(1, "GET", "/status/503", 503, text="status 503"),
    probe(1, "GET", "/status/206", 206, text="status 206"),
    probe(1, "GET", "/status/204", 204, text=""),
    probe(1, "GET", "/status/205", 205, text=""),
    probe(1, "GET", "/status/304", 304, text=""),
    probe(1, "GET", "/status/x", 400),
    probe(1, "POST", "/status/200", 405),
    probe(2, "GET", "/redirect?to=https%3A%2F%2Fa.example%2F%3Fb%3Dc", 307, lines={"location": ["https://a.example/?b=c"]}),
    probe(2, "DELETE", "/redirect?code=303&to=/echo", 303, lines={"location": ["/echo"]}),
    probe(2, "GET", "/redirect?code=200&to=/echo", 400),
    probe(2, "GET", "/redirect?code=302", 400),
    probe(2, "GET", "/cookie/set?c=a%3D1&c=b%3D2%3B+Secure", 200, lines={"set-cookie": ["a=1", "b=2; Secure"]}),
    probe(
        2,
        "GET",
        "/cookie/set?c=__Host-c=3;%20Path=/;+SameSite=None",
        200,
        lines={"set-cookie": ["__Host-c=3; Path=/; SameSite=None"]},
    ),
    probe(2, "GET", "/cookie/read", 200, values={"": []}),
    probe(2, "GET", "/cookie/read", 200, [("cookie", "a=1; b=2")], values={"": ["a=1", "b=2"]}),
    probe(2, "GET", "/private", 401, lines={"www-authenticate": CHALLENGE}),
    probe(2, "PUT", "/private", 401, lines={"www-authenticate": CHALLENGE}),
    probe(2, "PUT", "/private", 200, [("authorization", "Basic YTpi")], text="private"),
    probe(2, "GET", "/options", 200, lines={"x-handler": ["options"]}),
    probe(2, "GET", "/vary?v=Accept", 200, lines={"vary": ["Accept"]}),
    probe(2, "GET", "/own-cors", 200),
    probe(2, "GET", "/error", 500),
    probe(2, "GET", "/panic", 500),
    probe(2, "GET", "/stream", 200, text="one two three"),
    probe(2, "GET", "/slash/", 200, text="slash"),
    probe(2, "GET", "/slash", 308, lines={"location": ["/slash/"]}),
    probe(2, "PUT", "/item/7", 200, text="PUT 7"),
    probe(2, "DELETE", "/item/a-b", 200, text="DELETE a-b"),
    probe(2, "PATCH", "/item/7", 405),
    probe(2, "POST", "/json", 200, JSON, '{"n":1}', values={"n": 1}),
    probe(2, "POST", "/json", CLIENT_ERROR, JSON, '{"m":1}'),
    probe(2, "POST", "/json", CLIENT_ERROR, JSON, "n=1"),
    probe(2, "POST", "/json", CLIENT_ERROR, [("content-type", "text/plain")], '{"n":1}'),
    probe(2, "POST", "/json", 413, JSON, " " * 1025),
    probe(2, "GET", "/nowhere", 404),
]

# Requests that show whether handlers are counted, and the route that counts each.
COUNTED = [
    (1, "GET", "/echo", "/echo"),
    (1, "GET", "/status/204", "/status/{code}"),
    (2, "PUT", "/item/7", "/item/{id}"),
    (2, "DELETE", "/item/8", "/item/{id}"),
    (2, "HEAD", "/stream", "/stream"),
    (2, "GET", "/panic", "/panic"),
    (2, "GET", "/private", None),
    (2, "GET", "/slash", None),
    (2, "GET", "/nowhere", None),
    (2, "POST", "/item/7", None),
]


def check_specimen(port, level, deviations):
    found = []
    expected = {}
    for at, method, path, route in [(1, "GET", "/hits", None), *COUNTED]:
        if at <= level:
            try_ask(port, method, path)
            if route:
                expected[route] = expected.get(route, 0) + 1
    counts = try_ask(port, "GET", "/hits")
    if isinstance(counts, str) or json_of(counts) != expected:
        found.append(f"GET /hits: {counts if isinstance(counts, str) else counts.body.decode()}, expected {json.dumps(expected)}")
    probes = [probe for probe in PROBES if probe["level"] <= level]
    for probe in probes:
        answer = try_ask(port, probe["method"], probe["path"], probe["headers"], probe["body"])
        known = [known for known in deviations if (known["method"], known["path"]) == (probe["method"], probe["path"])]
        if known:
            # As in the suite, only the status counts then.
            probe = dict(probe, status=known[0]["status"], lines={}, text=None, json=None)
        wrong = answer if isinstance(answer, str) else deviation(probe, answer)
        if wrong:
            found.append(f"{probe['method']} {probe['path']}: {wrong}")
    for line in found:
        row("specimen", "FAIL", line)
    if not found:
        row("specimen", "ok", f"level {level}, {len(probes)} requests")


def check_connection(port, level):
    """Whether one connection serves several requests, as the suite uses it, unless the server says `Connection: close`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    paths = ["/echo", "/status/500", "/echo"]
    if level == 2:
        paths += ["/error", "/echo", "/panic", "/stream", "/nowhere", "/echo"]
    before = None
    for path in paths:
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            row("connection", "FAIL", f"closed without `Connection: close` after GET {before}: {error!r}")
            break
        before = path
        # A server that closes the connection does so by now.
        time.sleep(0.05)
    else:
        row("connection", "ok", "kept, or closed with notice")
    connection.close()


def try_ask(*request):
    try:
        return ask(*request)
    except (OSError, ValueError) as error:
        return f"no answer: {error}"


def json_of(answer):
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def deviation(probe, answer):
    expected = probe["status"]
    if answer.status != expected and not (isinstance(expected, range) and answer.status in expected):
        return f"{answer.status}, expected {expected if isinstance(expected, int) else '4xx'}"
    for name, lines in probe["lines"].items():
        seen = answer.values(name)
        if name == "vary":
            same = set(lines) <= set(answer.members(name))
        elif probe["path"] == "/slash":
            same = [line.split("://api.example")[-1] for line in seen] == lines
        else:
            same = seen == lines
        if not same:
            return f"{name} {seen}, expected {lines}"
    body = answer.body.decode("latin-1")
    if probe["text"] is not None and body != probe["text"]:
        return f"body {body[:60]!r}, expected {probe['text']!r}"
    for pointer, value in (probe["json"] or {}).items():
        seen = json_of(answer)
        for key in filter(None, pointer.split("/")):
            seen = seen.get(key) if isinstance(seen, dict) else None
        # Lines of one header may be joined.
        is_joined = pointer.startswith("headers/") and seen == [", ".join(value)]
        if seen != value and not is_joined:
            return f"{seen!r} at {pointer or 'the top'} of the JSON, expected {value!r}"
    if probe["json"] is not None and "json" not in (answer.value("content-type") or ""):
        return f"content-type {answer.value('content-type')}, expected application/json"
    return None


# --- CORS ------------------------------------------------------------------------------------------------------------------------


def escape(text):
    return "".join("\\" + letter if letter in ".[]" else letter for letter in text)


def exact(origin):
    return {"kind": "exact", "origin": origin, "pattern": origin, "regex": f"^{escape(origin)}$"}


def subdomains(scheme, host):
    return {
        "kind": "subdomains",
        "scheme": scheme,
        "host": host,
        "port": None,
        "pattern": f"{scheme}://*.{host}",
        "regex": rf"^{scheme}://([a-z0-9_-]+\.)+{escape(host)}$",
    }


ANY = {"kind": "any", "pattern": "*", "regex": "^.*$"}
APP = exact("https://app.example")
PORTS = {
    "kind": "any-port",
    "scheme": "http",
    "host": "localhost",
    "pattern": "http://localhost:*",
    "regex": r"^http://localhost(:[0-9]+)?$",
}
PARTIAL = {
    "kind": "partial-label",
    "scheme": "https",
    "before": "",
    "after": "-myteam",
    "host": "vercel.app",
    "port": None,
    "pattern": "https://*-myteam.vercel.app",
    "regex": r"^https://[a-z0-9_-]+-myteam\.vercel\.app$",
}
EXTENSION = {
    "kind": "any-host",
    "scheme": "moz-extension",
    "port": None,
    "pattern": "moz-extension://*",
    "regex": r"^moz-extension://[a-z0-9._-]+$",
}


def rule(*origins, **fields):
    """Other terms for some origins. The first rule that contains the origin applies, and the policy's own terms otherwise."""
    terms = policy(*origins, **fields)
    return {name: terms[name] for name in terms if name not in ("preflight_status", "diagnostics", "rules", "guard")}


def policy(*origins, **fields):
    defaults = {
        "allow_origins": list(origins),
        "allow_methods": [],
        "allow_headers": [],
        "expose_headers": [],
        "allow_credentials": False,
        "max_age": None,
        "preflight_status": 204,
        "diagnostics": False,
        "dangerously_allow": [],
        "rules": [],
        "guard": None,
    }
    return defaults | fields


STRANGER = "https://evil.example"
GET, PUT = ("GET", []), ("PUT", ["x-token"])
PUT_TOKEN = dict(allow_methods=["PUT"], allow_headers=["x-token"])

# A title, a policy, and what browsers ask: origin, (method, headers), with credentials, allowed.
FIRST = [
    (
        "exact origin",
        policy(APP, **PUT_TOKEN),
        [
            ("https://app.example", PUT, False, True),
            (STRANGER, PUT, False, False),
            ("https://app.example.evil.example", PUT, False, False),
            ("https://app.example", ("DELETE", []), False, False),
            ("https://app.example", ("GET", ["x-other"]), False, False),
            ("https://app.example", ("GET", ["x-token"]), True, False),
        ],
    ),
    (
        "subdomains",
        policy(subdomains("https", "example.org"), **PUT_TOKEN),
        [
            ("https://a.example.org", PUT, False, True),
            ("https://a.b.example.org", PUT, False, True),
            ("https://example.org", PUT, False, False),
            ("https://evilexample.org", PUT, False, False),
            ("http://a.example.org", PUT, False, False),
            ("https://a.example.org:8443", PUT, False, False),
            ("https://a.example.org.evil.example", PUT, False, False),
        ],
    ),
    (
        "any origin",
        policy(ANY, **PUT_TOKEN),
        [(STRANGER, PUT, False, True), ("null", PUT, False, True), (STRANGER, PUT, True, False)],
    ),
    (
        "credentials",
        policy(APP, exact("https://b.example"), allow_credentials=True, **PUT_TOKEN),
        [
            ("https://app.example", PUT, True, True),
            ("https://b.example", PUT, True, True),
            (STRANGER, PUT, True, False),
            ("null", PUT, True, False),
        ],
    ),
    (
        "all methods, all headers",
        policy(APP, allow_methods=["*"], allow_headers=["*", "authorization"]),
        [
            ("https://app.example", ("PURGE", ["x-what"]), False, True),
            ("https://app.example", ("DELETE", ["authorization"]), False, True),
            (STRANGER, PUT, False, False),
        ],
    ),
    ("max_age 0", policy(APP, max_age=0, **PUT_TOKEN), [("https://app.example", PUT, False, True)]),
    ("max_age 600", policy(APP, max_age=600, **PUT_TOKEN), [("https://app.example", PUT, False, True)]),
    ("expose_headers", policy(APP, expose_headers=["x-request-id"], **PUT_TOKEN), [("https://app.example", GET, False, True)]),
]
SECOND = [
    ("nobody", policy(**PUT_TOKEN), [("https://app.example", PUT, False, False), ("null", PUT, False, False)]),
    (
        "no methods, no headers",
        policy(APP),
        [
            ("https://app.example", GET, False, True),
            ("https://app.example", ("DELETE", []), False, False),
            ("https://app.example", ("GET", ["x-token"]), False, False),
        ],
    ),
    (
        "any port, partial label, any host",
        policy(PORTS, PARTIAL, EXTENSION, **PUT_TOKEN),
        [
            ("http://localhost", PUT, False, True),
            ("http://localhost:3000", PUT, False, True),
            ("http://localhost.evil.example", PUT, False, False),
            ("https://pr-7-myteam.vercel.app", PUT, False, True),
            ("https://a.b-myteam.vercel.app", PUT, False, False),
            ("https://pr-myteam.vercel.app.evil.example", PUT, False, False),
            ("moz-extension://7d3f", PUT, False, True),
        ],
    ),
    (
        "null, file://, IPv6 and a pattern",
        policy(exact("null"), exact("file://"), exact("https://[::1]:8443"), subdomains("https", "example.org"), **PUT_TOKEN),
        [
            ("null", PUT, False, True),
            ("file://", PUT, False, True),
            ("https://[::1]:8443", PUT, False, True),
            ("https://a.example.org", PUT, False, True),
            (STRANGER, PUT, False, False),
        ],
    ),
    (
        "all headers but authorization",
        policy(APP, allow_headers=["*"]),
        [
            ("https://app.example", ("GET", ["x-what"]), False, True),
            ("https://app.example", ("GET", ["authorization"]), False, False),
        ],
    ),
    (
        "all methods and headers, credentials",
        policy(APP, allow_methods=["*"], allow_headers=["*", "authorization"], allow_credentials=True),
        [
            ("https://app.example", ("DELETE", ["x-what", "authorization"]), True, True),
            ("https://app.example", ("PURGE", ["x-what"]), True, True),
            (STRANGER, PUT, True, False),
        ],
    ),
    (
        "all but authorization, credentials",
        policy(APP, allow_headers=["*"], allow_credentials=True),
        [
            ("https://app.example", ("GET", ["x-what"]), True, True),
            ("https://app.example", ("GET", ["authorization"]), True, False),
        ],
    ),
    ("expose_headers all", policy(APP, expose_headers=["*"]), [("https://app.example", GET, False, True)]),
    (
        "rules",
        policy(ANY, rules=[rule(APP, allow_credentials=True, **PUT_TOKEN), rule(exact("https://b.example"))]),
        [
            ("https://app.example", PUT, True, True),
            ("https://b.example", GET, False, True),
            ("https://b.example", GET, True, False),
            ("https://b.example", PUT, False, False),
            (STRANGER, GET, False, True),
            (STRANGER, GET, True, False),
        ],
    ),
    ("preflight_status 200", policy(APP, preflight_status=200, **PUT_TOKEN), [("https://app.example", PUT, False, True)]),
]

# The origins that an unsafe configuration is asked with.
UNSAFE = {
    "any-origin-with-credentials": [STRANGER],
    "reflected-origin": [STRANGER, "null"],
    "null-origin": ["null"],
    "prefix": ["https://app.example", "https://app.example.evil.example"],
    "unescaped-dot": ["https://a.example.org", "https://evilexample.org"],
}


def preflight(port, origin, method, headers):
    lines = [("Origin", origin), ("Access-Control-Request-Method", method)]
    if headers:
        lines.append(("Access-Control-Request-Headers", ",".join(sorted(headers))))
    return ask(port, "OPTIONS", "/echo", lines)


def cors_check(answer, origin, credentials):
    """The CORS check of the Fetch standard: why it fails, or nothing."""
    allowed = answer.value("access-control-allow-origin")
    if allowed != origin and not (allowed == "*" and not credentials):
        return f"allow-origin is {allowed}"
    if credentials and answer.value("access-control-allow-credentials") != "true":
        return f"allow-credentials is {answer.value('access-control-allow-credentials')}"
    return None


def page(port, origin, request, credentials):
    """Why a browser blocks a page's request, or nothing. Every request has a preflight here."""
    method, headers = request
    before = preflight(port, origin, method, headers)
    why = cors_check(before, origin, credentials)
    if why is None and not 200 <= before.status < 300:
        why = f"status {before.status}"
    methods = before.members("access-control-allow-methods")
    if why is None and method not in ("GET", "HEAD", "POST", *methods) and not ("*" in methods and not credentials):
        why = f"allow-methods is {before.value('access-control-allow-methods')}"
    names = [name.lower() for name in before.members("access-control-allow-headers")]
    for name in headers:
        star = "*" in names and not credentials and name != "authorization"
        if why is None and name not in names and not star:
            why = f"allow-headers is {before.value('access-control-allow-headers')}"
    actual = ask(port, method, "/echo", [("Origin", origin), *((name, "1") for name in headers)])
    if why:
        return f"preflight: {why}", actual
    why = cors_check(actual, origin, credentials)
    return (f"response: {why}" if why else None), actual


def check_policy(title, fields, asked, port):
    differs = []
    for origin, request, credentials, allowed in asked:
        try:
            why, actual = page(port, origin, request, credentials)
        except (OSError, ValueError) as error:
            row(title, "FAIL", f"{request} from {origin}: no answer: {error}")
            continue
        if (why is None) != allowed:
            text = f"{request[0]} {' '.join(request[1])} from {origin}{' with credentials' if credentials else ''}"
            differs.append(f"{text}: {'is allowed' if why is None else 'is blocked: ' + why}")
        if allowed and why is None:
            exposed = [name.lower() for name in actual.members("access-control-expose-headers")]
            if fields["expose_headers"] not in ([], ["*"]) and exposed != fields["expose_headers"] and exposed != ["*"]:
                differs.append(f"expose-headers is {exposed}")
            credentials = actual.value("access-control-allow-credentials")
            if not fields["rules"] and credentials not in (["true"] if fields["allow_credentials"] else [None]):
                differs.append(f"allow-credentials is {credentials}")
    seconds = fields["max_age"]
    if asked[0][3]:
        seen = preflight(port, asked[0][0], *asked[0][1])
        if seen.value("access-control-max-age") != (None if seconds is None else str(seconds)):
            differs.append(f"max-age is {seen.value('access-control-max-age')}")
        if fields["preflight_status"] != 204 and seen.status != fields["preflight_status"]:
            differs.append(f"the status of preflights is {seen.status}")
    for line in differs:
        row(title, "differs", line)
    if not differs:
        row(title, "ok", f"{len(asked)} requests, each with its preflight")


def shown(answer):
    names = ["allow-origin", "allow-credentials", "allow-methods", "allow-headers"]
    headers = [(name, answer.value("access-control-" + name)) for name in names] + [("vary", answer.value("vary"))]
    return f"{answer.status} " + (
        "; ".join(f"{name}: {value}" for name, value in headers if value is not None) or "no CORS header"
    )


# --- The check -------------------------------------------------------------------------------------------------------------------


def serve(harness, requests):
    """Asks for several servers at once, and returns the ports of those that run, by id."""
    started = time.monotonic()
    harness.send(*({"cmd": "serve", "id": number} | what for number, _, what in requests))
    answers = harness.answers(len(requests), SERVE)
    took = time.monotonic() - started
    ports, slow = {}, f"{len(requests)} requests at once took {took:.1f} s"
    for number, title, what in requests:
        kind, value = answers.get(number, ("nothing", {}))
        if kind == "ready":
            ports[number] = value["port"]
            text = value.get("configuration")
            if not isinstance(text, str) or not text.strip():
                row(title, "FAIL", "no `configuration`")
            else:
                print(f"    {title}: " + " ".join(text.split()))
            if "warning" in value:
                print(f"    {title}: warning: {value['warning']}")
        elif kind == "cannot" and value.get("field") and value.get("reason"):
            row(title, "cannot", f"{value['field']}: {value['reason']}")
        elif kind == "refused" and "unsafe" in what and value.get("reason"):
            row(title, "refused", value["reason"])
        else:
            row(title, "FAIL", f"{kind} {value}")
    if len(set(ports.values())) != len(ports):
        row("serve", "FAIL", "two servers on one port")
    row("serve", "ok", slow)
    return ports


def stop(harness, ports, numbers):
    """Stops servers while a client holds an idle connection to each."""
    idle = []
    for number in numbers:
        connection = socket.create_connection(("127.0.0.1", ports[number]), timeout=5)
        connection.sendall(b"GET /echo HTTP/1.1\r\nHost: api.example\r\n\r\n")
        connection.recv(65536)
        idle.append(connection)
    started = time.monotonic()
    harness.send(*({"cmd": "stop", "id": number} for number in numbers))
    answers = harness.answers(len(numbers), STOP)
    took = time.monotonic() - started
    wrong = [number for number in numbers if answers.get(number, ("", {}))[0] != "stopped"]
    still = [number for number in numbers if accepts(ports[number])]
    dead = [number for number in ports if number not in numbers and not accepts(ports[number])]
    for connection in idle:
        connection.close()
    text = []
    if wrong:
        text.append(f"not `stopped`: {wrong}")
    if still:
        text.append(f"still accepts connections: {still}")
    if dead:
        text.append(f"servers that were not stopped are gone: {dead}")
    row("stop", "FAIL" if text else "ok", "; ".join(text) or f"{len(numbers)} servers took {took:.1f} s")
    for number in numbers:
        del ports[number]


def hello(harness, name):
    harness.send({"cmd": "hello", "protocol": 1})
    kind, value = harness.answer(HELLO)
    if kind != "hello":
        raise SystemExit(f"FAIL: the answer to `hello` is {kind} {value}")
    texts = ["name", "title", "language", "framework", "middleware", "homepage"]
    wrong = [field for field in texts if not isinstance(value.get(field), str) or not value[field]]
    wrong += ["protocol"] * (value.get("protocol") != 1) + ["name"] * (value.get("name") != name)
    wrong += ["level"] * (value.get("level") not in (1, 2)) + ["http2"] * (not isinstance(value.get("http2"), bool))
    wrong += ["unsafe"] * (not set(value.get("unsafe", [])) <= set(UNSAFE))
    for known in value.get("deviations", []):
        wrong += ["deviations"] * (set(known) != {"method", "path", "status", "reason"})
    for field in ("limits", "disputes"):
        for known in value.get(field, []):
            wrong += [field] * (set(known) != {"scenario", "reason", "link"})
    wrong += [field for field in ("framework", "middleware") if not any(map(str.isdigit, str(value.get(field))))]
    row("hello", "FAIL" if wrong else "ok", f"wrong fields: {wrong}" if wrong else f"{value['framework']}, {value['middleware']}")
    return value


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        raise SystemExit(__doc__)
    name, command = sys.argv[1], sys.argv[3:]
    print(f"{name}: {shlex.join(command)}")

    harness = Harness(command)
    said = hello(harness, name)

    ports = serve(harness, [(number, title, {"policy": fields}) for number, (title, fields, _) in enumerate(FIRST, 1)])
    if not ports:
        row("serve", "FAIL", "no server runs")
    else:
        port = next(iter(ports.values()))
        check_specimen(port, said["level"], said.get("deviations", []))
        check_connection(port, said["level"])
    for number, (title, fields, asked) in enumerate(FIRST, 1):
        if number in ports:
            check_policy(title, fields, asked, ports[number])
    stop(harness, ports, list(ports)[1:])

    second = [(number, title, {"policy": fields}) for number, (title, fields, _) in enumerate(SECOND, 11)]
    more = serve(harness, second)
    for number, (title, fields, asked) in enumerate(SECOND, 11):
        if number in more:
            check_policy(title, fields, asked, more[number])
    stop(harness, more, list(more))

    unsafe = serve(harness, [(number, kind, {"unsafe": kind}) for number, kind in enumerate(said.get("unsafe", []), 21)])
    for number, kind in enumerate(said.get("unsafe", []), 21):
        for origin in UNSAFE.get(kind, []) if number in unsafe else []:
            row(kind, "seen", f"GET from {origin}: {shown(ask(unsafe[number], 'GET', '/echo', [('Origin', origin)]))}")
            row(kind, "seen", f"preflight from {origin}: {shown(preflight(unsafe[number], origin, 'PUT', ['x-token']))}")

    ports |= unsafe
    known = harness.left()
    idle = [socket.create_connection(("127.0.0.1", port), timeout=5) for port in ports.values()]
    harness.process.stdin.close()
    harness.end("end of input", ports.values(), known)
    for connection in idle:
        connection.close()

    harness = Harness(command)
    hello(harness, name)
    ports = serve(harness, [(1, "exact origin", {"policy": FIRST[0][1]})])
    known = harness.left()
    harness.process.terminate()
    harness.end("SIGTERM", ports.values(), known)

    print(f"{name}: {failures} failures" if failures else f"{name}: no failures")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    try:
        main()
    finally:
        if Harness.running and Harness.running.poll() is None:
            os.killpg(Harness.running.pid, signal.SIGKILL)
