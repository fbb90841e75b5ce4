#!/bin/bash
# Memory is taken from the host when it is touched, and given back when the guest frees it
. "$(dirname "$0")/../lib.sh"
uses mini

# taken PID: megabytes that the supervisor occupies, which are the guest's and a few
taken() {
	local pages
	read -r _ pages _ <"/proc/$1/statm"
	echo $((pages * $(getconf PAGESIZE) >> 20))
}

# shellcheck disable=SC2016
vitrine run --ephemeral -m 1G mini -- sh -c 'mount -t tmpfs -o size=400M none /mnt; sleep 1; echo start; sleep 1
	dd if=/dev/zero of=/mnt/f bs=1M count=300 2>/dev/null; echo full; sleep 1; rm /mnt/f; sleep 30' \
	>"$scratch/progress" &
pid=$!
reached() {
	soon grep -qs "$1" "$scratch/progress"
}

reached start
if hidden "$pid"; then
	it 'memory is taken when it is touched, and given back'
	skip 'the /proc of this host hides the supervisor'
	kill "$pid"
	exit
fi
idle=$(taken "$pid")
reached full
full=$(taken "$pid")
for _ in {1..100}; do
	freed=$(taken "$pid")
	[ "$freed" -gt $((idle + 60)) ] || break
	sleep 0.1
done
kill "$pid"
wait "$pid" 2>/dev/null

it "memory that was not touched is not taken ($idle MB)"
host test "$idle" -lt 128
status 0
it "memory that is in use is ($full MB)"
host test "$full" -ge 300
status 0
it "freed memory goes back to the host ($freed MB)"
host test "$freed" -le $((idle + 60))
status 0
