#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""openmetrics.py - is /metrics OpenMetrics 1.0, to the letter?

Usage: openmetrics.py URL valid|counts

A parser that accepts what the specification's grammar allows and nothing else, and checks the
rules that are not grammar: metadata before samples, a family's samples together, units as suffixes,
types' suffixes and labels, buckets that only grow, no sample twice, # EOF at the end.
"""
import math
import re
import sys

from common import run, want

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
STRING = r'"((?:[^"\\\n]|\\["\\n])*)"'
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?Inf|NaN"
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL}={STRING}(?:,(?!\}}))?)*)\}})? ({NUMBER})$")
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)$")
SUFFIXES = {"counter": {"_total", "_created"}, "gauge": {""}, "stateset": {""}, "info": {"_info"},
            "histogram": {"_bucket", "_count", "_sum", "_created"}, "unknown": {""}}


def labels_of(text):
    return dict((m[1], m[2]) for m in re.finditer(rf"({LABEL})={STRING}", text or ""))


def parse(text):
    """Families in order: name -> (type, unit, [(suffix, labels, value)])"""
    want(text.endswith("# EOF\n"), "does not end with # EOF")
    lines = text.split("\n")[:-2]
    families, current, seen = {}, None, set()
    for number, line in enumerate(lines, 1):
        meta = META.match(line)
        if line.startswith("#"):
            want(meta, f"line {number}: no comment but TYPE, UNIT, HELP: {line!r}")
            kind, name, value = meta.groups()
            if name != current:
                want(name not in families, f"line {number}: {name} comes twice")
                current = name
                families[name] = {"type": "unknown", "unit": None, "help": None, "samples": []}
            family = families[name]
            want(not family["samples"], f"line {number}: metadata behind samples")
            key = kind.lower()
            want(key == "type" or family[key] is None, f"line {number}: {kind} comes twice")
            family[key] = value
            continue
        sample = SAMPLE.match(line)
        want(sample, f"line {number}: not a sample: {line!r}")
        full, labels, value = sample[1], sample[2], sample.groups()[-1]
        family = families.get(current)
        want(family and full.startswith(current), f"line {number}: {full} is not of {current}")
        suffix = full[len(current):]
        want(suffix in SUFFIXES[family["type"]],
             f"line {number}: {family['type']} with suffix '{suffix}'")
        pairs = labels_of(labels)
        want(len(pairs) == len(re.findall(rf"{LABEL}=\"", labels or "")), f"line {number}: label twice")
        key = (full, tuple(sorted(pairs.items())))
        want(key not in seen, f"line {number}: sample twice: {line}")
        seen.add(key)
        family["samples"].append((suffix, pairs, float(value.replace("Inf", "inf"))))
    return families


def check_family(name, family):
    kind, unit = family["type"], family["unit"]
    want(family["help"], f"{name}: no help")
    if unit:
        want(name.endswith("_" + unit), f"{name}: does not end in its unit {unit}")
        want(kind not in ("info", "stateset"), f"{name}: {kind} with a unit")
    want(not name.endswith("_total"), f"{name}: a family's name does not end in _total")
    for suffix, labels, value in family["samples"]:
        if kind in ("counter", "histogram"):
            want(value >= 0 and not math.isnan(value), f"{name}: {value}")
        if kind == "stateset":
            want(name in labels and value in (0, 1), f"{name}: {labels} {value}")
        if kind == "info":
            want(value == 1, f"{name}: {value}")
        want(suffix == "_bucket" or "le" not in labels, f"{name}: le without bucket")
    if kind == "histogram":
        check_histogram(name, family)


def check_histogram(name, family):
    groups = {}
    for suffix, labels, value in family["samples"]:
        rest = {k: v for k, v in labels.items() if k != "le"}
        group = groups.setdefault(tuple(sorted(rest.items())), {"buckets": []})
        if suffix == "_bucket":
            group["buckets"].append((float(labels["le"].replace("Inf", "inf")), value))
        else:
            group[suffix] = value
    for key, group in groups.items():
        bounds = [b for b, _ in group["buckets"]]
        counts = [c for _, c in group["buckets"]]
        want(bounds == sorted(set(bounds)), f"{name}{key}: bounds do not grow")
        want(counts == sorted(counts), f"{name}{key}: counts do not grow")
        want(bounds[-1] == math.inf, f"{name}{key}: no +Inf")
        want(counts[-1] == group["_count"], f"{name}{key}: +Inf is not the count")
        want("_sum" in group, f"{name}{key}: no sum")


def valid(server, *_):
    headers, body = server.get("/metrics")
    want(headers["content-type"] ==
         "application/openmetrics-text; version=1.0.0; charset=utf-8", headers["content-type"])
    families = parse(body.decode())
    for name, family in families.items():
        check_family(name, family)
    want(len(families) > 30, f"only {len(families)} families")
    print(len(families), "families")


def counts(server, *_):
    """The same figures as in /api/syscalls, and they only grow"""
    first = parse(server.get("/metrics")[1].decode())
    calls = {c["name"]: c["calls"] for c in server.json("/api/syscalls")["syscalls"]["calls"]}
    second = parse(server.get("/metrics")[1].decode())

    def values(families):
        return {labels["call"]: value for _, labels, value
                in families["vitrine_syscalls"]["samples"]}
    before, after = values(first), values(second)
    want(before, "no system calls")
    for name, value in before.items():
        want(value <= calls[name], f"{name}: {value}, then {calls[name]}")
        want(value <= after[name], f"{name} went back")


if __name__ == "__main__":
    run({"valid": valid, "counts": counts}, sys.argv)
