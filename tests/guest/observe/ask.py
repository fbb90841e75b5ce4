#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# ask.py - ask a running sandbox for a view, and a question about it
#
# Usage: ask.py NAME VIEW EXPRESSION      v is the view; prints what the expression is
import json
import os
import socket
import sys


def ask(name, **request):
    """One request on the control socket; returns the answer's payload."""
    directory = os.environ["XDG_RUNTIME_DIR"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(f"{directory}/vitrine/{name}.sock")
        control.send(json.dumps(request).encode())
        payload = b""
        while True:
            head, _, data = control.recv(1 << 20).partition(b"\0")
            answer = json.loads(head)
            if "error" in answer:
                sys.exit(answer["error"])
            payload += data
            if not answer.get("more"):
                return payload


def tasks(queue):
    """Tasks of a run queue and of the groups in it."""
    for entity in queue["entities"]:
        if entity["pid"] is not None:
            yield entity
        elif "queue" in entity:
            yield from tasks(entity["queue"])


def queues(queue):
    """A run queue and those of the groups in it."""
    yield queue
    for entity in queue["entities"]:
        if "queue" in entity:
            yield from queues(entity["queue"])


v = json.loads(ask(sys.argv[1], op="view", view=sys.argv[2]))
print(eval(sys.argv[3]))
