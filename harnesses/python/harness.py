"""What the harnesses of this folder share: the protocol, readings of a policy, and the specimen's answers that need no framework.

A harness calls `run` with what is its own. See ../check.py for a program that checks one.
"""

import asyncio
import collections
import json
import os
import pathlib
import re
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from urllib.parse import parse_qsl

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import exported

# --- The protocol ----------------------------------------------------------------------------------------------------------------


class Cannot(Exception):
    """The middleware has no option that says what `field` of the policy says."""

    def __init__(self, field, reason):
        super().__init__(reason)
        self.field = field


class Refused(Exception):
    """The middleware refuses its options, in its own words."""


def run(*, name, title, framework, middleware, homepage, configure, unsafe, shown, create, start, stack="", read=None, limits=(), disputes=()):
    """Runs a harness until the end of input.

    - `framework`, `middleware`: the distributions of both, for their versions.
    - `configure(policy)`: the middleware's options for a policy; raises `Cannot`.
    - `unsafe`: options by the name of each unsafe configuration.
    - `shown(options)`: what users write to say these options.
    - `create(options)`: the application behind the middleware; raises if the middleware refuses the options.
    - `start(application)`: a server with a `port`, and `stop()`; may raise `Refused`. These two run in worker threads.
    - `stack`: the name for `cors policy export`.
    - `read(module)`: the options in an exported policy, whose names and values are in a dictionary.
    - `limits`: scenarios that fail because of the framework.
    - `disputes`: scenarios that fail, and of which the maintainers have said that the middleware is right.
    """
    # Only protocol lines go to standard output.
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    lock = threading.Lock()
    workers = ThreadPoolExecutor(32)
    servers = {}

    def answer(kind, **value):
        with lock:
            output.write(json.dumps({kind: value}) + "\n")

    if exported.PROGRAM:
        name, unsafe = f"exported-{stack}", {}

    def serve(id, policy=None, unsafe_kind=None):
        text = None
        try:
            if policy is not None and exported.PROGRAM:
                text = exported.export(stack, policy)
                module = {}
                exec(text, module)
                options = read(module)
            elif policy is not None:
                refuse_extensions(policy)
                options = configure(policy)
            elif unsafe_kind in unsafe:
                options = unsafe[unsafe_kind]
            else:
                raise Cannot("unsafe", f"there is no configuration {unsafe_kind}")
        except (Cannot, exported.Missing) as error:
            return answer("cannot", id=id, field=error.field, reason=str(error))
        except RuntimeError as error:
            return answer("failed", id=id, reason=str(error))
        try:
            application = create(options)
        except Exception as error:
            return answer("refused" if unsafe_kind else "failed", id=id, reason=str(error) or repr(error))
        workers.submit(begin, id, application, text or shown(options), unsafe_kind)

    def begin(id, application, text, unsafe_kind):
        try:
            servers[id] = start(application)
        except Refused as error:
            return answer("refused" if unsafe_kind else "failed", id=id, reason=str(error))
        except Exception as error:
            return answer("failed", id=id, reason=str(error) or repr(error))
        answer("ready", id=id, port=servers[id].port, configuration=text)

    def end(id):
        if server := servers.pop(id, None):
            server.stop()
        answer("stopped", id=id)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for line in sys.stdin:
            request = json.loads(line)
            if request["cmd"] == "hello":
                answer(
                    "hello",
                    protocol=1,
                    name=name,
                    title=title,
                    language="Python",
                    framework=", ".join(f"{name} {version(name)}" for name in framework),
                    middleware=", ".join(f"{name} {version(name)}" for name in middleware),
                    homepage=homepage,
                    level=2,
                    http2=False,
                    unsafe=list(unsafe),
                    limits=list(limits),
                    disputes=list(disputes),
                )
            elif request["cmd"] == "serve":
                serve(request["id"], request.get("policy"), request.get("unsafe"))
            elif request["cmd"] == "stop":
                workers.submit(end, request["id"])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # Servers that are about to start are stopped too.
        workers.shutdown()
        with ThreadPoolExecutor(32) as workers:
            list(workers.map(lambda server: server.stop(), servers.values()))
        # Threads that serve a client do not hold up the end.
        sys.stderr.flush()
        os._exit(0)


