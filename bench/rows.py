# SPDX-License-Identifier: GPL-2.0-only
"""rows.py - what the report knows of each row: its group, its name for people, its unit"""

NANO, MICRO, MILLI, MIB = (1, "ns"), (1e3, "µs"), (1e6, "ms"), (1024, "MiB")

ROWS = {
    "System calls": [
        ("getppid", "getppid", NANO),
        ("stat", "stat", NANO),
        ("open+close", "open, close", NANO),
        ("read", "read 512 bytes", NANO),
        ("write", "write 512 bytes", NANO),
        ("pipe", "pipe: write and read a byte", NANO),
        ("poll-100", "poll of 100 pipes", NANO),
    ],
    "Memory, per 4 KiB page": [
        ("fault-4k", "first touch, 4K pages only", NANO),
        ("anon-sequential", "first touch, sequential", NANO),
        ("filemap-first", "file mapping, not cached", NANO),
        ("filemap-second", "file mapping, cached", NANO),
    ],
    "Processes": [
        ("fork+exit", "fork, exit, wait", MICRO),
        ("fork+exec-bare", "fork, exec without libc", MICRO),
        ("fork+exec-static", "fork, exec static", MICRO),
        ("fork+exec-dynamic", "fork, exec dynamic", MICRO),
        ("thread", "thread create, join", MICRO),
        ("thread-10", "the same beside 10 that sleep", MICRO),
        ("thread-1000", "the same beside 1,000", MICRO),
        ("switch", "context switch over pipes", MICRO),
        ("sleepers", "getppid beside 1,000 sleeping threads", NANO),
    ],
    "Files": [
        ("read-cached", "read 64K, cached", MICRO),
        ("write-cached", "write 64K, cached", MICRO),
        ("read-1m", "read 1M, cached", MICRO),
        ("write-1m", "write 1M, cached", MICRO),
        ("read-direct", "read 64K, O_DIRECT", MICRO),
        ("write-direct", "write 64K, O_DIRECT", MICRO),
        ("fio-read-4k", "fio: random read 4K, cached", MICRO),
        ("fio-write-4k", "fio: random write 4K, cached", MICRO),
        ("fio-read-4k-direct", "fio: random read 4K, direct, depth 16", MICRO),
        ("fio-write-4k-direct", "fio: random write 4K, direct, depth 16", MICRO),
        ("chmod", "chmod", NANO),
        ("rename", "rename", NANO),
        ("create+delete", "create, write, delete a small file", MICRO),
        ("ls", "ls -l of 40,000 files", MILLI),
        ("untar", "untar 3,000 files", MILLI),
    ],
    "Programs": [
        ("gcc", "make: gcc of 41 C files", MILLI),
        ("python3", "python3 start, three modules", MILLI),
        ("shell", "sh: 200 commands", MILLI),
        ("redis-set", "redis SET, 20 clients", MICRO),
        ("redis-get", "redis GET, 20 clients", MICRO),
    ],
    "Start": [
        ("start-first", "until the first output", MILLI),
        ("start", "whole process", MILLI),
    ],
    "An idle sandbox": [
        ("memory-pss", "PSS of all its processes", MIB),
        ("memory-rss", "RSS of all its processes", MIB),
        ("idle-cpu", "CPU time of them all in a second", MILLI),
    ],
}

ENVIRONMENTS = ["native", "vitrine", "vitrine-smp", "vitrine-emulate", "proot", "uml", "bwrap"]

# (row, compared with, at most): "host" is notify.c's bare round trip, None an absolute value in ms
# or MiB. What is meant is a direction for development; nothing fails when one is missed.
AIMS = [
    ("getppid", "notify-bare", 1.3),
    ("anon-sequential", "native", 1.0),
    ("fault-4k", "native", 4.0),
    ("fork+exec-bare", "native", 2.0),
    ("fork+exec-static", "native", 2.0),
    ("fork+exec-dynamic", "native", 2.0),
    ("gcc", "native", 1.3),
    ("read-cached", "native", 1.2),
    ("write-cached", "native", 1.2),
    ("read-1m", "native", 1.2),
    ("write-1m", "native", 1.2),
    ("start", None, 60),
    ("memory-pss", None, 30),
    ("idle-cpu", None, 1),
]

# Groups and rows in which Vitrine means to be ahead of proot; of user-mode-linux in all of them
AHEAD_OF_PROOT = ["getppid", "stat", "open+close", "read", "write", "pipe", "create+delete", "ls",
                  "untar", "gcc"]
