#!/bin/bash
# Every command of the guided tour, as docs/tour.md has them: in the sandbox, and beside it
. "$(dirname "$0")/../../lib.sh"
uses debian
observes
export XDG_RUNTIME_DIR=$scratch

start tour --cpus 1 --memory 768M debian -- sleep 600
sandbox=$pid
soon vitrine exec tour true 2>/dev/null

experiments=()

# experiment NAME: run its commands as if typed in a shell, and what it says to watch them with
experiment() {
	local id=$1 command watcher=
	command=$(scripts/tour -t "$id")
	# the full-screen view needs a terminal
	command=${command/vitrine top/vitrine top --once}
	it "$id"
	experiments+=("$id")
	: >"$scratch/watched"
	if [[ $command != *top* ]]; then
		# shellcheck disable=SC2086 # words
		timeout -s INT -k 5 30 $command >"$scratch/watched" 2>&1 </dev/null &
		watcher=$!
		sleep 1
	fi
	host vitrine exec tour -- bash -c "$(scripts/tour "$id")"
	what="scripts/tour $id"
	# shellcheck disable=SC2086
	[ -n "$watcher" ] || timeout 10 $command >"$scratch/watched" 2>&1 </dev/null
	if [ -n "$watcher" ]; then # timeout passes it on
		sleep 0.5
		kill -INT "$watcher" 2>/dev/null
		wait "$watcher" 2>/dev/null
	fi
}

# watched GLOB: what the command beside it showed
watched() {
	stdout=$(tr -d '\0' <"$scratch/watched" | head -c 100000)
	name=$(scripts/tour -t "${experiments[-1]}")
	shows "$1"
}

seconds_of() {
	printf '%s\n' "$stderr" | sed -n 's/^real\t0m\(.*\)s$/\1/p'
}

experiment fork-bomb
shows '20
max [1-9]*'
watched '*clone(*SIGCHLD*) = -1 EAGAIN*'

experiment page-cache
[ "$(seconds_of | wc -l)" = 2 ]
check $? 'two cats, and a time for each'
watched '*block_issue read *read(3*131072) = 131072*'

experiment nice
ticks=$(head -2 <<<"$stdout" | paste -sd' ')
# 75 to 25 by weight; a loaded host blurs it
awk '{ share = $1 / ($1 + $2); exit !(share > 0.6 && share < 0.9) }' <<<"$ticks"
check $? "three quarters for the plain loop: $ticks"
shows '*load.weight* 1048576*load.weight* 343040*'
watched '*sleep*'

experiment fsync
seconds_of | awk '{ t[NR] = $1 } END { exit !(NR == 2 && t[2] > t[1]) }'
check $? "waiting for the disk takes longer: $(seconds_of | paste -sd' ')"
watched '*write(*4096*vfs_write*ext4_*'

experiment copy-on-write
awk 'NR == 1 { exit !($1 >= 16384 && $1 < 17384) }' <<<"$stdout"
check $? 'one fault for each page'
shows '*Private_Dirty: *6[5-9]??? kB'
watched '*fault cow at *'

experiment pipe
shows '*S (sleeping)*pipe_write*4096000*'
watched '*write(1</tmp/pipe>, *'

experiment oom
shows '*status 137*oom_kill 1*Killed process*(tail)*'
watched '*oom kills *(tail)*killed by SIGKILL*'

experiment signal
shows 'caught
status 7'
watched '*SIGTERM {*kill(*clock_nanosleep(* EINTR *rt_sigreturn()*exited with 7*'

experiment vdso
shows 'time: *us
getppid: *us'
watched '*100000*getppid*'

vitrine kill tour 2>/dev/null
wait $sandbox 2>/dev/null

[ "${experiments[*]}" = "$(scripts/tour --list | paste -sd' ')" ]
name='no experiment of the tour is left out'
check $? ''

it 'the dashboard tells the same'
host scripts/tour --check
status 0
