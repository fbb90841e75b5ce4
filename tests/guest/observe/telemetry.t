#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Counters are true: a program that makes exactly N calls raises them by exactly N
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
export XDG_RUNTIME_DIR=$scratch
watch=${VITRINE_BUILD:-$top/build}/tests/observe/watch
n=25

truncate -s 8M "$scratch/disk"
# Where a stack begins decides whether it needs one page more: not by chance
start box -k norandmaps --disk "$scratch/disk" mini -- sleep 1000
trap 'vitrine kill box; finish' EXIT

it 'the program that makes the calls compiles, and is in the sandbox'
host bash -c 'cc -O1 -static -pthread -D_GNU_SOURCE -Wall -Wno-unused-result -o "$1/exact" \
	tests/guest/observe/exact.c && vitrine cp "$1/exact" box:/exact' - "$scratch"
status 0

# libc finds time() and gettimeofday() of the vDSO in dynamic programs only
it 'the same as a dynamic program'
host bash -c 'cc -O1 -pthread -D_GNU_SOURCE -Wno-unused-result -Wl,-rpath,/dynamic \
		-Wl,--dynamic-linker,/dynamic/ld.so -o "$1/exact" tests/guest/observe/exact.c &&
	vitrine exec box mkdir /dynamic &&
	vitrine cp "$1/exact" box:/dynamic/exact &&
	vitrine cp "$(realpath /lib64/ld-linux-x86-64.so.2)" box:/dynamic/ld.so &&
	vitrine cp "$(realpath "$(cc -print-file-name=libc.so.6)")" box:/dynamic/libc.so.6' - "$scratch"
status 0
program=/exact

# lines WHAT N: what rises while exact runs, one "SET NAME" and its numbers a line
lines() {
	# shellcheck disable=SC2086 # words
	"$watch" $observed box vitrine exec box "$program" "$1" "$2" 2>/dev/null
}

# difference WHAT NAME...: what N more of them add to these lines, as multiples of N
difference() {
	local what=$1
	shift
	lines "$what" 0 >"$scratch/none"
	lines "$what" $n >"$scratch/some"
	awk -v n=$n -v names="$*" '
		{ key = $1 " " $2; $1 = $2 = "" }
		FNR == NR { none[key] = $0; next }
		{ some[key] = $0 }
		END {
			count = split(names, wanted, " ")
			for (i = 1; i <= count; i++) {
				key = wanted[i]
				sub(":", " ", key)
				fields = split(some[key], a, " ")
				split(none[key], b, " ")
				line = wanted[i]
				for (f = 1; f <= fields; f++)
					line = line " " (a[f] - b[f]) / n
				print line
			}
		}' "$scratch/none" "$scratch/some"
}

# exact TITLE WHAT "NAME MULTIPLE..."...: N more of them raise these lines by these multiples of N
exact() {
	local what=$2
	name=$1
	shift 2
	stdout=$(difference "$what" "${@%% *}")
	code=0
	expect "$(printf '%s\n' "$@")"
}

