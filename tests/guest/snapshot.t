#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Sandboxes that are paused and go on: pause, resume, attach
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=120
build=${VITRINE_BUILD:-$top/build}/snapshot
mkdir -p "$build" "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
paused=$scratch/state/vitrine/paused
run_options=(--ephemeral)
box() {
	vitrine run -d "${run_options[@]}" --name "$@" >/dev/null
}
logs_have() {
	vitrine logs "$1" | grep -q "$2"
}

cc -O1 -static -pthread -D_GNU_SOURCE -Wall -o "$build/states" tests/guest/snapshot/*.c ||
	check 1 'states compiles'

# report N: every part of states.c has gone on since the last report
report() {
	vitrine kill -s USR1 states
	for _ in {1..600}; do
		logs_have states "report $1:" && break
		sleep 0.1
	done
	host vitrine logs -n 1 states
	expect "report $1: all"
}

for cpus in 1 3; do
	box states --cpus $cpus mini -- sh -c 'while [ ! -x /tmp/states ]; do sleep 0.1; done; exec /tmp/states'
	vitrine cp "$build/states" states:/tmp/new
	vitrine exec states -- sh -c 'chmod +x /tmp/new && mv /tmp/new /tmp/states'
	sleep 1
	it "processes in many states, with $cpus CPUs"
	report 1
	for round in 2 3 4; do
		it "pause $((round - 1)) ends the process"
		pid=$(vitrine ps --format '{{.Pid}}')
		host vitrine pause states
		expect states
		it 'and leaves nothing of it'
		host sh -c "sed -n 's/^State:.\([^Z]\)/\1/p' /proc/$pid/status 2>/dev/null; ls $scratch/run/vitrine"
		expect ''
		it 'resume goes on'
		host vitrine resume states
		expect states
		it 'and so does everything in it'
		report $round
	done
	vitrine kill states
done
it 'once it goes on, nothing is left of the pause'
host ls -A "$paused"
expect ''

it 'the name of a paused sandbox is taken'
box one mini -- sh -c 'echo begins; while ! [ -e /tmp/end ]; do sleep 0.1; done; echo ends; exit 7'
soon logs_have one begins
vitrine pause one >/dev/null
host vitrine run --ephemeral --name one mini -- true
status 125
says 'the sandbox one is paused; vitrine resume one, or rm one'
one_line
it 'what only looks says what it is'
host vitrine ps one
status 125
says 'the sandbox one is paused; vitrine resume one'
one_line
it 'ps shows it'
host vitrine ps --format '{{.Name}} {{.Status}}'
expect 'one paused'
it 'what it had written before is in its logs'
vitrine resume one >/dev/null
host vitrine logs one
expect begins
it 'attach takes over its streams, and has its status'
(
	sleep 1
	vitrine exec one -- touch /tmp/end
) &
host vitrine attach one
status 7
[ "$stdout" = ends ]
check $? 'attach shows what it writes'
wait

it 'attach gives input, too, and a second one is refused'
mkfifo "$scratch/first"
vitrine run "${run_options[@]}" -i --name two mini -- \
	sh -c 'while read -r line; do echo "got $line"; [ "$line" != end ] || exit 3; done' <"$scratch/first" >/dev/null 2>&1 &
exec 8>"$scratch/first"
soon vitrine exec two -- true 2>/dev/null
vitrine pause two >/dev/null
vitrine resume two >/dev/null
mkfifo "$scratch/fifo"
vitrine attach two <"$scratch/fifo" >"$scratch/attached" 2>&1 &
attached=$!
exec 7>"$scratch/fifo"
echo first >&7
soon grep -q 'got first' "$scratch/attached"
host vitrine attach two
status 125
says 'somebody has the command'
one_line
it 'input goes on to be read'
echo end >&7
exec 7>&-
wait $attached
code=$?
stdout=$(cat "$scratch/attached")
status 3
shows 'got first?got end'
exec 8>&-

it 'what waits for a sandbox that is paused ends with 147'
vitrine run "${run_options[@]}" --name three mini -- sleep 1000 >"$scratch/out3" 2>"$scratch/err3" </dev/null &
runner=$!
soon vitrine exec three -- true 2>/dev/null
vitrine exec three -- sleep 1000 </dev/null &
execer=$!
soon sh -c 'vitrine exec three -- ps </dev/null | grep -c "sleep 1000" | grep -q 2'
vitrine pause three >/dev/null
wait $execer
code=$?
status 147
wait $runner
code=$?
it 'run says what has become of it'
status 147
stderr=$(cat "$scratch/err3")
says 'three is paused; vitrine resume three'
it 'the command of an exec goes on, too'
vitrine resume three >/dev/null
host sh -c 'vitrine exec three -- ps </dev/null | grep -c "[s]leep 1000"'
expect 2
vitrine kill three

it 'the wall clock is right, and CLOCK_BOOTTIME has counted the pause'
box clocks mini -- sleep 1000
before=$(vitrine exec clocks -- cat /proc/uptime)
vitrine pause clocks >/dev/null
sleep 3
vitrine resume clocks >/dev/null
host sh -c '
	before=$(date +%s)
	guest=$(vitrine exec clocks -- date +%s)
	[ $guest -ge $((before - 1)) ] && [ $guest -le $(date +%s) ] && echo wall
	set -- '"$before"' $(vitrine exec clocks -- cat /proc/uptime)
	echo "$1 $3" | awk "{ if (\$2 - \$1 >= 3) print \"boot\" }"'
expect 'wall
boot'

it 'two that go on from one pause draw different random bytes'
vitrine pause clocks >/dev/null
cp -a "$scratch/state" "$scratch/state2"
vitrine resume clocks >/dev/null
mkdir "$scratch/run2"
other() {
	XDG_STATE_HOME=$scratch/state2 XDG_RUNTIME_DIR=$scratch/run2 "$@"
}
other vitrine resume clocks >/dev/null
draw='head -c 32 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid'
one=$(vitrine exec clocks -- sh -c "$draw")
two=$(other vitrine exec clocks -- sh -c "$draw")
[ -n "$one" ] && [ "$(printf '%s\n' "$one" "$two" | sort -u | wc -l)" = "$(printf '%s\n' "$one" "$two" | wc -l)" ]
check $? 'none is the same'
other vitrine kill clocks
vitrine kill clocks

it 'what was written to an ephemeral disk is there, pause after pause'
box disk mini -- sleep 1000
vitrine exec disk -- sh -c 'for i in 1 2 3; do dd if=/dev/urandom of=/root/$i bs=64k count=$((i * 7)) 2>/dev/null; done; sync; rm /root/2; md5sum /root/* >/sums'
for _ in 1 2; do
	vitrine pause disk >/dev/null && vitrine resume disk >/dev/null
	vitrine exec disk -- sh -c 'dd if=/dev/urandom of=/root/4 bs=64k count=30 2>/dev/null; sync; echo 3 >/proc/sys/vm/drop_caches'
done
host vitrine exec disk -- sh -c 'md5sum -c /sums 2>&1 | sort; ls /root; df / >/dev/null && echo fine'
expect '/root/1: OK
/root/3: OK
1
3
4
fine'
vitrine kill disk

it 'a disk that somebody has written to since is not gone on with'
cp --sparse=always "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/image"
vitrine run -d --name written "$scratch/image" -- sleep 1000 >/dev/null
vitrine pause written >/dev/null
touch -d yesterday "$scratch/image"
host vitrine resume written
status 125
says "$scratch/image was written to since the sandbox was paused"
one_line
host sh -c "vitrine ps -a --format '{{.Name}} {{.Status}}' | grep -v exited"
expect 'written paused'
it 'rm forgets one that is paused'
host vitrine rm written
status 0
host ls -A "$paused"
expect ''

it 'kill ends one that is paused, and leaves nothing'
box paused mini -- sleep 1000
vitrine pause paused >/dev/null
host vitrine kill -s HUP paused
status 125
says 'the sandbox paused is paused; vitrine resume paused'
one_line
host vitrine kill paused
status 0
host sh -c "vitrine ps -q; ls -A $paused"
expect ''
host vitrine kill paused
status 125
one_line

it 'a state that is damaged, or cut off, is refused in one line'
box damage mini -- sleep 1000
vitrine pause damage >/dev/null
cp "$paused/damage/state" "$scratch/whole"
for change in 'printf x | dd of=$f bs=1 seek=5000 conv=notrunc' 'printf x | dd of=$f bs=1 seek=20 conv=notrunc' \
	'truncate -s 6000 $f' 'truncate -s 0 $paused/damage/memory.1-1'; do
	cp "$scratch/whole" "$paused/damage/state"
	f=$paused/damage/state sh -c "$(paused=$paused; eval "echo \"${change//\$f/$paused/damage/state}\"")" 2>/dev/null
	host vitrine resume damage
	status 125
	one_line
done
vitrine rm damage

it 'no room: the sandbox goes on'
box small mini -- sh -c 'while :; do echo alive; sleep 0.1; done'
prlimit --fsize=1000000 --pid "$(vitrine ps --format '{{.Pid}}')"
host vitrine pause small
status 125
says 'cannot write'
one_line
lines=$(vitrine logs small | wc -l)
more() {
	[ "$(vitrine logs small | wc -l)" -gt $((lines + 3)) ]
}
soon more
check $? 'it goes on'
host ls -A "$paused"
expect ''
vitrine kill small

it 'what cannot be paused yet says so in one line, and goes on'
box shared -v "$scratch:/mnt" mini -- sleep 1000
host vitrine pause shared
status 125
says 'shared folders cannot be paused yet'
one_line
vitrine kill shared

it 'nobody to pause, nobody to resume'
host vitrine pause nobody
status 125
says 'no sandbox named nobody is running'
one_line
host vitrine resume nobody
status 125
says 'there is no paused sandbox nobody'
one_line

it 'a disk that is written to in place goes on, with what was written before and after'
cp --sparse=always "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/own.ext4"
host vitrine run -d --name own "$scratch/own.ext4" -- sh -c 'echo before >/root/file; sleep 1000'
status 0
soon vitrine exec own test -s /root/file
host vitrine pause own
status 0
host vitrine resume own
status 0
host vitrine exec own sh -c 'echo after >>/root/file && sync && cat /root/file'
expect 'before
after'
host vitrine kill own
status 0
