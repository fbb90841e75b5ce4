#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real terminal: job control, interrupt, resize and full-screen programs, under tmux
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier always
export XDG_RUNTIME_DIR=$scratch
. tests/tmux.sh

type_line() {
	tm send-keys -t main "$1" Enter
}

# shellcheck disable=SC2016 # for the shell in tmux
env PS1='HOST$ ' ENV='' SHELL=/bin/bash tmux -f /dev/null -S "$scratch/tmux" new-session -d -s main -x 80 -y 24 \
	"PS1='HOST> ' sh"
trap 'tm kill-server; finish' EXIT
screen '*HOST>*'

type_line 'vitrine run --ephemeral --name box mini'
screen '*#*'
type_line 'tty; stty size'
screen '*/dev/pts/0*24 80*'
tm resize-window -t main -x 100 -y 30
type_line 'clear; sleep 0.2; stty size'
screen '*30 100*'

type_line 'clear; sleep 1000'
sleep 0.5
tm send-keys -t main C-c
# shellcheck disable=SC2016 # for the guest's shell
type_line 'echo status $?'
screen '*status 130*'
type_line 'clear; cat'
sleep 0.5
tm send-keys -t main C-d
sleep 0.2
type_line 'sleep 1000'
sleep 0.5
tm send-keys -t main C-z
screen '*Stopped*sleep 1000*'
type_line 'clear; kill %1; echo still here'
screen '*still here*'

# a paste that is larger than every buffer on its way
seq -s ' ' 1 40000 | tr -d '\n' >"$scratch/paste"
size=$(wc -c <"$scratch/paste")
type_line "clear; stty raw -echo; echo ready; head -c $size | md5sum; stty sane"
screen '*ready*'
tm load-buffer "$scratch/paste"
tm paste-buffer -r -t main
screen "*$(md5sum <"$scratch/paste")*"

# busybox vi and less
type_line 'clear; seq 100 >/tmp/numbers; vi /tmp/numbers'
screen '1*24*numbers*1/100*'
tm send-keys -t main 'ihello' Escape
sleep 0.5
tm send-keys -t main ':wq' Enter
sleep 0.3
type_line 'clear; head -1 /tmp/numbers'
screen '*hello1*'
type_line 'clear; less /tmp/numbers'
screen '*hello1*2*20*'
tm send-keys -t main G
screen '*99*100*'
tm send-keys -t main q

type_line 'clear; exit 7'
sleep 0.3
type_line 'exit 7'
screen '*HOST>*'
# shellcheck disable=SC2016 # for the shell in tmux
type_line 'echo code $?'
screen '*code 7*'
type_line 'clear; stty -a | grep -o " echo "; echo end'
screen '*echo*end*'

# exec has the same terminal, and gives it back without swallowing a key
start other mini -- sleep 1000
type_line 'clear; vitrine exec other sh'
screen '*#*'
type_line 'stty size; exit 3'
screen '*30 100*HOST>*'
# shellcheck disable=SC2016 # for the shell in tmux
type_line 'echo code $?'
screen '*code 3*'
for i in 1 2 3 4 5; do
	type_line "clear; vitrine exec -it other true; echo done$i"
	screen "done$i*HOST>*"
	type_line "echo key$i"
	screen "*key$i*key$i*"
done
vitrine kill other
wait

# our own lines begin where lines begin, although the terminal is the guest's
type_line 'clear; vitrine run --ephemeral --verbose mini -- sh -c "sleep 1; echo end of it"'
screen '*end of it*HOST>*'
! grep -q '^ .*\[ ' <<<"$stdout"
check $? 'the log of the kernel is no staircase'

type_line 'clear; vitrine trace -e write run --ephemeral mini -- sh -c "sleep 1; echo end of it"'
screen '*end of it*HOST>*'
! grep -q '^ .*write(1' <<<"$stdout"
check $? 'and neither is a trace'

# a long command line is one line of a list, unless it is asked for
# shellcheck disable=SC2046 # words are meant
start wide mini -- sleep 1000 $(printf '1 %.0s' {1..100})
for list in 'ps wide' ps; do
	type_line "clear; vitrine $list; echo end of $list"
	screen "*sleep 1000 1 1*end of $list*"
	! grep -q '^ *1 1' <<<"$stdout"
	check $? "$list cuts lines to the terminal"
done
type_line 'clear; vitrine ps -w; echo end of it'
screen '*1 1
*1 1*end of it*'
vitrine kill wide
wait
