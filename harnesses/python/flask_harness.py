"""Flask-CORS with Flask."""

import functools
import threading
import time

from flask import Flask, Response, abort, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import WSGIRequestHandler, make_server

import harness


def configure(policy):
    harness.require_one_for_all(policy)
    harness.require_preflight_status(policy, 200)
    headers = policy["allow_headers"]
    if headers == ["*"]:
        # Names of headers may be regular expressions.
        headers = [r"^(?!authorization$).*$"]
    elif "*" in headers:
        headers = "*"
    options = {
        # Strings with the letters of regular expressions are taken for such, and are matched at the beginning of an origin.
        "origins": "*" if harness.allows_any(policy) else harness.exact_origins(policy) + harness.patterns(policy),
        "allow_headers": headers,
    }
    # The default is documented as all methods.
    if "*" not in policy["allow_methods"]:
        options["methods"] = harness.methods(policy)
    if options["origins"] == "*":
        # Without it, every origin is sent back instead.
        options["send_wildcard"] = True
    if exposed := harness.exposed_headers(policy):
        options["expose_headers"] = exposed
    if policy["allow_credentials"]:
        options["supports_credentials"] = True
    if policy["max_age"] is not None:
        # The number 0 is left out; the string is not.
        options["max_age"] = policy["max_age"] or "0"
    return options


def text(body="", status=200, headers=()):
    return Response(body, status, headers, content_type=harness.TEXT)


def to_json(value, headers=()):
    return Response(harness.to_json(value), 200, headers, content_type="application/json")


def with_lines(name, values):
    response = text()
    for value in values:
        response.headers.add(name, value)
    return response


def query():
    return request.query_string.decode("latin-1")


def authenticated(view):
    @functools.wraps(view)
    def check():
        if "Authorization" not in request.headers:
            return text(status=401, headers=harness.CHALLENGE)
        return view()

    return check


def create(options):
    app = Flask(__name__)
    if callable(options):
        options(app)
    else:
        CORS(app, **options)
    # The suite ends TLS. Redirects to `/slash/` are absolute, and have to have the scheme of the site.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)
    app.logger.disabled = True
    hits = harness.Hits()

    def route(path, methods):
        name = path.replace("<", "{").replace(">", "}")

        def register(handler):
            @functools.wraps(handler)
            def counted(**arguments):
                hits.count(name)
                return handler(**arguments)

            # Flask answers `OPTIONS` itself unless the methods have it.
            app.add_url_rule(path, handler.__name__, counted, methods=methods)

        return register

    @route("/echo", harness.ANY_METHOD)
    def echo():
        answer = harness.echo(request.method, request.path, query(), request.headers.items(), len(request.get_data()))
        return to_json(answer, harness.ECHO_HEADERS)

    @route("/status/<code>", ["GET"])
    def answer_status(code):
        code, body = harness.status(code)
        return text(body, code)

    @route("/redirect", harness.ANY_METHOD)
    def redirect():
        answer = harness.redirect(query())
        if answer is None:
            abort(400)
        return text(status=answer[0], headers={"Location": answer[1]})

    @route("/cookie/set", ["GET"])
    def set_cookies():
        return with_lines("Set-Cookie", harness.parameters(query(), "c"))

    @route("/cookie/read", ["GET"])
    def read_cookies():
        return to_json(harness.cookies(request.headers.getlist("Cookie")))

    # Flask's extensions authenticate in a decorator. Flask answers a preflight before the decorator runs.
    def private():
        hits.count("/private")
        return text("private")

    app.add_url_rule("/private", view_func=authenticated(private), methods=["GET", "PUT"])

    @route("/options", ["GET", "OPTIONS"])
    def answer_options():
        return text(headers=harness.OPTIONS_HEADERS)

    @route("/vary", ["GET"])
    def vary():
        return with_lines("Vary", harness.parameters(query(), "v"))

    @route("/own-cors", ["GET"])
    def own_cors():
        return text(headers=harness.OWN_CORS_HEADERS)

    @route("/error", ["GET"])
    def error():
        abort(500)

    @app.post("/json")
    def number():
        request.max_content_length = harness.JSON_LIMIT
        body = request.get_json()
        if not harness.is_number(body):
            abort(422)
        hits.count("/json")
        return to_json(body)

    @route("/panic", ["GET"])
    def panic():
        raise RuntimeError(harness.FAILURE)

    @route("/stream", ["GET"])
    def stream():
        def chunks():
            for chunk in harness.CHUNKS:
                yield chunk
                time.sleep(harness.CHUNK_PAUSE)

        return text(chunks())

    # Flask redirects `/slash` with 308.
    @route("/slash/", ["GET"])
    def slash():
        return text("slash")

    @route("/item/<id>", ["PUT", "DELETE"])
    def item(id):
        return text(f"{request.method} {id}")

    @app.get("/hits")
    def answer_hits():
        return to_json(hits)

    return app


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


class Server:
    def __init__(self, app):
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def limit(scenario, reason, link):
    return {"scenario": scenario, "reason": reason, "link": link}


WEBSOCKET = (
    "Werkzeug answers 400 to the handshake of a WebSocket on a route for HTTP",
    "https://werkzeug.palletsprojects.com/en/stable/routing/#websockets",
)
WEBSOCKET_SCENARIOS = [
    "handshake-names-the-origin",
    "handshake-sets-cookies",
]

harness.run(
    name="flask-cors",
    title="Flask-CORS",
    framework=["flask"],
    middleware=["flask-cors"],
    homepage="https://github.com/corydolphin/flask-cors",
    configure=configure,
    unsafe={
        # All origins are the default.
        "any-origin-with-credentials": {"supports_credentials": True},
        "null-origin": {"origins": ["null"], "supports_credentials": True},
        "prefix": {"origins": [r"^https://app\.example"], "supports_credentials": True},
        "unescaped-dot": {"origins": ["^https://.*.example.org$"], "supports_credentials": True},
    },
    shown=lambda options: f"CORS(app, {harness.show_arguments(options)})",
    create=create,
    start=Server,
    stack="flask",
    read=lambda module: module["add_cors"],
    limits=[
        *(limit(f"websocket/{name}", *WEBSOCKET) for name in WEBSOCKET_SCENARIOS),
    ],
)
