#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""hostile.py - a guest that writes frames itself; runs in the guest as root

Usage: hostile.py PORT FORBIDDEN     PORT of the host may be reached, FORBIDDEN must not be

Says what came back, a line for each attempt, and "over".
"""
import os
import random
import select
import socket
import struct
import sys
import time

ALLOWED, FORBIDDEN = int(sys.argv[1]), int(sys.argv[2])
GUEST, GATEWAY = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
GUEST6 = socket.inet_pton(socket.AF_INET6, "fd00:2::15")
OURS, THEIRS = bytes.fromhex("525400123456"), bytes.fromhex("525400123402")
random.seed(7)
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
raw.bind(("eth0", 0))
# What the guest's kernel would answer to segments that it knows nothing of
os.system("nft add table inet x; nft 'add chain inet x o { type filter hook output priority 0; }'; "
          "nft add rule inet x o tcp sport 40000-50000 tcp flags rst drop")


def ethernet(payload, kind=0x0800):
    return THEIRS + OURS + struct.pack("!H", kind) + payload


def ip(payload, protocol, to=GATEWAY, source=GUEST, fragment=0, options=b"", length=None, version=4):
    size = 20 + len(options)
    return struct.pack("!BBHHHBBH4s4s", version << 4 | size // 4, 0,
                       size + len(payload) if length is None else length, random.getrandbits(16),
                       fragment, 64, protocol, 0, source, to) + options + payload


def ip6(payload, protocol, to, source=GUEST6):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, source, to) + payload


def tcp(sport, dport, seq, ack, flags, data=b"", offset=5, options=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, 65535, 0, 0) + options + data


def udp(sport, dport, data, length=None):
    return struct.pack("!HHHH", sport, dport, 8 + len(data) if length is None else length, 0) + data


def answers(sport, wait=1.0):
    """Flags of the TCP segments that come for a port"""
    got, end = [], time.monotonic() + wait
    while time.monotonic() < end:
        if not select.select([raw], [], [], max(0, end - time.monotonic()))[0]:
            break
        frame = raw.recv(70000)
        if frame[12:14] == b"\x08\0" and frame[23] == 6 and struct.unpack_from("!H", frame, 36)[0] == sport:
            got.append((frame[47], struct.unpack_from("!II", frame, 38)))
    return got


def say(what, found):
    print(what, "-", found, flush=True)


def opened(sport):
    """Has a connection come about?"""
    return any(flags & 0x12 == 0x12 for flags, _ in answers(sport))


# A connection of our own making works: the attempts below fail for a reason
raw.send(ethernet(ip(tcp(40000, ALLOWED, 1000, 0, 2), 6)))
say("an honest SYN", "opened" if opened(40000) else "nothing")

# The same in forms that a filter may read otherwise than who dials
raw.send(ethernet(ip(tcp(40001, FORBIDDEN, 1000, 0, 2), 6)))
say("a forbidden port", "OPENED" if opened(40001) else "refused")
whole = tcp(40002, FORBIDDEN, 1000, 0, 2)
raw.send(ethernet(ip(whole[:8], 6, fragment=0x2000)))
raw.send(ethernet(ip(whole[8:], 6, fragment=1)))
raw.send(ethernet(ip(tcp(40002, ALLOWED, 1000, 0, 2)[:8], 6, fragment=0x2000)))
raw.send(ethernet(ip(whole[:8], 6, fragment=0x2000)))
raw.send(ethernet(ip(whole[8:], 6, fragment=1)))
say("fragments", "OPENED" if opened(40002) else "nothing")
raw.send(ethernet(ip(tcp(40003, ALLOWED, 1, 0, 2), 6, options=bytes([131, 7, 4, 127, 0, 0, 1, 0]))))
say("a source route", "OPENED" if opened(40003) else "nothing")
for source in (bytes(4), bytes([127, 0, 0, 1]), GATEWAY[:3] + b"\xff", bytes([8, 8, 8, 8])):
    raw.send(ethernet(ip(tcp(40004, FORBIDDEN, 1, 0, 2), 6, source=source)))
say("foreign sources", "OPENED" if opened(40004) else "nothing")
for to in (bytes([127, 0, 0, 1]), bytes(4), b"\xff" * 4, bytes([224, 0, 0, 1])):
    raw.send(ethernet(ip(tcp(40005, FORBIDDEN, 1, 0, 2), 6, to=to)))
say("the host's loopback by its own name", "OPENED" if opened(40005) else "nothing")
for to in ("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "::1"):
    raw.send(ethernet(ip6(tcp(40006, FORBIDDEN, 1, 0, 2), 6, socket.inet_pton(socket.AF_INET6, to)), 0x86dd))
say("IPv4 in IPv6", "OPENED" if opened(40006) else "nothing")
extension = bytes([6, 0, 1, 4, 0, 0, 0, 0])
raw.send(ethernet(ip6(extension + tcp(40007, FORBIDDEN, 1, 0, 2), 0, socket.inet_pton(socket.AF_INET6, "fd00:2::2")), 0x86dd))
raw.send(ethernet(ip6(bytes([6, 0, 0, 1, 0, 0, 0, 1]) + tcp(40007, FORBIDDEN, 1, 0, 2), 44,
                      socket.inet_pton(socket.AF_INET6, "fd00:2::2")), 0x86dd))
say("extension headers", "OPENED" if opened(40007) else "nothing")
raw.send(ethernet(b"\0\1\x08\0" + ip(tcp(40008, FORBIDDEN, 1, 0, 2), 6), 0x8100))
say("a VLAN", "OPENED" if opened(40008) else "nothing")

# A segment that belongs to no connection, and a guess at somebody else's
raw.send(ethernet(ip(tcp(40010, ALLOWED, 5, 5, 0x10), 6)))
say("a stray acknowledgement", "reset" if any(f & 4 for f, _ in answers(40010)) else "NOTHING")
victim = socket.create_connection(("10.0.2.2", ALLOWED))
port = victim.getsockname()[1]
for _ in range(200):
    raw.send(ethernet(ip(tcp(port, ALLOWED, random.getrandbits(32), random.getrandbits(32), 4), 6)))
    raw.send(ethernet(ip(tcp(port, ALLOWED, random.getrandbits(32), random.getrandbits(32), 0x18, b"evil"), 6)))
victim.sendall(b"unharmed")
say("a neighbour's connection", victim.recv(8).decode())

# Every length of every header, and noise
good = [ip(tcp(40011, ALLOWED, 1, 1, 0x18, b"x" * 20), 6), ip(udp(5, 53, b"y" * 30), 17),
        ip(struct.pack("!BBHHH", 8, 0, 0, 1, 1) + b"z" * 20, 1)]
for packet in good:
    for length in range(len(packet)):
        raw.send(ethernet(packet[:length]).ljust(14, b"\0"))
        raw.send(ethernet(packet[:2] + struct.pack("!H", length) + packet[4:]))
    for at in range(len(packet)):
        for value in (0, 1, 0x7f, 0x80, 0xff):
            raw.send(ethernet(packet[:at] + bytes([value]) + packet[at + 1:]))
for length in (0, 1, 7, 8, 9, 65535):
    raw.send(ethernet(ip(udp(6, 53, b"q" * 20, length), 17)))
for offset in range(16):
    raw.send(ethernet(ip(tcp(40012, ALLOWED, 1, 0, 2, offset=offset, options=os.urandom(40)), 6)))
for kind in (0x0806, 0x86dd, 0x88cc, 0x8100, 0x0842, 0, 0x05dc):
    for length in range(0, 120, 3):
        raw.send(ethernet(os.urandom(length), kind).ljust(14, b"\0"))
for kind in range(256):
    raw.send(ethernet(ip6(bytes([kind, 0, 0, 0]) + os.urandom(40), 58, socket.inet_pton(socket.AF_INET6, "ff02::2")), 0x86dd))
dhcp = bytes([1, 1, 6, 0]) + os.urandom(232) + bytes.fromhex("63825363")
for length in range(0, 300, 5):
    raw.send(ethernet(ip(udp(68, 67, dhcp + os.urandom(length)), 17, source=bytes(4), to=b"\xff" * 4)))
for _ in range(3000):
    raw.send(ethernet(ip(os.urandom(random.randrange(60)), random.choice((1, 6, 17, random.getrandbits(8))))))
say("noise", "sent")

# More flows than there may be
for n in range(12000):
    raw.send(ethernet(ip(udp(1024 + n % 60000, FORBIDDEN, b"x"), 17)))
    raw.send(ethernet(ip(tcp(1024 + n % 38000, FORBIDDEN, n, 0, 2), 6)))
say("a flood", "sent")

end = time.monotonic() + 60
while True:
    try:
        s = socket.create_connection(("10.0.2.2", ALLOWED), timeout=20)
        s.sendall(b"still here")
        say("afterwards", s.recv(10).decode())
        break
    except OSError as error:
        if time.monotonic() > end:
            say("afterwards", error)
            break
        time.sleep(0.2)
print("over")