class EventLoop:
    """An event loop in a thread of its own, for asynchronous servers."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


def listen():
    """A socket that listens on a free port. Small answers of accepted connections are sent at once."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def show(value):
    """A value as one writes it in a program."""
    if isinstance(value, str):
        return f'r"{value}"' if "\\" in value else json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    return repr(value)


def show_arguments(options):
    return ", ".join(f"{name}={show(value)}" for name, value in options.items())


# --- Readings of a policy --------------------------------------------------------------------------------------------------------


def refuse_extensions(policy):
    """None of these middlewares can do this."""
    if policy["diagnostics"]:
        raise Cannot("diagnostics", "the middleware does not explain its decisions")
    if policy["guard"] is not None:
        raise Cannot("guard", "the middleware does not reject requests")


def require_one_for_all(policy):
    """Fails if the policy has other terms for some origins."""
    if policy["rules"]:
        raise Cannot("rules", "the options are the same for all origins")


def require_preflight_status(policy, sent):
    """Fails unless preflights are to be answered with the status that the middleware sends, or with the default."""
    if policy["preflight_status"] not in (204, sent):
        raise Cannot("preflight_status", f"preflights are always answered with {sent}")


def allows_any(policy):
    return any(entry["kind"] == "any" for entry in policy["allow_origins"])


def exact_origins(policy):
    return [entry["origin"] for entry in policy["allow_origins"] if entry["kind"] == "exact"]


def patterns(policy):
    """The regular expressions of the entries that are patterns."""
    return [entry["regex"] for entry in policy["allow_origins"] if entry["kind"] not in ("any", "exact")]


def methods(policy):
    """The allowed methods, with those that need no permission."""
    return list(dict.fromkeys(["GET", "HEAD", "POST", *policy["allow_methods"]]))


def exposed_headers(policy):
    if "*" in policy["expose_headers"] and policy["allow_credentials"]:
        raise Cannot("expose_headers", "with credentials, `*` is the name of a header, and there is no other way to expose all")
    return policy["expose_headers"]

# --- The specimen's answers ------------------------------------------------------------------------------------------------------

# The methods of `/echo` and `/redirect`. `OPTIONS` is left to the framework and the middleware.
ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"]
ECHO_HEADERS = {"x-request-id": "specimen", "x-secret": "specimen"}
OWN_CORS_HEADERS = {"Access-Control-Allow-Origin": "https://handler.example", "Access-Control-Allow-Credentials": "true"}
OPTIONS_HEADERS = {"x-handler": "options"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="specimen"'}
JSON_LIMIT = 1024
FAILURE = "the specimen fails on purpose"
TEXT = "text/plain; charset=utf-8"

CHUNKS = ["one ", "two ", "three"]
CHUNK_PAUSE = 0.005


class Hits(collections.Counter):
    """How often each handler ran."""

    def count(self, route):
        self[route] += 1


def echo(method, path, query, lines, body_length):
    """The body of `/echo`. `lines` are pairs of names and values."""
    headers = {}
    for name, value in lines:
        headers.setdefault(name.lower(), []).append(value)
    return {"method": method, "path": path, "query": query, "headers": headers, "body_length": body_length}


def to_json(value):
    return json.dumps(value, separators=(",", ":"))


def is_json(content_type):
    return content_type.partition(";")[0].strip().lower() == "application/json"


def parameters(query, name):
    """The values of a parameter of the query, decoded, in order."""
    return [value for key, value in parse_qsl(query, keep_blank_values=True) if key == name]


def status(code):
    """The status and body of `/status/{code}`."""
    if not re.fullmatch("[2-5][0-9][0-9]", code):
        return 400, ""
    return int(code), "" if code in ("204", "205", "304") else f"status {code}"


def redirect(query):
    """The status and target of `/redirect`, or nothing if the query is wrong."""
    code, to = (parameters(query, "code") or ["307"])[0], parameters(query, "to")
    return (int(code), to[0]) if to and re.fullmatch("3[0-9][0-9]", code) else None


def cookies(lines):
    """The body of `/cookie/read`."""
    return [cookie.strip() for line in lines for cookie in line.split(";") if cookie.strip()]


def is_number(body):
    return isinstance(body, dict) and type(body.get("n")) is int
