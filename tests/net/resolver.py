#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""resolver.py - a resolver that says what it is told to, for tests of the guest's network

Usage: resolver.py READY [NAME=ADDRESS[,ADDRESS]...]...     (READY gets the port)

An address "big" stands for as many as do not fit in a datagram, "cname:OTHER" for another name of
OTHER, "next:A:B" for A the first time and B afterwards, "silent" for no answer, "garbage" for
bytes. TXT of any known name is its name. Answers come over UDP and TCP, for A and AAAA. Each name that
is asked for is printed.
"""
import ipaddress
import os
import socket
import struct
import sys
import threading


def encode(name):
    return b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"


def question(message):
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    kind, = struct.unpack_from("!H", message, at + 1)
    return ".".join(labels).lower(), kind, message[12:at + 5]


def record(owner, kind, data):
    return encode(owner) + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def addresses(zone, name, asked):
    """What is known of a name: (records, more names)"""
    words = zone[name]
    if words[0].startswith("next:"):
        _, first, then = words[0].split(":", 2)
        words = [then if asked.get(name) else first]
        asked[name] = True
    if words == ["big"]:
        return [f"93.184.{i // 250}.{i % 250 + 1}" for i in range(60)]
    return words


def answer(zone, asked, message, stream):
    name, kind, what = question(message)
    print(name, flush=True)
    if name not in zone:
        return message[:2] + struct.pack("!HHHHH", 0x8183, 1, 0, 0, 0) + what
    words, records, owner = addresses(zone, name, asked), [], name
    if words == ["silent"]:
        return None
    if words == ["garbage"]:
        return message[:2] + os.urandom(60)
    if words[0].startswith("cname:"):
        owner = words[0][6:]
        records.append(record(name, 5, encode(owner)))
        words = addresses(zone, owner, asked)
    for word in words:
        ip = ipaddress.ip_address(word)
        if kind == (1 if ip.version == 4 else 28):
            records.append(record(owner, kind, ip.packed))
    if kind == 16:
        records.append(record(name, 16, bytes([len(name)]) + name.encode()))
    body = b"".join(records)
    flags = 0x8180
    if not stream and len(body) > 400:
        flags, records, body = 0x8380, [], b""
    return message[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + what + body


def serve_stream(listener, zone, asked):
    while True:
        conn, _ = listener.accept()
        with conn:
            head = conn.recv(2, socket.MSG_WAITALL)
            if len(head) < 2:
                continue
            reply = answer(zone, asked, conn.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL), True)
            if reply:
                conn.sendall(struct.pack("!H", len(reply)) + reply)


def main():
    zone = {}
    for word in sys.argv[2:]:
        name, _, where = word.partition("=")
        zone[name] = where.split(",")
    asked = {}
    while True:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(("127.0.0.1", port))
            break
        except OSError:
            listener.close()
    threading.Thread(target=serve_stream, args=(listener, zone, asked), daemon=True).start()
    with open(sys.argv[1] + ".tmp", "w", encoding="ascii") as ready:
        ready.write(f"{port}\n")
    os.rename(sys.argv[1] + ".tmp", sys.argv[1])
    while True:
        message, who = datagrams.recvfrom(4096)
        try:
            reply = answer(zone, asked, message, False)
        except (IndexError, struct.error, ValueError):
            continue
        if reply:
            datagrams.sendto(reply, who)


main()
