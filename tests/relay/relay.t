#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vitrine relay: who may use it, how much, and what is written down of it
. "$(dirname "$0")/../lib.sh"
. "$top/tests/net/lib.sh"
. "$top/tests/relay/lib.sh"
needs node npm curl jq

modules
serve hello; hello=$port
serve source; source=$port

# upgrade [HEADER...]: the status of a request for a WebSocket, and for "path"
path=/
upgrade() {
	local each headers=()
	for each in "$@"; do
		headers+=(-H "$each")
	done
	host curl -s -o /dev/null -w '%{http_code}\n' --max-time 3 --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
		-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==' "${headers[@]}" "http${relay#ws}${path#/}"
	code=0 # curl waits for more than the status
}

# ask HOST PORT [OPTION]...: what becomes of it, by a client without manners
ask() {
	host node --input-type=module -e '
		import { fate } from "./tests/relay/raw.mjs";
		console.log(await fate(...process.argv.slice(1, 3), Number(process.argv[3])));
		process.exit(0);' "$relay" "$1" "$2"
}

it 'a page of this machine may use it'
relay --allow "127.0.0.1:$hello" --log "$scratch/log"
upgrade 'Origin: http://localhost:8080'
expect 101
for origin in 'http://127.0.0.1' 'https://[::1]:9'; do
	upgrade "Origin: $origin"
	expect 101
done
it 'who is no page may, too'
upgrade
expect 101
for origin in https://example.com http://localhost.example.com http://127.0.0.1.example.com null http://10.0.0.1 'file://'; do
	it "a page of $origin may not"
	upgrade "Origin: $origin"
	expect 403
done
it 'what is no WebSocket is told what this is'
host curl -s -w ' %{http_code}\n' "http${relay#ws}"
shows '*WISP*426'
it 'nothing is posted'
host curl -s -o /dev/null -w '%{http_code}\n' -d x "http${relay#ws}"
expect 405

