#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Snapshots from and to other machines, and what keeps them in order: export, import, fsck, prune
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=120
mkdir -p "$scratch/run" "$scratch/state" "$scratch/run2"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
state2=$scratch/state2/vitrine
there=(env "XDG_STATE_HOME=$scratch/state2" "XDG_RUNTIME_DIR=$scratch/run2")
there() {
	"${there[@]}" "$@"
}
nothing_there() {
	host find "$state2" -mindepth 2
	expect ''
}

vitrine run -d --ephemeral --memory 256M --name source mini -- sh -c 'echo begins; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done' >/dev/null
vitrine exec source -- sh -c 'dd if=/dev/urandom of=/root/file bs=64k count=20 2>/dev/null; md5sum /root/file >/root/sum; echo kept >/dev/shm/memory; mkfifo /tmp/fifo; sleep 1000 </dev/zero &' </dev/null
vitrine snapshot source first >/dev/null

it 'a snapshot goes through a pipe to another machine'
host bash -c "vitrine snapshot export first - | XDG_STATE_HOME=$scratch/state2 XDG_RUNTIME_DIR=$scratch/run2 vitrine snapshot import -"
expect first
[ "$stderr" = '' ]
check $? 'nothing is said'
it 'where it goes on, with all that it had'
there vitrine run --from first --name copy >/dev/null
host "${there[@]}" vitrine exec copy -- sh -c 'cat /dev/shm/memory; echo 3 >/proc/sys/vm/drop_caches; md5sum -c /root/sum; ls /bin | wc -l | grep -c .; ps | grep -c "[s]leep 1000"'
expect 'kept
/root/file: OK
1
1'
it 'and its command does'
at=$(there vitrine logs -n 1 copy)
goes_on() {
	[ "$(there vitrine logs -n 1 copy)" -gt "$at" ]
}
soon goes_on
check $? 'it counts'
it 'it can be paused there'
host "${there[@]}" vitrine pause copy
expect copy
host "${there[@]}" vitrine exec copy -- md5sum -c /root/sum
expect '/root/file: OK'
it 'what it lies on stays while it is needed'
host "${there[@]}" vitrine snapshot rm first
host "${there[@]}" vitrine snapshot prune
status 0
host "${there[@]}" vitrine exec copy -- sh -c 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /root/sum'
expect '/root/file: OK'
it 'and no longer'
there vitrine kill copy
host "${there[@]}" vitrine snapshot prune
status 0
nothing_there

it 'a file; twice is refused'
host vitrine snapshot export first "$scratch/file"
expect ''
host vitrine snapshot export first "$scratch/file"
status 125
says '*File exists'
one_line
host vitrine snapshot import "$scratch/file"
status 125
says 'there is a snapshot first already'
one_line
it 'under another name'
host vitrine snapshot import --name other "$scratch/file"
expect other
it 'what it takes: two snapshots of one image have it once'
host sh -c "vitrine snapshot import --name third $scratch/file >/dev/null; ls $scratch/state/vitrine/bases | wc -l"
expect 1
it 'inspect tells logical, own and shared bytes'
host sh -c 'vitrine snapshot inspect other | grep -E "(logical|own|shared)_bytes" | sed "s/[0-9][0-9]*/N/; s/,//" | sort'
shows '*"logical_bytes": N*"own_bytes": N*"shared_bytes": N*'

# Damaged in each of its parts; a stream that has been cut off, also
size=$(stat -c %s "$scratch/file")
it 'a stream that was cut off leaves nothing'
for at in 10 200 $((size / 3)) $((size - 20)) $((size - 1)); do
	head -c "$at" "$scratch/file" >"$scratch/bad"
	host "${there[@]}" vitrine snapshot import "$scratch/bad"
	status 125
	one_line
	nothing_there
done
it 'a stream with wrong bytes leaves nothing'
for at in 20 $((size / 2)) $((size - 100)); do
	cp "$scratch/file" "$scratch/bad"
	printf '\xff\x00\xff\x00' | dd of="$scratch/bad" bs=1 seek="$at" conv=notrunc 2>/dev/null
	cmp -s "$scratch/file" "$scratch/bad" && continue
	host "${there[@]}" vitrine snapshot import "$scratch/bad"
	status 125
	one_line
	nothing_there
