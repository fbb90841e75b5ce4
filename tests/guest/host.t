#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# host.t - hosts that lack something, or refuse it while a sandbox runs
. "$(dirname "$0")/../lib.sh"
uses mini
gcc -O1 -Wall -Werror -D_GNU_SOURCE -o "$scratch/without" "$top/tests/guest/host/without.c"

# ---- from the beginning: one line, or it is done without

lacks() {
	it "without $1: one line and status 125"
	host "$scratch/without" "$1" vitrine run --ephemeral "${@:3}" mini -- echo fine
	status 125
	says "$2"
	one_line
}
# What only the tier by seccomp needs, and what the emulator does without
needs_emulator() {
	lacks "$1" "$2" --syscall-mode seccomp
	it "without $1: programs are emulated, and one line says why"
	host "$scratch/without" "$1" vitrine run --ephemeral mini -- sh -c 'echo $((6 * 7))'
	expect 42
	says "$2*: programs are emulated"
	one_line
	lacks "$1" "$2" --cpus 2
}
needs_emulator fsgsbase 'does not offer FSGSBASE'
needs_emulator wait-killable 'older than Linux 5.19'
needs_emulator listener 'refuses seccomp user notification'
lacks memfd 'cannot create*memory file'
lacks threads 'cannot start*threads'
for what in landlock namespaces io_uring linux-6.3 ptrace perf; do
	it "without $what: it runs nevertheless"
	host "$scratch/without" "$what" vitrine run --ephemeral mini -- echo fine
	expect fine
done
it 'vitrine doctor finds that there is no memfd'
host "$scratch/without" memfd vitrine doctor
status 125
for what in fsgsbase wait-killable listener; do
	it "vitrine doctor finds that there is no $what, and what comes of it"
	host "$scratch/without" "$what" vitrine doctor
	status 0
	shows '*emulate*'
done

# limited LIMIT WHAT: with a limit of this process one line says which it is
limited() {
	it "prlimit $1: one line and status 125"
	host prlimit "$1" vitrine run --ephemeral mini -- echo fine
	status 125
	says "$2"
	one_line
}
limited --as=1000000000 'ulimit -v'
limited --fsize=1048576 'ulimit -f'
limited --nofile=8:8 'ulimit -n'
it 'prlimit --nofile=7:7, which ends before there is a file to execute'
host bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; prlimit --nofile=7:7 vitrine run --ephemeral mini -- echo fine'
status 125
says 'ulimit -n'
one_line

# fine_with WHAT COMMAND...: a host with less does as well
fine_with() {
	it "$1: it runs nevertheless"
	shift
	host "$@" vitrine run --ephemeral mini -- sh -c '/bin/true && echo fine'
	expect fine
}
fine_with 'few descriptors' prlimit --nofile=48:48
fine_with 'as many descriptors as usual' prlimit --nofile=1024:1024
fine_with 'no locked memory, a small stack' prlimit --memlock=0:0 --stack=131072:131072
fine_with 'no directory for temporary files' env TMPDIR=/nonexistent
fine_with 'no environment but for the image' env -i PATH="$PATH" XDG_DATA_HOME="$XDG_DATA_HOME"

# What only root may take away, in namespaces of its own
if [ "$(id -u)" = 0 ] && unshare -mp --fork --mount-proc true 2>/dev/null; then
	# shellcheck disable=SC2016 # for that shell
	in_namespaces=(unshare -mp --fork --mount-proc sh -c 'eval "$0" && exec "$@"')
	# the sysctl is one of the process namespace
	for level in 1 2; do
		[ ! -e /proc/sys/vm/memfd_noexec ] ||
			fine_with "vm.memfd_noexec=$level" "${in_namespaces[@]}" \
				"echo $level >/proc/sys/vm/memfd_noexec"
	done
	mkdir "$scratch/temporary"
	fine_with 'no /dev/shm, nothing to be executed in TMPDIR' "${in_namespaces[@]}" \
		"mount -t tmpfs -o ro none /dev/shm && mount -t tmpfs -o noexec none $scratch/temporary &&
		export TMPDIR=$scratch/temporary"
	fine_with 'no /sys, no /dev' "${in_namespaces[@]}" \
		'mount -t tmpfs none /sys && mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3'
	fine_with 'processes that are hidden' "${in_namespaces[@]}" 'mount -o remount,hidepid=2 /proc'
fi

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
if hidden "$pid"; then
	skip 'the /proc of this host hides its threads'
	kill -9 "$pid"
	ends
else
	kill -9 "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | tail -1)"
	ends
	shows 'sandbox: 137'
fi
it 'no process of it is left'
# shellcheck disable=SC2016 # for that shell
host bash -c 'for i in $(seq 100); do
	left=$(ps -o stat= -p '"${stubs// /,}"'0 | grep -vc Z); [ "$left" != 0 ] || break; sleep 0.1; done; echo "$left"'
expect 0
