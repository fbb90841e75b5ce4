#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules about requests, and secrets that the guest never has
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
needs jq openssl
seconds=120

certificates api.test other.test
export SSL_CERT_FILE=$scratch/ca.pem
web "$scratch/api.test.pem" "$scratch/api.test.key"
secure=$port
web
plain=$port
# What every guest here may do: names of addresses that lead to this machine
resolver api.test=10.0.2.2 other.test=10.0.2.2 plain.test=10.0.2.2 wrong.test=10.0.2.2
reach=(--dns "$dns" --net-allow 10.0.2.2 --net-allow "tcp:host:$secure" --net-allow "tcp:host:$plain")
api=https://api.test:$secure
rules=(--ephemeral --net=rules "${reach[@]}" --net-log "$scratch/log" --http-trust
	--http-allow "GET,HEAD,POST $api/v1/*" --http-allow "GET https://wrong.test:$secure/*")
export TOKEN=hunter2-the-real-one

run_options=("${rules[@]}")
it 'what a rule allows'
guest curl -sS "$api/v1/a?b=c"
expect 'GET /v1/a?b=c 0'
it 'and nothing else, which the guest is told'
guest curl -sS "$api/v2/a"
expect 'vitrine: no rule allows it'
guest curl -sS -X DELETE "$api/v1/a" -w '%{http_code}'
shows '*403'
it 'bodies, with a length and in chunks'
guest bash -c "head -c 300000 /dev/zero >/tmp/z; curl -sS --data-binary @/tmp/z $api/v1/a; curl -sS -H 'Transfer-Encoding: chunked' --data-binary @/tmp/z $api/v1/a"
expect 'POST /v1/a 300000
POST /v1/a 300000'
it 'several requests on one connection, HEAD, answers of every kind'
guest bash -c "curl -sS $api/v1/a $api/v1/chunks $api/v1/hints $api/v1/close -w '%{num_connects}\n'; curl -sSI $api/v1/head | tr -d '\r' | grep -c '^Content-Length: 16'"
expect 'GET /v1/a 0
1
GET /v1/chunks 0
0
GET /v1/hints 0
0
GET /v1/close 0
0
1'
it 'Python and Node believe it as well'
guest bash -c "python3 -c 'import urllib.request as u; print(u.urlopen(\"$api/v1/py\").read().decode())'; node -e 'fetch(\"$api/v1/node\").then(r => r.text()).then(console.log)'"
shows 'GET /v1/py 0*GET /v1/node 0*'
it 'the image knows nothing of it: who is not told to trust does not'
run_options=(--ephemeral --net=rules "${reach[@]}" --http-allow "GET $api/v1/*")
guest bash -c "curl -s $api/v1/a; echo \$?; curl -sS --cacert /run/vitrine/authority.pem $api/v1/a"
expect '60
GET /v1/a 0'

run_options=("${rules[@]}")
it 'the peer has to be who it says it is'
guest curl -sS "https://wrong.test:$secure/"
shows 'vitrine: the peer is not wrong.test: hostname mismatch*'
it 'a host without a rule at the same address is not reached'
guest bash -c "getent hosts api.test >/dev/null; curl -s --resolve other.test:$secure:10.0.2.2 https://other.test:$secure/v1/a"
status 35
it 'nor what is no TLS'
guest bash -c "exec 3<>/dev/tcp/api.test/$secure; printf 'GET /v1/a HTTP/1.1\r\nHost: api.test\r\n\r\n' >&3; cat <&3"
expect ''
it 'each request has a line'
host jq -rs 'map(select(.method == "DELETE" or .path == "/v2/a")) | .[] | [.protocol, .verdict, .method, .host, .path, .status, .rule] | join(" ")' "$scratch/log"
expect 'https refused GET api.test /v2/a 403 no rule allows it
https refused DELETE api.test /v1/a 403 no rule allows it'
host bash -c "jq -r 'select(.path == \"/v1/a\" and .method == \"GET\") | [.verdict, .status, .rule, has(\"received\")] | join(\" \")' '$scratch/log' | sort -u"
expect "allowed 200 http-allow GET,HEAD,POST $api/v1/* true"
it 'and what was none'
host bash -c "jq -r 'select(.protocol == \"http\" or .protocol == \"https\") | select(.method == null) | [.verdict, .host, .rule] | join(\" \")' '$scratch/log' | sort -u"
shows '*refused  no TLS*refused other.test TLS for a host that no rule names*'

