# SPDX-License-Identifier: GPL-2.0-only
"""common.py - a client of the observatory's server, for its tests

Nothing but Debian's Python. A check that fails raises; the test that ran the script shows why.
"""
import json
import socket
import time
from urllib.parse import urlsplit


class Failed(Exception):
    """A promise that was not kept."""


def want(good, text):
    if not good:
        raise Failed(text)


class Server:
    def __init__(self, url):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.name = f"{self.host}:{self.port}"

    def connect(self, receive_buffer=None, timeout=10):
        sock = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        sock.connect((self.host, self.port))
        return sock

    def send(self, sock, path, method="GET", headers=None, body=b""):
        lines = {"Host": self.name, **(headers or {})}
        if body:
            lines.setdefault("Content-Length", str(len(body)))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        sock.sendall(head.encode() + b"\r\n" + body)

    def ask(self, path, method="GET", headers=None, body=b""):
        """Status, headers (lower case) and body of one request"""
        with self.connect() as sock:
            self.send(sock, path, method, {"Connection": "close", **(headers or {})}, body)
            return read_answer(sock, method == "HEAD")

    def get(self, path, headers=None):
        status, answered, body = self.ask(path, headers=headers)
        want(status == 200, f"GET {path}: {status} {body[:300]!r}")
        return answered, body

    def json(self, path):
        return json.loads(self.get(path)[1])

    def post(self, path, value, headers=None):
        body = json.dumps(value).encode()
        status, _, answer = self.ask(path, "POST", {"Content-Type": "application/json",
                                                    **(headers or {})}, body)
        return status, json.loads(answer)

    def stream(self, query="", headers=None, receive_buffer=None):
        return Stream(self, query, headers, receive_buffer)


def read_head(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise Failed(f"the connection ended in the head: {data[:200]!r}")
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        key, value = line.split(":", 1)
        headers[key.strip().lower()] = value.strip()
    return int(lines[0].split()[1]), headers, rest


def read_answer(sock, no_body=False):
    status, headers, rest = read_head(sock)
    if no_body or status == 304:
        return status, headers, b""
    while True:
        more = sock.recv(65536)
        if not more:
            break
        rest += more
    if headers.get("transfer-encoding") == "chunked":
        rest = unchunk(rest)
    return status, headers, rest


def unchunk(data):
    out = b""
    while data:
        size, data = data.split(b"\r\n", 1)
        n = int(size, 16)
        if n == 0:
            break
        out += data[:n]
        data = data[n + 2:]
    return out


class Stream:
    """Messages of /api/events, one by one: (event, data, id); comments as (None, text, None)"""

    def __init__(self, server, query, headers, receive_buffer):
        self.sock = server.connect(receive_buffer)
        server.send(self.sock, "/api/events" + ("?" + query if query else ""), headers=headers)
        self.status, self.headers, self.raw = read_head(self.sock)
        self.text = b""
        self.last_id = None
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _more(self, deadline):
        """Take chunks apart as they come"""
        while True:
            head, found, rest = self.raw.partition(b"\r\n")
            if found and len(rest) >= int(head, 16) + 2:
                n = int(head, 16)
                if n == 0:
                    self.ended = True
                    return False
                self.text += rest[:n]
                self.raw = rest[n + 2:]
                return True
            self.sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.sock.recv(1 << 18)
            except (TimeoutError, socket.timeout):
                return False
            if not data:
                self.ended = True
                return False
            self.raw += data

    def messages(self, seconds):
        """Until so much time has passed or the stream ends"""
        deadline = time.monotonic() + seconds
        while True:
            block, found, rest = self.text.partition(b"\n\n")
            if not found:
                if time.monotonic() >= deadline or not self._more(deadline):
                    return
                continue
            self.text = rest
            message = self._parse(block.decode())
            if message:
                yield message

    def _parse(self, block):
        event, data, ident, comment = None, [], None, None
        for line in block.split("\n"):
            if line.startswith(":"):
                comment = line[1:].strip()
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif line.startswith("id: "):
                ident = int(line[4:])
                self.last_id = ident
            elif not line.startswith("retry: "):
                raise Failed(f"a line that is no SSE: {line!r}")
        if event:
            return event, json.loads("\n".join(data)), ident
        return (None, comment, ident) if comment is not None else None

    def events(self, seconds):
        for event, data, _ in self.messages(seconds):
            if event == "events":
                yield from data["events"]

    def wait(self, kind, seconds=10):
        for event, data, _ in self.messages(seconds):
            if event == kind:
                return data
        raise Failed(f"no '{kind}' message in {seconds} s")


def run(checks, argv):
    """Run the check that is named on the command line: URL CHECK [ARGUMENT]..."""
    import sys
    try:
        checks[argv[2]](Server(argv[1]), *argv[3:])
    except Failed as failed:
        print(f"{argv[2]}: {failed}", file=sys.stderr)
        sys.exit(1)
