#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# record.t - a session that has ended can be looked at: at its own server, and out of a recording
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
seconds=60
tool=$top/tests/observe/record.py
jobs=()
trap 'kill "${jobs[@]}" 2>/dev/null; finish' EXIT

# serve FILE ARGUMENT...: an observer in the background; its address is then in $url
serve() {
	local out=$1
	shift
	vitrine observe "$@" >/dev/null 2>"$out" </dev/null &
	observer=$!
	jobs+=("$observer")
	for _ in {1..200}; do
		url=$(sed -n 's|.* at \(http:[^?]*[0-9]\)/.*|\1|p' "$out")
		[ -z "$url" ] || return
		sleep 0.05
	done
}

ended() {
	curl -s "$url/stats" | grep -q '^state *ended'
}

box=record-$$
file=$scratch/session
# shellcheck disable=SC2016 # the guest's shell is to expand it
start "$box" mini -- sh -c 'while :; do cat /proc/loadavg /nothing >/dev/null 2>&1; sleep 0.05; done'
serve "$scratch/live" --linger forever --record "$file" "$box"
sleep 6
vitrine kill "$box"
wait "$pid"
soon ended

it 'the server of a sandbox that has ended goes on as long as it was told'
host "$tool" "$url" keep "$scratch/was"
expect
it 'and ends with status 0'
kill "$observer"
wait "$observer"
host bash -c "exit $?"
status 0
it 'the recording is the user'\''s alone'
host stat -c %a "$file"
expect 600
it 'a recording says the same'
serve "$scratch/replay" --replay "$file"
host "$tool" "$url" same "$scratch/was"
expect
it 'and prints whose it is'
host cat "$scratch/replay"
shows "vitrine: observatory of $box at http://127.0.0.1:*/"
it 'it can be taken to other moments'
host "$tool" "$url" moments
expect
it 'what would change a sandbox is refused'
host curl -s -H 'Content-Type: application/json' -d '{"call":"read"}' "$url/api/follow"
shows '*the sandbox has ended*410*'
it 'it serves until it is ended'
kill "$observer"
wait "$observer"
host bash -c "exit $?"
status 0

it 'a recording that was cut off is good up to there, and says so'
head -c $(($(stat -c %s "$file") * 2 / 3)) "$file" >"$scratch/cut"
serve "$scratch/half" --replay "$scratch/cut"
host bash -c "curl -s $url/stats | grep -c '^state *ended' && cat $scratch/half"
shows '1*ends in the middle*'
it 'a seek in a sandbox that runs is refused'
start "$box-2" mini -- sleep 30
serve "$scratch/seek" "$box-2"
host curl -s -H 'Content-Type: application/json' -d '{"action":"seek","time_ms":1}' "$url/api/control"
shows '*only a recording can show another moment*400*'
it 'a file that is no recording is one line'
host vitrine observe --replay /etc/passwd
one_line
it 'a file that is not there is one line'
host vitrine observe --replay "$scratch/nothing"
one_line
it 'a recording is not overwritten'
host vitrine observe --record "$file" "$box-2"
one_line
it 'what cannot be written is told of'
host bash -c "ulimit -f 64; exec timeout -s INT 4 vitrine observe -q --record $scratch/full $box-2"
one_line
it 'with the reason'
host echo "$stderr"
shows '*is not complete: File too large*'
it '--replay takes no name'
host vitrine observe --replay "$file" "$box-2"
status 2
vitrine kill "$box-2"
wait "$pid"

it 'run --web stays for --web-linger'
vitrine run "${run_options[@]}" --name "$box-3" --web --web-linger 2 mini -- sh -c 'sleep 1; exit 7' \
	2>"$scratch/linger" </dev/null &
pid=$!
lingers() {
	url=$(sed -n 's|.* at \(http:[^?]*[0-9]\)/.*|\1|p' "$scratch/linger")
	[ -n "$url" ] && ended
}
soon lingers
host bash -c "curl -s $url/api/mounts | grep -o '\"target\":\"/proc\"'"
expect '"target":"/proc"'
it 'and is no sandbox any more'
host vitrine ps -q "$box-3"
status 125
it 'and ends with the command'\''s status'
wait "$pid"
host bash -c "exit $?"
status 7
it 'at a terminal run --web stays until a key is pressed'
{
	soon grep -qs 'until a key' "$scratch/key"
	printf x
	sleep 1
} | script -qefc "vitrine run ${run_options[*]} --web mini -- sh -c 'exit 9'" /dev/null >"$scratch/key" 2>&1
host bash -c "exit ${PIPESTATUS[1]}"
status 9
