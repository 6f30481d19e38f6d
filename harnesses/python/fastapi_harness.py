"""Starlette's CORSMiddleware, as users of FastAPI use it."""

import asyncio
import contextlib

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError

import harness
from harness import Cannot


# The headers that are documented as always allowed.
ALWAYS_ALLOWED = {"accept", "accept-language", "content-language", "content-type"}


def configure(policy):
    harness.require_one_for_all(policy)
    harness.require_preflight_status(policy, 200)
    if policy["allow_headers"] == ["*"]:
        raise Cannot("allow_headers", "all headers can be allowed only together with Authorization")
    options = {}
    if harness.allows_any(policy):
        options["allow_origins"] = ["*"]
    else:
        if exact := harness.exact_origins(policy):
            options["allow_origins"] = exact
        if patterns := harness.patterns(policy):
            options["allow_origin_regex"] = "|".join(patterns)
    options["allow_methods"] = ["*"] if "*" in policy["allow_methods"] else harness.methods(policy)
    if "*" in policy["allow_headers"]:
        options["allow_headers"] = ["*"]
    elif listed := [name for name in policy["allow_headers"] if name not in ALWAYS_ALLOWED]:
        options["allow_headers"] = listed
    if policy["allow_credentials"]:
        options["allow_credentials"] = True
    if exposed := harness.exposed_headers(policy):
        options["expose_headers"] = exposed
    # A time is always sent. Without one, browsers take five seconds.
    options["max_age"] = 5 if policy["max_age"] is None else policy["max_age"]
    return options


class Number(BaseModel):
    n: int


def create(options):
    app = FastAPI()
    if callable(options):
        options(app)
    else:
        app.add_middleware(CORSMiddleware, **options)
    # The middleware is created with the first request otherwise.
    app.middleware_stack = app.build_middleware_stack()
    hits = harness.Hits()

    def route(path, methods, **arguments):
        # FastAPI does not add `HEAD` to a route for `GET`.
        methods = methods + ["HEAD"] if "GET" in methods and "HEAD" not in methods else methods

        def register(handler):
            async def counted(request: Request):
                hits.count(path)
                return await handler(request)

            app.add_api_route(path, counted, methods=methods, **arguments)

        return register

    @route("/echo", harness.ANY_METHOD)
    async def echo(request):
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        body = await request.body()
        answer = harness.echo(request.method, request.url.path, request.url.query, lines, len(body))
        return JSONResponse(answer, headers=harness.ECHO_HEADERS)

    @route("/status/{code}", ["GET"])
    async def answer_status(request):
        code, body = harness.status(request.path_params["code"])
        return PlainTextResponse(body, code)

    @route("/redirect", harness.ANY_METHOD)
    async def redirect(request):
        answer = harness.redirect(request.url.query)
        if answer is None:
            raise HTTPException(400)
        return RedirectResponse(answer[1], answer[0])

    @route("/cookie/set", ["GET"])
    async def set_cookies(request):
        response = Response()
        for line in harness.parameters(request.url.query, "c"):
            response.headers.append("Set-Cookie", line)
        return response

    @route("/cookie/read", ["GET"])
    async def read_cookies(request):
        return JSONResponse(harness.cookies(request.headers.getlist("cookie")))

    def authenticate(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401, headers=harness.CHALLENGE)

    @route("/private", ["GET", "PUT"], dependencies=[Depends(authenticate)])
    async def private(request):
        return PlainTextResponse("private")

    @route("/options", ["GET", "OPTIONS"])
    async def answer_options(request):
        return Response(headers=harness.OPTIONS_HEADERS)

    @route("/vary", ["GET"])
    async def vary(request):
        response = Response()
        for line in harness.parameters(request.url.query, "v"):
            response.headers.append("Vary", line)
        return response

    @route("/own-cors", ["GET"])
    async def own_cors(request):
        return Response(headers=harness.OWN_CORS_HEADERS)

    @route("/error", ["GET"])
    async def error(request):
        raise HTTPException(500, harness.FAILURE)

    @app.post("/json")
    async def number(request: Request):
        # FastAPI has no limit of its own.
        if int(request.headers.get("content-length", 0)) > harness.JSON_LIMIT:
            raise HTTPException(413)
        if not harness.is_json(request.headers.get("content-type", "")):
            raise HTTPException(415)
        try:
            number = Number.model_validate_json(await request.body(), strict=True)
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_url=False, include_context=False, include_input=False)) from error
        hits.count("/json")
        return number

    @route("/panic", ["GET"])
    async def panic(request):
        raise RuntimeError(harness.FAILURE)

    @route("/stream", ["GET"])
    async def stream(request):
        async def chunks():
            for chunk in harness.CHUNKS:
                yield chunk
                await asyncio.sleep(harness.CHUNK_PAUSE)

        return StreamingResponse(chunks(), media_type="text/plain")

    # FastAPI's own redirect has the status 307.
    @app.get("/slash")
    async def to_slash():
        return RedirectResponse("/slash/", 308)

    @route("/slash/", ["GET"])
    async def slash(request):
        return PlainTextResponse("slash")

    @route("/item/{id}", ["PUT", "DELETE"])
    async def item(request):
        return PlainTextResponse(f"{request.method} {request.path_params['id']}")

    @app.get("/hits")
    async def answer_hits():
        return hits

    return app


def without_errors(app):
    """The application without the errors that it raises after its answer.

    uvicorn closes the connection after such an error, and does not say so in the answer. The next request would be lost.
    """

    async def answer(scope, receive, send):
        with contextlib.suppress(RuntimeError):
            await app(scope, receive, send)

    return answer


class Server:
    loop = harness.EventLoop()

    def __init__(self, app):
        listener = harness.listen()
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(without_errors(app), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.task = asyncio.run_coroutine_threadsafe(self.server.serve(sockets=[listener]), self.loop.loop)

    def stop(self):
        self.server.should_exit = True
        self.task.result()


# What FastAPI's documentation writes next to the origins.
OPEN = {"allow_credentials": True, "allow_methods": ["*"], "allow_headers": ["*"]}

harness.run(
    name="starlette-cors",
    title="Starlette CORSMiddleware",
    framework=["fastapi", "uvicorn"],
    middleware=["starlette"],
    homepage="https://fastapi.tiangolo.com/tutorial/cors/",
    configure=configure,
    unsafe={
        "any-origin-with-credentials": {"allow_origins": ["*"], **OPEN},
        "reflected-origin": {"allow_origin_regex": ".*", **OPEN},
        "null-origin": {"allow_origins": ["null"], **OPEN},
        # The whole origin has to match.
        "prefix": {"allow_origin_regex": r"https://app\.example.*", **OPEN},
        "unescaped-dot": {"allow_origin_regex": "^https://.*.example.org$", **OPEN},
    },
    shown=lambda options: f"app.add_middleware(CORSMiddleware, {harness.show_arguments(options)})",
    create=create,
    start=Server,
    stack="starlette",
    read=lambda module: module["add_cors"],
    disputes=[
        {
            "scenario": "errors/panic",
            "reason": "an exception that nothing handles leads to a bare 500, whatever its CORS headers",
            "link": "https://github.com/Kludex/starlette/pull/1321",
        },
        *(
            {
                "scenario": f"request-headers/{name}",
                "reason": "the safelisted names are documented as always allowed",
                "link": "https://github.com/Kludex/starlette/pull/880",
            }
            for name in ("none-listed", "long-safelisted-value")
        ),
    ],
)
