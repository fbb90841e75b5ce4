#!/bin/bash
# Every command of the guided tour, as docs/tour.md has it, and what it shows
. "$(dirname "$0")/../lib.sh"
uses debian
run_options=(--ephemeral --memory 512M)

# experiment NAME: run its commands, each as if typed in a shell
experiment() {
	local name=$1
	it "$name"
	guest bash -c "$(scripts/tour "$name")"
	what="scripts/tour $name"
	experiments+=("$name")
}

experiments=()

experiment fork-bomb
shows '20
max [1-9]*'

experiment page-cache
seconds_of() {
	printf '%s\n' "$stderr" | sed -n 's/^real\t0m\(.*\)s$/\1/p'
}
[ "$(seconds_of | wc -l)" = 2 ]
check $? 'two cats, and a time for each'

experiment nice
ticks=$(head -2 <<<"$stdout" | paste -sd' ')
# 75 to 25 by weight; a loaded host blurs it
awk '{ share = $1 / ($1 + $2); exit !(share > 0.6 && share < 0.9) }' <<<"$ticks"
check $? "three quarters for the plain loop: $ticks"
shows '*load.weight* 1048576*load.weight* 343040*'

experiment fsync
seconds_of | awk '{ t[NR] = $1 } END { exit !(NR == 2 && t[2] > t[1]) }'
check $? "waiting for the disk takes longer: $(seconds_of | paste -sd' ')"

experiment copy-on-write
awk 'NR == 1 { exit !($1 >= 16384 && $1 < 17384) }' <<<"$stdout"
check $? 'one fault for each page'
shows '*Private_Dirty: *6[5-9]??? kB'

experiment pipe
shows '*S (sleeping)*pipe_write*4096000*'

experiment oom
shows 'status 137*oom_kill 1*Killed process*(tail)*'

experiment signal
shows 'caught
status 7'

experiment vdso
shows 'time: *us
getppid: *us'

[ "${experiments[*]}" = "$(scripts/tour --list | paste -sd' ')" ]
name='no experiment of the tour is left out'
check $? ''

it 'the dashboard tells the same'
host scripts/tour --check
status 0
