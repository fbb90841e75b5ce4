#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Snapshots, and sandboxes that go on from them: snapshot, run --from, fork, rollback
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=120
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
run_options=(--ephemeral)
end() {
	local name
	for name; do
		vitrine kill "$name"
	done
}
counts() {
	[ "$(vitrine logs -n 1 "$1")" -gt "$2" ]
}
count='i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done'

it 'a snapshot, and its source goes on'
vitrine run -d "${run_options[@]}" --name source mini -- sh -c "$count" >/dev/null
vitrine exec source -- sh -c 'dd if=/dev/urandom of=/root/file bs=64k count=20 2>/dev/null; md5sum /root/file >/root/sum; echo kept >/dev/shm/memory'
soon counts source 5
host vitrine snapshot source first
expect first
at=$(vitrine logs -n 1 source)
soon counts source $((at + 3))
check $? 'it goes on'
host vitrine snapshot source first
status 125
says 'there is a snapshot first already'
one_line
host vitrine snapshot ls -q
expect first

it 'three go on from it, each with a name, a host name and random numbers of its own'
host vitrine run --from first -n 3 --name 'copy%'
expect 'copy1
copy2
copy3'
for clone in copy1 copy2 copy3; do
	it 'and with all that was in memory and on the disk'
	host vitrine exec $clone -- sh -c 'hostname; cat /dev/shm/memory; echo 3 >/proc/sys/vm/drop_caches; md5sum -c /root/sum'
	expect "$clone
kept
/root/file: OK"
	soon counts $clone "$at"
	check $? "the command of $clone goes on"
	vitrine exec $clone -- sh -c "echo $clone >/root/own; head -c 32 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid" >>"$scratch/random"
done
sort "$scratch/random" | uniq -d >"$scratch/twice"
[ -s "$scratch/random" ] && [ ! -s "$scratch/twice" ]
check $? 'no two have drawn the same bytes'
it 'what one writes the others do not see'
host sh -c 'for name in copy1 copy2 copy3 source; do vitrine exec $name -- cat /root/own 2>/dev/null; done'
shows 'copy1
copy2
copy3'

it 'fork: from where one is now'
host vitrine fork copy1 -n 2 --name twin
expect 'twin-1
twin-2'
host sh -c 'for name in twin-1 twin-2; do vitrine exec $name -- sh -c "hostname; cat /root/own"; done'
expect 'twin-1
copy1
twin-2
copy1'
it 'its snapshot is gone'
host vitrine snapshot ls -q
expect first

it 'fork, again and again: neither descriptors nor layers run out'
vitrine exec twin-1 -- sh -c 'dd if=/dev/urandom of=/dev/shm/much bs=64k count=100 2>/dev/null; md5sum /dev/shm/much >/tmp/sum'
for i in {1..20}; do
	vitrine fork twin-1 --name "again$i" >/dev/null
	vitrine exec twin-1 -- sh -c "echo $i >>/dev/shm/count"
	[ "$i" = 10 ] || vitrine kill "again$i"
done
host vitrine exec again10 -- sh -c 'wc -l </dev/shm/count; md5sum -c /tmp/sum'
expect '9
/dev/shm/much: OK'
host vitrine exec twin-1 -- sh -c 'wc -l </dev/shm/count; md5sum -c /tmp/sum'
expect '20
/dev/shm/much: OK'
it 'what was forked outlives its source, and can be paused'
vitrine fork again10 --name heir >/dev/null
vitrine kill again10
vitrine pause heir >/dev/null
vitrine resume heir >/dev/null
vitrine pause heir >/dev/null
vitrine resume heir >/dev/null
host vitrine exec heir -- sh -c 'wc -l </dev/shm/count; md5sum -c /tmp/sum'
expect '9
/dev/shm/much: OK'
it 'and the source can be paused, which has no named layers then'
vitrine pause twin-1 >/dev/null
vitrine resume twin-1 >/dev/null
host vitrine exec twin-1 -- sh -c 'wc -l </dev/shm/count; md5sum -c /tmp/sum'
expect '20
/dev/shm/much: OK'
end heir

it 'rollback'
host vitrine rollback copy2 first
expect copy2
host vitrine exec copy2 -- sh -c 'hostname; cat /root/own 2>/dev/null || echo nothing'
expect 'copy2
nothing'

