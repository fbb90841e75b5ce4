# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - tests that read like transcripts
#
# A test is a script named *.t that sources this file, runs things and says what to expect:
#
#	guest  sh -c 'seq 3 | tail -1'        run in a fresh sandbox of $image (see "uses")
#	expect 3                              its standard output, all of it
#	status 0                              its exit status ("expect" also wants 0)
#	says   'No such file'                 a part of its standard error (a glob)
#	shows  'Linux*'                       its standard output as a glob
#
#	host   vitrine run nothing            run on the host instead
#	input  'text'                         standard input of the next command
#	it     'serves files'                 what the next command shows, when it does not say so
#
# Each check is one line of TAP. Nothing a test does can hang it: commands end after $seconds.

set -uo pipefail
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
top=$PWD
export PATH=${VITRINE_BUILD:-$top/build}:$PATH LC_ALL=C
image=mini
seconds=60
[ "${VITRINE_TIER:-}" != emulate ] || unset VITRINE_CPUS # it has one
run_options=(--ephemeral ${VITRINE_CPUS:+--cpus "$VITRINE_CPUS"} ${VITRINE_TIER:+--syscall-mode "$VITRINE_TIER"})
tiers=(seccomp emulate) # choices of --syscall-mode
few=$(($(nproc) < 8 ? $(nproc) : 8)) # CPUs of a sandbox that was told nothing
cpus=${VITRINE_CPUS:-$few}	     # of "guest"
[ "${VITRINE_TIER:-}" != emulate ] || cpus=1

scratch=$(mktemp -d)
tests=0
failures=0
stdout=
stderr=
code=0
what=
title=
name=
stdin=/dev/null

finish() {
	echo "1..$tests"
	rm -rf "$scratch"
	[ "$failures" = 0 ] || exit 1
}
trap finish EXIT

# uses IMAGE: the image that "guest" runs; without it the whole file fails, with QUICK=1 it is left out
uses() {
	image=$1
	! vitrine image ls -q 2>/dev/null | grep -qxF "$image" || return 0
	trap - EXIT
	rm -rf "$scratch"
	if [ "${QUICK:-0}" != 0 ]; then
		echo "1..0 # SKIP QUICK=1, and there is no image '$image'"
		exit 0
	fi
	echo "not ok 1 - there is an image '$image': tests/run builds it"
	echo "1..1"
	exit 1
}

# in_every_tier: run the file once for each way in which a guest's calls can reach its kernel; what
# it starts has "${run_options[@]}" then. After "uses", before anything else. Without "always"
# that is so in make soak, and otherwise it is the first way only
in_every_tier() {
	local line
	[ "${1:-}" = always ] || [ -n "${VITRINE_SOAK:-}" ] || tiers=(seccomp)
	[ -z "${VITRINE_TIER:-}" ] || return 0
	for VITRINE_TIER in "${tiers[@]}"; do
		export VITRINE_TIER
		while IFS= read -r line; do
			case $line in
			1..*) continue ;;
			"exit "*) [ "$line" = "exit 0" ] || failures=$((failures + 1)) ;;
			"ok "* | "not ok "*)
				tests=$((tests + 1))
				echo "${line%% [0-9]*} $tests - $VITRINE_TIER: ${line#* - }"
				;;
			*) echo "$line" ;;
			esac
		done < <("$BASH" "$script"; echo "exit $?")
	done
	exit
}

# observes: a file that needs the observatory fails at once with a kernel that was built without
observes() {
	host vitrine run --ephemeral -k vitrine.observe=1 "$image" -- true
	[ "$code" != 0 ] || return 0
	[[ $stderr == *'built without the observatory'* ]] || return 0
	check 1 "$stderr"
	exit
}

# soon COMMAND...: wait until it succeeds, for half a minute at the most
soon() {
	for _ in {1..300}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

# start NAME ARGUMENT...: "vitrine run" in the background, until it answers; its id is $pid, its
# output $scratch/NAME.out and NAME.err
start() {
	local sandbox=$1
	shift
	vitrine run "${run_options[@]}" --name "$sandbox" "$@" \
		>"$scratch/$sandbox.out" 2>"$scratch/$sandbox.err" </dev/null &
	pid=$!
	soon runs "$sandbox"
}

runs() {
	vitrine ps -q "$1" >/dev/null 2>&1
}

# needs TOOL...: of the packages that scripts/setup test installs; without them the file fails
needs() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		what="command -v $tool"
		check 1 "$tool is installed (scripts/setup test installs it)"
		exit
	done
}

input() {
	printf '%s' "$1" >"$scratch/in"
	stdin=$scratch/in
}

it() {
	title=$1
}

host() {
	what="$*"
	name=$title
	title=
	timeout -k 5 "$seconds" "$@" <"$stdin" >"$scratch/out" 2>"$scratch/err"
	code=$?
	# Guests may write zero bytes; bash cannot hold them
	stdout=$(tr -d '\0' <"$scratch/out")
	stderr=$(tr -d '\0' <"$scratch/err")
	stdin=/dev/null
}

guest() {
	host vitrine run "${run_options[@]}" "$image" -- "$@"
	what="$*"
}

# skip WHY: what "it" says cannot be shown here; the runner's summary tells
skip() {
	tests=$((tests + 1))
	echo "ok $tests - ${title//#/} # SKIP $1"
	title=
}

# hidden PID: whether an ordinary user's /proc hides a process that may not be traced (hidepid)
hidden() {
	[ ! -e "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null
}

check() {
	local good=$1 text=$2
	tests=$((tests + 1))
	text=${name:-$text}
	text=${text//$'\n'/ }
	text=${text//#/}
	if [ "$good" = 0 ]; then
		echo "ok $tests - ${text:0:120}"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $tests - ${text:0:120}"
	{
		echo "command: $what"
		echo "status:  $code"
		echo "stdout:  ${stdout:0:2000}"
		echo "stderr:  ${stderr:0:2000}"
	} | sed 's/^/# /'
}

expect() {
	[ "$stdout" = "$*" ] && [ "$code" = 0 ]
	check $? "$what => $*"
}

shows() {
	# shellcheck disable=SC2053 # a glob is meant
	[[ $stdout == $1 ]]
	check $? "$what shows $1"
}

says() {
	# shellcheck disable=SC2053
	[[ $stderr == *$1* ]]
	check $? "$what says $1"
}

silent() {
	[ -z "$stderr" ]
	check $? "$what says nothing"
}

status() {
	[ "$code" = "$1" ]
	check $? "$what exits with $1"
}

# one_line: the error is one line that begins with the program's name
one_line() {
	[[ $stderr == vitrine:* && $stderr != *$'\n'* ]]
	check $? "$what fails with one line"
}