it 'each connection is a line'
ask 127.0.0.1 "$hello"
expect open
ask 192.168.7.7 80
expect 72
soon test "$(jq -s '[.[] | select(.host)] | length' "$scratch/log")" -ge 2
host jq -c 'select(.host) | [.client, .protocol, .host, .address, .port, .verdict, .rule]' "$scratch/log"
expect "[\"127.0.0.0\",\"tcp\",\"127.0.0.1\",\"127.0.0.1\",$hello,\"allowed\",\"allow 127.0.0.1:$hello\"]
[\"127.0.0.0\",\"tcp\",\"192.168.7.7\",\"192.168.7.7\",80,\"refused\",\"private: no rule allows it\"]"
it 'and each client, with whose page it was'
host jq -c 'select(.event == "opened" and .origin == "http://localhost:8080") | [.client, .version]' "$scratch/log"
expect '["127.0.0.0",1]'
it 'figures are for this machine'
host curl -s "http${relay#ws}metrics"
shows '*vitrine_relay_connections_asked_total 2
*vitrine_relay_connections_allowed_total 1
*vitrine_relay_connections_refused_total 1
*# EOF'
it 'and for nobody behind a proxy'
host curl -s -o /dev/null -w '%{http_code}\n' -H 'X-Forwarded-For: 198.51.100.1' "http${relay#ws}metrics"
expect 404

it 'origins that are said are the only ones'
relay --origin https://example.com
upgrade 'Origin: https://example.com'
expect 101
upgrade 'Origin: http://localhost'
expect 403
it 'anybody, when that is said'
relay --origin '*'
upgrade 'Origin: https://example.net'
expect 101

it 'tokens: without one nobody gets in'
printf '# who\nalice  a-long-enough-secret\nbob\tanother-long-secret # of the lab\n' >"$scratch/tokens"
relay --tokens "$scratch/tokens" --allow "127.0.0.1:$hello" --log "$scratch/log2" --log-clients
upgrade
expect 401
it 'nor with a wrong one'
path='/?token=a-long-enough-secreT' upgrade
expect 401
it 'in the address'
path='/?token=a-long-enough-secret' upgrade
expect 101
it 'as a bearer'
upgrade 'Authorization: Bearer another-long-secret'
expect 101
it 'in INFO, as version 2 has it'
host node --input-type=module -e '
	import { Raw, info, INFO, CONTINUE, CLOSE } from "./tests/relay/raw.mjs";
	for (const secret of ["another-long-secret", "wrong", null]) {
		const raw = new Raw(process.argv[1], { v2: true });
		await raw.next((p) => p.type === INFO);
		raw.send(info(secret === null ? [] : [[2, [1, secret.length, 0, ..."u" + secret].map((c) => typeof c === "string" ? c.charCodeAt(0) : c)]]));
		const answer = await raw.next();
		console.log(answer.type === CONTINUE ? "in" : `${answer.type} ${answer.payload[0]}`);
	}
	process.exit(0);' "$relay"
expect 'in
4 192
4 194'
it 'whose it was is written down, and no token is'
soon grep -q bob "$scratch/log2"
host grep -c secret "$scratch/log2"
status 1
host jq -r 'select(.event == "opened") | "\(.token) \(.client)"' "$scratch/log2"
shows '*alice 127.0.0.1*bob 127.0.0.1*'

it 'limits: of WebSockets of one address'
relay --per-address 2 --streams 2 --opens 3 --allow "127.0.0.1:$source"
host node --input-type=module -e '
	import { ready, connect, CLOSE, DATA } from "./tests/relay/raw.mjs";
	const all = [];
	for (let i = 0; i < 3; i++)
		all.push(await ready(process.argv[1]));
	const third = await Promise.race([all[2].ended.then(() => "ended"), new Promise((late) => setTimeout(late, 5000, "open"))]);
	for (let i = 1; i <= 3; i++)
		all[0].send(connect(i, "127.0.0.1", Number(process.argv[2])));
	const refused = await all[0].next((p) => p.type === CLOSE);
	console.log(third, refused.stream, refused.payload[0].toString(16));
	all[1].send(connect(1, "127.0.0.1", 9), connect(2, "127.0.0.1", 9));
	const two = [await all[1].next((p) => p.type === CLOSE), await all[1].next((p) => p.type === CLOSE)];
	console.log(two.map((p) => p.payload[0].toString(16)).join(" "));
	process.exit(0);' "$relay" "$source"
expect 'ended 3 49
48 49'

it 'limits: bytes a second'
relay --rate 1M --allow "127.0.0.1:$source"
host node --input-type=module -e '
	import { ready, connect, DATA } from "./tests/relay/raw.mjs";
	const raw = await ready(process.argv[1]);
	raw.send(connect(1, "127.0.0.1", Number(process.argv[2])));
	let size = 0;
	const began = Date.now();
	while (size < 4 << 20)
		size += (await raw.next((p) => p.type === DATA)).payload.length;
	console.log(Date.now() - began > 2000 ? "slowly" : "at once");
	process.exit(0);' "$relay" "$source"
expect slowly

it 'who takes nothing holds up nobody, and little is kept of it'
relay --allow "127.0.0.1:$source" --allow "127.0.0.1:$hello"
host node --input-type=module -e '
	import { readFileSync } from "node:fs";
	import { ready, connect, fate, DATA } from "./tests/relay/raw.mjs";
	const [url, source, hello, pid] = process.argv.slice(1);
	const raw = await ready(url);
	raw.ws.pause();
	for (let i = 1; i < 20; i++)
		raw.send(connect(i, "127.0.0.1", Number(source)));
	await new Promise((later) => setTimeout(later, 2000));
	const held = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
	console.log(await fate(url, "127.0.0.1", Number(hello)), held < 65536 ? "little" : `${held} KiB`);
	process.exit(0);' "$relay" "$source" "$hello" "$relay_pid"
expect 'open little'

it 'silence ends a connection'
serve echo
relay --idle 1s --allow "127.0.0.1:$port"
host node --input-type=module -e '
	import { ready, connect, CLOSE } from "./tests/relay/raw.mjs";
	const raw = await ready(process.argv[1]);
	raw.send(connect(1, "127.0.0.1", Number(process.argv[2])));
	console.log((await raw.next((p) => p.type === CLOSE)).payload[0].toString(16));
	process.exit(0);' "$relay" "$port"
expect 47

it 'it can open no file, and start nothing'
host sh -c "grep -E '^(Seccomp|NoNewPrivs):' /proc/$relay_pid/status | tr -d '\t'"
expect 'NoNewPrivs:1
Seccomp:2'
it 'mistakes are one line'
host vitrine relay --allow 300.0.0.1/8
status 2
says '*300.0.0.1*'
host vitrine relay --tokens /nonexistent
status 125
says '*cannot read the tokens in /nonexistent*'
printf 'short abc\n' >"$scratch/tokens"
host vitrine relay --tokens "$scratch/tokens"
status 125
says "*'short' needs 16*"
host vitrine relay --ports 99999
status 2
host vitrine relay 127.0.0.1
status 2
