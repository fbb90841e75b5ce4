#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Hostile guests: each attack in tests/attack runs in a sandbox beside a bystander
#
# The attacker gets nothing of the host (a canary in a file, in the environment and in an open
# descriptor of the supervisor), the bystander lives and the sandbox still starts processes, the
# supervisor ends as the main command does, and no host process is left.
. "$(dirname "$0")/lib.sh"
uses mini

canary=HOST-CANARY-$$-$RANDOM
export CANARY=$canary
echo "$canary" >"$scratch/canary"
exec 9<"$scratch/canary"
build=${VITRINE_BUILD:-$top/build}/attack
mkdir -p "$build"

# compile SOURCE PROGRAM
compile() {
	if [ ! "$2" -nt "$1" ] || [ ! "$2" -nt tests/attack/attack.h ] ||
		[ ! "$2" -nt engine/tier/seccomp/stub/layout.h ]; then
		cc -O1 -static -pthread -D_GNU_SOURCE -Wall -Wno-unused-result -I. -Iinclude \
			-o "$2" "$1"
	fi
}

compile tests/attack/host/orphans.c "$build/orphans" || exit 1

# shellcheck disable=SC2016 # for the guest's shell
beside_a_bystander='
cat >/tmp/attack && chmod +x /tmp/attack
sleep 1000 & bystander=$!
/tmp/attack "$@" </dev/null; echo "attacker: $?"
kill -0 $bystander && test "$(echo alive | tr a-z A-Z)" = ALIVE && echo "sandbox: works"
kill $bystander'

wanted() {
	[[ $only == *" $1 "* || $only = '  ' ]]
}

