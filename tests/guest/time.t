#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Time as a guest sees it: who had the CPU, and how late it is told that something is due
. "$(dirname "$0")/../lib.sh"
uses mini
build=${VITRINE_BUILD:-$top/build}/time
mkdir -p "$build"

# compile NAME: tests/guest/time/NAME.c, to run here and there
compile() {
	cc -O1 -static -pthread -D_GNU_SOURCE -Wall -o "$build/$1" "tests/guest/time/$1.c"
}

# program NAME ARGUMENT...: run it in a sandbox
program() {
	local binary=$build/$1
	stdin=$binary
	shift
	host vitrine run "${run_options[@]}" mini -- \
		sh -c 'cat >/tmp/program && chmod +x /tmp/program && exec /tmp/program "$@" </dev/null' sh "$@"
	what="${binary##*/} $*"
}
compile cputime
compile late
compile threads

# Lines of NAME SYSTEM SUM: computing is the program's own work, reading is the system's, and so is most
# of touching memory for the first time; the two parts make up what the scheduler's clock says. (What
# the host says of itself is no measure: it samples, and beside others a sample says little.)
compare() {
	awk '
		BEGIN {
			least["compute"] = 0; most["compute"] = 25
			least["read"] = 75; most["read"] = 100
			least["touch"] = 50; most["touch"] = 100
		}
		{
			lines++
			if (!($1 in least) || $2 < least[$1] || $2 > most[$1] || $3 < 90 || $3 > 110) wrong++
		}
		END { exit wrong || lines != 3 }' <<<"$stdout"
}

it 'CPU time is divided between a program and its calls as it is on hardware'
program cputime
compare
check $? 'each has its own'

it 'giving much memory back keeps nobody waiting until it is done'
program late
# Of large processes the host takes back what it gave them in its own time, beside the sandbox
awk '$2 > ($1 == "exit" ? 65 : 40) { wrong++ } END { exit wrong || NR != 2 }' <<<"$stdout"
check $? 'delays are a part of what it takes'

# In the host's counters: registers that were asked for, one thread after the other
it 'a process that ends with many threads asleep asks none of them for its registers'
start threads mini -- sleep 1000
vitrine exec -i threads sh -c 'cat >/tmp/program; chmod +x /tmp/program' <"$build/threads"
host "${VITRINE_BUILD:-$top/build}/tests/observe/watch" threads vitrine exec threads /tmp/program 100
awk '$1 == "host" { n[$2] = $3 }
	END { exit n["threads"] < 90 || n["captures"] > 50 }' <<<"$stdout"
check $? 'few captures'
vitrine kill threads >/dev/null
wait "$pid" || :

# busy: two endless loops beside the test, until it is "quiet"
loops=()
busy() {
	for _ in 1 2; do
		setsid timeout 120 sh -c 'while :; do :; done' &
		loops+=($!)
	done
}

quiet() {
	kill "${loops[@]}"
	wait "${loops[@]}" 2>/dev/null
	loops=()
}

# One CPU for all that follows
cpu=$(awk '/^Cpus_allowed_list/ { split($2, a, /[,-]/); print a[1] }' /proc/self/status)
taskset -cp "$cpu" $BASHPID >/dev/null

it 'and as well while others want the CPU'
busy
program cputime
compare
check $? 'each has its own'

it 'and with more CPUs than the host has: nobody is moved because the host has taken a CPU away'
more=(${VITRINE_TIER:+"${run_options[@]}"})
[ "${#more[@]}" != 0 ] || run_options=(--ephemeral --cpus 8)
program cputime
compare
check $? 'each has its own'

it 'what the host gave to others is not the time of a program: it is stolen'
start shared mini -- sleep 1000
vitrine exec -i shared sh -c 'cat >/tmp/program; chmod +x /tmp/program' <"$build/cputime"
host vitrine exec shared /tmp/program 2
[ "$stdout" -gt 0 ] && [ "$stdout" -lt 85 ]
check $? 'a program had a part of the time'
host vitrine exec shared awk '$1 == "cpu" { print $9 }' /proc/stat
[ "$stdout" -gt 30 ] # of 200 hundredths of a second
check $? 'the others had the rest'
quiet
vitrine kill shared >/dev/null
wait "$pid" || :
