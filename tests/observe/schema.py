#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""schema.py - does every answer look as web/openapi.yaml says?

Usage: schema.py URL CHECK [SECONDS]
"""
import json
import os
import sys

import jsonschema
import yaml

from common import Failed, run, want

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "../../web/openapi.yaml")

with open(DOCUMENT, encoding="utf-8") as file:
    API = yaml.safe_load(file)


def valid(value, schema, what):
    resolver = jsonschema.RefResolver("", API)
    errors = list(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value))
    if errors:
        # Of alternatives, the one that came furthest says what is wrong
        leaves = list(errors)
        while any(e.context for e in leaves):
            leaves = [leaf for e in leaves for leaf in (e.context or [e])]
        best = max(leaves, key=lambda e: len(e.absolute_path))
        raise Failed(f"{what}: {'/'.join(map(str, best.absolute_path))}: {best.message[:400]}")


def named(name):
    return {"$ref": f"#/components/schemas/{name}"}


def response_schema(operation, status):
    response = operation["responses"][str(status)]
    if "$ref" in response:
        response = API["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response["content"]


def check_answer(server, path, operation, method="GET", body=b"", allowed=(200,)):
    headers = {"Content-Type": "application/json"} if body else {}
    status, answered, text = server.ask(path, method, headers, body)
    want(status in allowed, f"{method} {path}: {status} {text[:200]!r}")
    kind = answered["content-type"].split(";")[0]
    content = response_schema(operation, status)
    want(kind in content, f"{path}: is {kind}, not {' or '.join(content)}")
    if kind == "application/json":
        valid(json.loads(text), content[kind]["schema"], path)
    return text


def answers(server, *_):
    """Every GET of the document; what takes an argument gets one that exists"""
    pid = server.json("/api/processes")["view"]["processes"][0]["pid"]
    count = 0
    for path, methods in API["paths"].items():
        if "get" not in methods or path == "/api/events":
            continue
        real = path.replace("{pid}", str(pid))
        check_answer(server, real, methods["get"])
        count += 1
    check_answer(server, "/api/page-cache?path=/bin/busybox", API["paths"]["/api/page-cache"]["get"])
    check_answer(server, f"/api/files?pid={pid}", API["paths"]["/api/files"]["get"])
    for path in ("/api/task/4194303", "/api/page-cache?path=/no/such/file"):
        status, _, text = server.ask(path)
        want(status in (404, 503), f"{path}: {status}")
        valid(json.loads(text), named("Error"), path)
    for body in ({"action": "rate", "interval_ms": 200}, {"action": "rate", "interval_ms": 100},
                 {"action": "tracing", "enabled": True, "kinds": ["exec", "switch"],
                  "calls": ["openat"], "capture": 64, "paths": False},
                 {"action": "tracing", "enabled": True}):
        valid(body, named("Control"), "my own request")
        check_answer(server, "/api/control", API["paths"]["/api/control"]["post"], "POST",
                     json.dumps(body).encode())
    print(count, "answers")


def follow(server, *_):
    """A call that was armed is followed, and the picture is complete"""
    methods = API["paths"]["/api/follow"]
    body = json.dumps({"call": "openat", "min_ns": 1}).encode()
    text = check_answer(server, "/api/follow", methods["post"], "POST", body, (202,))
    want(json.loads(text)["armed"] == {"call": "openat", "pid": None, "min_ns": 1}, text)
    with server.stream("kind=followed&last_event_id=0") as s:
        next(s.events(10), None)
    answer = json.loads(check_answer(server, "/api/follow", methods["get"]))
    view = answer["view"]
    want(answer["armed"] is None and view["state"] == "done", f"{answer['armed']} {view['state']}")
    want(view["call"]["name"] == "openat", view["call"]["name"])
    want(any("do_sys_open" in f[3] for f in view["functions"]), "no do_sys_open")
    want(sum(view["layers"].values()) <= view["call"]["duration_ns"] * 1.01, "layers")
    impossible = json.dumps({"call": "uselib", "pid": 4000000, "min_ns": 10 ** 15}).encode()
    check_answer(server, "/api/follow", methods["post"], "POST", impossible, (202,))
    answer = json.loads(check_answer(server, "/api/follow", methods["get"]))
    want(answer["armed"] == {"call": "uselib", "pid": 4000000, "min_ns": 10 ** 15},
         f"{answer['armed']}")
    status, _, text = server.ask("/api/follow", "POST", {"Content-Type": "application/json"},
                                 b'{"off":true}')
    want(status == 202, f"{status} {text}")
    answer = json.loads(check_answer(server, "/api/follow", methods["get"]))
    want(answer["armed"] is None, f"{answer['armed']}")


def wrong(server, *_):
    """Requests that the document does not allow are refused, with an Error"""
    cases = [("/api/control", b"{"), ("/api/control", b"[]"), ("/api/control", b"{}"),
             ("/api/control", b'{"action":"explode"}'),
             ("/api/control", b'{"action":"rate","interval_ms":1}'),
             ("/api/control", b'{"action":"rate","interval_ms":100.5}'),
             ("/api/control", b'{"action":"pause","interval_ms":100}'),
             ("/api/control", b'{"action":"pause","action":"resume"}'),
             ("/api/control", b'{"action":"tracing","enabled":true,"kinds":["nonsense"]}'),
             ("/api/control", b'{"action":"tracing","enabled":true,"calls":["nonsense"]}'),
             ("/api/control", b'{"action":"seek"}'), ("/api/control", b'{"action":"seek","time_ms":1}'),
             ("/api/follow", b'{"off":1}'), ("/api/follow", b'{"pid":-1}'), ("/api/follow", b'{"call":"nonsense"}'),
             ("/api/follow", b'{"nonsense":1}')]
    for path, body in cases:
        status, _, text = server.ask(path, "POST", {"Content-Type": "application/json"}, body)
        want(status == 400, f"{path} {body}: {status}")
        valid(json.loads(text), named("Error"), path)
    for path in ("/api/history?since=x", "/api/history?columns=nonsense", "/api/history?columns=",
                 "/api/history?resolution=x", "/api/events?kind=nonsense", "/api/events?call=x",
                 "/api/events?pid=-1", "/api/events?limit=99999999", "/api/events?samples=x",
                 "/api/events?last_event_id=x", "/api/events?errors=2", "/api/files?pid=0"):
        status, _, text = server.ask(path)
        want(status == 400, f"{path}: {status}")
        valid(json.loads(text), named("Error"), path)
    for path, method, status in (("/api/snapshot", "POST", 405), ("/api/control", "GET", 405),
                                 ("/nothing", "GET", 404), ("/api/nothing", "GET", 404),
                                 ("/api/task/x", "GET", 404), ("/api/snapshot", "DELETE", 405)):
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        body = b"{}" if method == "POST" else b""
        got, _, text = server.ask(path, method, headers, body)
        want(got == status, f"{method} {path}: {got}, not {status}")
        valid(json.loads(text), named("Error"), path)


def stream(server, *_):
    """Every message of a stream with all kinds of events, until what is common has been seen"""
    common = {"hello", "events", "sample", "state", "exec", "exit", "fork", "switch", "syscall"}
    schemas = {"hello": "StreamHello", "events": "StreamEvents", "gap": "StreamGap",
               "sample": "StreamSample", "state": "StreamState"}
    seen = {}
    kinds = ",".join(API["components"]["schemas"]["Kind"]["enum"])
    columns = None
    with server.stream(f"kind={kinds}&samples=fine&limit=2000") as s:
        want(s.headers["content-type"] == "text/event-stream", s.headers["content-type"])
        for event, data, ident in s.messages(30):
            if event is None:
                continue
            valid(data, named(schemas[event]), event)
            seen[event] = seen.get(event, 0) + 1
            if event == "hello":
                columns = len(data["columns"])
            if event == "sample":
                want(len(data["values"]) == columns, "a sample has as many values as columns")
            for one in data["events"] if event == "events" else []:
                seen[one["kind"]] = seen.get(one["kind"], 0) + 1
            if common <= set(seen) and seen["events"] > 20:
                break
    want(common <= set(seen), f"not all of {common} in {seen}")
    print(" ".join(sorted(seen)))


def document(server, *_):
    """What is served is the document in the tree, and it is OpenAPI as far as we can tell"""
    with open(DOCUMENT, "rb") as tree:
        want(server.get("/openapi.yaml")[1] == tree.read(), "another document is served")
    want(API["openapi"].startswith("3.1"), "not OpenAPI 3.1")
    for name, schema in API["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        want(name[0].isupper(), name)

    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                at = API
                for part in node["$ref"].removeprefix("#/").split("/"):
                    want(part in at, f"nothing at {node['$ref']}")
                    at = at[part]
            for value in node.values():
                references(value)
        elif isinstance(node, list):
            for value in node:
                references(value)
    references(API)


if __name__ == "__main__":
    run({"answers": answers, "follow": follow, "wrong": wrong, "stream": stream, "document": document}, sys.argv)