observed=
exact 'calls that succeed: calls, errors, ENOSYS' getppid 'call:getppid 1 0 0' 'disposition:kernel 1'
exact 'calls that fail' failures 'call:openat 1 1 0'
exact 'numbers that are no call' unknown 'call:other 1 1 1'
exact 'fork counts once, exit counts though it never returns' forks 'call:clone 1 0 0' 'call:wait4 1 0 0' 'call:exit_group 1 0 0' 'count:forks 1' 'count:exits 1'
exact 'a successful exec counts' execs 'call:vfork 1 0 0' 'call:execve 1 0 0' 'count:execs 1'
exact 'threads that end' threads 'call:clone3 1 0 0' 'call:exit 1 0 0' 'count:exits 1'
exact 'a call in which a process is killed' killed 'call:pause 1 0 0' 'call:kill 1 0 0' 'count:signals 1'
exact 'a call that a signal interrupts is one that failed' eintr 'call:readv 1 1 0' 'call:rt_sigreturn 1 0 0'
exact 'a call that is made again behind the back of the program is one call' restarted 'call:readv 1 0 0' 'call:rt_sigreturn 1 0 0'
exact 'a wait that goes on after a stop is one call' stopped 'call:poll 1 0 0' 'call:nanosleep 1 0 0'
exact 'a call that a filter answers is denied' denied 'call:getppid 1 1 0' 'disposition:denied 1'
exact 'a call for which a filter kills the process' seccomp_killed 'call:getppid 1 0 0' 'disposition:denied 1'
exact 'a call for which a filter kills the thread' thread_killed 'call:getppid 1 0 0' 'disposition:denied 1'
exact 'a call for which a filter sends a signal' trapped 'call:getppid 1 0 0' 'disposition:denied 1' 'call:rt_sigreturn 1 0 0'
exact 'a call that a tracer sees twice was made once' traced 'call:getppid 1 0 0'
exact 'sched_yield' yields 'call:sched_yield 1 0 0'
exact 'first touches of memory' minors 'fault:minor 1' 'fault:cow 0'
exact 'looks at memory that nobody has written, then writes' zeros 'fault:minor 1' 'fault:cow 1'
# What the host has forgotten by itself is a matter of luck: of so many, a few do not show
name='memory that was forbidden for a while, and is there'
n=400
stdout=$(difference refills fault:refill fault:minor | awk '{ printf "%s %.2f ", $1, $2 }')
code=0
n=25
expect 'fault:refill 1.00 fault:minor 1.00 '
exact 'a child that writes to it' copies 'fault:minor 1' 'fault:cow 1'
exact 'pages of a file that are in the page cache' files 'fault:file 1'
exact 'pages that have to be read' majors 'fault:major 1'
exact 'faults that end in a signal' bad 'fault:bad 1' 'count:signals 1'
program=/dynamic/exact
# Which of several CPUs it is only the kernel knows
by_guest=6
[ "$cpus" = 1 ] || by_guest=5
exact 'calls that the vDSO answers, and one of a clock that it does not have' times 'call:clock_gettime 3 0 0' 'call:gettimeofday 1 0 0' 'call:time 1 0 0' 'call:clock_getres 1 0 0' 'call:getcpu 1 0 0' "disposition:guest $by_guest" "disposition:kernel $((7 - by_guest))"
program=/exact
exact 'those of a static program' clocks 'call:clock_gettime 1 0 0' 'disposition:guest 1' 'disposition:kernel 0'
exact 'a child does not inherit what its parent had counted' forked_clocks 'call:clock_gettime 111 0 0' 'disposition:guest 111'
exact 'threads that count in one page' threaded_clocks 'call:clock_gettime 6 0 0' 'disposition:guest 6'
exact 'an exec takes the page away, and what is in it counts' execed_clocks 'call:clock_gettime 12 0 0' 'disposition:guest 12'
exact 'so does SIGKILL' killed_clocks 'call:clock_gettime 4 0 0' 'disposition:guest 4'
exact 'clocks of a time namespace' shifted_clocks 'call:clock_gettime 6 0 0' 'disposition:guest 6'
observed=-e
exact 'each call is one event' getppid 'event:syscall 1' 'call:getppid 1 0 0'
exact 'life is told: forks, execs, exits' execs 'event:fork 1' 'event:exec 1' 'event:exit 1'
exact 'filters and killed processes too' seccomp_killed 'event:signal 1' 'count:signals 1'
# of WHAT N: the task's own counters when it has done that, as the region has them, and as the kernel's
# own file does
of() {
	local task
	rm -f "$scratch/pid"
	vitrine exec counted "$program" "$1" "$2" stay >"$scratch/pid" </dev/null &
	soon grep -qs . "$scratch/pid"
	task=$(cat "$scratch/pid")
	soon vitrine exec counted grep -q 'State.*sleeping' "/proc/$task/status"
	vitrine top --once --json counted | python3 -c "
import json, sys
t = [t for t in json.load(sys.stdin)['tasks'] if t['pid'] == $task][0]
f = t['faults']
print(t['calls'], t['errors'], *(f[kind] for kind in f if kind != 'refill'), t['switches_voluntary'])"
	vitrine exec counted awk '/^voluntary/ { print $2 }' "/proc/$task/status" >"$scratch/voluntary"
	vitrine exec counted kill -9 "$task"
}
# more WHAT: by how much the task's own counters are higher for N of them
more() {
	local none some
	none=$(of "$1" 0)
	some=$(of "$1" $n)
	what="$1"
	name="per task, $1: calls, errors, faults (minor, major, cow, file, bad), sleeps"
	code=0
	stdout=$(paste <(tr ' ' '\n' <<<"$none") <(tr ' ' '\n' <<<"$some") |
		awk -v n=$n '{ line = line " " ($2 - $1) / n } END { print substr(line, 2) }')
}

