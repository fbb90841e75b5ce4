#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""chrome-trace.py FILE: is it what importers of Chrome's trace event format want to read?

What the format's description and the code of Perfetto's importer demand: known phases with the members
that each needs, times in microseconds, threads that belong to one process, names for all of them,
slices that nest, asynchronous events that are paired by category, id and process, counters that are
numbers, text that is Unicode. Prints "valid: N events", or the first event that is not, and why.
"""
import json
import sys

NEEDED = {
    "X": ("name", "cat", "ts", "dur", "args"),
    "i": ("name", "cat", "ts", "s"),
    "C": ("name", "ts", "args"),
    "b": ("name", "cat", "ts", "id"),
    "e": ("name", "cat", "ts", "id"),
    "M": ("name", "args"),
}
TYPES = {"name": str, "cat": str, "id": str, "args": dict, "ts": (int, float), "dur": (int, float)}


def demand(condition, event, why):
    if not condition:
        sys.exit(f"{why}: {json.dumps(event)[:400]}")


def members(event):
    demand(event.get("ph") in NEEDED, event, "phase")
    for number in ("pid", "tid"):
        demand(isinstance(event.get(number), int) and 0 <= event[number] < 1 << 32, event, number)
    for member in NEEDED[event["ph"]]:
        demand(member in event, event, f"no {member}")
    for member, kind in TYPES.items():
        demand(isinstance(event.get(member, kind() if isinstance(kind, type) else 0), kind), event, member)
    demand(event.get("ts", 0) >= 0 and event.get("dur", 0) >= 0, event, "time")
    demand(event["name"], event, "empty name")
    demand(event["ph"] != "i" or event["s"] in ("t", "p", "g"), event, "scope")
    demand(event["ph"] != "C" or all(type(v) in (int, float) for v in event["args"].values()),
           event, "counter")
    json.dumps(event, ensure_ascii=False).encode()


def nested(slices):
    """Of one track, by time; those that begin together: the longest first. In nanoseconds"""
    ns = lambda us: round(us * 1000)
    stack = []
    for event in sorted(slices, key=lambda e: (ns(e["ts"]), -ns(e["dur"]))):
        begin, end = ns(event["ts"]), ns(event["ts"]) + ns(event["dur"])
        while stack and stack[-1] <= begin:
            stack.pop()
        demand(not stack or end <= stack[-1], event, "overlaps the slice before")
        stack.append(end)


def main():
    file = json.load(open(sys.argv[1], encoding="utf-8", errors="strict"))
    demand(set(file) == {"traceEvents"}, list(file), "members of the file")
    events = file["traceEvents"]
    process_of, tracks, open_ids, names = {}, {}, {}, {"thread_name": {}, "process_name": {}}
    for event in events:
        members(event)
        if event["ph"] == "M":
            demand(event["name"] in names and isinstance(event["args"]["name"], str), event, "metadata")
            key = "tid" if event["name"] == "thread_name" else "pid"
            names[event["name"]][event[key]] = event["args"]["name"]
        elif event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
        owner = process_of.setdefault(event["tid"], event["pid"])
        demand(owner == event["pid"], event, "one thread id in two processes")
    for event in events:
        demand(event["tid"] in names["thread_name"], event, "a thread without a name")
        demand(event["pid"] in names["process_name"], event, "a process without a name")
    for slices in tracks.values():
        nested(slices)
    for event in sorted((e for e in events if e["ph"] in "be"), key=lambda e: e["ts"]):
        key = event["cat"], event["id"], event["pid"], event["name"]
        open_ids[key] = open_ids.get(key, 0) + (1 if event["ph"] == "b" else -1)
        demand(open_ids[key] >= 0, event, "an end without a beginning")
    demand(not any(open_ids.values()), open_ids and str(open_ids), "a beginning without an end")
    print("valid:", len(events), "events")


main()
