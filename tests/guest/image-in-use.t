#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An image that a sandbox writes to is neither removed nor replaced
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch
mkdir -p "$scratch/data/vitrine/images"
cp "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/data/vitrine/images/mine.ext4"
export XDG_DATA_HOME=$scratch/data

run_options=()
start box mine -- sh -c 'echo written >/root/file; sync; sleep 1000'
host vitrine image rm mine
status 125
says 'image mine is in use'
one_line
host vitrine image build mini --name mine
status 125
says 'image mine is in use'
one_line
host vitrine exec box cat /root/file
expect written
host vitrine kill box
status 0
it 'what was written is there'
host vitrine run mine -- cat /root/file
expect written

it 'one that was killed holds nothing, and one that reads does no harm'
start box mine -- sleep 1000
kill -KILL $pid
wait $pid 2>/dev/null
run_options=(--ephemeral)
start reader mine -- sleep 1000
host vitrine image build mini --name mine
status 0
host vitrine exec reader cat /root/file
expect written
it 'nobody begins to write while the old one is about to go'
host vitrine image rm mine
status 0
host vitrine kill reader
status 0
