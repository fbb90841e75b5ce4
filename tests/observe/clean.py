#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""clean.py - whatever a guest calls its things, what we say about them is text

Usage: clean.py terminal <TEXT       a terminal shows it and does nothing else
       clean.py ascii <TEXT          and it is ASCII
       clean.py json <TEXT           one JSON text, or one a line
       clean.py api URL              every answer of the server, and what it streams for two seconds

Prints "clean: N", the number of lines, texts or answers; or what is not.
"""
import json
import sys
import unicodedata

from common import Server, want

# Control characters, formats (which turn the direction of text), ends of lines and paragraphs
NOT_FOR_TERMINALS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANSWERS = ("snapshot", "syscalls", "enosys", "history", "follow", "processes", "scheduler", "memory",
           "block", "slab", "page-cache", "sockets", "mounts", "files")


def terminal(text):
    lines = text.split("\n")
    for line in lines:
        bad = [c for c in line if c != "\t" and unicodedata.category(c) in NOT_FOR_TERMINALS]
        want(not bad, f"{bad[:4]!r} in {line[:200]!r}")
    return len(lines)


def one(text):
    """Strict: no control characters in strings, no members twice, no halves of characters"""
    def members(pairs):
        want(len(dict(pairs)) == len(pairs), f"a member twice: {pairs!r:.200}")
        return dict(pairs)

    value = json.loads(text, object_pairs_hook=members)
    json.dumps(value, ensure_ascii=False).encode()
    want(not any(c < " " and c != "\n" or c == "\x7f" for c in text), "a control character")
    return value


def texts(text):
    try:
        one(text)
        return 1
    except ValueError:
        return len([one(line) for line in text.split("\n") if line])


def api(url):
    server = Server(url)
    pids = [p["pid"] for p in one(server.get("/api/processes")[1].decode())["view"]["processes"]]
    paths = [*("/api/" + name for name in ANSWERS), *(f"/api/task/{pid}" for pid in pids)]
    for path in paths:
        status, _, body = server.ask(path)
        one(body.decode())
        want(status == 200 or (status == 404 and "task" in path), f"{path}: {status}")  # it has ended
    for path in ("/stats", "/metrics"):
        terminal(server.get(path)[1].decode())
    with server.stream("limit=20000") as stream:
        count = sum(1 for event, _, _ in stream.messages(2) if event == "events")
        want(count, "no events")
        want(not any(byte < 32 and byte != 10 or byte == 127 for byte in stream.text), "a control character")
    return len(paths) + 3


def main():
    what = sys.argv[1]
    if what == "api":
        count = api(sys.argv[2])
    else:
        text = sys.stdin.buffer.read().decode("ascii" if what == "ascii" else "utf-8")
        want(text, "nothing")
        count = texts(text) if what == "json" else terminal(text)
    print("clean:", count)


main()
