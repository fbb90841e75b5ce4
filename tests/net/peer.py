#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""peer.py - servers on the host's loopback, for tests of the guest's network

Usage: peer.py READY KIND [IPV6]     (READY gets the port)

KIND is one of:
  echo     TCP: everything comes back, and the end of the stream too
  hello    TCP: says "hello from ADDRESS" and ends
  source   TCP: sends 64 MiB of a pattern and ends
  sink     TCP: reads everything, slowly at first, then says how many bytes and their sum
  reset    TCP: ends every connection with a reset
  udp      UDP: everything comes back, in capitals
"""
import hashlib
import os
import socket
import struct
import sys
import threading
import time

PATTERN = bytes(range(251)) * 261


def echo(conn, _):
    while data := conn.recv(65536):
        conn.sendall(data)
    conn.shutdown(socket.SHUT_WR)


def hello(conn, who):
    conn.sendall(f"hello from {who[0]}\n".encode())


def source(conn, _):
    left = 64 << 20
    while left:
        part = PATTERN[:left]
        conn.sendall(part)
        left -= len(part)


def sink(conn, _):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    total, digest = 0, hashlib.sha1()
    while data := conn.recv(65536):
        if total < 200000:
            time.sleep(0.05)
        total += len(data)
        digest.update(data)
    conn.sendall(f"{total} {digest.hexdigest()}\n".encode())


def reset(conn, _):
    conn.recv(1)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def one(serve, conn, who):
    with conn:
        try:
            serve(conn, who)
        except OSError:
            pass


def say(path, port):
    with open(path + ".tmp", "w", encoding="ascii") as ready:
        ready.write(f"{port}\n")
    os.rename(path + ".tmp", path)


def main():
    family = socket.AF_INET6 if len(sys.argv) > 3 else socket.AF_INET
    where = ("::1" if len(sys.argv) > 3 else "127.0.0.1", 0)
    if sys.argv[2] == "udp":
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        datagrams.bind(where)
        say(sys.argv[1], datagrams.getsockname()[1])
        while True:
            data, who = datagrams.recvfrom(65536)
            datagrams.sendto(data.upper(), who)
    listener = socket.create_server(where, family=family, backlog=1024)
    say(sys.argv[1], listener.getsockname()[1])
    serve = globals()[sys.argv[2]]
    while True:
        conn, who = listener.accept()
        threading.Thread(target=one, args=(serve, conn, who), daemon=True).start()


main()
