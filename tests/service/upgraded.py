#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""upgraded - a WebSocket to a server in a sandbox, by the name that leads there

Usage: upgraded.py URL HOST

The server answers with whatever it is sent. Prints the status, and how much of a MiB came back as it was.
"""
import os
import socket
import sys
import threading
import urllib.parse

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def main():
    where = urllib.parse.urlsplit(sys.argv[1])
    connection = socket.create_connection((where.hostname, where.port), timeout=30)
    connection.sendall((f"GET /socket HTTP/1.1\r\nHost: {sys.argv[2]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n").encode())
    stream = connection.makefile("rb")
    status, fields = stream.readline().split()[1].decode(), {}
    for line in iter(stream.readline, b"\r\n"):
        if not line:
            break
        name, _, value = line.decode().partition(":")
        fields[name.lower()] = value.strip()
    print(status, fields.get("upgrade"), fields.get("sec-websocket-accept") == ACCEPT)
    if status != "101":
        return
    data = os.urandom(1 << 20)
    threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
    back = stream.read(len(data))
    print("same" if back == data else f"{len(back)} bytes, others")


main()
