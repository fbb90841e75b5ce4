#!/bin/bash
# The daemon is killed at random moments under load: nothing is lost, nothing is left (killed.py)
. "$(dirname "$0")/lib.sh"
uses mini
times=20
[ -z "${VITRINE_SOAK:-}" ] || times=300
seconds=$((times * 20))

it "no sandbox is lost and no orphan is left when the daemon is killed $times times"
host python3 tests/service/killed.py "$times"
expect ''
