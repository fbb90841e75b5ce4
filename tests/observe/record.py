#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""record.py - is what a replayed recording says what its sandbox's own server said?

Usage: record.py URL keep FILE        save what a server says about a sandbox that has ended
       record.py URL same FILE        compare a server of the recording with it
       record.py URL moments          go to other moments of a recording
"""
import json
import sys

from common import run, want

VIEWS = ("memory", "mounts", "files", "sockets", "slab", "block", "scheduler", "page-cache")


def what_is_said(server):
    snapshot = server.json("/api/snapshot")
    said = {name: snapshot[name] for name in ("sandbox", "syscalls", "faults", "block", "state")}
    for view in VIEWS:
        answer = server.json(f"/api/{view}")
        said[view] = {"time_ms": answer["time_ms"], "view": answer["view"]}
    said["processes"] = [p["pid"] for p in server.json("/api/processes")["view"]["processes"]]
    history = server.json("/api/history?columns=syscalls.total,cpu.user&resolution=coarse")
    said["history"] = {"time_ms": history["time_ms"], "values": history["values"]}
    return said


def keep(server, path):
    """What a server says about its sandbox, into a file"""
    with open(path, "w", encoding="utf-8") as out:
        json.dump(what_is_said(server), out)


def same(server, path):
    """A recording says the same; it knows the end, and begins where it began"""
    with open(path, encoding="utf-8") as before:
        was = json.load(before)
    now = what_is_said(server)
    for name, value in was.items():
        if name == "history":
            # what was recorded is a part of what was seen: the server had begun a moment earlier
            times = now["history"]["time_ms"]
            want(len(times) > 2 and set(times) <= set(value["time_ms"]), f"rows: {times}")
            continue
        want(now[name] == value, f"{name}: {now[name]} instead of {value}")
    recorded = server.json("/api/snapshot")["recorded"]
    want(recorded and recorded["complete"], f"{recorded}")
    want(recorded["from_ms"] < recorded["to_ms"] == recorded["moment_ms"], f"{recorded}")


def seek(server, time_ms):
    status, _, text = server.ask("/api/control", "POST", {"Content-Type": "application/json"},
                                 json.dumps({"action": "seek", "time_ms": time_ms}).encode())
    want(status == 200, f"{status} {text}")
    return json.loads(text)["recorded"]


def moments(server, *_):
    """Earlier there was less; the end is as it was; readers hear of each"""
    recorded = server.json("/api/snapshot")["recorded"]
    calls = server.json("/api/syscalls")["syscalls"]["total"]["calls"]
    span = recorded["to_ms"] - recorded["from_ms"]
    seen = []
    with server.stream("samples=none") as s:
        hello = s.wait("hello", 10)
        want(hello["recorded"]["moment_ms"] == recorded["to_ms"], f"{hello}")
        for share in (.25, .5, .75):
            moment = recorded["from_ms"] + share * span
            got = seek(server, moment)["moment_ms"]
            want(abs(got - moment) < 1, f"{got} instead of {moment}")
            seen.append(server.json("/api/syscalls")["syscalls"]["total"]["calls"])
            told = (data["recorded"]["moment_ms"] for event, data, _ in s.messages(10)
                    if event == "state")
            want(any(abs(at - moment) < 1 for at in told), f"{moment} was not told")
    want(seen == sorted(seen) and seen[0] < seen[-1] < calls, f"{seen}, {calls}")
    want(seek(server, 0)["moment_ms"] == recorded["from_ms"], "before the beginning is the beginning")
    want(seek(server, 1e14)["moment_ms"] == recorded["to_ms"], "behind the end is the end")
    want(server.json("/api/syscalls")["syscalls"]["total"]["calls"] == calls, "the end is another one")


if __name__ == "__main__":
    run({"keep": keep, "same": same, "moments": moments}, sys.argv)
