#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program under load, through pauses and in copies: python3 with threads, processes, connections
# and a database
. "$(dirname "$0")/../../lib.sh"
uses debian
seconds=300
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state

# goes_on NAME: each part of it has gone round since the lines before, and none has seen an error
goes_on() {
	local before after
	before=$(vitrine logs -n 1 "$1")
	went_round() {
		after=$(vitrine logs -n 1 "$1")
		paste <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") |
			awk 'NR <= 5 && $2 <= $1 { stands = 1 } END { exit stands }'
	}
	soon went_round "$1"
	stdout=${after##* }
	code=0
	what="$1 goes on: $after"
	expect 0
}

for cpus in 1 2; do
	vitrine run -d --ephemeral --memory 1G --cpus $cpus --name load debian -- \
		sh -c 'while [ ! -e /tmp/load.py ]; do sleep 0.1; done; exec python3 /tmp/load.py' >/dev/null
	vitrine cp tests/guest/snapshot/load.py load:/tmp/new.py
	vitrine exec load -- mv /tmp/new.py /tmp/load.py
	loaded() {
		vitrine logs -n 1 load | grep -q errors
	}
	soon loaded
	it "before, with $cpus CPUs"
	goes_on load
	for round in 1 2 3; do
		vitrine pause load >/dev/null && vitrine resume load >/dev/null
		it "after pause $round"
		goes_on load
	done
	vitrine snapshot load warm >/dev/null
	vitrine run --from warm -n 2 --name 'copy%' >/dev/null
	for sandbox in load copy1 copy2; do
		it "$sandbox"
		goes_on $sandbox
		it "the database of $sandbox"
		host vitrine exec $sandbox -- python3 -c \
			'import sqlite3; print(*sqlite3.connect("/root/load.db").execute("PRAGMA integrity_check").fetchone())'
		expect ok
		vitrine kill $sandbox
	done
	vitrine snapshot rm warm
done
