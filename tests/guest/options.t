#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Options of run that prepare what the command finds, the short forms of kbox, and logs
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch

it '--env-file sets variables, -e comes later'
printf '# a comment\nONE=1 and more\n\nTWO=2\n' >"$scratch/env"
# shellcheck disable=SC2016 # for the guest's shell
host vitrine run --ephemeral --env-file "$scratch/env" -e TWO=two mini -- sh -c 'echo "$ONE, $TWO"'
expect '1 and more, two'

it 'an --env-file that is not there is one line'
host vitrine run --ephemeral --env-file "$scratch/none" mini -- true
status 125
says 'none: No such file or directory'
one_line

minimal='/
/proc
/dev
/dev/pts'

it '--mount-profile full has what programs expect'
host vitrine run --ephemeral mini -- cut -d' ' -f2 /proc/mounts
for directory in $minimal /sys /dev/shm /run /sys/fs/cgroup; do
	shows "*$directory
*"
done

it '--mount-profile minimal has what a program cannot do without'
host vitrine run --ephemeral --mount-profile minimal mini -- cut -d' ' -f2 /proc/mounts
expect "$minimal"

it 'kbox: -S, -R and -r take the image, and "run" is understood'
for form in -S -R -r; do
	host vitrine $form mini --ephemeral -- sh -c 'id -u; uname -s'
	expect '0
Linux'
done

it 'kbox: -r has the minimal mounts'
host vitrine -r mini --ephemeral -- cut -d' ' -f2 /proc/mounts
expect "$minimal"

it 'logs shows what the command wrote, -f goes on until it ends'
start box mini -- sh -c 'echo first; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo last'
soon_logs() {
	vitrine logs box | grep -q first
}
soon soon_logs
timeout 20 vitrine logs -f box >"$scratch/logs" 2>&1 &
follower=$!
sleep 0.5
vitrine exec box touch /tmp/go </dev/null
wait $follower
host grep -cE '^(first|last)$' "$scratch/logs"
expect 2

it 'the demonstration of make run proves a real kernel'
host env VITRINE_BUILD="${VITRINE_BUILD:-$top/build}" scripts/demo
status 0
