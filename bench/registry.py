#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""registry - an npm registry of made-up packages, for bench/share-inside.sh

Usage: registry.py PACKAGES FILE

Serves packages p0, p1, ... of twenty small files each on a port of the loopback, and writes to FILE the
package.json of an application that needs all of them. Prints the port, and serves until it is killed.
"""
import base64
import hashlib
import http.server
import io
import json
import sys
import tarfile

FILES = ["index.js", "README.md", "LICENSE"] + ["lib/%d.js" % i for i in range(12)] + ["test/%d.js" % i for i in range(4)]


def archive(name):
    """The package as npm packs it"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for path in ["package.json"] + FILES:
            text = json.dumps({"name": name, "version": "1.0.0", "main": "index.js"}) \
                if path == "package.json" else "// %s of %s\n" % (path, name) * 40
            info = tarfile.TarInfo("package/" + path)
            info.size, info.mode = len(text), 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """/NAME is about a package, /NAME.tgz is the package"""
    protocol_version = "HTTP/1.1"
    packages = {}

    def do_GET(self):  # pylint: disable=invalid-name
        """See the class"""
        name, _, rest = self.path.strip("/").partition(".")
        data = self.packages.get(name)
        if data and not rest:
            digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
            data = json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {
                "name": name, "version": "1.0.0", "main": "index.js", "dist": {
                    "integrity": "sha512-" + digest,
                    "tarball": "http://%s/%s.tgz" % (self.headers["Host"], name)}}}}).encode()
        self.send_response(200 if data else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *arguments):  # pylint: disable=arguments-differ
        """Nothing"""


def main():
    """See the head"""
    names = ["p%d" % i for i in range(int(sys.argv[1]))]
    Handler.packages = {name: archive(name) for name in names}
    with open(sys.argv[2], "w", encoding="ascii") as file:
        json.dump({"name": "app", "version": "1.0.0", "dependencies": {name: "1.0.0" for name in names}}, file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