secret=(--secret "TOKEN=header:Authorization@api.test:$secure")
run_options=("${rules[@]}" "${secret[@]}")
rm -f "$scratch/log" "$scratch/web.log"
it 'a secret is put in on the way; the guest has a placeholder'
guest bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" $api/v1/a; echo \$TOKEN"
shows "GET /v1/a 0
Authorization: Bearer $TOKEN
vitrine-secret-????????????????????????????????"
it 'also where it is in base64'
guest bash -c "curl -sS -u \"me:\$TOKEN\" $api/v1/a"
expect "GET /v1/a 0
Authorization: Basic $(printf 'me:%s' "$TOKEN" | base64 -w0)"
it 'in no other field, and not in the body or the path'
guest bash -c "curl -sS -H \"X-Key: \$TOKEN\" -d \"\$TOKEN\" $api/v1/\$TOKEN"
shows '*X-Key: vitrine-secret-*'
[[ $stdout != *"$TOKEN"* ]]
check $? 'the value is in none of them'
it 'not for another host'
run_options=("${rules[@]}" --http-allow "GET https://other.test:$secure/*" "${secret[@]}")
guest bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" https://other.test:$secure/x"
shows '*Authorization: Bearer vitrine-secret-*'
it 'and not without TLS, as long as not both a rule and the secret say so'
run_options=("${rules[@]}" --http-allow "GET http://plain.test:$plain/*" --secret "TOKEN=header:X-Key@plain.test:$plain")
guest bash -c "curl -sS -H \"X-Key: \$TOKEN\" http://plain.test:$plain/x"
shows '*X-Key: vitrine-secret-*'
host vitrine run "${rules[@]}" --secret "TOKEN=header:X-Key@http://plain.test:$plain" debian -- true
says 'it would go to plain.test without TLS'
one_line
run_options=("${rules[@]}" --http-allow "GET http://plain.test:$plain/*" --secret "TOKEN=header:X-Key@http://plain.test:$plain")
guest bash -c "curl -sS -H \"X-Key: \$TOKEN\" http://plain.test:$plain/x"
shows "*X-Key: $TOKEN"
it 'from a file'
printf 'from a file\n' >"$scratch/secret"
run_options=("${rules[@]}" --secret "KEY=header:X-Key@api.test:$secure,file=$scratch/secret")
guest bash -c "curl -sS -H \"X-Key: <\$KEY>\" $api/v1/a"
shows '*X-Key: <from a file>'
it 'no log has it'
host grep -rl hunter2 "$scratch/log"
status 1

it 'with secrets alone other connections are passed on as they are'
run_options=(--ephemeral --net "${reach[@]}" "${secret[@]}" --http-trust)
guest bash -c "curl -sS -k https://other.test:$secure/any -w '%{http_code} '; curl -sS -H \"Authorization: \$TOKEN\" -X PATCH $api/v9/a"
shows "*GET /any 0
200 PATCH /v9/a 0
Authorization: $TOKEN"

it 'nothing on this machine shows it but the process that needs it'
start s-$$ --net "${reach[@]}" "${secret[@]}" --http-trust debian -- bash -c "curl -s $api/v1/a; curl -s $api/v1/mute; exec sleep 1000"
main=$pid
host bash -c "tr '\0' '\n' </proc/$main/environ | grep -c hunter2; true"
expect 0
host vitrine exec s-$$ bash -c 'grep -az hunter2 /proc/*/environ; true'
expect ''
it 'requests are shown'
soon bash -c "vitrine net s-$$ | grep -q mute"
host vitrine net s-$$
shows "*allowed https GET api.test/v1/a 200, no rule about requests
failed https GET api.test/v1/mute 502, the peer ended the connection"
it 'a command that comes later has the placeholder and the trust, too'
host vitrine exec s-$$ bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" $api/v1/a; echo \$TOKEN; python3 -c 'import urllib.request as u; print(u.urlopen(\"$api/v1/py\").read().decode())'"
shows "GET /v1/a 0
Authorization: Bearer $TOKEN
vitrine-secret-????????????????????????????????
GET /v1/py 0*"

