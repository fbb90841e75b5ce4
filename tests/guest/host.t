#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# host.t - hosts that lack something, or refuse it while a sandbox runs
. "$(dirname "$0")/../lib.sh"
uses mini
gcc -O1 -Wall -Werror -D_GNU_SOURCE -o "$scratch/without" "$top/tests/guest/host/without.c"

# ---- from the beginning: one line, or it is done without

lacks() {
	it "without $1: one line and status 125"
	host "$scratch/without" "$1" vitrine run --ephemeral mini -- echo fine
	status 125
	says "$2"
	one_line
}
lacks fsgsbase 'does not offer FSGSBASE'
lacks wait-killable 'older than Linux 5.19'
lacks listener 'refuses seccomp user notification'
lacks memfd 'cannot create*memory file'
lacks threads 'cannot start*threads'
for what in landlock namespaces io_uring; do
	it "without $what: it runs nevertheless"
	host "$scratch/without" "$what" vitrine run --ephemeral mini -- echo fine
	expect fine
done
for what in fsgsbase wait-killable listener memfd; do
	it "vitrine doctor finds that there is no $what"
	host "$scratch/without" "$what" vitrine doctor
	status 125
done

# ---- while it runs

# sandbox COMMAND: start one, wait until it has written "ready", and tell $pid and its $stubs
sandbox() {
	mkfifo "$scratch/go"
	vitrine run --ephemeral --memory 512M mini -- sh -c "$1" \
		<"$scratch/go" >"$scratch/box" 2>"$scratch/box.err" &
	pid=$!
	exec 8>"$scratch/go"
	rm "$scratch/go"
	for _ in $(seq 200); do
		! grep -q ready "$scratch/box" || break
		sleep 0.05
	done
	stubs=$(pgrep -P "$pid" | tr '\n' ' ')
}

# ends: let the command go on; what it then wrote and how the sandbox ended is shown
ends() {
	(trap '' PIPE; echo >&8) 2>/dev/null # perhaps nobody is left to read it
	exec 8>&-
	{
		timeout 60 tail --pid="$pid" -f /dev/null
		wait "$pid"
	} 2>/dev/null
	# shellcheck disable=SC2016 # for that shell
	host sh -c 'tail -n +2 "$1/box"; cat "$1/box.err"; echo "sandbox: $2"' - "$scratch" "$?"
}

# newest: the host process of the newest guest process
newest() {
	for stub in $stubs; do
		echo "$(cut -d' ' -f22 "/proc/$stub/stat") $stub"
	done | sort -n | tail -1 | cut -d' ' -f2
}

it 'no memory for a mapping: the program that needs it ends, the sandbox does not'
sandbox 'awk "BEGIN { print \"ready\"; getline; s = \"x\"; for (i = 0; i < 26; i++) s = s s; print length(s) }"
	echo "status $?"; echo alive'
prlimit --pid "$(newest)" --as=1:1
ends
shows '*status 137
alive
*sandbox: 0'

it 'no more descriptors: a fork fails with an error'
sandbox 'echo ready; read x; for i in 1 2 3 4 5 6 7 8; do sleep 1 & done'
prlimit --pid "$pid" --nofile=8:8
ends
shows "*can't fork: Resource temporarily unavailable
sandbox: 2"

it 'a thread of a guest process is killed: so is the process, and nothing else'
sandbox 'sh -c "echo ready; read x"; echo "status $?"; echo alive'
kill -9 "$(find "/proc/$(newest)/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | tail -1)"
ends
shows 'status 137
alive
*sandbox: 0'

it 'a thread of the supervisor is killed: the sandbox ends, and leaves no process'
sandbox 'echo ready; read x; sleep 100'
kill -9 "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | tail -1)"
ends
shows 'sandbox: 137'
it 'no process of it is left'
# shellcheck disable=SC2016 # for that shell
host bash -c 'for i in $(seq 100); do
	left=$(ps -o stat= -p '"${stubs// /,}"'0 | grep -vc Z); [ "$left" != 0 ] || break; sleep 0.1; done; echo "$left"'
expect 0
