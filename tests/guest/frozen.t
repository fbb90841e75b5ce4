#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A supervisor that stands still (SIGSTOP, a frozen cgroup): every command that wants something of it
# comes to an end, by itself and by Ctrl-C, and a pause that was given up is not done later
. "$(dirname "$0")/../lib.sh"
needs umoci
export XDG_RUNTIME_DIR=$scratch XDG_STATE_HOME=$scratch/state XDG_DATA_HOME=$scratch/data
seconds=120

# What is asked of the sandbox "box": how it ends by itself, how with Ctrl-C, and the command.
# "-": not at all, or it asks no sandbox for anything. What ends a sandbox has one of its own
commands='
125 -   run --name box base /bin/true
125 130 exec box /bin/true
125 130 ps box
125 130 ps box 1
0   -   ps
125 -   pause box
-   130 pause kill
125 -   resume box
125 130 attach box
125 -   snapshot box taken
-   130 snapshot box other
-   -   template
125 130 fork box
125 130 kill -s CONT box
-   130 wait box
125 -   rm box
125 130 logs box
125 130 logs -k box
125 130 logs -f box
125 130 top --once box
125 130 follow box any
125 130 trace box
125 130 trace exec box /bin/true
125 130 net box
125 130 publish box 0:80
125 130 publish box
125 130 cp box:/etc/passwd .
125 130 cp Makefile box:/tmp
125 130 observe -q box
-   -   browser
-   -   mcp
-   -   relay
-   -   image
125 130 commit box made
125 130 diff box
-   -   doctor
-   -   version
-   -   help
0   130 stop -t 1 stop
0   130 kill kill
0   130 rm -f rm
-   130 rollback rollback warm
0   -   rollback rollback warm
'

# each FUNCTION: with the number of a line, and its words
each() {
	local n=0 line
	while read -r line; do
		# shellcheck disable=SC2086
		[ -z "$line" ] || "$1" $((n++)) $line
	done <<<"$commands"
}

# In the background, with the signals that a terminal's job has
background() {
	local n=$1
	shift
	env --default-signal=INT vitrine "$@" >"$scratch/$n.out" 2>"$scratch/$n.err" </dev/null &
	jobs[n]=$!
}

collect() {
	what="vitrine ${*:2}"
	wait "${jobs[$1]}"
	code=$?
	stdout=$(<"$scratch/$1.out")
	stderr=$(<"$scratch/$1.err")
}

begin() {
	[ "$3" = - ] || background "$1" "${@:4}"
}

interrupt() {
	[ "$3" = - ] || kill -INT "${jobs[$1]}" 2>/dev/null
}

interrupted() {
	[ "$3" != - ] || return 0
	collect "$1" "${@:4}"
	[ "$code" = "$3" ]
	check $? "Ctrl-C ends $what"
}

begin_patient() {
	[ "$2" = - ] || VITRINE_PATIENCE=2 background "$1" "${@:4}"
}

ended_patient() {
	[ "$2" != - ] || return 0
	collect "$1" "${@:4}"
	case "$2 $4" in
	125\ rm) [[ $stderr == *'box is running;'* ]] ;;
	125\ run) [[ $stderr == *'in use by another sandbox' ]] ;;
	125\ resume) [[ $stderr == *'is not paused, it runs' ]] ;;
	125*) [[ $stderr == 'vitrine: '*'the sandbox box does not answer' ]] ;;
	0\ ps) [[ $stdout == *box*'(does not answer)'* ]] ;;
	*) [[ $stderr == *"the sandbox $4 does not end in order; killing process"* ]] ;;
	esac && [ "$code" = "$2" ]
	check $? "$what ends"
}

it 'every command of the program is tried here'
host vitrine __complete ''
missing=
for verb in $stdout; do
	grep -qE "^[-0-9]+ +[-0-9]+ +$verb( |$)" <<<"$commands" || missing+=" $verb"
done
[ "$code" = 0 ] && [ -n "$stdout" ] && [ -z "$missing" ]
check $? "missing:$missing"

host tests/images/layout "$scratch/lay"
host vitrine image import "$scratch/lay:base" base
status 0
for sandbox in box stop kill rm rollback; do
	host vitrine run -d --name $sandbox base /bin/sleep 1000
	status 0
done
host vitrine snapshot rollback warm
status 0
pids=$(vitrine ps --format '{{.Pid}}')
box=$(vitrine ps --format '{{.Name}} {{.Pid}}' | sed -n 's/^box //p')
# shellcheck disable=SC2086
kill -STOP $pids

each begin
sleep 1
# A first signal is passed on to the command of an exec, a second one is for vitrine
each interrupt
sleep 0.5
each interrupt
each interrupted

each begin_patient
each ended_patient

it 'what was given up is not done when the supervisor goes on'
kill -CONT "$box"
host vitrine exec box echo here
expect here
host vitrine snapshot ls
shows '*warm*'
[[ $stdout != *taken* && $stdout != *other* ]]
check $? 'there is no snapshot'
it 'nor was it paused, and it can be'
host vitrine pause box
expect box
host vitrine resume box
status 0
host vitrine exec box echo here
expect here

it 'a time that is none is as if nothing was said'
host env VITRINE_PATIENCE=soon vitrine exec box echo here
expect here
it 'a sandbox that keeps its disk can be rolled back, with all that it had'
host vitrine snapshot box before
status 0
host vitrine exec box /bin/sh -c 'echo later >/d/file'
status 0
host vitrine rollback box before
expect box
host vitrine exec box /bin/sh -c 'ls /d; echo again >/d/file; cat /d/file'
expect $'sub\nagain'

for sandbox in $(vitrine ps -q); do
	vitrine kill "$sandbox"
done
