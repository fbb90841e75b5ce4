#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""killed - vitrined is killed (SIGKILL) at random moments while clients work; nothing may be lost

Usage: killed.py COUNT

Each client owns sandboxes and does one thing after the other; when the connection breaks it asks
again, as a client would, until it has an answer. At the end what the clients know, what the daemon
says and what is on the host have to be the same. Prints what is not.
"""
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

CLIENTS = 3
OWN_MOST = 3
PORT = 20000 + os.getpid() % 20000


class Daemon:
    def __init__(self):
        self.key = None
        self.start()

    def start(self):
        # Whoever tells the time that passed until it serves waits for its first line
        self.process = subprocess.Popen(["vitrined", "--listen", f"127.0.0.1:{PORT}"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "serving at" in line:
                break
        else:
            sys.exit(f"vitrined does not start: {self.process.wait()}")
        if not self.key:
            self.key = self.process.stdout.readline().split()[-1]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def call(self, method, path, body=None, headers=()):
        """Until there is an answer"""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
                connection.request(method, path, json.dumps(body) if body is not None else None,
                                   {"X-API-Key": self.key, **dict(headers)})
                answer = connection.getresponse()
                text = answer.read()
                connection.close()
                if answer.status not in (502, 503, 504):
                    return answer.status, json.loads(text) if text else None
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{method} {path}: no answer for two minutes")


class Client(threading.Thread):
    def __init__(self, daemon, number):
        super().__init__(daemon=True)
        self.service, self.own, self.wrong = daemon, {}, []
        self.random = random.Random(number)
        self.over = False
        self.steps = 0

    def create(self):
        token = f"{self.random.getrandbits(64):x}"
        status, answer = self.service.call("POST", "/v1/sandboxes", {"memory_mb": 128},
                                           [("Idempotency-Key", token)])
        if status == 201:
            self.own[answer["id"]] = "running"
        else:
            self.wrong.append(f"create: {status} {answer}")

    def move(self, identity, action, wanted):
        status, answer = self.service.call("POST", f"/v1/sandboxes/{identity}/{action}")
        # 409: it was done before the connection broke, or a killed daemon's work goes on
        if status not in (200, 409):
            self.wrong.append(f"{action} {identity}: {status} {answer}")
        for _ in range(600):
            status, answer = self.service.call("GET", f"/v1/sandboxes/{identity}")
            if status != 200 or answer["state"] in ("running", "paused"):
                break
            time.sleep(0.1)
        if status != 200:
            self.wrong.append(f"lost: {identity} at {action}")
            del self.own[identity]
        elif answer["state"] == wanted:
            self.own[identity] = wanted

    def delete(self, identity):
        status, answer = self.service.call("DELETE", f"/v1/sandboxes/{identity}")
        for _ in range(600):
            if status in (204, 404):
                break
            status, answer = self.service.call("DELETE", f"/v1/sandboxes/{identity}")
            time.sleep(0.1)
        if status not in (204, 404):
            self.wrong.append(f"delete {identity}: {status} {answer}")
        del self.own[identity]

    def run(self):
        while not self.over:
            identity = self.random.choice(list(self.own)) if self.own else None
            choice = self.random.random()
            try:
                if len(self.own) < OWN_MOST and (identity is None or choice < 0.4):
                    self.create()
                elif choice < 0.6:
                    self.delete(identity)
                elif self.own[identity] == "running":
                    self.move(identity, "pause", "paused")
                else:
                    self.move(identity, "resume", "running")
                self.steps += 1
            except RuntimeError as error:
                self.wrong.append(str(error))
                return


def listed(daemon):
    found, cursor = {}, ""
    while cursor is not None:
        _, page = daemon.call("GET", f"/v1/sandboxes?cursor={cursor}")
        found.update({one["id"]: one["state"] for one in page["sandboxes"]})
        cursor = page["cursor"]
    return found


def on_the_host():
    text = subprocess.run(["vitrine", "ps", "-a", "--json"], capture_output=True, text=True).stdout
    return {one["name"].rsplit("-", 1)[1]: one["state"] for one in json.loads(text or "[]")
            if one["name"].startswith("vd-")}


def main():
    count = int(sys.argv[1])
    daemon = Daemon()
    clients = [Client(daemon, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    pause = random.Random(1)
    for _ in range(count):
        time.sleep(pause.uniform(0, 0.8))
        daemon.kill()
        daemon.start()
    for client in clients:
        client.over = True
    for client in clients:
        client.join()
    wrong = [line for client in clients for line in client.wrong]
    known = {identity for client in clients for identity in client.own}
    # A step that a killed daemon had begun may still come to its end
    for _ in range(300):
        said, host = listed(daemon), on_the_host()
        if set(said) == known == set(host) and all(said[i] == host[i] for i in said):
            break
        time.sleep(0.2)
    if set(said) != known:
        wrong.append(f"lost: {sorted(known - set(said))}, not known: {sorted(set(said) - known)}")
    if said != host:
        wrong.append(f"rows {said}, host {host}")
    for identity in list(said):
        daemon.call("DELETE", f"/v1/sandboxes/{identity}")
    state = os.path.join(os.environ["XDG_STATE_HOME"], "vitrine")
    for place in ("paused", "snapshots"):
        left = os.listdir(os.path.join(state, place)) if os.path.isdir(os.path.join(state, place)) else []
        left = [name for name in left if "-warm0000" not in name]  # templates that are ready stay
        if left:
            wrong.append(f"{place}: {left} are left")
    if on_the_host():
        wrong.append(f"on the host: {on_the_host()}")
    daemon.process.terminate()
    daemon.process.wait()
    print(f"# {count} times killed, {sum(client.steps for client in clients)} steps of clients", file=sys.stderr)
    print("\n".join(wrong), end="")


main()
