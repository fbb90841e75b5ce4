# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# tmux.sh - a terminal to type into and to look at, for tests that source lib.sh first
needs tmux

# Some users' own shell is none
tm() {
	SHELL=/bin/bash tmux -f /dev/null -S "$scratch/tmux" "$@" 2>/dev/null
}

# on_screen GLOB: whether the terminal named main shows it; what it shows is $stdout
on_screen() {
	stdout=$(tm capture-pane -p -t main)
	# shellcheck disable=SC2053 # a glob is meant
	[[ $stdout == $1 ]]
}

# screen GLOB: it is going to
screen() {
	what="screen shows $1"
	soon on_screen "$1"
	code=$?
	check "$code" "$what"
}
