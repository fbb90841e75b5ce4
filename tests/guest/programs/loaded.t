#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real programs under load, through pauses and in copies: redis, sqlite, make -j, node; in make soak
# through a hundred, with postgres, a JVM and stress-ng, too
. "$(dirname "$0")/../../lib.sh"
uses debian
times=3
if [ -n "${VITRINE_SOAK:-}" ]; then
	times=100
	image=loaded
	packages=$(grep -hv '^#' tests/packages | paste -sd,),stress-ng,postgresql,default-jdk-headless
	vitrine image ls -q | grep -qxF $image ||
		vitrine image build debian --name $image --packages "$packages" --size 6G >&2 || exit 1
fi
seconds=300
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state

# goes_on NAME: each part of it has gone round since the lines before, and none has seen an error
goes_on() {
	local before after
	name=$title
	title=
	before=$(vitrine logs -n 20 "$1" | grep errors= | tail -n 1)
	went_round() {
		after=$(vitrine logs -n 20 "$1" | grep errors= | tail -n 1)
		paste -d= <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") |
			awk -F= '$1 != "errors" && $4 <= $2 { stands = 1 } END { exit stands }'
	}
	for _ in {1..4}; do
		soon went_round "$1" && break
	done
	stdout=${after##*=}
	code=0
	what="$1 goes on: $after"
	went_round "$1" || stdout="stands: $before / $after"
	stderr=$(vitrine logs "$1" | grep wrong:)
	expect 0
}

vitrine run -d --ephemeral --memory 1G --name load $image -- \
	sh -c 'while [ ! -e /tmp/loads.py ]; do sleep 0.1; done; exec python3 /tmp/loads.py' >/dev/null
vitrine cp tests/guest/snapshot/loads.py load:/tmp/new.py
vitrine exec load -- mv /tmp/new.py /tmp/loads.py
loaded() {
	vitrine logs -n 1 load | grep -q errors=
}
soon loaded
it before
goes_on load
[ "$failures" = 0 ] || exit
for ((round = 1; round <= times; round++)); do
	vitrine pause load >/dev/null && vitrine resume load >/dev/null
	# in each state of a round, not only at its end
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	[ "$round" -le 3 ] || [ "$((round % 10))" = 0 ] || continue
	it "after pause $round"
	goes_on load
done
vitrine fork load --name copy >/dev/null
for sandbox in load copy; do
	it "$sandbox, after a fork"
	goes_on $sandbox
	it "the files of $sandbox"
	host vitrine exec $sandbox -- sqlite3 /root/bank.db 'PRAGMA integrity_check'
	expect ok
	vitrine kill $sandbox
done
