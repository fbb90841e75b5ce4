# SPDX-License-Identifier: GPL-2.0-only
"""raw.py - in the guest: bytes that no client would send, and what comes back

Usage: raw.py HOST PORT TLS-PORT     (sends each of the cases below; one line for each)

A line is the case's name and the status of every answer on its connection, or how it ended.
"""
import re
import socket
import ssl
import sys

HOST, PLAIN, TLS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
AT = f"Host: {HOST}:{PLAIN}\r\n"
GET = f"GET /v1/a HTTP/1.1\r\n{AT}"
POST = f"POST /v1/a HTTP/1.1\r\n{AT}"
INNER = f"GET /v1/smuggled HTTP/1.1\r\n{AT}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"

CASES = {
    "good": GET + "\r\n",
    "pipelined": GET + "\r\n" + GET + "\r\n" + GET + "Connection: close\r\n\r\n",
    "pipelined, the second refused": GET + "\r\n" + f"GET /x HTTP/1.1\r\n{AT}\r\n" + INNER,
    "both lengths": POST + "Content-Length: 4\r\n" + CHUNKED + "\r\n0\r\n\r\n" + INNER,
    "two lengths": POST + "Content-Length: 0\r\nContent-Length: 70\r\n\r\n" + INNER,
    "a length with a sign": POST + "Content-Length: +0\r\n\r\n" + INNER,
    "an encoding that is almost chunked": POST + "Transfer-Encoding: xchunked\r\n\r\n" + INNER,
    "a blank before the colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a folded line": POST + "X: y\r\n Content-Length: 70\r\n\r\n" + INNER,
    "a line that ends with LF": POST + "X: y\nContent-Length: 70\r\n\r\n" + INNER,
    "underscores": POST + "Content_Length: 70\r\n\r\n" + INNER,
    "a chunk size that is none": POST + CHUNKED + "\r\n0x0\r\n\r\n" + INNER,
    "a chunk longer than it says": POST + CHUNKED + "\r\n1\r\nabc\r\n0\r\n\r\n" + INNER,
    "a chunk with an extension": POST + CHUNKED + "\r\n0;a=\n\r\n\r\n" + INNER,
    "fields behind the last chunk": POST + CHUNKED + "\r\n0\r\nContent-Length: 70\r\n\r\n" + INNER,
    "no host": "GET /v1/smuggled HTTP/1.1\r\n\r\n",
    "two hosts": GET + "Host: other.test\r\n\r\n",
    "another host": "GET /v1/smuggled HTTP/1.1\r\nHost: other.test\r\n\r\n",
    "another port": f"GET /v1/smuggled HTTP/1.1\r\nHost: {HOST}:1\r\n\r\n",
    "another host on the same connection": GET + "\r\nGET /v1/smuggled HTTP/1.1\r\nHost: other.test\r\n\r\n",
    "absolute form": f"GET http://{HOST}:{PLAIN}/v1/smuggled HTTP/1.1\r\n{AT}\r\n",
    "CONNECT": f"CONNECT {HOST}:{PLAIN} HTTP/1.1\r\n{AT}\r\n" + INNER,
    "TRACE": f"TRACE /v1/smuggled HTTP/1.1\r\n{AT}\r\n",
    "TRACE that a rule allows": f"TRACE /traced/a HTTP/1.1\r\n{AT}\r\n",
    "OPTIONS *": f"OPTIONS * HTTP/1.1\r\n{AT}\r\n",
    "dots": f"GET /v1/../smuggled HTTP/1.1\r\n{AT}\r\n",
    "escaped dots": f"GET /v1/%2e%2E/smuggled HTTP/1.1\r\n{AT}\r\n",
    "dots escaped twice": f"GET /v1/%252e%252e/smuggled HTTP/1.1\r\n{AT}\r\n",
    "dots and a parameter": f"GET /v1/..;x/smuggled HTTP/1.1\r\n{AT}\r\n",
    "an escaped slash": f"GET /v1%2fsmuggled HTTP/1.1\r\n{AT}\r\n",
    "two slashes": f"GET //v1/smuggled HTTP/1.1\r\n{AT}\r\n",
    "capitals": f"GET /V1/smuggled HTTP/1.1\r\n{AT}\r\n",
    "a method in small letters": f"get /v1/smuggled HTTP/1.1\r\n{AT}\r\n",
    "a method in a field": GET + "X-HTTP-Method-Override: DELETE\r\n\r\n",
    "a path in a field": GET + "X-Original-URL: /smuggled\r\n\r\n",
    "a field that Connection names": GET + "Connection: close, X-Real\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade to HTTP/2 is not passed on": GET + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    "a WebSocket": GET + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + INNER,
    "HTTP/1.0": f"GET /v1/a HTTP/1.0\r\n{AT}\r\n",
    "an expectation": GET + "Expect: 200-maybe\r\n\r\n",
    "a header too large": GET + "X: " + "y" * 70000 + "\r\n\r\n",
    "too many fields": GET + "X: y\r\n" * 200 + "\r\n",
    "a path too long": f"GET /v1/{'a' * 9000} HTTP/1.1\r\n{AT}\r\n",
    "no HTTP": "SSH-2.0-smuggled\r\n\r\n",
    "bytes": "\x00\xff\x01" * 40 + "\r\n\r\n",
    "an answer with two lengths": f"GET /v1/two HTTP/1.1\r\n{AT}\r\n",
    "an answer with a length and chunks": f"GET /v1/odd HTTP/1.1\r\n{AT}\r\n",
    "an answer that changes the protocol": f"GET /v1/switch HTTP/1.1\r\n{AT}\r\n",
    "an answer before the body": f"POST /v1/early HTTP/1.1\r\n{AT}Content-Length: 500000\r\n\r\n",
    "100-continue": POST + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
}


