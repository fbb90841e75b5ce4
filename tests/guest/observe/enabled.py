#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print what a sandbox's guest kernel records at the moment, without asking it to record anything.

Usage: enabled.py NAME
"""
import array
import mmap
import os
import socket
import struct
import sys

directory = os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/vitrine-{os.geteuid()}"
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.connect(f"{directory}/vitrine/{sys.argv[1]}.sock")
connection.send(b'{"op":"observe"}')
_, ancillary, _, _ = connection.recvmsg(65536, 64)
region = mmap.mmap(array.array("i", ancillary[0][2])[0], 4096, mmap.MAP_SHARED, mmap.PROT_READ)
print(struct.unpack_from("<I", region, 20)[0])  # struct vt_telemetry.enabled
