# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - a daemon of one's own, and calls to it
#
#	daemon [OPTION]...             start vitrined, wait until it serves; its first key is $key
#	call METHOD PATH [BODY]        what it answers is standard output, the status $http
#	daemon_end                     end it in order
#
# State and run directory are the test's own, so nobody else's sandboxes are seen.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
needs curl jq
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
mkdir -m 700 "$XDG_RUNTIME_DIR"
mkdir -m 700 "$XDG_STATE_HOME"
key=
http=
daemon=
url=

daemon() {
	: >"$scratch/daemon.err"
	vitrined --listen 127.0.0.1:0 "$@" >"$scratch/daemon.out" 2>"$scratch/daemon.err" &
	daemon=$!
	soon grep -q 'serving at' "$scratch/daemon.err" || sed 's/^/# /' "$scratch/daemon.err"
	url=$(sed -n 's/.*serving at //p' "$scratch/daemon.err" | tail -1)
	[ -n "$key" ] || key=$(sed -n 's/^API key (shown once): //p' "$scratch/daemon.out")
}

daemon_end() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	wait "$daemon" 2>/dev/null
	daemon=
}

# What runs is the test's own, and must not outlive it
service_finish() {
	local name
	daemon_end
	for name in $(vitrine ps -q -a 2>/dev/null); do
		vitrine rm -f "$name" >/dev/null 2>&1
	done
	finish
}
trap service_finish EXIT

# call METHOD PATH [BODY [CURL-OPTION...]]
call() {
	local method=$1 path=$2 body=${3:-}
	shift $(($# > 2 ? 3 : 2))
	what="$method $path $body"
	name=$title
	title=
	http=$(curl -s -m 60 -o "$scratch/out" -w '%{http_code}' -X "$method" -H "X-API-Key: $key" \
		${body:+-d "$body"} "$@" "$url$path")
	code=$?
	stdout=$(tr -d '\0' <"$scratch/out")
	stderr="HTTP $http"
}

# answers STATUS [JQ-EXPRESSION]: of the last call; the expression has to be true
answers() {
	[ "$http" = "$1" ] && { [ -z "${2:-}" ] || jq -e "$2" "$scratch/out" >/dev/null 2>&1; }
	check $? "$what: $*"
}

field() {
	jq -r "$1" "$scratch/out"
}

# modules: those of package.json, as the lock file has them
modules() {
	local where=${1:-tests/service}
	[ "$where/node_modules/.package-lock.json" -nt "$where/package-lock.json" ] ||
		(cd "$where" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$scratch/npm" 2>&1
	check $? "npm ci: $(head -3 "$scratch/npm" 2>/dev/null)"
}

# passes COMMAND...: a program that prints TAP of its own, whose lines become ours
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
	done < <(timeout "$seconds" "$@" 2>&1)
	what=$*
	[ "$tests" -gt $((before + 3)) ]
	check $? "$* has run"
}
