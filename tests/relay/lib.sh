# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - a relay for tests; sourced behind tests/lib.sh and tests/net/lib.sh
#
#	modules                    the published clients, as the lock file has them
#	relay ARGUMENT...          a relay: $relay is its address, $relay_pid who it is
#	passes COMMAND...          a program that prints TAP of its own, whose lines become ours

modules() {
	"$top/web/dashboard/modules.sh" "$top/tests/relay" >"$scratch/npm" 2>&1 && return
	check 1 "npm ci: $(head -3 "$scratch/npm")"
	exit
}

relay() {
	local out=$scratch/relay.$RANDOM
	: >"$out"
	vitrine relay "$@" >"$out" 2>"$scratch/relay.err" &
	relay_pid=$!
	servers+=("$relay_pid")
	soon grep -q '^ws://' "$out"
	relay=$(head -1 "$out")
}

passes() {
	local line before=$tests
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			tests=$((tests + 1))
			[[ $line == ok* ]] || failures=$((failures + 1))
			echo "${line%% [0-9]*} $tests - ${line#* - }"
			;;
		1..*) ;;
		*) echo "$line" ;;
		esac
	done < <(timeout -k 5 300 "$@" 2>"$scratch/passes.err")
	[ "$tests" -gt "$before" ] || check 1 "$* says something: $(tail -3 "$scratch/passes.err")"
}
