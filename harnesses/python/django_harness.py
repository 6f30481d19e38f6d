"""django-cors-headers with Django.

A process of Django has one set of settings, so that every policy is served by a child process.
"""

import functools
import logging
import os
import signal
import sys
import threading
import time
from http.cookies import Morsel

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import path

# Imported before the children are forked, which start faster then.
import corsheaders.apps
import corsheaders.checks
import corsheaders.middleware
import django.middleware.common
import django.views.defaults

import harness
from harness import Cannot, Refused


def configure(policy):
    harness.require_one_for_all(policy)
    harness.require_preflight_status(policy, 200)
    credentials = policy["allow_credentials"]
    if "*" in policy["allow_methods"] and credentials:
        raise Cannot("allow_methods", "with credentials, `*` is the name of a method, and no other value stands for all of them")
    if "*" in policy["allow_headers"] and credentials:
        raise Cannot("allow_headers", "with credentials, `*` is the name of a header, and no other value stands for all of them")
    if policy["max_age"] == 0:
        raise Cannot("max_age", "0 is documented to send no Access-Control-Max-Age")
    options = {}
    if harness.allows_any(policy):
        options["CORS_ALLOW_ALL_ORIGINS"] = True
    else:
        options["CORS_ALLOWED_ORIGINS"] = harness.exact_origins(policy)
        if patterns := harness.patterns(policy):
            options["CORS_ALLOWED_ORIGIN_REGEXES"] = patterns
    options["CORS_ALLOW_METHODS"] = ["*"] if "*" in policy["allow_methods"] else harness.methods(policy)
    options["CORS_ALLOW_HEADERS"] = policy["allow_headers"]
    if exposed := harness.exposed_headers(policy):
        options["CORS_EXPOSE_HEADERS"] = exposed
    if credentials:
        options["CORS_ALLOW_CREDENTIALS"] = True
    # The default is a day.
    options["CORS_PREFLIGHT_MAX_AGE"] = policy["max_age"] or 0
    return options


# --- The specimen ----------------------------------------------------------------------------------------------------------------

hits = harness.Hits()


def text(body="", status=200, headers=None):
    return HttpResponse(body, status=status, headers=headers, content_type=harness.TEXT)


def to_json(value, headers=None):
    return HttpResponse(harness.to_json(value), headers=headers, content_type="application/json")


def query(request):
    return request.META.get("QUERY_STRING", "")


def route(pattern, *methods):
    """A path with its handler. Django has its own 405, which the handler has to ask for."""
    allowed = [*methods, "HEAD"] if "GET" in methods and "HEAD" not in methods else list(methods)
    name = "/" + pattern.replace("<", "{").replace(">", "}")

    def register(handler):
        @functools.wraps(handler)
        def view(request, **arguments):
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            hits.count(name)
            return handler(request, **arguments)

        urlpatterns.append(path(pattern, view))

    return register


urlpatterns = []


@route("echo", *harness.ANY_METHOD)
def echo(request):
    answer = harness.echo(request.method, request.path, query(request), request.headers.items(), len(request.body))
    return to_json(answer, harness.ECHO_HEADERS)


@route("status/<code>", "GET")
def answer_status(request, code):
    code, body = harness.status(code)
    return text(body, code)


@route("redirect", *harness.ANY_METHOD)
def redirect(request):
    answer = harness.redirect(query(request))
    return text(status=answer[0], headers={"Location": answer[1]}) if answer else HttpResponseBadRequest()