it 'a clone can be paused, and go on, when its snapshot is gone'
vitrine pause copy3 >/dev/null
host vitrine snapshot rm first
status 0
vitrine resume copy3 >/dev/null
host vitrine exec copy3 -- sh -c 'cat /root/own; echo 3 >/proc/sys/vm/drop_caches; md5sum -c /root/sum'
expect 'copy3
/root/file: OK'
end source copy1 copy2 copy3 twin-1 twin-2

it 'what a process draws next differs from copy to copy, from the first byte on'
vitrine run -d "${run_options[@]}" --name draws mini -- \
	sh -c 'while :; do head -c 8 /dev/urandom | od -An -tx1; usleep 1000; done' >/dev/null
drawn() {
	[ "$(vitrine logs "$1" | wc -l)" -gt "$2" ]
}
soon drawn draws 20
vitrine snapshot draws drawn >/dev/null
vitrine run --from drawn -n 2 --name 'draw%' >/dev/null
at=$(vitrine logs draws | wc -l)
for sandbox in draws draw1 draw2; do
	soon drawn $sandbox $((at + 50))
	vitrine logs $sandbox | sort -u >"$scratch/$sandbox"
done
host sh -c "comm -12 $scratch/draw1 $scratch/draw2 | comm -23 - $scratch/draws"
expect ''
vitrine snapshot rm drawn
end draws draw1 draw2

it 'a snapshot of what was a snapshot has what is new, and shares the rest'
vitrine run -d "${run_options[@]}" --name layers mini -- sleep 1000 >/dev/null
vitrine exec layers -- sh -c 'dd if=/dev/urandom of=/dev/shm/a bs=64k count=300 2>/dev/null; cp /dev/shm/a /root; md5sum /dev/shm/a /root/a >/sums; sync'
vitrine snapshot layers one >/dev/null
vitrine exec layers -- sh -c 'dd if=/dev/urandom of=/root/b bs=64k count=10 2>/dev/null; md5sum /root/b >>/sums; sync'
vitrine snapshot layers two >/dev/null
vitrine exec layers -- sh -c 'echo new >/root/c; sync'
vitrine snapshot layers three >/dev/null
snapshots=$scratch/state/vitrine/snapshots
host sh -c "cd $snapshots/three && stat -c '%n %h' memory.*-? disk0.* | sort"
expect 'disk0.1 4
disk0.2 3
disk0.3 2
memory.1-1 4
memory.2-2 3
memory.3-3 2'
[ $(($(stat -c %b "$snapshots/three/memory.3-3") * 4)) -lt "$(stat -c %b "$snapshots/three/memory.1-1")" ]
check $? 'the last one is small'
soon test -e "$snapshots/three/memory.1-1.sums"
check $? 'checksums are made afterwards'
it 'each can be removed while the others live'
host vitrine snapshot rm one two
status 0
host vitrine run --from three --name last
expect last
host vitrine exec last -- sh -c 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /sums; cat /root/c'
expect '/dev/shm/a: OK
/root/a: OK
/root/b: OK
new'
it 'what goes on from there adds to the same layers'
vitrine snapshot rm three
vitrine pause last >/dev/null
host sh -c "ls $scratch/state/vitrine/paused/last | grep -v sums"
expect 'config
disk0.1
disk0.2
disk0.3
memory.1-1
memory.2-2
memory.3-3
memory.4-4
state'
vitrine resume last >/dev/null
host vitrine exec last -- md5sum -c /sums
expect '/dev/shm/a: OK
/root/a: OK
/root/b: OK'
it 'diff: what two of them differ in, whether it is on the disk yet or not'
vitrine snapshot last three >/dev/null
vitrine exec last -- sh -c 'rm /root/b; echo more >>/root/c; mkdir /root/new; echo 1 >"/root/new/a name"; chmod 711 /root'
vitrine snapshot last four >/dev/null
host vitrine diff three four
expect 'C /root
D /root/b
C /root/c
A /root/new
A /root/new/a name'
host vitrine diff four four
expect ''
host vitrine diff four nothing
status 125
says 'there is no snapshot nothing'
one_line
it 'and nothing is left of that'
host sh -c 'vitrine ps -a -q | grep diff-'
[ -z "$stdout" ]
check $? 'no sandbox'
vitrine snapshot rm three four
vitrine exec last -- sh -c 'dd if=/dev/urandom of=/root/b bs=64k count=10 2>/dev/null; md5sum /dev/shm/a /root/a /root/b >/sums; echo new >/root/c; sync'