# attack NAME [ARGUMENT]...: run it; what it printed is in $stdout
attack() {
	local program=$1
	shift
	what=$program
	wanted "$program" || return 0
	if ! compile tests/attack/*/"$program.c" "$build/$program"; then
		stdout='' stderr='' code=1 what=$program name=
		check 1 "$program compiles"
		return
	fi
	stdin=$build/$program
	host "$build/orphans" timeout -k 3 "$((seconds - 10))" vitrine run "${run_options[@]}" \
		mini -- sh -c "$beside_a_bystander" sh "$@"
	what=$program name=
	[[ $code = 0 && $stdout == *$'\nsandbox: works' ]]
	check $? "$program: the sandbox works, ends in order and leaves nothing on the host"
	[[ $stdout$stderr != *"$canary"* ]]
	check $? "$program: no canary"
}

# printed GLOB: as shows, for an attack
printed() {
	! wanted "$what" || shows "$1"
}

# got TEXT: lines that the attacker must have printed, all that it did
got() {
	wanted "$what" || return 0
	local printed=${stdout%$'\nattacker: '*}
	[ "$printed" = "$1"$'\nover' ]
	check $? "$what got: $1"
}

of_cpus=(--ephemeral ${VITRINE_CPUS:+--cpus "$VITRINE_CPUS"})
run_options=("${of_cpus[@]}" --memory 256M)
seconds=100
only=" $* " # attacks named on the command line, or all

attack stub-every-number
got '0..600: all answered
mmap: -22
getpid: the guest'"'"'s
number 600: -38'

attack stub-map-physical
got 'refused 72 of 72, readable 0'

attack stub-remap
got 'code: 0 done
control: 0 done
vdso: 0 done
slots: 0 done
everything: 0 done
code is read-only
getpid through it: ok'

attack stub-clone-outside
got '0 refused, 12 the guest'"'"'s, 0 foreign
vfork and clone3: -14 -14'

attack stub-own-filter
got 'own filter: exit 1
own filter through the stub: exit 1
strict mode: signal 9
prctl and exit_group: exit 7
mask: hung
mask through the stub: signal 11'

attack forge-notification
got '0 subjects did harm, 0 stops were taken'

# Nobody else is given what it left of itself in a host thread
attack leave-behind
got 'own code: 0 harmed
own base: 0 harmed
own signal stack: 0 harmed'

attack forge-frame
got '0 of 400 frames did harm
0 of 20 frames elsewhere were taken'

attack forge-fpu-size
got '0 images did harm, some forked'

attack race-one-slot
got '0 races did harm'

# What is looked at on one CPU while it is changed on another
for cpus in 2 4; do
	run_options=("${of_cpus[@]}" --cpus "$cpus" --memory 256M)
	attack race-cpus
	got '0 races did harm, commands were written in 0'
done
run_options=("${of_cpus[@]}" --memory 256M)

# How an entry fails that is not for 64-bit programs differs from maker to maker (AMD: sysenter is an
# illegal instruction, Intel: a fault): a guest is to see what a program of this very host sees
attack other-entries
by_maker=
! wanted other-entries || by_maker=$("$build/other-entries" by-maker)
got 'int 0x80: 0 of 480 numbers did something
int 0x80 with marks: 0 of 480 numbers did something
x32: 600 of 600 do not exist
number beyond 32 bits: an error
negative: exit 1
vsyscall: exit 1
vsyscall: exit 1
vsyscall: exit 1
vsyscall that does not exist: signal 11
'"$by_maker"'
compatibility mode, syscall did nothing
compatibility mode, int 0x80 did nothing
compatibility mode, sysenter did nothing
compatibility mode, no call came through'

attack write-stub
got "code: refused
commands: refused
filter: refused
next process's commands: refused
vdso: refused
vsyscall: refused
guest kernel's text: refused
guest kernel's data: refused
guest kernel's vmalloc: refused
host kernel: refused
host direct map: refused
slots: 1
kernel memory: 0 readable, beyond the task: 0 writable
write from kernel: -14
read to kernel: -14
read to stub: -14
write from stub: -14
process_vm_writev: -14"

attack read-leftovers
got 'leftovers in a fresh process: exit 0
leftovers in fresh threads: exit 0
leftovers in a fresh process: exit 0
addresses in a fresh process: exit 0'

attack failed-exec
got 'failed: 12 of 12 stopped, 0 registers of others
forged: 12 of 12 stopped, 0 registers of others'

attack host-descriptors "$scratch/canary"
got "the host's file: No such file or directory
0 descriptors, 0 of them memory, 0 canaries
/dev/mem -1, /proc/kcore -1"

if wanted signal-host; then
	sleep 1000 &
	victim=$!
	attack signal-host $victim
	got 'few processes
sent'
	kill $victim
	check $? "the host's process is alive"
fi

# What runs out is the guest's: the host's limits are far
run_options=("${of_cpus[@]}" --memory 128M)
attack fork-bomb
got 'processes: many, then Resource temporarily unavailable
threads: exit 1
fork afterwards: works'

attack thread-storm
got '240 of 240 ended'

run_options=("${of_cpus[@]}" --memory 256M)
attack exhaust-memory
got 'descriptors: exit 1
mappings: exit 1
fragments: exit 1
memory: signal 9'

# areas PID: host areas of guest memory in all guest processes of a supervisor
areas() {
	local process
	for process in $(pgrep -P "$1"); do
		cat "/proc/$process/maps"
	done 2>/dev/null | grep -c memfd:vitrine-memory
}

if wanted host-areas; then
	budget=$(vitrine doctor | sed -n 's/^mappings of guests *ok *\([0-9]*\) .*/\1/p')
	compile tests/attack/resources/host-areas.c "$build/host-areas"
	vitrine run --ephemeral -i --memory 128M mini -- sh -c \
		'cat >/tmp/attack && chmod +x /tmp/attack && exec /tmp/attack' \
		<"$build/host-areas" >"$scratch/areas.out" &
	sandbox=$!
	soon grep -qs 'all read' "$scratch/areas.out"
	count=$(areas "$sandbox")
	[ "$count" -gt 1000 ] && [ "$count" -le "$budget" ]
	check $? "host-areas: $count areas within the budget of $budget"
	kill "$sandbox"
	wait "$sandbox" 2>/dev/null
fi

run_options=("${of_cpus[@]}" --memory 1G)
attack fragment-kernel
got 'scattered, 96 tables'
run_options=("${of_cpus[@]}" --memory 256M)

attack trace-threadless
got 'a program with a worker: 2 threads
dumped core: yes
asked: yes'

attack unmap-everything
got 'all: signal 11
all, through the stub: signal 11
nothing readable: signal 11
stack overflow: signal 11
no signal stack: signal 11'

# It dies of its own trick; alarms may still come through when it makes calls
attack block-signals
printed 'spin: killed: signal 9
calls: killed: signal 9
fork: killed: signal 9
fault: killed: signal *
alarm while it spins: signal *
alarm while it calls: signal *
over*'

# A call from its own code is no stop, and it sleeps
attack stop-elsewhere
printed 'a forged stop: exit 0
a forged stop, signals blocked: @(exit 0|signal 9)
over*'

attack move-signal-stack
got '0 stacks did harm'

attack stale-mapping
printed '* on, 0 times with pages that it had given back
over*'

attack stack-in-stub
got '0 places did harm'

attack sigreturn-registers
got '0 sets of registers did harm'

# They wait until they are killed, as on any Linux
attack userfault-kernel-copies
got 'write: hung
open: hung
futex: hung
signal: hung
access: hung
execve: hung
robust list: exit 0'

attack huge-arguments
got 'few long arguments: exit 1
many short arguments: exit 1
paths: exit 1
malformed programs: exit 1
vectors: exit 1
sockets: exit 1
ioctls: exit 1
mounts: exit 1
assorted: exit 1'

attack output-flood
printed 'over*'
