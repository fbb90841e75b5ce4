#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proxy - servers in sandboxes, under names of their own; and templates that are ready

. "$(dirname "$0")/lib.sh"

daemon --domain sandboxes.test

it 'the template "base" gets ready by itself, and what is new goes on from it'
ready() { curl -s -H "X-API-Key: $key" "$url/metrics" | grep -q '^vitrined_templates_ready 1'; }
soon ready
call POST /v1/sandboxes '{"env":{"WHO":"me"}}'
answers 201 '.state == "running"'
box=/v1/sandboxes/$(field .id)
id=$(field .id)
call POST "$box/exec" '{"cmd":"echo $WHO; hostname; echo $HOSTNAME"}'
shows_own() { field .stdout | sed -n "2p;3p" | sort -u | grep -q -- "-$id$"; }
answers 200 '.stdout | startswith("me\n")'
shows_own
check $? 'it has a name and variables of its own'

it 'a server that listens on the loopback address of a sandbox without a network'
call POST "$box/exec" '{"cmd":"mkdir -p /www; seq 100000 >/www/numbers; echo hello >/www/index.html; httpd -p 127.0.0.1:8080 -h /www"}'
answers 200 '.exit_code == 0'
get() {
	http=$(curl -s -m 20 -o "$scratch/out" -w '%{http_code}' "$@")
	stdout=$(tr -d '\0' <"$scratch/out")
	what="GET $*"
}
name="8080-$id.sandboxes.test"
soon_get() { get -H "Host: $name" "$url/index.html" && [ "$http" = 200 ]; }
soon soon_get
shows hello
get -H "Host: $name" "$url/numbers"
seq 100000 | cmp -s - "$scratch/out"
check $? 'all of a larger file'
get -I -H "Host: $name" "$url/numbers"
answers 200
get -H "Host: $name" -H 'Range: bytes=0-3' "$url/numbers?query=1"
answers 206
get -H "Host: $name" "$url/none"
answers 404
get -H "E2b-Sandbox-Id: $id" -H 'E2b-Sandbox-Port: 8080' "$url/index.html"
shows hello
it 'nobody listens'
get -H "Host: 8081-$id.sandboxes.test" "$url/"
answers 502 '.port == 8081'
get -H "Host: 8080-aaaaaaaaaaaaaaaaaaaa.sandboxes.test" "$url/"
answers 502
it 'many at once, and clients that go'
many=()
for i in 1 2 3 4 5 6 7 8; do
	curl -s -m 20 -H "Host: $name" "$url/numbers" -o "$scratch/many.$i" &
	many+=($!)
	curl -s -m 0.05 -H "Host: $name" "$url/numbers" -o /dev/null &
	many+=($!)
done
wait "${many[@]}"
same=0
for i in 1 2 3 4 5 6 7 8; do seq 100000 | cmp -s - "$scratch/many.$i" && same=$((same + 1)); done
[ $same = 8 ]
check $? "all eight are whole ($same)"
gone() {
	[ "$(vitrine ps -q | head -1 | xargs -I NAME vitrine exec NAME sh -c 'ls /proc | grep -c "^[0-9]"')" -lt 60 ]
}
soon gone
check $? 'no connection is left'

it 'a WebSocket, and what travels over it in both directions'
call PUT "$box/files?path=/socket" "$(printf '#!/bin/sh\nwhile read -r line && [ "${#line}" -gt 1 ]; do :; done\nprintf "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n"\nexec cat\n')"
call POST "$box/exec" '{"cmd":"chmod +x /socket; nc -ll -p 9100 -e /socket","background":true}'
answers 200
socket() { host python3 tests/service/upgraded.py "$url" "9100-$id.sandboxes.test" && [[ $stdout == 101* ]]; }
soon socket
expect '101 websocket True
same'
it 'and one that the server does not want'
host python3 tests/service/upgraded.py "$url" "$name"
shows '404 *'

it 'what a server says is taken only when it can be understood in one way'
call POST "$box/exec" '{"cmd":"(printf \"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nContent-Length: 4\\r\\n\\r\\nabcd\") >/bad; nc -l -p 9000 </bad >/dev/null","background":true}'
answers 200
bad() { get -H "Host: 9000-$id.sandboxes.test" "$url/"; [ "$http" = 502 ] && grep -qv 'not open' "$scratch/out"; }
soon bad
check $? 'two lengths'

it 'traffic for those with the token only'
call POST /sandboxes '{"templateID":"base","network":{"allowPublicTraffic":false}}'
answers 201 '.trafficAccessToken | length == 32'
id=$(field .sandboxID)
token=$(field .trafficAccessToken)
call POST "/v1/sandboxes/$id/exec" '{"cmd":"mkdir /www; echo secret >/www/index.html; httpd -p 8080 -h /www"}'
answers 200
get -H "Host: 8080-$id.sandboxes.test" "$url/"
answers 403
get -H "Host: 8080-$id.sandboxes.test" -H "E2b-Traffic-Access-Token: 0${token#?}" "$url/"
[ "$http" = 403 ] || [ "${token:0:1}" = 0 ]
check $? 'a wrong token'
get -H "Host: 8080-$id.sandboxes.test" -H "E2b-Traffic-Access-Token: $token" "$url/index.html"
shows secret
