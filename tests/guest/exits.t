#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The table of exit statuses in the manual: each line is tried
. "$(dirname "$0")/../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch
start box mini -- sleep 1000
export PID=$pid
cd "$scratch" || exit 1

# A row is ".It STATUS Ta what it means Ta Li EXAMPLE", its example a line for a shell
rows=$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\) Ta .* Ta Li \(.*\)/\1 \2/p' \
	"$top/man/vitrine.1" | sed 's/\\-/-/g; s/\\&//g')
what='the table'
code=$(grep -c . <<<"$rows")
[ "$code" -ge 15 ]
check $? 'there is a table'
while read -r want example <&3; do
	host sh -c "$example"
	status "$want"
	kill -CONT "$pid"
done 3<<<"$rows"
host vitrine kill box
status 0