class Line(Morsel):
    """A whole `Set-Cookie` line, verbatim. Django writes several lines of one name only for cookies."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def output(self, attrs=None, header="Set-Cookie:"):
        return f"{header}{self.line}"


@route("cookie/set", "GET")
def set_cookies(request):
    response = text()
    for number, line in enumerate(harness.parameters(query(request), "c")):
        dict.__setitem__(response.cookies, str(number), Line(line))
    return response


@route("cookie/read", "GET")
def read_cookies(request):
    line = request.headers.get("Cookie")
    return to_json(harness.cookies([line] if line else []))


def authentication(get_response):
    def middleware(request):
        if request.path == "/private" and "Authorization" not in request.headers:
            return text(status=401, headers=harness.CHALLENGE)
        return get_response(request)

    return middleware


@route("private", "GET", "PUT")
def private(request):
    return text("private")


@route("options", "GET", "OPTIONS")
def answer_options(request):
    return text(headers=harness.OPTIONS_HEADERS)


@route("vary", "GET")
def vary(request):
    # Django has one line for each name.
    return text(headers={"Vary": ", ".join(harness.parameters(query(request), "v"))})


@route("own-cors", "GET")
def own_cors(request):
    return text(headers=harness.OWN_CORS_HEADERS)


@route("error", "GET")
def error(request):
    raise RuntimeError(harness.FAILURE)


@route("panic", "GET")
def panic(request):
    raise RuntimeError(harness.FAILURE)


def number(request):
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    # Django's own limit covers the whole application, and makes it answer 400.
    if int(request.headers.get("Content-Length") or 0) > harness.JSON_LIMIT:
        return text(status=413)
    if not harness.is_json(request.content_type):
        return text(status=415)
    try:
        body = harness.json.loads(request.body)
    except ValueError:
        return HttpResponseBadRequest()
    if not harness.is_number(body):
        return HttpResponseBadRequest()
    hits.count("/json")
    return to_json(body)


@route("stream", "GET")
def stream(request):
    def chunks():
        for chunk in harness.CHUNKS:
            yield chunk
            time.sleep(harness.CHUNK_PAUSE)

    return StreamingHttpResponse(chunks(), content_type=harness.TEXT)


@route("slash/", "GET")
def slash(request):
    return text("slash")


@route("item/<id>", "PUT", "DELETE")
def item(request, id):
    return text(f"{request.method} {id}")


# APPEND_SLASH redirects with the status 301.
urlpatterns += [
    path("json", number),
    path("slash", lambda request: text(status=308, headers={"Location": "/slash/"})),
    path("hits", lambda request: to_json(hits)),
]


# --- The server ------------------------------------------------------------------------------------------------------------------


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Child:
    """Django with these options, in a child process."""

    def __init__(self, options):
        self.listener = harness.listen()
        self.port = self.listener.getsockname()[1]
        # The child ends when this process does, and writes into the other pipe why it does not start.
        lives, self.life = os.pipe()
        self.problem, starts = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.serve(options, lives, starts)
        os.close(lives)
        os.close(starts)
        self.listener.close()

    def wait(self):
        """Waits until the child accepts connections."""
        with open(self.problem) as file:
            if problem := file.read():
                self.stop()
                raise Refused(problem)
        return self

    def serve(self, options, lives, starts):
        """The child. Does not return."""
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(self.life)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            threading.Thread(target=lambda: (os.read(lives, 1), os._exit(0)), daemon=True).start()
            logging.disable()
            settings.configure(
                ALLOWED_HOSTS=["*"],
                INSTALLED_APPS=["corsheaders"],
                LOGGING_CONFIG=None,
                MIDDLEWARE=[
                    "corsheaders.middleware.CorsMiddleware",
                    "django.middleware.common.CommonMiddleware",
                    f"{__name__}.authentication",
                ],
                ROOT_URLCONF=__name__,
                SECRET_KEY="specimen",
                **options,
            )
            django.setup()
            if problems := corsheaders.checks.check_settings():
                raise RuntimeError("; ".join(map(str, problems)))
            server = ThreadedWSGIServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
            server.socket.close()
            server.socket = self.listener
            server.server_address = self.listener.getsockname()
            server.server_name, server.server_port = server.server_address
            server.setup_environ()
            server.set_app(WSGIHandler())
            os.close(starts)
            server.serve_forever()
        except BaseException as error:
            os.write(starts, (str(error) or repr(error)).encode())
        os._exit(1)

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.life)


if __name__ == "__main__":
    # The settings name this module.
    sys.modules["django_harness"] = sys.modules["__main__"]
    harness.run(
        name="django-cors-headers",
        title="django-cors-headers",
        framework=["django"],
        middleware=["django-cors-headers"],
        homepage="https://github.com/adamchainz/django-cors-headers",
        configure=configure,
        unsafe={
            "any-origin-with-credentials": {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
            "null-origin": {"CORS_ALLOWED_ORIGINS": ["null"], "CORS_ALLOW_CREDENTIALS": True},
            "prefix": {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://app\.example"], "CORS_ALLOW_CREDENTIALS": True},
            "unescaped-dot": {"CORS_ALLOWED_ORIGIN_REGEXES": ["^https://.*.example.org$"], "CORS_ALLOW_CREDENTIALS": True},
        },
        shown=lambda options: "\n".join(f"{name} = {harness.show(value)}" for name, value in options.items()),
        create=Child,
        start=Child.wait,
        stack="django",
        read=lambda module: {name: value for name, value in module.items() if name.startswith("CORS_")},
    )
