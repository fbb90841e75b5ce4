#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""registry.py - a registry for tests that serves an OCI layout, and can have any fault

Usage: registry.py LAYOUT FAULT... >ADDRESS

Prints its port. Faults, each of which can be given:
  token     wants a Bearer token; the token server wants user:secret
  expiring  as token, and a token is good for three requests
  basic     wants Basic user:secret
  busy      every second request is answered 429 with Retry-After: 0
  broken    every third request is answered 500
  down      every request is answered 503
  cut       every transfer of a blob ends after 200,000 bytes
  noranges  does not know of ranges
  liar      one byte of each layer is another
  swapped   the manifest is not what was asked for
  long      blobs are longer than said
  bomb      the manifest is 64 MiB of text
  redirect  blobs are at another place, which must not be told the token
  unsealed  as redirect, and that place is without TLS
  tls=CERTIFICATE,KEY  speaks TLS; the other place is cdn.localhost then
  plaintoken  as token, and the token server is without TLS
"""
import base64
import http.server
import json
import os
import ssl
import sys
import threading

layout, faults = sys.argv[1], set(sys.argv[2:])
lock = threading.Lock()
count = {"requests": 0, "tokens": 0, "uses": 0}
SECRET = "Basic " + base64.b64encode(b"user:secret").decode()


def blob(digest):
    with open(os.path.join(layout, "blobs", "sha256", digest.split(":")[1]), "rb") as f:
        return f.read()


def manifest_of(tag):
    with open(os.path.join(layout, "index.json")) as f:
        for m in json.load(f)["manifests"]:
            if m["annotations"]["org.opencontainers.image.ref.name"] == tag:
                return m["digest"]
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def host(self):
        return "%s://%s" % ("http" if "plaintoken" in faults else scheme, self.headers["Host"])

    def allowed(self):
        auth = self.headers.get("Authorization", "")
        if "basic" in faults:
            if auth == SECRET:
                return True
            self.answer(401, WWW_Authenticate='Basic realm="here"')
            return False
        if faults & {"token", "expiring", "plaintoken"}:
            good = auth == "Bearer t%d" % count["tokens"] and count["tokens"]
            if good and "expiring" in faults:
                count["uses"] += 1
                good = count["uses"] <= 3
            if not good:
                self.answer(401, WWW_Authenticate='Bearer realm="%s/token",service="here",'
                            'scope="repository:x:pull,push"' % self.host())
            return good
        return True

    def give_token(self):
        if self.headers.get("Authorization") != SECRET:
            self.answer(401)
            return
        count["tokens"] += 1
        count["uses"] = 0
        self.answer(200, json.dumps({"token": "t%d" % count["tokens"]}).encode())

    def give_blob(self, digest):
        data = blob(digest)
        if "liar" in faults and len(data) > 5000:
            data = data[:3000] + bytes([data[3000] ^ 1]) + data[3001:]
        if "long" in faults and len(data) > 5000:
            data += b"more"
        first = 0
        wanted = self.headers.get("Range")
        if wanted and "noranges" not in faults:
            first = int(wanted[6:].split("-")[0])
            if first >= len(data):
                self.answer(416)
                return
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        end = len(data)
        if "cut" in faults and end - first > 200000:
            end = first + 200000
        self.wfile.write(data[first:end])
        if end < len(data):
            self.close_connection = True
            self.connection.close()

    def do_GET(self):
        path = self.path.split("?")[0]
        with lock:
            count["requests"] += 1
            n = count["requests"]
        if "down" in faults:
            self.answer(503, Retry_After="0")
        elif "busy" in faults and n % 2:
            self.answer(429, Retry_After="0")
        elif "broken" in faults and n % 3 == 0:
            self.answer(500)
        elif path == "/token":
            self.give_token()
        elif path.startswith("/elsewhere/"):
            if self.headers.get("Authorization"):
                self.answer(400)
            else:
                self.give_blob(path.split("/")[-1])
        elif not self.allowed():
            pass
        elif "/manifests/" in path:
            name = path.split("/")[-1]
            digest = name if ":" in name else manifest_of(name)
            if not digest:
                self.answer(404)
            elif "bomb" in faults:
                self.answer(200, b'{"a":"' + b"x" * (64 << 20) + b'"}')
            elif "swapped" in faults:
                self.answer(200, blob(manifest_of("base")))
            else:
                self.answer(200, blob(digest))
        elif "/blobs/" in path:
            digest = path.split("/")[-1]
            if faults & {"redirect", "unsealed"}:
                self.answer(307, Location="%s:%d/elsewhere/%s" % (
                    "http://localhost" if "unsealed" in faults else elsewhere, port, digest))
            else:
                self.give_blob(digest)
        else:
            self.answer(200 if path == "/v2/" else 404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
scheme, elsewhere = "http", "http://localhost"
for fault in faults:
    if fault.startswith("tls="):
        scheme, elsewhere = "https", "https://cdn.localhost"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*fault[4:].split(","))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
port = server.server_address[1]
print(port, flush=True)
server.serve_forever()
