#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A process of a sandbox is killed at a random moment of a pause, a snapshot, a fork, a resumption:
# there is the old state or the new one, whole, and nothing else (tests/guest/snapshot/killed.py)
. "$(dirname "$0")/../lib.sh"
uses mini
times=16
[ -z "${VITRINE_SOAK:-}" ] || times=1000
seconds=$((times * 20 + 120))
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state

it "nothing is lost, and nothing is left, when a process is killed $times times"
host python3 tests/guest/snapshot/killed.py "$times"
expect ''
echo "# $stderr"
