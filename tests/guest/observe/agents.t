#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every command of docs/agents.md, with what it prints there
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
needs jq curl python3
export XDG_RUNTIME_DIR=$scratch XDG_STATE_HOME=$scratch/state
trap - EXIT
tests/transcript docs/agents.md
code=$?
rm -rf "$scratch"
exit $code