# Counted from the beginning
start counted -k 'vitrine.observe=1 norandmaps' mini -- sleep 1000
trap 'vitrine kill box; vitrine kill counted; finish' EXIT
vitrine cp box:/exact "$scratch/static"
vitrine cp "$scratch/static" counted:/exact
more failures
expect '1 1 0 0 0 0 0 0'
more zeros
expect '0 0 1 0 1 0 0 0'
more majors
shows '1 0 0 1 0 0 0 *' # a device that answers at once lets nobody sleep
more sleeps
shows '1 0 0 0 0 0 0 *' # a time that is over before it could sleep is none
it 'a task has slept as often as the kernel itself says'
host echo "$(of sleeps 7 | awk '{ print $NF }') $(cat "$scratch/voluntary")"
shows "$(cat "$scratch/voluntary") $(cat "$scratch/voluntary")"

it 'calls in the guest of a program that runs for long, looked at with each tick'
host bash -c '"$1" box vitrine exec box /exact clocks 20000000 2>&1 | grep -E "^(call clock_gettime|disposition guest)" | paste -sd,' - "$watch"
expect 'call clock_gettime 20000000 0 0,disposition guest 20000000'

it 'numbers of events are in order, and none is lost'
host bash -c '"$1" -e box vitrine exec box /exact forks 200 2>&1 | grep -E "^(lost|order)" | paste -sd,' - "$watch"
expect 'lost 0,order kept'

it 'only the kinds of events that were asked for get a number'
host bash -c '"$1" -e -k 0x40 box vitrine exec box /exact execs 3 2>&1 | grep -E "^event" | paste -sd,' - "$watch"
expect 'event exec 4'

it 'block requests, page cache and write-back are counted'
host bash -c '"$1" box vitrine exec box sh -c "dd if=/dev/zero of=/f bs=1M count=2 2>/dev/null; sync" 2>&1 |
	awk "/^bytes write/ { w = \$3 } /page_cache_added/ { c = \$3 } /pages_written_back/ { b = \$3 }
		END { print (w >= 2097152), (c >= 512), (b >= 512) }"' - "$watch"
expect '1 1 1'

it 'a disk that is thrown away has nothing to flush: it announces no cache'
host bash -c '"$1" box vitrine exec box sh -c "cat /sys/block/vda/queue/write_cache >&2
	dd if=/dev/zero of=/f bs=4k count=1 conv=fsync 2>/dev/null" 2>&1 | grep -E "through|^block flush"' - "$watch"
expect 'write through'

it 'flushes of a disk that is kept: one for each fsync'
host bash -c '"$1" box vitrine exec box sh -c "for i in 1 2 3; do
	dd if=/dev/zero of=/dev/vdb bs=4k count=1 conv=fsync,notrunc 2>/dev/null; done" 2>&1 | grep "^block flush"' - "$watch"
expect 'block flush 3'

it 'what was read ahead stands in rows: a dynamic program takes few host mappings, not one a page'
host bash -c 'vitrine exec box sh -c "sync; echo 3 >/proc/sys/vm/drop_caches; /dynamic/exact getppid 0" &&
	"$1" box vitrine exec box /dynamic/exact getppid 0 2>&1 | awk "/^host maps/ { print (\$3 > 0 && \$3 < 130) }"' - "$watch"
expect 1

it 'packets on the loopback device are counted'
host bash -c '"$1" box vitrine exec box sh -c "ping -c 3 127.0.0.1" 2>&1 | grep ^count.packets | paste -sd,' - "$watch"
expect 'count packets_sent 6,count packets_received 6'

it 'nothing is on when nobody observes'
host bash -c 'sleep 0.3; "$1" -n box vitrine exec box true' - "$watch"
expect 'enabled 0'
