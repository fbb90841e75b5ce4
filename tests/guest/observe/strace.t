#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The same static programs natively under strace, and in a guest under vitrine trace: the same calls
# in the same order, in the same words
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
export XDG_RUNTIME_DIR=$scratch
needs strace gcc busybox
it 'strace may trace here (kernel.yama.ptrace_scope is below 3)'
host strace -o /dev/null true
status 0
# The guest has the program at the same path, because paths are part of what is compared
place=/tmp/vitrine-strace-$$
mkdir "$place"
trap 'rm -rf "$place"; finish' EXIT

# A guest's command runs as root
[ "$(id -u)" = 0 ] && as_root=() || as_root=(unshare --map-root-user)

# compare PROGRAM ARGUMENT...: natively and in a guest, in a directory where nothing else is
compare() {
	local label=$title
	(cd "$place" && "${as_root[@]}" env -i --default-signal strace -f -y -T -o "$scratch/native" "$place/$1" "${@:2}") >/dev/null 2>&1 10>&-
	stdin=$place/$1
	host vitrine trace -y -o "$scratch/all" run "${run_options[@]}" mini -- \
		sh -c "mkdir $place; cd $place; cat >$1; chmod 755 $1; exec env -i \"\$@\" </dev/null >/dev/null 2>&1" - \
		"$place/$1" "${@:2}"
	awk -v at="execve(\"$place/$1\"" '!seen && index($0, at) && / = 0/ { seen = 1 } seen' \
		"$scratch/all" >"$scratch/guest"
	host tests/observe/same-as-strace.py "$scratch/native" "$scratch/guest"
	name=$label
	shows 'same: [0-9]*'
	rm -f "$place/$1"
}

gcc -O1 -static -D_GNU_SOURCE -w -o "$place/zoo" tests/observe/zoo.c
it 'many kinds of calls'
compare zoo
cp "$(command -v busybox)" "$place/busybox"
it 'ls'
compare busybox ls "$place"
cp "$(command -v busybox)" "$place/busybox"
it 'a shell with children'
# shellcheck disable=SC2016 # for the shell that is traced
compare busybox sh -c 'cd /; echo one >/dev/null; (exit 3); kill -0 $$; cat /nofile; echo done'
cp "$(command -v busybox)" "$place/busybox"
it 'a pipeline'
compare busybox sh -c 'echo a b c | cat | wc -w'