def say(name, conn, data, slow=False):
    conn.settimeout(60)
    got = b""
    try:
        if slow:
            for byte in data:
                conn.sendall(byte.encode("latin-1"))
        else:
            conn.sendall(data.encode("latin-1"))
        if "early" not in data:
            conn.shutdown(socket.SHUT_WR) if not isinstance(conn, ssl.SSLSocket) else None
        while part := conn.recv(65536):
            got += part
    except OSError as error:
        got += f"HTTP/1.1 {type(error).__name__}".encode()
    print(f"{name}:", *re.findall(r"HTTP/1\.1 (\w+)", got.decode("latin-1")))
    conn.close()


def tls(name, protocols=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    raw = socket.create_connection((HOST, TLS))
    try:
        return context.wrap_socket(raw, server_hostname=name)
    except ssl.SSLError as error:
        return error.reason or "refused"


for case, text in CASES.items():
    say(case, socket.create_connection((HOST, PLAIN)), text)
say("byte by byte", socket.create_connection((HOST, PLAIN)), GET + "Connection: close\r\n\r\n", slow=True)
END = "Connection: close\r\n\r\n"
say("TLS", tls(HOST), f"GET /v1/a HTTP/1.1\r\nHost: {HOST}:{TLS}\r\n{END}")
say("TLS, and another host within", tls(HOST), f"GET /v1/smuggled HTTP/1.1\r\nHost: other.test:{TLS}\r\n{END}")
print("TLS for another host:", tls("other.test"))
print("TLS for no host:", tls(None))
print("TLS for HTTP/2:", tls(HOST, ["h2"]))
say("TLS for either", tls(HOST, ["h2", "http/1.1"]), f"GET /v1/a HTTP/1.1\r\nHost: {HOST}:{TLS}\r\n{END}")
conn = socket.create_connection((HOST, TLS))
conn.sendall(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
print("TLS that is broken:", conn.recv(100))
slow = [socket.create_connection((HOST, PLAIN)) for _ in range(20)]
for one in slow:
    one.sendall(b"GET /v1/a HT")
say("others who are slow", socket.create_connection((HOST, PLAIN)), GET + END)
one.settimeout(60)
print("who is too slow:", one.recv(12).decode())
