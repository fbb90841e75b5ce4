#!/bin/bash
# Clients that want the daemon to stop, to say what is not theirs, or to do what they may not
. "$(dirname "$0")/lib.sh"
uses mini
seconds=120
daemon --connections 600
call POST /v1/sandboxes
id=$(field .id)

it 'hundreds of connections that say nothing keep nobody out'
cat >"$scratch/hostile.py" <<'PYTHON'
import http.client, json, socket, sys, time
port, key, id, what = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]

def raw(text):
    s = socket.create_connection(("127.0.0.1", port), 20)
    s.sendall(text)
    return s

def answer(s):
    s.settimeout(30)
    data = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            data += more
            if b"\r\n\r\n" in data:
                break
    except OSError:
        pass
    return data.split(b"\r\n")[0].decode("latin1") or "closed"

def get(path, method="GET", body=None, headers={}):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(method, path, body, {"X-API-Key": key, **headers})
    r = c.getresponse()
    return r.status, r.read()

if what == "idle":
    held = [raw(b"" if n % 2 else b"GET /v1/sandboxes HTTP/1.1\r\nHost: x\r\nX-A") for n in range(550)]
    began = time.monotonic()
    while True:
        try:
            status, _ = get("/health")
            break
        except OSError:
            if time.monotonic() - began > 60:
                raise
            time.sleep(0.5)
    print(status)
elif what == "slow":
    # Bodies that never come are no worse than heads
    held = [raw(f"POST /v1/keys HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: 100000\r\n\r\nx".encode())
            for n in range(100)]
    print(get("/health")[0])
elif what == "reader":
    # Downloads that nobody reads
    get(f"/v1/sandboxes/{id}/files?path=/root/large", "PUT", b"x" * 20_000_000)
    held = []
    for n in range(30):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", port))
        s.sendall(f"GET /v1/sandboxes/{id}/files?path=/root/large HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        held.append(s)
    time.sleep(1)
    status, text = get(f"/v1/sandboxes/{id}/exec", "POST", json.dumps({"cmd": "echo served"}))
    print(json.loads(text)["stdout"].strip())
elif what == "requests":
    texts = [b"\x00" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 500,
             b"GET /v1/sandboxes HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
             b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
             b"POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
             b"POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
             b"POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
             b"GET /v1/sandboxes/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET /v1/sandboxes?%ff%fe=%00 HTTP/1.1\r\nHost: x\r\n\r\n"]
    wrong = [(text[:40], said) for text in texts for said in [answer(raw(text))] if " 200 " in said or " 201 " in said]
    print(wrong or "refused", get("/health")[0])
elif what == "paths":
    wrong = []
    for name in ("..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "a%00b", "%ff", "a" * 127, "a" * 1000, "vd-x", "-rf", "*"):
        for path in (f"/v1/sandboxes/{name}", f"/v1/sandboxes/{name}/files?path=/etc/passwd", f"/sandboxes/{name}"):
            status, _ = get(path)
            if status not in (400, 404):
                wrong.append((path, status))
        for path in (f"/v1/snapshots/{name}", f"/v1/templates/{name}", f"/v1/keys/{name}", f"/templates/{name}"):
            status, _ = get(path, "DELETE")
            if status not in (400, 404):
                wrong.append((path, status))
    for value in ("../x", "/etc/passwd", "", "-v/:/", "a\nb", "a b", "\u202e", "x" * 65):
        for path, field in (("/v1/sandboxes", "template"), ("/v2/sandboxes", "templateID"), ("/sandboxes", "templateID")):
            status, _ = get(path, "POST", json.dumps({field: value}))
            if status not in (400, 404):
                wrong.append((path, value, status))
        status, _ = get(f"/v1/sandboxes/{id}/snapshot", "POST", json.dumps({"name": value}))
        if status != 400:
            wrong.append(("snapshot", value, status))
    print(wrong or "refused")
elif what == "json":
    wrong = []
    for body in (b"[" * 100000, b'{"a":' * 50000, b'{"vcpus":1e400}', b'{"vcpus":99999999999999999999}', b'{"a":1,"a":2}',
                 b"\xff\xfe", b'{"env":{"LD_PRELOAD=x":"y"}}', b'{"metadata":{"a":{"b":"c"}}}', b"null", b'"x"'):
        for path in ("/v1/sandboxes", f"/v1/sandboxes/{id}/exec", "/v1/keys"):
            status, _ = get(path, "POST", body)
            if status not in (400, 404):
                wrong.append((path, body[:20], status))
    print(wrong or "refused")
PYTHON
try() {
	host python3 "$scratch/hostile.py" "${url##*:}" "$key" "$id" "$1"
}
try idle
expect 200
it 'nor do bodies that never come'
try slow
expect 200
it 'nor downloads that nobody reads'
try reader
expect served
it 'what is no request'
try requests
expect 'refused 200'
it 'names that would be paths'
try paths
expect refused
it 'bodies that are no JSON, or too much of it'
try json
expect refused

it 'deleted while it is used, paused while it is used'
call POST /v1/sandboxes
other=$(field .id)
for action in exec exec pause delete exec resume; do
	case $action in
	exec) curl -s -m 30 -X POST -H "X-API-Key: $key" -d '{"cmd":"sleep 1"}' "$url/v1/sandboxes/$other/exec" ;;
	delete) curl -s -m 30 -X DELETE -H "X-API-Key: $key" "$url/v1/sandboxes/$other" ;;
	*) curl -s -m 30 -X POST -H "X-API-Key: $key" "$url/v1/sandboxes/$other/$action" ;;
	esac >/dev/null &
	racing+=($!)
done
wait "${racing[@]}"
gone() {
	call DELETE "/v1/sandboxes/$other"
	[ "$http" = 404 ]
}
soon gone
check $? 'it is gone, and the daemon is not'
call GET "/v1/sandboxes/$id"
answers 200 '.state == "running"'
it 'the daemon has said nothing of a fault'
host grep -c 'its own filter\|bug\|AddressSanitizer' "$scratch/daemon.err"
status 1