it 'it can be paused; the secret that it has used is not in its files'
# A server that sends it back would put it into the guest's memory: this one says nothing
export XDG_STATE_HOME=$scratch/state
start u-$$ --net "${reach[@]}" "${secret[@]}" --http-trust debian -- sleep 1000
host vitrine exec u-$$ bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" $api/v1/mute; true"
host vitrine pause u-$$
expect u-$$
host bash -c "grep -rl hunter2 '$XDG_STATE_HOME'; true"
expect ''
vitrine rm u-$$
host vitrine pause s-$$
expect s-$$
it 'it goes on for who has the secret'
host env -u TOKEN vitrine resume s-$$
status 125
says 'TOKEN'
one_line
host vitrine resume s-$$
expect s-$$
it 'and its programs believe the authority that they know'
host vitrine exec s-$$ bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" $api/v1/a; python3 -c 'import urllib.request as u; print(u.urlopen(\"$api/v1/py\").read().decode())'"
shows "GET /v1/a 0
Authorization: Bearer $TOKEN
GET /v1/py 0*"
it 'a copy, too'
host vitrine fork s-$$ --name t-$$
expect t-$$
host vitrine exec t-$$ bash -c "curl -sS -H \"Authorization: Bearer \$TOKEN\" $api/v1/a"
shows "*Authorization: Bearer $TOKEN"
vitrine kill t-$$ >/dev/null
it 'who asks about a snapshot is shown neither key nor environment'
vitrine snapshot s-$$ kept >/dev/null
host bash -c "vitrine snapshot inspect kept; vitrine snapshot ls --json"
shows '*net_policy*'
host bash -c "{ vitrine snapshot inspect kept; vitrine snapshot ls --json; } | grep -cE 'net_authority|environment'; true"
expect 0
it 'nor does another machine get it unasked'
host bash -c "vitrine snapshot export kept - | XDG_STATE_HOME=$scratch/state2 vitrine snapshot import -"
status 125
says '--net'
one_line
vitrine kill s-$$ >/dev/null

run_options=("${rules[@]}")
it 'a guest that leaves while the peer thinks: the peer hears of it'
guest bash -c "curl -sS -m 1 $api/v1/think 2>/dev/null; echo \$?"
expect 28
soon grep -qx 'left /v1/think' "$scratch/web.log"
check $? 'its connection is over'
host bash -c "jq -r 'select(.path == \"/v1/think\") | [.verdict, .rule] | join(\" \")' '$scratch/log'"
expect 'failed the guest ended the connection'

it 'of 530 connections whose requests are looked at, 512 are; who leaves makes room'
run_options=("${rules[@]}" --http-allow "GET http://plain.test:$plain/*")
guest python3 -c "
import resource, select, socket, urllib.request
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
all = [socket.create_connection(('plain.test', $plain)) for _ in range(530)]
over = []
while len(over) < 18 and (new := select.select([c for c in all if c not in over], [], [], 60)[0]):
    over += new
print(len(over), {c.recv(1) for c in over})
kept = [c for c in all if c not in over]
kept[0].sendall(b'GET /kept HTTP/1.1\r\nHost: plain.test:$plain\r\nConnection: close\r\n\r\n')
print(kept[0].recv(12).decode())
for c in all: c.close()
for _ in range(100):
    try: print(urllib.request.urlopen('http://plain.test:$plain/after').read().decode(), end=''); break
    except OSError: pass"
expect "18 {b''}
HTTP/1.1 200
GET /after 0"
host bash -c "jq -r 'select(.rule | startswith(\"too many\")) | .verdict' '$scratch/log' | sort | uniq -c"
shows '*18 failed'

it 'a WebSocket, when a rule says so'
ws() {
	guest python3 -c "
import socket, ssl
s = ssl.create_default_context().wrap_socket(socket.create_connection(('api.test', $secure)), server_hostname='api.test')
s.sendall(b'GET /v1/ws HTTP/1.1\r\nHost: api.test:$secure\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
print(s.recv(9999).split(b'\r')[0].decode())
s.sendall(b'\x81\x05hello'); print(s.recv(99))"
}
run_options=("${rules[@]}")
ws
shows 'HTTP/1.1 403 Forbidden*'
run_options=("${rules[@]}" --http-allow "WEBSOCKET $api/v1/ws")
ws
expect "HTTP/1.1 101 Switching Protocols
b'\\x81\\x05hello'"

it 'mistakes are told before anything starts'
host vitrine run --net --http-allow "GET $api/*" debian -- true
says 'want --net=rules'
one_line
host vitrine run --net=rules --http-allow "GET api.test/" debian -- true
says 'does not begin with https:// or http://'
host vitrine run --net --secret TOKEN=hunter2 debian -- true
says 'its value stands in a variable or a file'
[[ $stderr != *hunter2* ]]
check $? 'and a value that stands there is not repeated'
host vitrine run --net --secret NOTHING=header:X@api.test debian -- true
says 'the variable NOTHING is not set'
host vitrine run --net --secret K=header:X@api.test,file=/nonexistent debian -- true
says 'cannot read /nonexistent'
host env K=$'a\nb' vitrine run --net --secret K=header:X@api.test debian -- true
says 'has an end of a line'
one_line
host vitrine run --net -e TOKEN --secret TOKEN=header:X@api.test debian -- true
says '--env gives the guest a variable of that name'
host vitrine run --secret TOKEN=header:X@api.test debian -- true
says 'the guest has no network; add --net'
