#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Try to change a sandbox's telemetry region through the descriptor that observers get.

Usage: region-attack.py NAME
"""
import array
import ctypes
import fcntl
import json
import mmap
import os
import socket
import sys

F_GET_SEALS = 1034
SEALS = {2: "shrink", 4: "grow", 16: "future-write", 1: "seal"}
PUNCH = 3  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE

directory = os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/vitrine-{os.geteuid()}"
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.connect(f"{directory}/vitrine/{sys.argv[1]}.sock")
connection.send(json.dumps({"op": "observe"}).encode())
answer, ancillary, _, _ = connection.recvmsg(65536, 64)
size = json.loads(answer)["size"]
region = array.array("i", ancillary[0][2])[0]
libc = ctypes.CDLL(None, use_errno=True)


def punch(fd):
    if libc.fallocate(fd, PUNCH, ctypes.c_long(0), ctypes.c_long(4096)):
        raise OSError(ctypes.get_errno(), "fallocate")


attempts = {
    "map for writing": lambda fd: mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE),
    "write": lambda fd: os.pwrite(fd, b"x", 0),
    "truncate": lambda fd: os.ftruncate(fd, 0),
    "punch a hole": punch,
}


def attack(prefix, fd):
    for name, attempt in attempts.items():
        try:
            attempt(fd)
            print(f"{prefix}{name}: DONE")
        except OSError:
            print(f"{prefix}{name.replace(' for writing', '') if prefix else name}: refused")


mmap.mmap(region, size, mmap.MAP_SHARED, mmap.PROT_READ)
attack("", region)
attack("open for writing, ", os.open(f"/proc/self/fd/{region}", os.O_RDWR))
seals = fcntl.fcntl(region, F_GET_SEALS)
print("seals:", " ".join(name for bit, name in SEALS.items() if seals & bit))
