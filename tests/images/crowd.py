#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""crowd.py - a tar archive of empty files, as many as one likes, to standard output

Usage: crowd.py COUNT
"""
import sys

BLANK = bytearray(512)
BLANK[100:107] = b"0000644"
BLANK[124:135] = BLANK[136:147] = b"0" * 11
BLANK[148:156] = b" " * 8
BLANK[156:157] = b"0"
BLANK[257:265] = b"ustar\x0000"
SUM = sum(BLANK)


def header(name):
    block = bytearray(BLANK)
    block[:len(name)] = name
    block[148:156] = b"%06o\0 " % (SUM + sum(name))
    return block


for i in range(int(sys.argv[1])):
    sys.stdout.buffer.write(header(b"d%d/f%d" % (i // 1000, i)))
sys.stdout.buffer.write(bytes(1024))
