#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program of the guest's is pid 1
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch

# shellcheck disable=SC2016 # for the guest's shell
host vitrine run --ephemeral --init mini -- sh -c 'echo $$; cat /proc/1/comm; exit 3'
shows '1
sh'
status 3
host vitrine run --ephemeral mini -- sh -c 'cat /proc/1/comm'
expect vitrine-init
it 'what it leaves behind is waited for by nobody'
# shellcheck disable=SC2016
host vitrine run --ephemeral --init mini -- sh -c '(sleep 0.1; echo last; sleep 100) & sleep 0.3; exit 9'
status 9
shows 'last*'
host vitrine run --ephemeral --init mini -- nosuch
status 127
says 'No such file'
host vitrine run --ephemeral --init -u nosuch mini -- true
status 125
says 'No such user'
it 'threads of pid 1 end one after the other'
host bash -c 'cc -O1 -static -Wall -pthread -o "$1/threads" tests/guest/init/threads.c' - "$scratch"
status 0
for how in return leader thread; do
	host bash -c 'vitrine run -i --ephemeral --init mini -- sh -c "cat >/tmp/a; chmod +x /tmp/a; exec /tmp/a $2" <"$1/threads"' \
		- "$scratch" $how
	shows '*end*'
	status 5
done

# What reboot(2) does to the sandbox: from pid 1 or any other process, in order
host vitrine run --ephemeral mini -- sh -c 'echo out; poweroff -f; echo never'
expect out
host vitrine run --ephemeral mini -- sh -c 'echo out; halt -f'
expect out
host vitrine run --ephemeral mini -- sh -c 'echo out; reboot -f'
shows out
status 133
host vitrine run --ephemeral --init mini -- sh -c 'echo out; exec reboot -f'
shows out
status 133
it 'what was written is on the disk'
truncate -s 64M "$scratch/disk"
mkfs.ext4 -q "$scratch/disk"
host vitrine run --ephemeral --init --disk "$scratch/disk" mini -- sh -c \
	'mount /dev/vdb /mnt && echo kept >/mnt/file && exec 9>/mnt/open && poweroff -f'
status 0
host vitrine run --ephemeral --disk "$scratch/disk,ro" mini -- sh -c 'mount -o ro,noload /dev/vdb /mnt && cat /mnt/file'
expect kept

# All that is done to a sandbox from outside, with busybox's init as its pid 1
start box mini -- /sbin/init
it 'busybox is pid 1 by itself'
host vitrine exec box cat /proc/1/comm
shows '*init*'
host vitrine ps box
shows '*init*'
host vitrine exec box sh -c 'sleep 100 & echo in; exit 4'
shows in
status 4
echo text >"$scratch/text"
host vitrine cp "$scratch/text" box:/tmp/text
status 0
host vitrine exec -t box sh -c 'test -t 0 && cat /tmp/text'
shows 'text*'
it 'orphans are children of the init, commands are not'
# shellcheck disable=SC2016
host vitrine exec box sh -c '(sleep 99 & echo $! >/tmp/pid); sleep 0.2; grep PPid /proc/$(cat /tmp/pid)/status; test $PPID != 1'
shows 'PPid:*1'
status 0
kill -TERM "$pid"
wait "$pid"
code=$?
what='vitrine run, sent SIGTERM'
status 0
start box mini -- /sbin/init
host vitrine kill box
status 0
silent
wait "$pid"
code=$?
what='vitrine run, after vitrine kill'
status 137
it 'SIGKILL from outside ends it, too; from inside it does not, as on a machine'
start box --init mini -- sleep 1000
host vitrine exec box sh -c 'kill -9 1; echo alive'
expect alive
host vitrine kill -s KILL box
status 0
wait "$pid"
code=$?
what='vitrine run, after vitrine kill -s KILL'
status 137
