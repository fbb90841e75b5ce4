#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""web.py - a web server that says what has reached it, for tests of rules about requests

Usage: web.py READY LOG [CERTIFICATE KEY]     (READY gets the port; LOG a line for each request)

A request is answered with its method, path, fields that begin with X- or are Authorization, and the
length of its body. Some paths have answers of their own:
  .../close      ends with the connection, and not with a length
  .../chunks     in chunks, with an extension and a trailer
  .../two        has two lengths
  .../odd        both a length and chunks
  .../cut        is shorter than it says
  .../early      comes before the body has
  .../hints      has an answer of status 103 before it
  .../switch     changes to a protocol that nobody has asked for
  .../mute       none at all: the connection ends
  .../think      none, until the other side has left, which is a line "left PATH"
A request to become a WebSocket is agreed to; then everything comes back.
"""
import os
import socket
import ssl
import sys
import threading

lock = threading.Lock()


def read_head(stream):
    lines = []
    while line := stream.readline(70000):
        if line == b"\r\n":
            return [l.decode("latin-1") for l in lines]
        lines.append(line.rstrip(b"\r\n"))
    return None


def read_body(stream, fields):
    if fields.get("transfer-encoding") == "chunked":
        total = 0
        while size := int(stream.readline(), 16):
            total += len(stream.read(size))
            stream.readline()
        stream.readline()
        return total
    return len(stream.read(int(fields.get("content-length", 0))))


def answers(path, body):
    length = f"Content-Length: {len(body)}\r\n\r\n{body}"
    return {
        "close": f"HTTP/1.1 200 OK\r\n\r\n{body}",
        "chunks": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x};a=b\r\n{body}\r\n0\r\nX-Late: 1\r\n\r\n",
        "two": f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{length}",
        "odd": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{length}",
        "cut": f"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{body}",
        "hints": f"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n{length}",
        "switch": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nraw",
        "mute": "",
    }.get(path.split("?")[0].rsplit("/", 1)[-1], f"HTTP/1.1 200 OK\r\n{length}")


def serve_one(conn, stream, log):
    """Return: whether there may be another"""
    head = read_head(stream)
    if not head:
        return False
    method, path, _ = head[0].split(" ")
    fields = {l.split(":", 1)[0].lower(): l.split(":", 1)[1].strip() for l in head[1:]}
    with lock, open(log, "a", encoding="latin-1") as out:
        out.write(" ".join([head[0], *head[1:]]) + "\n")
    if fields.get("upgrade") == "websocket":
        conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        while data := stream.read1(65536):
            conn.sendall(data)
        return False
    if path.endswith("/think"):
        conn.settimeout(60)
        if not stream.read1(1):
            with lock, open(log, "a", encoding="latin-1") as out:
                out.write(f"left {path}\n")
        return False
    early = path.endswith("/early")
    if fields.get("expect") == "100-continue" and not early:
        conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    got = 0 if early else read_body(stream, fields)
    shown = sorted(l for l in head[1:] if l.lower().startswith(("x-", "authorization")))
    body = "\n".join([f"{method} {path} {got}", *shown]) + "\n"
    if method == "HEAD":
        conn.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        return True
    answer = answers(path, body)
    conn.sendall(answer.encode("latin-1"))
    if early:
        read_body(stream, fields)
    return path.rsplit("/", 1)[-1] not in ("close", "cut", "switch", "mute") and fields.get("connection") != "close"


def serve(conn, log, context):
    try:
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        with conn, conn.makefile("rb") as stream:
            while serve_one(conn, stream, log):
                pass
    except (OSError, ValueError, IndexError, KeyError):
        pass


def main():
    context = None
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    with open(sys.argv[1] + ".tmp", "w", encoding="ascii") as ready:
        ready.write(f"{listener.getsockname()[1]}\n")
    os.rename(sys.argv[1] + ".tmp", sys.argv[1])
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, sys.argv[2], context), daemon=True).start()


main()
