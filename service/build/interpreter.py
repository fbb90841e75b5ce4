#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""interpreter - runs code for E2B's code interpreter, inside of a sandbox

Listens on port 49999. POST /execute runs code in a context and answers with a line of JSON for each
thing that comes of it; /contexts makes, lists, restarts and removes contexts. A context is a process
of its own, in which variables stay from one call to the next. Only what Python brings is needed;
figures of matplotlib, where that is installed, come as PNG.
"""
import ast
import asyncio
import base64
import builtins
import fcntl
import http.server
import json
import linecache
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback
import types
import uuid

PORT = 49999
LOOK = 0.5  # seconds between looks at whether the client is there

# ---- in a context's process ----

FORMATS = (
    ("html", "_repr_html_"), ("markdown", "_repr_markdown_"), ("svg", "_repr_svg_"), ("png", "_repr_png_"),
    ("jpeg", "_repr_jpeg_"), ("pdf", "_repr_pdf_"), ("latex", "_repr_latex_"), ("json", "_repr_json_"),
    ("javascript", "_repr_javascript_"),
)
MIME = {
    "text/plain": "text", "text/html": "html", "text/markdown": "markdown", "image/svg+xml": "svg", "image/png": "png",
    "image/jpeg": "jpeg", "application/pdf": "pdf", "text/latex": "latex", "application/json": "json",
    "application/javascript": "javascript",
}


class Events:
    """Lines of JSON to the server"""

    def __init__(self, descriptor):
        self.file = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8")
        self.lock = threading.Lock()

    def tell(self, **event):
        with self.lock:
            self.file.write(json.dumps(event, default=str) + "\n")
            self.file.flush()


class Output:
    """What print() writes to"""
    encoding = "utf-8"
    errors = "replace"

    def __init__(self, events, kind, descriptor):
        self.events, self.kind, self.descriptor, self.kept = events, kind, descriptor, ""

    def write(self, text):
        """Whole lines at a time, as far as they are there"""
        self.kept += text
        if "\n" in text or len(self.kept) > 8192:
            self.flush()
        return len(text)

    def flush(self):
        text, self.kept = self.kept, ""
        if text:
            self.events.tell(type=self.kind, text=text)

    def isatty(self):
        return False

    def fileno(self):
        return self.descriptor

    def writable(self):
        return True


class Pipe:
    """What programs that the code starts write to their standard streams"""

    def __init__(self, events, kind, descriptor):
        self.events, self.kind = events, kind
        self.source, sink = os.pipe()
        os.dup2(sink, descriptor)
        os.close(sink)
        self.busy = False
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            select.select([self.source], [], [])
            self.busy = True
            data = os.read(self.source, 65536)
            self.events.tell(type=self.kind, text=data.decode("utf-8", "replace"))
            self.busy = False

    def drain(self):
        for _ in range(200):
            left = struct.unpack("i", fcntl.ioctl(self.source, termios.FIONREAD, b"\0\0\0\0"))[0]
            if not left and not self.busy:
                return
            time.sleep(0.005)


def encode(value):
    return base64.b64encode(value).decode() if isinstance(value, (bytes, bytearray)) else value


def formats_of(value):
    found = {}
    try:
        found["text"] = repr(value)
    except Exception as error:
        found["text"] = f"<{type(value).__name__}: {error}>"
    for name, method in FORMATS:
        if isinstance(value, type):
            break
        try:
            made = getattr(value, method)()
        except Exception:
            continue
        if isinstance(made, tuple):
            made = made[0]
        if made is not None:
            found[name] = encode(made)
    try:
        bundle = value._repr_mimebundle_(include=None, exclude=None)
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        found.update({MIME[kind]: encode(data) for kind, data in bundle.items() if kind in MIME})
    except Exception:
        pass
    return found


def shell_lines(code):
    """!command and %pip, as people write them in notebooks"""
    def line(found):
        indent, command = found.group(1), found.group(2)
        return f"{indent}__run_shell({command!r})"
    code = re.sub(r"^([ \t]*)!(.*)$", line, code, flags=re.M)
    return re.sub(r"^([ \t]*)%(pip .*)$", line, code, flags=re.M)


class Context:
    def __init__(self, events, pipes):
        self.events, self.pipes, self.count, self.seeded, self.runs = events, pipes, 0, False, False
        self.module = types.ModuleType("__main__")
        sys.modules["__main__"] = self.module
        self.scope = self.module.__dict__
        self.scope["display"] = builtins.display = self.display
        self.scope["__run_shell"] = lambda command: subprocess.run(command, shell=True, check=False) and None
        self.loop = asyncio.new_event_loop()

    def display(self, *values):
        for value in values:
            self.events.tell(type="result", is_main_result=False, **formats_of(value))

    def seed(self):
        """Contexts go on from the same snapshot: their random numbers are not to be the same"""
        if not self.seeded:
            random.seed()
            numpy = sys.modules.get("numpy")
            if numpy:
                numpy.random.seed()
        self.seeded = True

    def evaluate(self, tree, kind, name):
        code = compile(tree, name, kind, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        value = eval(code, self.scope)
        if asyncio.iscoroutine(value):
            asyncio.set_event_loop(self.loop)
            value = self.loop.run_until_complete(value)
        return value

    def run(self, code):
        name = f"<cell {self.count}>"
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        tree = ast.parse(shell_lines(code), name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if tree.body:
            self.evaluate(tree, "exec", name)
        if last is None or code.rstrip().endswith(";"):
            if last is not None:
                self.evaluate(ast.Expression(last.value), "eval", name)
            return
        value = self.evaluate(ast.Expression(last.value), "eval", name)
        if value is not None:
            self.scope["_"] = value
            sys.stdout.flush()
            self.events.tell(type="result", is_main_result=True, **formats_of(value))

    def figures(self):
        plot = sys.modules.get("matplotlib.pyplot")
        for number in plot.get_fignums() if plot else ():
            import io
            data, figure = io.BytesIO(), plot.figure(number)
            figure.savefig(data, format="png", bbox_inches="tight")
            self.events.tell(type="result", is_main_result=False, text=repr(figure), png=encode(data.getvalue()))
        if plot:
            plot.close("all")

    def execute(self, code, variables):
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        self.count += 1
        self.seed()
        try:
            self.runs = True
            self.run(code)
            self.runs = False
            self.figures()
        except BaseException as error:
            self.runs = False
            inner = error.__traceback__
            while inner and not inner.tb_frame.f_code.co_filename.startswith("<cell"):
                inner = inner.tb_next
            text = "".join(traceback.format_exception(type(error), error, inner))
            self.events.tell(type="error", name=type(error).__name__, value=str(error), traceback=text)
        sys.stdout.flush()
        sys.stderr.flush()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        for pipe in self.pipes:
            pipe.drain()
        self.events.tell(type="number_of_executions", execution_count=self.count)
        self.events.tell(type="end_of_execution")


def context_main(orders, events):
    tell = Events(events)
    pipes = [Pipe(tell, "stdout", 1), Pipe(tell, "stderr", 2)]
    sys.stdout, sys.stderr = Output(tell, "stdout", 1), Output(tell, "stderr", 2)
    os.environ.setdefault("MPLBACKEND", "agg")
    context = Context(tell, pipes)

    def interrupt(number, frame):
        """One that comes late is not meant for the context itself"""
        if context.runs:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)  # shells let what they start in the background ignore it
    for line in os.fdopen(orders, encoding="utf-8"):
        order = json.loads(line)
        try:
            context.execute(order["code"], order["variables"])
        except KeyboardInterrupt:
            tell.tell(type="end_of_execution")


# ---- the server ----

class Process:
    """A context, seen from the server"""

    def __init__(self, name, directory):
        self.name, self.directory, self.lock = name, directory, threading.Lock()
        self.start()

    def start(self):
        orders, self.orders = os.pipe()
        self.events, events = os.pipe()
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "context", str(orders), str(events)],
                                        pass_fds=(orders, events), stdin=subprocess.DEVNULL, cwd=self.directory)
        os.close(orders)
        os.close(events)
        self.rest = b""

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.close(self.orders)
        os.close(self.events)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def execute(self, code, variables, there):
        """Events of an execution; @there tells whether anybody still wants them"""
        order = json.dumps({"code": code, "variables": variables}) + "\n"
        left = memoryview(order.encode())
        while left:
            left = left[os.write(self.orders, left):]
        interrupted = False
        while True:
            line, found, rest = self.rest.partition(b"\n")
            if found:
                self.rest = rest
                if json.loads(line)["type"] == "end_of_execution":
                    return
                yield line
                continue
            if not select.select([self.events], [], [], LOOK)[0]:
                if not interrupted and not there():
                    self.interrupt()
                    interrupted = True
                continue
            data = os.read(self.events, 65536)
            if not data:
                yield json.dumps({"type": "error", "name": "ContextEnded", "traceback": "",
                                  "value": "the process of the context has ended; restart it"}).encode()
                return
            self.rest += data


contexts = {}
contexts_lock = threading.Lock()
DEFAULT = "default"


def home():
    return next(path for path in ("/home/user", "/root", "/") if os.path.isdir(path))


def context(name):
    with contexts_lock:
        if name == DEFAULT and name not in contexts:
            contexts[name] = Process(name, home())
        return contexts.get(name)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def body(self):
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            text = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                text += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        value = json.loads(text or b"{}")
        return value if isinstance(value, dict) else {}

    def answer(self, status, value=None):
        text = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def there(self):
        try:
            ready = select.select([self.connection], [], [], 0)[0]
            return not ready or self.connection.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False

    def execute(self):
        asked = self.body()
        language = (asked.get("language") or "python").lower()
        if language not in ("python", "python3"):
            return self.answer(400, {"code": 400, "message": f"{language}: only Python is there"})
        found = context(asked.get("context_id") or DEFAULT)
        if not found:
            return self.answer(404, {"code": 404, "message": "there is no such context"})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with found.lock:
            gone = False
            for line in found.execute(asked.get("code") or "", asked.get("env_vars") or {}, self.there):
                try:
                    if not gone:
                        self.wfile.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line))
                except OSError:
                    gone = True
                    found.interrupt()
        if not gone:
            self.wfile.write(b"0\r\n\r\n")

    def make(self):
        asked = self.body()
        language = (asked.get("language") or "python").lower()
        directory = asked.get("cwd") or home()
        if language not in ("python", "python3"):
            return self.answer(400, {"code": 400, "message": f"{language}: only Python is there"})
        if not os.path.isdir(directory):
            return self.answer(400, {"code": 400, "message": f"{directory} is no directory"})
        made = Process(str(uuid.uuid4()), directory)
        with contexts_lock:
            contexts[made.name] = made
        self.answer(200, {"id": made.name, "language": "python", "cwd": directory})

    def do_POST(self):
        path = self.path.split("?")[0]
        if path == "/execute":
            return self.execute()
        if path == "/contexts":
            return self.make()
        found = re.fullmatch(r"/contexts/([^/]+)/restart", path)
        named = found and context(found.group(1))
        if not named:
            return self.answer(404, {"code": 404, "message": "there is no such context"})
        self.body()
        named.process.kill()
        with named.lock:
            named.stop()
            named.start()
        self.answer(204)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/health":
            return self.answer(200, {})
        if path != "/contexts":
            return self.answer(404, {"code": 404, "message": "there is nothing here"})
        context(DEFAULT)
        with contexts_lock:
            self.answer(200, [{"id": one.name, "language": "python", "cwd": one.directory} for one in contexts.values()])

    def do_DELETE(self):
        name = self.path.split("?")[0].removeprefix("/contexts/")
        with contexts_lock:
            found = contexts.pop(name, None)
        if not found:
            return self.answer(404, {"code": 404, "message": "there is no such context"})
        found.process.kill()
        with found.lock:
            found.stop()
        self.answer(204)


def main():
    if sys.argv[1:2] == ["context"]:
        return context_main(int(sys.argv[2]), int(sys.argv[3]))
    context(DEFAULT)
    http.server.ThreadingHTTPServer.daemon_threads = True
    http.server.ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()


main()