it 'flatten: one file of each, which nobody else has, and all is there'
vitrine snapshot last three >/dev/null
host vitrine snapshot flatten three
status 0
host sh -c "cd $snapshots/three && stat -c '%n %h' memory.*-? disk0.* | sed 's/[0-9.-]* / /' | sort"
expect 'disk 1
memory 1'
host vitrine run --from three --name flat
expect flat
host vitrine exec flat -- sh -c 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /sums; cat /root/c; echo flat >/root/d; sync'
expect '/dev/shm/a: OK
/root/a: OK
/root/b: OK
new'
it 'what goes on from it can be written down, and flattened again'
host vitrine snapshot flat four
expect four
host vitrine snapshot flatten four
status 0
vitrine kill flat
vitrine run --from four --name flat >/dev/null
host vitrine exec flat -- sh -c 'echo 3 >/proc/sys/vm/drop_caches; md5sum -c /sums; cat /root/c /root/d'
expect '/dev/shm/a: OK
/root/a: OK
/root/b: OK
new
flat'
vitrine kill flat
host vitrine snapshot flatten four
status 0
host vitrine snapshot fsck
expect ''
it 'without room it stays as it is'
vitrine snapshot last five >/dev/null
host bash -c "ulimit -f 1000; vitrine snapshot flatten five"
status 125
says 'five stays as it is: cannot'
one_line
host vitrine snapshot fsck
expect ''
vitrine snapshot rm three four five
host vitrine snapshot flatten nobody
status 125
one_line

end layers last

it 'a disk that is written in place is not for a snapshot'
cp --sparse=always "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/image"
vitrine run -d --name inplace "$scratch/image" -- sleep 1000 >/dev/null
host vitrine snapshot inplace second
status 125
says "the sandbox writes to $scratch/image itself"
one_line
host vitrine snapshot ls -q
expect ''
end inplace

it 'no such snapshot'
host vitrine run --from nothing
status 125
says 'there is no snapshot nothing'
one_line
host vitrine snapshot inspect nothing
status 125
one_line
host vitrine run --from nothing mini
status 2
one_line
host vitrine run -n 2 mini
status 2
one_line
host vitrine snapshot rm nothing
status 125
one_line

it 'threads that all run come back together, each time'
cc -O1 -static -pthread -o "$scratch/together" tests/guest/smp/together.c
vitrine run -d "${run_options[@]}" --cpus 2 --name threads mini -- sleep 1000 >/dev/null
vitrine cp "$scratch/together" threads:/tmp/together
vitrine exec threads -- sh -c '/tmp/together >/tmp/out 2>&1 &'
for i in {1..12}; do
	vitrine fork threads --name "threads-$i" && vitrine kill "threads-$i"
done >/dev/null
host vitrine exec threads -- sh -c 'cat /tmp/out; ls /proc/$(pidof together)/task | wc -l'
expect 'running
8'
end threads

it 'who has random bytes in hand draws others: vDSO, call and device, in each copy and in the source'
cc -O1 -static -D_GNU_SOURCE -o "$scratch/random" tests/guest/abi/random.c
vitrine run -d "${run_options[@]}" --name drawer mini -- sleep 1000 >/dev/null
vitrine cp "$scratch/random" drawer:/tmp/random
vitrine exec drawer -- sh -c 'mkfifo /tmp/pipe; /tmp/random /tmp/pipe >/tmp/out 2>&1 &'
waits() {
	vitrine exec drawer -- grep -q waits /tmp/out
}
soon waits
vitrine snapshot drawer drawn >/dev/null
vitrine run --from drawn -n 2 --name 'drawn%' >/dev/null
vitrine fork drawer --name drawn3 >/dev/null
for name in drawer drawn1 drawn2 drawn3; do
	vitrine exec $name -- sh -c 'echo go >/tmp/pipe; until grep -q device /tmp/out; do sleep 0.02; done; grep -v waits /tmp/out'
done >"$scratch/drawn"
host sh -c "sort -u '$scratch/drawn' | wc -l; cut -d' ' -f1 '$scratch/drawn' | sort | uniq -c | tr -s ' '"
expect '12
 4 call
 4 device
 4 vdso'
end drawer drawn1 drawn2 drawn3
vitrine snapshot rm drawn >/dev/null
