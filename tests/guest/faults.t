#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# faults - the host refuses or kills things: the guest sees an errno or a signal, nothing stays behind

. "$(dirname "$0")/../lib.sh"

# Start a sandbox in the background and wait until its main command has printed "ready"
sandbox='
	start() {
		vitrine run --ephemeral --name "$1" --memory 512M mini -- sh -c "$2" >"$1.out" 2>"$1.err" &
		pid=$!
		for i in $(seq 1200); do grep -q ready "$1.out" && return; sleep 0.05; done
		echo "no sandbox"
	}
	cd "$(mktemp -d)"
'

it 'leaves no process when the supervisor is killed'
host bash -c "$sandbox"'
	start f1-$$ "echo ready; while :; do :; done & while :; do :; done"
	stubs=$(pgrep -P $pid | tr "\n" " ")
	kill -9 $pid; wait $pid 2>/dev/null; sleep 0.5
	for p in $stubs; do ps -o stat= -p $p | grep -v Z; done; echo done'
expect done

it 'leaves the descriptors that exec and kill need, whatever the guest takes'
host bash -c "${sandbox/mini -- sh -c/debian -- python3 -c}"'
	ulimit -n 300
	start f3-$$ "
import os, time
while True:
	try:
		if os.fork() == 0: time.sleep(1000)
	except OSError: break
print(\"ready\", flush=True)
time.sleep(1000)"
	timeout 30 vitrine exec f3-$$ true 2>&1 | grep -o "has ended"
	mkfifo hold; exec 9<>hold
	for i in $(seq 6); do timeout 30 vitrine exec f3-$$ sh -c "echo in; read line" <&9 >>in 2>&1 & done
	for i in $(seq 250); do [ "$(wc -l <in)" = 6 ] && break; sleep 0.1; done
	sort in | uniq -c
	timeout 30 vitrine ps -q f3-$$ >/dev/null; echo ps $?
	timeout 30 vitrine kill f3-$$; echo kill $?
	wait $pid; ! pgrep -P $pid'
expect '      6 in
ps 0
kill 0'

it 'turns a killed host process into a killed guest process, and goes on'
host bash -c "$sandbox"'
	start f2-$$ "echo ready; sh -c \"while :; do :; done\"; echo status \$?; echo alive"
	sleep 0.3
	busy=$(for p in $(pgrep -P $pid); do echo "$(cut -d" " -f14 /proc/$p/stat) $p"; done | sort -n | tail -1 | cut -d" " -f2)
	kill -9 $busy; wait $pid; cat f2-$$.out'
expect 'ready
status 137
alive'

it 'gives the guest an error when the host has no more processes, as an ordinary user'
cp --sparse=always "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/mini.ext4"
chmod 755 "$scratch"
chmod 666 "$scratch/mini.ext4"
cat >"$scratch/limited" <<'END'
ulimit -u 60
cd /
exec vitrine run --ephemeral --memory 512M "$1" -- sh
END
input '(i=0; while [ $i -lt 200 ]; do sleep 1 & i=$((i+1)); done) 2>&1 | grep -o "can.t fork"
sleep 2
echo alive
'
# The limit counts all of a user's processes; in a user namespace, those in it
if [ "$(id -u)" = 0 ]; then
	drop=(setpriv --reuid=54321 --regid=54321 --clear-groups)
else
	drop=(unshare --user --map-current-user)
fi
host "${drop[@]}" env -u XDG_RUNTIME_DIR HOME=/tmp bash "$scratch/limited" "$scratch/mini.ext4"
expect "can't fork
alive"

it 'takes back the signal stack of a thread that the host refuses'
gcc -O1 -static -pthread -D_GNU_SOURCE -Wno-unused-result -I. -Iinclude -o "$scratch/refused" \
	tests/attack/memory/refused-threads.c
sed -i 's/-- sh$/-- sh -c "cat >\/tmp\/x; chmod +x \/tmp\/x; \/tmp\/x"/' "$scratch/limited"
stdin=$scratch/refused
host "${drop[@]}" env -u XDG_RUNTIME_DIR HOME=/tmp bash "$scratch/limited" "$scratch/mini.ext4"
expect 'some were refused, 0 slots too many'

it 'says in one line that it has no descriptors'
host bash -c 'ulimit -n 8; vitrine run --ephemeral mini -- true 2>&1 | wc -l'
expect 1

it 'needs few of them'
host bash -c 'ulimit -n 24; vitrine run --ephemeral mini -- echo works'
expect works
host bash -c 'ulimit -n 23; vitrine run --ephemeral mini -- true'
status 125
one_line
says '(ulimit -n)'

it 'says in one line that its files may not grow'
host bash -c 'ulimit -f 100; vitrine run --ephemeral mini -- true'
status 125
one_line
says 'File too large'

it 'kills a guest process, not the sandbox, when the guest is out of memory'
host vitrine run --ephemeral --memory 128M mini -- sh -c \
	'(tail /dev/zero); echo status $?; echo alive'
expect 'status 137
alive'

it 'runs a program with more mappings than the host allows'
image=debian
guest python3 -c '
import mmap
m = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)) for i in range(40000)]
big = mmap.mmap(-1, 400 << 20)
for i in range(0, 400 << 20, 8192): big[i] = 1
print(sum(big[i] for i in range(0, 400 << 20, 8192)))'
expect 51200

it 'refuses memory that is writable and executable when told to'
host vitrine run --ephemeral --wx=deny debian -- python3 -c '
import mmap
try: mmap.mmap(-1, 4096, prot=7)
except OSError as e: print(e.errno)'
expect 22

it 'a kernel stack that overflows is a line of the report, not somebody else'"'"'s memory'
host vitrine run --ephemeral -k vitrine.provoke=stack mini -- sleep 20
status 125
says '*BUG: kernel stack overflow in provoke*call_itself*call_itself*'

it 'so is an address where nothing is'
host vitrine run --ephemeral -k vitrine.provoke=null mini -- sleep 20
status 125
says '*BUG: kernel exception 14 at address 0x8*read_null*'
