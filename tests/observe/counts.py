#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""counts.py - counters of the API are true

Usage: counts.py URL exact SANDBOX PROGRAM N
       counts.py URL families

Runs PROGRAM N in the sandbox (tests/observe/calls.c) and compares counters before and after. What
else runs there makes none of these calls.
"""
import subprocess
import sys
import time

from common import run, want


def figures(server):
    time.sleep(0.15)  # an answer may be a tenth of a second old
    calls = {c["name"]: c for c in server.json("/api/snapshot")["syscalls"]["calls"]}

    def of(name, key):
        return calls.get(name, {}).get(key, 0)
    enosys = {c["name"]: c["count"] for c in server.json("/api/enosys")["calls"]}
    text = server.get("/metrics")[1].decode()

    def metric(start):
        return int(float(next((l for l in text.split("\n") if l.startswith(start)), "0").split()[-1]))
    return {"getppid": of("getppid", "calls"), "getppid errors": of("getppid", "errors"),
            "chdir errors": of("chdir", "errors"), "uselib": of("uselib", "calls"),
            "uselib enosys": of("uselib", "enosys"), "enosys list": enosys.get("uselib", 0),
            "unknown": of("unknown", "calls") + of("syscall_400", "calls"),
            "getcpu": of("getcpu", "calls"), "getcpu in guest": of("getcpu", "in_guest"),
            "metrics": metric('vitrine_syscalls_total{call="getppid"'),
            "metrics in guest": metric('vitrine_syscalls_in_guest_total{call="getcpu"'),
            "histogram": sum(calls["getppid"]["latency"]) if "getppid" in calls else 0}


def exact(server, sandbox, program, number, *_):
    n = int(number)
    before = figures(server)
    subprocess.run(["vitrine", "exec", sandbox, program, number], check=True, timeout=60)
    after = figures(server)
    # which of several CPUs it is only the kernel knows
    alone = server.json("/api/snapshot")["sandbox"]["cpus"] == 1
    for key in before:
        grown = after[key] - before[key]
        none = key == "getppid errors" or (key.endswith("in guest") and not alone)
        want(grown == (0 if none else n), f"{key}: {grown}, not {n}")


def families(server, *_):
    """A family's figures are those of its calls, and every call is of one"""
    figures = server.json("/api/snapshot")["syscalls"]
    sums = {}
    for call in figures["calls"]:
        for key in ("calls", "errors", "enosys", "time_ns"):
            sums[call["family"], key] = sums.get((call["family"], key), 0) + call[key]
    for family, its in figures["families"].items():
        for key in ("calls", "errors", "enosys", "time_ns"):
            want(its[key] == sums.get((family, key), 0), f"{family} {key}: {its[key]}")
    want(sum(f["calls"] for f in figures["families"].values()) == figures["total"]["calls"], "total")


if __name__ == "__main__":
    run({"exact": exact, "families": families}, sys.argv)
