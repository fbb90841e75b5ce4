#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vim and less of Debian on a sandbox's terminal, under tmux
. "$(dirname "$0")/../../lib.sh"
uses debian
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
type_line 'vitrine run --ephemeral --name box debian -- bash --norc'
screen '*#*'

type_line 'clear; seq 1000 >/tmp/numbers; vim -u NONE -c "set ruler" /tmp/numbers'
screen '*1*22*23*1,1*Top*'
tm send-keys -t main '42G' 'ifound '
screen '*found 42*'
tm send-keys -t main Escape
tm resize-window -t main -x 100 -y 40
screen '*found 42*42,6*'
tm send-keys -t main ':split' Enter
tm send-keys -t main 'G'
screen '*1000*found 42*'
tm send-keys -t main C-z
screen '*Stopped*vim*'
type_line 'clear; fg'
screen '*1000*found 42*'
tm send-keys -t main ':wqa' Enter
type_line 'clear; sed -n 42p /tmp/numbers'
screen '*found 42*'

type_line 'clear; less /tmp/numbers'
screen '*1*38*39*/tmp/numbers*'
tm send-keys -t main '/found' Enter
screen '*found 42*79*'
tm resize-window -t main -x 60 -y 10
screen '*found 42*50*'
tm send-keys -t main G
screen '*999*1000*END*'
tm send-keys -t main q
type_line 'clear; echo over'
screen '*over*'
