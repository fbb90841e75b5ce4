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

it 'kbox: called by that name, it takes the words of kbox'
mkdir -p "$scratch/bin" "$scratch/data"
ln -s "$(command -v vitrine)" "$scratch/bin/kbox"
cp "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$scratch/data/alpine.ext4"
kbox() {
	host "$scratch/bin/kbox" "$@"
}
kbox image -S "$scratch/data/alpine.ext4" -- sh -c 'id -u; uname -s'
expect '0
Linux'
kbox -S "$scratch/data/alpine.ext4" -c /bin/echo -- one 'two three'
expect 'one two three'
input 'echo "$0"'
kbox -R "$scratch/data/alpine.ext4"
expect /bin/sh
kbox -r "$scratch/data/alpine.ext4" -- cut -d' ' -f2 /proc/mounts
expect "$minimal"
kbox -S "$scratch/data/alpine.ext4" -w /tmp -t ext4 -n --sqpoll --syscall-mode trap -m data=writeback -- \
	sh -c 'pwd; grep " / " /proc/mounts'
shows '/tmp
*data=writeback*'
kbox -S "$scratch/data/alpine.ext4" -k 'mem=128M loglevel=4' -- cat /proc/meminfo
shows 'MemTotal: *1[012]???? kB*'
kbox -S "$scratch/data/alpine.ext4" --change-id 5:6 -- id
shows 'uid=5 gid=6*'
kbox -S "$scratch/data/alpine.ext4" --trace-format json -- true
says '"call":"exit_group"'
status 0
kbox --help
shows 'Usage: kbox *'
kbox -- true
status 2
one_line
it 'run has them, too, where their letters are free'
host vitrine run --ephemeral -c echo mini one two
expect 'one two'
host vitrine run --ephemeral --mount-opts data=writeback mini -- grep ' / ' /proc/mounts
shows '*data=writeback*'
host vitrine run --ephemeral --mount-opts noatime mini -- true
status 2
one_line
host vitrine run --ephemeral --trace-format text mini -- true
says '+++ exited with 0 +++'
status 0

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
