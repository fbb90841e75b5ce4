#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names that are meant for whoever looks: at each edge they are text
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch
tools=$top/tests/observe

start box mini -- sleep 1000
it 'a guest gives everything such names'
host bash -c 'cc -O1 -static -D_GNU_SOURCE -Wno-unused-result -o "$1/hostile" tests/guest/observe/hostile.c &&
	vitrine cp "$1/hostile" box:/hostile' - "$scratch"
status 0
vitrine exec box /hostile busy >"$scratch/hostile" 2>"$scratch/failed" </dev/null &
soon grep -qs ready "$scratch/hostile"
host cat "$scratch/failed"
expect ''

# clean KIND COMMAND...: what it prints is clean, on both of its outputs
clean() {
	local kind=$1
	shift
	"$@" >"$scratch/said" 2>"$scratch/warned" </dev/null
	what="$*"
	cat "$scratch/warned" >>"$scratch/said"
	stdin=$scratch/said
	host "$tools/clean.py" "$kind"
	what=$*
	shows 'clean: *'
}

for locale in C C.UTF-8; do
	it "top in $locale"
	LC_ALL=$locale clean terminal vitrine top --once -d 1 box
done
it 'top: programs'
clean json vitrine top --once --json box
it 'trace'
clean ascii vitrine trace -y -s 300 --duration 2 box
it 'trace: all kinds of events'
clean ascii vitrine trace -y --events all --duration 2 box
it 'trace --format json'
clean json vitrine trace -y --format json --events all --duration 2 box
it 'trace --format perfetto'
clean json vitrine trace -y --format perfetto --duration 2 box
it 'trace -c'
clean terminal vitrine trace -c --duration 1 box
for locale in C C.UTF-8; do
	it "follow in $locale"
	LC_ALL=$locale clean terminal vitrine follow box openat
done
it 'follow --json'
clean json vitrine follow --json box openat
it 'ps'
clean terminal vitrine ps
it 'ps: processes'
clean terminal vitrine ps box
it 'ps --json'
clean json vitrine ps --json box
it 'ps: one process'
some=$(vitrine ps -q box | head -1)
clean terminal vitrine ps box "$some"
it 'ps --json: one process'
clean json vitrine ps --json box "$some"
it 'cp: what it does not copy'
vitrine exec box sh -c 'for f in /tmp/kept/*; do mkfifo "$f.fifo"; done' </dev/null
clean terminal vitrine cp box:/tmp/kept "$scratch/tree"
it 'cp: what it has already copied is in its way'
clean terminal vitrine cp box:/tmp/kept "$scratch/tree"
it 'the log of the kernel'
vitrine exec box sh -c 'printf "\033[2J\233m\302\2331m evil\n" >/dev/kmsg' </dev/null
clean terminal vitrine logs -k box
it 'image inspect: a label'
truncate -s 8M "$scratch/evil.ext4"
mkfs.ext4 -q -L $'\e[2Jevil\x9b' "$scratch/evil.ext4"
clean terminal vitrine image inspect "$scratch/evil.ext4"
clean json vitrine image inspect --json "$scratch/evil.ext4"
it 'a file name of ours is no better'
clean terminal vitrine run $'/\e[2J\x9bm' true
it 'a name is text that can be searched for'
host vitrine trace --duration 1 --comm '=1+2' -e openat box
shows '*"/tmp/kept/=1+2"*'

vitrine observe box >/dev/null 2>"$scratch/observe" &
observer=$!
soon grep -q http "$scratch/observe"
url=$(sed -n 's|.* at \(http:[^?]*[0-9]\)/.*|\1|p' "$scratch/observe")
sleep 1.2
it 'every answer of the server, and its stream'
host "$tools/clean.py" api "$url"
shows 'clean: *'
it 'metrics'
host "$tools/openmetrics.py" "$url" valid
shows '*families'
kill "$observer"

it 'arguments of 30 MB are cut, not refused'
host tests/guest/observe/view box processes 'v["truncated"], all(len(p["comm"]) < 16 for p in v["processes"])'
expect '(False, True)'
host vitrine kill box
status 0
