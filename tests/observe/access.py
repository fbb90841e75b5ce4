#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""access.py - who is answered, and what a bad client costs

Usage: access.py URL CHECK [ARGUMENT]...
"""
import sys
import time

from common import Failed, read_answer, run, want


def rebinding(server, *_):
    """A page whose name was bound to loopback says its own name in Host"""
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.",
                 "localhost.evil.example", "10.0.0.1", "[::2]", "", "127.0.0.1:x", "a b", "[::1",
                 "127.0.0.1@evil.example", "0x7f000001", "2130706433"):
        for path in ("/", "/api/snapshot", "/healthz", "/metrics", "/nothing"):
            status, _, _ = server.ask(path, headers={"Host": host})
            want(status in (400, 421), f"Host '{host}': {path}: {status}")
    for host in ("localhost", f"localhost:{server.port}", "127.0.0.1", "LOCALHOST:1", "[::1]:9"):
        status, _, _ = server.ask("/healthz", headers={"Host": host})
        want(status == 200, f"Host '{host}': {status}")
    with server.connect() as sock:
        sock.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        want(read_answer(sock)[0] in (400, 421), "no Host at all is answered")


def sites(server, *_):
    """Another site's page reads nothing and changes nothing"""
    own = f"http://{server.name}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": f"http://localhost:{server.port + 1}"}, {"Origin": own + ".evil"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}):
        for path in ("/api/snapshot", "/api/events", "/metrics", "/stats"):
            status, answered, _ = server.ask(path, headers=headers)
            want(status == 403, f"{headers}: {path}: {status}")
            want("access-control-allow-origin" not in answered, "CORS")
        status, _ = server.post("/api/control", {"action": "pause"}, headers)
        want(status == 403, f"POST with {headers}: {status}")
    status, _, _ = server.ask("/", headers={"Sec-Fetch-Site": "cross-site",
                                            "Sec-Fetch-Mode": "navigate"})
    want(status == 200, f"a link to the dashboard: {status}")
    status, _, _ = server.ask("/", headers={"Sec-Fetch-Site": "cross-site",
                                            "Sec-Fetch-Mode": "no-cors"})
    want(status == 403, f"the dashboard in an image: {status}")
    for headers in ({"Origin": own}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        want(server.ask("/stats", headers=headers)[0] == 200, f"{headers} is refused")


def posts(server, *_):
    """A form cannot POST, and a script of another site would have to ask first"""
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                 "application/jsonp", "text/json"):
        status, _, _ = server.ask("/api/control", "POST", {"Content-Type": kind} if kind else {},
                                  b'{"action":"pause"}')
        want(status == 415, f"{kind}: {status}")
    status, answered, _ = server.ask("/api/control", "OPTIONS", {
        "Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    want(status in (403, 405), f"a preflight: {status}")
    want(not [h for h in answered if h.startswith("access-control")], "CORS")
    want(server.json("/api/snapshot")["state"] == "running", "somebody paused us")


def headers(server, *_):
    """Every answer says what a browser must not do with it"""
    for path in ("/", "/api/snapshot", "/metrics", "/nothing", "/openapi.yaml", "/healthz"):
        _, answered, _ = server.ask(path)
        policy = answered["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'",
                     "base-uri 'none'"):
            want(part in policy, f"{path}: {part}")
        want("unsafe" not in policy, policy)
        want(answered["x-content-type-options"] == "nosniff", path)
        want(answered["referrer-policy"] == "no-referrer", path)
        want("no-" in answered["cache-control"], path)
    _, answered, _ = server.ask("/")
    status, _, _ = server.ask("/", headers={"If-None-Match": answered["etag"]})
    want(status == 304, f"a page that is known: {status}")
    status, answered, body = server.ask("/", method="HEAD")
    want(status == 200 and not body, f"HEAD: {status} {len(body)}")


def token(server, secret, *_):
    """Without the token nothing is shown but that the server lives"""
    for path in ("/", "/api/snapshot", "/api/events", "/metrics", "/openapi.yaml", "/stats"):
        for head in ({}, {"Authorization": "Bearer " + secret[:-1]},
                     {"Authorization": "Bearer " + secret + "0"}, {"Authorization": "Bearer "},
                     {"Authorization": "Basic " + secret},
                     {"Cookie": f"vitrine_{server.port}={secret}"}):
            status, _, _ = server.ask(path, headers=head)
            want(status == 401, f"{path} with {head}: {status}")
    want(server.ask("/healthz")[0] == 200, "healthz")
    want(server.ask("/stats", headers={"Authorization": "Bearer " + secret})[0] == 200, "bearer")
    want(server.ask("/?token=" + "0" * 32)[0] == 401, "a wrong token in the query")
    status, answered, _ = server.ask("/?token=" + secret)
    want(status == 303 and answered["location"] == "/", f"{status} {answered.get('location')}")
    cookie = answered["set-cookie"]
    want("HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie)
    want(secret not in cookie, "the cookie is the token")
    crumb = cookie.split(";")[0]
    want(server.ask("/stats", headers={"Cookie": crumb})[0] == 200, "the cookie does not work")
    want(server.ask("/stats", headers={"Cookie": "x=1; " + crumb})[0] == 200, "two cookies")
    status, _ = server.post("/api/control", {"action": "resume"})
    want(status == 401, f"POST without: {status}")


def sizes(server, *_):
    """What is too large is refused, and the server goes on"""
    json = {"Content-Type": "application/json"}
    cases = [server.ask("/api/control", "POST", json, b" " * 20000)[0],
             server.ask("/api/control", "POST", {**json, "Content-Length": "99999999999"})[0],
             server.ask("/api/control", "POST", {**json, "Content-Length": "-5"})[0]]
    with server.connect() as sock:
        server.send(sock, "/api/control", "POST", {**json, "Transfer-Encoding": "chunked"})
        try:
            for _ in range(40):
                sock.sendall(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
            sock.sendall(b"0\r\n\r\n")
            cases.append(read_answer(sock)[0])
        except (OSError, Failed):
            cases.append(0)  # hung up on
    for head in ({"X-Long": "x" * 100000}, {f"X-{i}": "y" * 100 for i in range(2000)}):
        try:
            cases.append(server.ask("/stats", headers=head)[0])
        except (OSError, Failed):
            cases.append(0)
    try:
        cases.append(server.ask("/" + "x" * 100000)[0])
    except (OSError, Failed):
        cases.append(0)
    want(all(status in (0, 400, 413, 414, 431, 500) for status in cases), f"{cases}")
    for raw in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0" * 1000, b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
                b"GET /%00%ff%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\xff\xfe" * 500):
        with server.connect() as sock:
            sock.sendall(raw)
            sock.settimeout(0.3)
            try:
                sock.recv(1000)
            except OSError:
                pass
    want(server.ask("/healthz")[0] == 200, "the server is gone")


def trickle(server, *_):
    """Who sends a byte now and then does not hold a connection for ever"""
    begin = time.monotonic()
    with server.connect() as sock:
        try:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ")
            while time.monotonic() - begin < 40:
                sock.sendall(b"x")
                time.sleep(1)
        except OSError:
            pass
    took = time.monotonic() - begin
    want(5 < took < 30, f"hung up on after {took:.0f} s")


def slow(server, *_):
    """A reader who takes nothing is dropped within seconds; others notice nothing"""
    with server.stream("limit=20000", receive_buffer=4096) as dead, server.stream() as alive:
        dead.wait("hello")
        begin = time.monotonic()
        before = server.json("/api/snapshot")["observation"]["readers"]
        count = 0
        while time.monotonic() - begin < 30:
            count += sum(1 for _ in alive.events(1))
            if server.json("/api/snapshot")["observation"]["readers"] < before:
                break
        took = time.monotonic() - begin
    want(took < 25, f"not dropped in {took:.0f} s")
    want(count > 100, f"the other reader got {count} events")
    print(f"dropped after {took:.0f} s")


if __name__ == "__main__":
    run({f.__name__: f for f in (rebinding, sites, posts, headers, token, sizes, trickle, slow)},
        sys.argv)
