#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A power failure: what must be on the disk before something else is written, seen by strace
. "$(dirname "$0")/../lib.sh"
uses mini
needs strace
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state

start box mini -- sleep 1000
supervisor=$(vitrine ps --format '{{.Pid}}')
strace -f -y -e trace=fsync,fdatasync,pwrite64,write,ftruncate,exit_group -o "$scratch/supervisor" -p "$supervisor" \
	2>"$scratch/says" &
tracer=$!
attached() {
	grep -q attached "$scratch/says" || ! kill -0 $tracer 2>/dev/null
}
soon attached
if ! kill -0 $tracer 2>/dev/null; then
	it 'what is written, and in which order'
	skip 'a supervisor cannot be traced here'
	vitrine kill box
	exit
fi

# What strace has seen of a file, in one word each: w written, s synced
it 'disks and memory are on the disk before the state is written, and that before the process ends'
strace -f -y -e trace=fsync,fdatasync,write -o "$scratch/client" vitrine pause box >/dev/null
wait $tracer
host sh -c "sed -n 's/^[0-9]* *//
	/^p*write[0-9]*([0-9]*<[^>]*paused\/box\/\(state\|memory\|disk\)/s/.*box\/\([a-z]*\).*/write \1/p
	/sync([0-9]*<[^>]*paused\/box\/\(state\|memory\|disk\)/s/.*box\/\([a-z]*\).*/sync \1/p
	s/^exit_group.*/end/p' $scratch/supervisor | uniq | grep -A9 -m1 'sync memory'"
expect 'sync memory
write state
sync state
end'
it 'and the directories, up to the one that was there, before it is reported'
host sh -c "sed -n 's/^[0-9]* *//
	s/^fsync([0-9]*<.*\/state\/\(vitrine[a-z\/]*\)>.*/sync \1/p
	s/^write(1<.*/reported/p' $scratch/client"
expect 'sync vitrine/paused/box
sync vitrine/paused
sync vitrine
reported'
vitrine rm box
