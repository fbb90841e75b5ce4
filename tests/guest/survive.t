#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What survives: ninety states of processes, set up before a pause, a snapshot or a fork, and looked
# at afterwards, in the sandbox and in its copies (tests/guest/survive)
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier
seconds=120
build=${VITRINE_BUILD:-$top/build}/survive
mkdir -p "$build" "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state

cc -O1 -static -pthread -mno-red-zone -D_GNU_SOURCE -Wall -o "$build/survive" tests/guest/survive/*.c ||
	check 1 'survive compiles'

logs_have() {
	vitrine logs "$1" | grep -q "$2"
}

# set_up NAME N: all of its cases are
set_up() {
	for _ in {1..6}; do
		soon logs_have "$1" "^ready $2\$" && return
	done
}

# round NAME N: its cases look at what they have, and each finds it
round() {
	vitrine kill -s USR1 "$1"
	for _ in {1..6}; do
		soon logs_have "$1" "^round $2: [as][le]" && break
	done
	host sh -c "vitrine logs $1 | sed -n 's/^round $2: //p'"
	expect all
}

sizes=(1)
[ "$cpus" = 1 ] || sizes+=("$cpus")
for n in "${sizes[@]}"; do
	with="with $n CPUs"
	start held --cpus "$n" mini -- sh -c 'while [ ! -x /tmp/survive ]; do sleep 0.1; done; exec /tmp/survive'
	vitrine cp "$build/survive" held:/tmp/new
	vitrine exec held -- sh -c 'chmod +x /tmp/new && mv /tmp/new /tmp/survive'
	set_up held 1
	it "all cases can be set up, $with"
	host sh -c 'vitrine logs held | grep "not set up"'
	[ -z "$stdout" ]
	check $? 'set up'
	it "they find their states without a pause, $with"
	round held 1

	# longer than the deadlines of timers.c are ahead
	set_up held 2
	vitrine pause held >/dev/null
	sleep 5
	vitrine resume held >/dev/null
	it "after a pause, $with"
	round held 2

	set_up held 3
	vitrine snapshot held states >/dev/null
	it "after a snapshot, $with"
	round held 3
	vitrine run --from states -n 2 --name 'copy%' >/dev/null
	for copy in copy1 copy2; do
		it "in $copy of the snapshot, $with"
		round $copy 3
		vitrine kill $copy
	done
	vitrine snapshot rm states

	set_up held 4
	vitrine fork held --name twin >/dev/null
	it "after a fork, $with"
	round held 4
	it "in what was forked, $with"
	round twin 4
	vitrine kill twin

	set_up held 5
	vitrine pause held >/dev/null
	vitrine resume held >/dev/null
	it "after all of that and another pause, $with"
	round held 5
	vitrine kill held
	wait
done