done
it 'what is none at all'
host sh -c "head -c 100000 /dev/urandom | XDG_STATE_HOME=$scratch/state2 vitrine snapshot import -"
status 125
one_line
it 'no room'
host "${there[@]}" prlimit --fsize=3000000 vitrine snapshot import "$scratch/file"
status 125
one_line
nothing_there

it 'fsck finds nothing wrong'
host vitrine snapshot fsck
expect ''
it 'and what is'
truncate -s 1M "$scratch"/state/vitrine/snapshots/third/memory.*-*[0-9]
printf x | dd of="$scratch/state/vitrine/snapshots/other/state" bs=1 seek=5000 conv=notrunc 2>/dev/null
host vitrine snapshot fsck
status 1
shows '*third: memory.* has another size than it had*'
shows '*other: *'
host vitrine snapshot fsck first
expect ''
it 'prune by age'
host sh -c 'touch -d "2 days ago" "$XDG_STATE_HOME/vitrine/snapshots/first/state"; vitrine snapshot prune --older 1d'
expect first

it 'what was not finished is left alone while somebody writes it, and removed after'
saved=$XDG_STATE_HOME/vitrine
for place in paused snapshots; do
	mkdir -p "$saved/$place/begun" && : >"$saved/$place/begun/state" && : >"$saved/$place/begun/memory.1-1"
done
host flock "$saved/snapshots/begun" flock "$saved/paused/begun/state" vitrine snapshot prune
host sh -c 'ls -d "$XDG_STATE_HOME"/vitrine/*/begun'
expect "$saved/paused/begun
$saved/snapshots/begun"
host vitrine snapshot prune
expect ''
host sh -c 'ls -d "$XDG_STATE_HOME"/vitrine/*/begun'
status 2
it 'nor does one of two take away what the other writes'
mkdir -p "$saved/snapshots/begun"
host flock "$saved/snapshots/begun" vitrine snapshot source begun
status 125
says 'the snapshot begun is being written by somebody else'
one_line
host vitrine snapshot source begun
status 0
it 'a sandbox that is removed takes with it the pause of it that was not finished'
mkdir -p "$saved/paused/source" && : >"$saved/paused/source/state"
host vitrine rm -f source
status 0
host ls "$saved/paused"
expect ''

it 'one with a network has it there, as far as that is the public one'
vitrine run -d --ephemeral --memory 256M --name online --net --net-deny example.com --net-log "$scratch/log" mini -- sleep 1000 >/dev/null
vitrine snapshot online online >/dev/null
vitrine kill online
host bash -c "vitrine snapshot export online - | XDG_STATE_HOME=$scratch/state2 XDG_RUNTIME_DIR=$scratch/run2 vitrine snapshot import -"
expect online
host bash -c "XDG_STATE_HOME=$scratch/state2 vitrine snapshot inspect online | grep -c net_log; true"
expect 0
rm -f "$scratch/log"
there vitrine run --from online --name online >/dev/null
host "${there[@]}" vitrine exec online -- sh -c 'ls /sys/class/net; nslookup -timeout=1 example.com 10.0.2.3 2>&1 | grep -ciE "refused|nxdomain|can.t find" | grep -c [1-9]'
shows '*eth0*1'
[ ! -e "$scratch/log" ]
check $? 'and writes to no file of that machine'
there vitrine kill online
vitrine snapshot rm online >/dev/null
there vitrine snapshot rm online >/dev/null

it 'one that reaches more is refused, unless somebody says what it is to have'
vitrine run -d --ephemeral --memory 256M --name online --net=any mini -- sleep 1000 >/dev/null
vitrine snapshot online any >/dev/null
vitrine kill online
vitrine snapshot export any "$scratch/any"
host "${there[@]}" vitrine snapshot import "$scratch/any"
status 125
says '--net as-was'
one_line
for net in as-was public none; do
	host "${there[@]}" vitrine snapshot import --net $net --name "any-$net" "$scratch/any"
	expect "any-$net"
	host bash -c "XDG_STATE_HOME=$scratch/state2 vitrine snapshot inspect any-$net | tr -d '\n ' | grep -o 'net_policy\":\[[^]]*'"
	case $net in
	as-was) shows '*any*' ;;
	*) expect "net_policy\":[\"default$net\"" ;;
	esac
done
host "${there[@]}" vitrine snapshot import --net all "$scratch/any"
status 2
one_line
