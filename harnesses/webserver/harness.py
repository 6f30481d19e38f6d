"""The harness protocol, version 1, for web servers: one process of the server for each policy."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import exported

from .policy import UNSAFE, Cannot, cors_of, unsafe
from .specimen import Specimen

START_LIMIT = 18.0
STOP_LIMIT = 2.0
ATTEMPTS = 5


class Recipe:
    """A web server and the CORS recipe for it."""

    name = title = middleware = homepage = ""
    # The name for `cors policy export`.
    stack = ""
    http2 = False

    def framework(self):
        """The name and version of the installed server."""
        raise NotImplementedError

    def cors(self, cors):
        """The part of the configuration that is about CORS. Raises `Cannot`."""
        raise NotImplementedError

    def write(self, folder, configuration, port, upstream):
        """Writes the files into `folder`, and returns the command that starts the server in the foreground."""
        raise NotImplementedError


def version(*command, word):
    """A word of what a command prints, such as the third of `HAProxy version 2.6.12`."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).split()[word]


class _Failed(Exception):
    pass


# `--pdeathsig` ends a process with the thread that started it. This one lives as long as the harness.
_STARTER = concurrent.futures.ThreadPoolExecutor(max_workers=1)


class _Running:
    """One process of the web server, its temporary folder, and the specimen behind it."""

    def __init__(self, recipe, configuration):
        self.recipe, self.configuration = recipe, configuration
        self.specimen = Specimen()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{recipe.name}-"))
        self.process = self.port = None
        self.lock = threading.Lock()
        self.stopped = False

    def start(self):
        """Starts the server, and waits until it is ready. Tries again if another process took the port."""
        for _ in range(ATTEMPTS):
            with self.lock:
                if self.stopped:
                    break
                _STARTER.submit(self._spawn).result()
            if self._wait():
                return
        raise _Failed(f"exited with {self.process.returncode}: {self.last_words()}")

    def _spawn(self):
        self.port = _free_port()
        command = self.recipe.write(self.folder, self.configuration, self.port, self.specimen.port)
        # Servers that run as root change their user, and have to read their files nevertheless.
        self.folder.chmod(0o755)
        with (self.folder / "log").open("wb") as log:
            # `setpriv` ends the server if this process is killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def _is_ready(self):
        """Whether a request arrives at the specimen by way of the server."""
        seen = self.specimen.requests
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/hits", headers={"connection": "close"})
            return connection.getresponse().status == 200 and self.specimen.requests > seen
        return False

    def _wait(self):
        """Whether the server became ready before it ended."""
        limit = time.monotonic() + START_LIMIT
        while not self._is_ready():
            if self.process.poll() is not None:
                return False
            if time.monotonic() > limit:
                raise _Failed(f"not ready after {START_LIMIT:.0f} s: {self.last_words()}")
            time.sleep(0.02)
        return True

    def last_words(self):
        lines = (self.folder / "log").read_text(errors="replace").split("\n")
        return " / ".join(line.strip() for line in lines if line.strip())[-500:]

    def terminate(self):
        """Asks the server to end."""
        with self.lock:
            self.stopped = True
        self._kill(signal.SIGTERM)

    def _kill(self, number):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def stop(self):
        self.terminate()
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_LIMIT)
            # Whatever is left of the group, the server's children included.
            self._kill(signal.SIGKILL)
            self.process.wait()
        self.specimen.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Harness:
    def __init__(self, recipe):
        self.recipe = recipe
        self.running = {}
        self.lock = threading.Lock()
        # Nothing but answers may go to standard output.
        self.output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def answer(self, kind, **values):
        with self.lock:
            self.output.write(json.dumps({kind: values}) + "\n")
            self.output.flush()

    def hello(self):
        recipe = self.recipe
        self.answer(
            "hello",
            protocol=1,
            name=f"exported-{recipe.stack}" if exported.PROGRAM else recipe.name,
            title=recipe.title,
            language="configuration",
            framework=recipe.framework(),
            middleware="cors policy export" if exported.PROGRAM else recipe.middleware,
            homepage=recipe.homepage,
            level=2,
            http2=recipe.http2,
            unsafe=[] if exported.PROGRAM else list(UNSAFE),
        )

    def serve(self, request):
        id = request["id"]
        field = "policy"
        try:
            if name := request.get("unsafe"):
                field = name
                if name not in UNSAFE:
                    raise Cannot(name, "unknown configuration")
                configuration = self.recipe.cors(unsafe(name))
            elif exported.PROGRAM:
                configuration = exported.export(self.recipe.stack, request["policy"])
            else:
                configuration = self.recipe.cors(cors_of(request["policy"]))
        except (Cannot, exported.Missing) as cannot:
            self.answer("cannot", id=id, field=cannot.field or field, reason=cannot.reason)
            return
        except RuntimeError as error:
            self.answer("failed", id=id, reason=str(error))
            return
        running = self.running[id] = _Running(self.recipe, configuration)
        threading.Thread(target=self.start, args=(id, running), daemon=True).start()

    def start(self, id, running):
        try:
            running.start()
        except (_Failed, OSError) as error:
            self.answer("failed", id=id, reason=str(error))
        else:
            self.answer("ready", id=id, port=running.port, configuration=running.configuration)

    def stop(self, request):
        running = self.running.pop(request["id"], None)
        if running:
            running.stop()
        self.answer("stopped", id=request["id"])

    def loop(self):
        for line in sys.stdin:
            if not line.strip():
                continue
            request = json.loads(line)
            {"hello": lambda _: self.hello(), "serve": self.serve, "stop": self.stop}[request["cmd"]](request)

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            self.loop()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for running in self.running.values():
                running.terminate()
            for running in self.running.values():
                running.stop()


def run(recipe):
    """Speaks the protocol until standard input ends."""
    _Harness(recipe).run()
