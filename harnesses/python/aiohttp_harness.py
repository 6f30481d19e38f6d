"""aiohttp-cors with aiohttp."""

import asyncio
import functools
import logging

import aiohttp_cors
from aiohttp import web
from aiohttp_cors import ResourceOptions

import harness
from harness import Cannot


def configure(policy):
    """Options by origin. `*` stands for those that have none of their own."""
    harness.require_preflight_status(policy, 200)
    defaults = {}
    # The first rule that contains an origin applies, and then the policy's own terms.
    for terms in [*policy["rules"], policy]:
        for origin, options in options_by_origin(terms):
            if "*" not in defaults:
                defaults.setdefault(origin, options)
    return defaults


def options_by_origin(policy):
    if harness.patterns(policy):
        raise Cannot("allow_origins", "origins are compared as texts; only `*` is a pattern")
    headers = policy["allow_headers"]
    if headers == ["*"]:
        raise Cannot("allow_headers", "all headers can be allowed only together with Authorization")
    options = {"allow_methods": "*" if "*" in policy["allow_methods"] else harness.methods(policy)}
    if headers:
        options["allow_headers"] = "*" if "*" in headers else headers
    if exposed := policy["expose_headers"]:
        options["expose_headers"] = "*" if "*" in exposed else exposed
    if policy["allow_credentials"]:
        options["allow_credentials"] = True
    if policy["max_age"] is not None:
        options["max_age"] = policy["max_age"]
    origins = ["*"] if harness.allows_any(policy) else harness.exact_origins(policy)
    return [(origin, options) for origin in origins]


def to_json(value, headers=None):
    return web.Response(body=harness.to_json(value).encode(), headers=headers, content_type="application/json")


def query(request):
    """The query as it arrived."""
    return request.raw_path.partition("?")[2]


def create(defaults):
    app = web.Application(middlewares=[web.normalize_path_middleware()])
    hits = harness.Hits()

    def route(path, methods):
        methods = [*methods, "HEAD"] if "GET" in methods and "HEAD" not in methods else methods

        def register(handler):
            @functools.wraps(handler)
            async def counted(request):
                hits.count(path)
                return await handler(request)

            resource = app.router.add_resource(path)
            for method in methods:
                resource.add_route(method, counted)

        return register

    def with_lines(name, values):
        response = web.Response()
        for value in values:
            response.headers.add(name, value)
        return response

    @route("/echo", harness.ANY_METHOD)
    async def echo(request):
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
        body = await request.read()
        answer = harness.echo(request.method, request.path, query(request), lines, len(body))
        return to_json(answer, harness.ECHO_HEADERS)

    @route("/status/{code}", ["GET"])
    async def answer_status(request):
        code, body = harness.status(request.match_info["code"])
        return web.Response(status=code, text=body) if body else web.Response(status=code)

    @route("/redirect", harness.ANY_METHOD)
    async def redirect(request):
        answer = harness.redirect(query(request))
        if answer is None:
            raise web.HTTPBadRequest
        return web.Response(status=answer[0], headers={"Location": answer[1]})

    @route("/cookie/set", ["GET"])
    async def set_cookies(request):
        return with_lines("Set-Cookie", harness.parameters(query(request), "c"))

    @route("/cookie/read", ["GET"])
    async def read_cookies(request):
        return to_json(harness.cookies(request.headers.getall("Cookie", [])))

    # A middleware of aiohttp would run before aiohttp-cors, which adds handlers to the routes. A decorator runs inside.
    def authenticated(handler):
        @functools.wraps(handler)
        async def check(request):
            if "Authorization" not in request.headers:
                return web.Response(status=401, headers=harness.CHALLENGE)
            return await handler(request)

        return check

    @authenticated
    async def private(request):
        hits.count("/private")
        return web.Response(text="private")

    resource = app.router.add_resource("/private")
    for method in ("GET", "HEAD", "PUT"):
        resource.add_route(method, private)

    # A resource that has its own handler for `OPTIONS` cannot have CORS.
    @route("/options", ["GET"])
    async def answer_options(request):
        return web.Response(headers=harness.OPTIONS_HEADERS)

    @route("/vary", ["GET"])
    async def vary(request):
        return with_lines("Vary", harness.parameters(query(request), "v"))

    @route("/own-cors", ["GET"])
    async def own_cors(request):
        return web.Response(headers=harness.OWN_CORS_HEADERS)

    @route("/error", ["GET"])
    async def error(request):
        raise web.HTTPInternalServerError

    async def number(request):
        if not harness.is_json(request.content_type):
            raise web.HTTPUnsupportedMediaType
        try:
            body = await request.clone(client_max_size=harness.JSON_LIMIT).json()
        except ValueError:
            raise web.HTTPBadRequest from None
        if not harness.is_number(body):
            raise web.HTTPUnprocessableEntity
        hits.count("/json")
        return to_json(body)

    app.router.add_resource("/json").add_route("POST", number)

    @route("/panic", ["GET"])
    async def panic(request):
        raise RuntimeError(harness.FAILURE)

    @route("/stream", ["GET"])
    async def stream(request):
        async def chunks():
            for chunk in harness.CHUNKS:
                yield chunk.encode()
                await asyncio.sleep(harness.CHUNK_PAUSE)

        return web.Response(body=chunks())

    # The middleware of aiohttp redirects `/slash` with 308.
    @route("/slash/", ["GET"])
    async def slash(request):
        return web.Response(text="slash")

    @route("/item/{id}", ["PUT", "DELETE"])
    async def item(request):
        return web.Response(text=f"{request.method} {request.match_info['id']}")

    async def answer_hits(request):
        return to_json(hits)

    app.router.add_resource("/hits").add_route("GET", answer_hits)

    # Resources that are added to the configuration are those with CORS.
    cors = aiohttp_cors.setup(app, defaults={origin: ResourceOptions(**options) for origin, options in defaults.items()})
    for resource in list(app.router.resources()):
        cors.add(resource)
    return app


class Server:
    loop = harness.EventLoop()

    def __init__(self, app):
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self.port = self.loop.wait(self.listen())

    async def listen(self):
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return self.runner.addresses[0][1]

    def stop(self):
        self.loop.wait(self.runner.cleanup())


def shown(defaults):
    entries = (
        f"{harness.show(origin)}: ResourceOptions({harness.show_arguments(options)})" for origin, options in defaults.items()
    )
    return f"aiohttp_cors.setup(app, defaults={{{', '.join(entries)}}})"


# aiohttp logs errors of handlers with their tracebacks.
logging.disable()

# What the README writes for "all CORS features", and all methods, as resources need it.
OPEN = {"allow_credentials": True, "expose_headers": "*", "allow_headers": "*", "allow_methods": "*"}

harness.run(
    name="aiohttp-cors",
    title="aiohttp-cors",
    framework=["aiohttp"],
    middleware=["aiohttp-cors"],
    homepage="https://github.com/aio-libs/aiohttp-cors",
    configure=configure,
    unsafe={
        "any-origin-with-credentials": {"*": OPEN},
        "null-origin": {"null": OPEN},
    },
    shown=shown,
    create=create,
    start=Server,
)
