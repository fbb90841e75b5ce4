#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# top.t - vitrine top: true counters, a screen that is given back, names that stay text
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
export XDG_RUNTIME_DIR=$scratch LC_ALL=C.UTF-8
. tests/tmux.sh

type_keys() {
	tm send-keys -t main "$@"
	sleep 0.1
}

# count EXPRESSION: a value of `top --once --json`, as Python finds it in j
count() {
	vitrine top --once --json box | python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"
}

it 'says that nothing runs'
host vitrine top --once
says 'no sandbox is running'

# ---- counters ----

start box -k vitrine.observe=1 mini -- sh -c 'while :; do sleep 1; done'
it 'finds the only sandbox'
host vitrine top --once -d 0.1
shows 'vitrine top - box *PID USER *COMMAND*sh*'

it 'counts to the last call'
before=$(count "j['calls'].get('umask', {}).get('calls', 0)")
# shellcheck disable=SC2016 # for the guest's shell
vitrine exec box sh -c 'i=0; while [ $i -lt 250 ]; do umask 022; i=$((i + 1)); done'
host echo $(($(count "j['calls']['umask']['calls']") - before))
expect 750 # busybox's umask reads the mask by setting it, sets it back, and sets the new one

it 'counts host operations'
host test "$(count "j['host']['notifications'] > 100")" = True
status 0
it 'leaves on what was on'
host python3 tests/guest/observe/enabled.py box
expect 1
vitrine kill box
wait "$pid"

start box mini -- sh -c 'while :; do sleep 1; done'
it 'switches on what it needs'
host test "$(count "j['enabled']['counters']")" = True
status 0
it 'and off again'
host vitrine exec box sh -c 'exit 0'
host python3 tests/guest/observe/enabled.py box
expect 0

# ---- the screen ----

# shellcheck disable=SC2016 # for the guest's shell
vitrine exec box sh -c 'printf "evil\033[31m\007" >/proc/self/comm; while :; do sleep 1; done' \
	</dev/null >/dev/null 2>&1 &
PS1='HOST$ ' ENV='' SHELL=/bin/bash tmux -f /dev/null -S "$scratch/tmux" new-session -d -s main -x 100 -y 30 \
	"PS1='HOST> ' sh"
trap 'tm kill-server; finish' EXIT
screen '*HOST>*'
type_keys 'vitrine top -d 0.2 box' Enter
screen 'vitrine top - box *Calls/s*PID USER*COMMAND*q quit*'
it 'shows no prompt beside it'
[[ $stdout != *HOST* ]]
check $? 'the screen is its own'
screen '*evil?*'
screen '*FDS*'
type_keys L
type_keys h
screen '*sort by CPU*'
type_keys q
type_keys s
screen '*CALL*P99*clock_nanosleep*'
type_keys q
type_keys H
screen '*kthreadd*'
type_keys H
type_keys / e v i l
screen '*Filter: evil_*'
type_keys Enter
screen '*COMMAND*evil*/ filter (evil)*'
[ "$code" = 0 ] || vitrine ps box | sed 's/^/# /'
type_keys Down Enter
screen 'Process *Command*Kernel stack*'
screen '*Descriptors*'
type_keys q
# An escape and a letter that come together are a key of their own
type_keys Escape
screen '*s calls  / filter  t tree*'
type_keys t
type_keys Space
screen '*paused*'
type_keys Space
tm resize-window -t main -x 60 -y 16
screen 'vitrine top - box *q quit*'
it 'fits a smaller window'
host echo "$(tm capture-pane -p -t main | awk '{ if (length($0) > 60) wide = 1 } END { print NR, wide + 0 }')"
expect '16 0'
tm resize-window -t main -x 100 -y 30

it 'is back after a stop'
type_keys C-z
screen '*HOST>*'
type_keys 'fg' Enter
screen 'vitrine top - box *q quit*'
type_keys q
sleep 0.3
# shellcheck disable=SC2016 # for the shell in tmux
type_keys 'clear; stty -a | grep -o " -*icanon"; echo status $?' Enter
screen '* icanon*status 0*'

for signal in INT TERM HUP SEGV; do
	type_keys 'clear; vitrine top -d 0.2 box' Enter
	screen 'vitrine top - box *q quit*'
	if [ $signal = INT ]; then
		type_keys C-c
	else
		pkill -"$signal" -f "^vitrine top -d 0.2 box$"
	fi
	sleep 0.5
	type_keys Enter 'clear; stty -a | grep -oE " -?echo "' Enter
	it "gives the terminal back on SIG$signal"
	screen '* echo*HOST>*'
done

type_keys 'clear; vitrine top -d 0.2 box' Enter
screen 'vitrine top - box *q quit*'
it 'ends with the sandbox, and says so'
vitrine kill box
wait "$pid"
screen '*the sandbox box has ended*HOST>*'

it 'needs a terminal, or --once'
start box mini -- sleep 20
host vitrine top box
says 'use --once'
status 125
it 'refuses --json on a screen'
host vitrine top --json box
status 2
vitrine kill box
wait "$pid"
exit 0
