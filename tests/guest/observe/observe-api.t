#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# observe-api.t - what vitrine observe serves is what web/openapi.yaml and OpenMetrics promise
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
seconds=90
box=api-$$
tools=$top/tests/observe
jobs=()
trap 'kill "${jobs[@]}" 2>/dev/null; finish' EXIT

# serve FILE OPTION...: an observer in the background; its address is then in $url
serve() {
	local out=$1
	shift
	vitrine observe "$@" "$box" >/dev/null 2>"$out" &
	observer=$!
	jobs+=("$observer")
	for _ in $(seq 100); do
		url=$(sed -n 's|.* at \(http:[^?]*[0-9]\)/.*|\1|p' "$out")
		[ -z "$url" ] || return
		sleep 0.05
	done
}

# A sandbox that does something of everything all the time, and floods for those who want that
vitrine run "${run_options[@]}" --name "$box" -k psi=1 mini -- sh -c '
	(while :; do dd if=/dev/zero of=/dev/null bs=1 count=20000 2>/dev/null; sleep 0.1; done) &
	while :; do sleep 0.03; cat /nofile 2>/dev/null; ls >/dev/null; done' >/dev/null 2>&1 &
jobs+=($!)
for _ in $(seq 100); do
	vitrine ps -q "$box" >/dev/null 2>&1 && break
	sleep 0.05
done
serve "$scratch/first"
sleep 1.5

it 'every answer fits its schema'
host "$tools/schema.py" "$url" answers
shows '*answers'
it 'a call is followed through the kernel'
host "$tools/schema.py" "$url" follow
expect
it 'wrong requests are refused with a reason'
host "$tools/schema.py" "$url" wrong
expect
it 'every message of the stream fits its schema'
host "$tools/schema.py" "$url" stream
shows '*exec*exit*fork*switch*syscall*'
it 'serves the OpenAPI document of the tree'
host "$tools/schema.py" "$url" document
expect
it 'metrics are OpenMetrics to the letter'
host "$tools/openmetrics.py" "$url" valid
shows '*families'
it 'metrics have the same figures as JSON'
host "$tools/openmetrics.py" "$url" counts
expect

gcc -static -O1 -o "$scratch/calls" "$tools/calls.c"
vitrine cp "$scratch/calls" "$box:/calls"
for n in 1 777; do
	it "$n calls raise each counter by $n"
	host "$tools/counts.py" "$url" exact "$box" /calls "$n"
	expect
done

it 'families are the sums of their calls'
host "$tools/counts.py" "$url" families
expect

for what in order resume filters gap heartbeat pause tracing history; do
	it "stream: $what"
	host "$tools/stream.py" "$url" "$what"
	expect
done
it 'stream: a flood is sampled, and what is left out counted'
host "$tools/stream.py" "$url" limit
shows '* counted'

for what in rebinding sites posts headers sizes trickle; do
	it "access: $what"
	host "$tools/access.py" "$url" "$what"
	expect
done
it 'a reader who takes nothing is dropped'
host "$tools/access.py" "$url" slow
shows 'dropped*'
it '200 readers all get events'
host "$tools/readers.py" "$url" 200 3
shows '*200 readers*'

it 'two observers do not disturb each other'
port=${url##*:}
serve "$scratch/second" --bind 127.0.0.1 --token
host "$tools/access.py" "$url" token "$(sed -n 's/.*token=//p' "$scratch/second")"
expect
it 'another address wants a token, too'
serve "$scratch/third" --bind 0.0.0.0
host "$tools/access.py" "$url" token "$(sed -n 's/.*token=//p' "$scratch/third")"
expect

it 'the same port is free again at once, and readers resume there'
kill "${jobs[1]}"
wait "${jobs[1]}" 2>/dev/null
serve "$scratch/again" --port "$port"
sleep 1
host "$tools/stream.py" "http://127.0.0.1:$port" resume
expect
it 'a port in use is one line'
host vitrine observe --port "$port" "$box"
one_line
it 'a sandbox that does not exist is one line'
host vitrine observe no-such-sandbox
one_line

it 'the end of the sandbox is told, and ends the server'
"$tools/stream.py" "http://127.0.0.1:$port" end >"$scratch/end" 2>&1 &
ending=$!
for _ in $(seq 100); do
	grep -q connected "$scratch/end" && break
	sleep 0.05
done
vitrine kill "$box"
host timeout 30 tail --pid="$ending" -f /dev/null
host cat "$scratch/end"
expect connected
it 'the server ends with status 0'
wait "$observer"
host bash -c "exit $?"
status 0
