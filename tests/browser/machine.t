#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A whole sandbox in the emulator, the kernel too: browser/machine as a program of this host
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=600
build=${VITRINE_BUILD:-$top/build}
kernel=${VITRINE_KERNEL:-$build/kernel/vmlinux}
disk=$XDG_DATA_HOME/vitrine/images/mini.ext4

it 'it is built'
host ninja -C "$build" browser/machine/machine
status 0

# inside COMMAND...: in a machine of 96 MiB
inside() {
	host "$build/browser/machine/machine" "$kernel" "$disk" 96 "$@"
	what=$*
}

it 'the kernel starts, and its programs run on it'
# shellcheck disable=SC2016 # for the guest's shell
inside sh -c 'echo READY_$((6*7))_$(uname -r)'
expect "READY_42_$(strings "$kernel" | sed -n 's/^Linux version \([^ ]*\) .*/\1/p' | head -1)"
it 'the status of the command is its own'
inside sh -c 'exit 7'
status 7
it 'standard input is read to its end'
input 'one
two'
inside sort -r
expect 'two
one'
it 'standard error is apart'
inside sh -c 'echo out; echo err >&2'
expect out
says err
it 'processes, pipes, signals'
# shellcheck disable=SC2016
inside sh -c 'seq 1000 | sort -rn | head -1; (sleep 100 & kill $!; wait $!; echo $?)
	trap "echo caught" USR1; kill -USR1 $$; for i in 1 2 3; do (exit $i) & done; wait; echo done'
expect '1000
143
caught
done'
it 'what it writes it reads again, through the page cache and from the disk'
inside sh -c 'dd if=/dev/urandom of=/root/a bs=64k count=64 2>/dev/null && cp /root/a /root/b && sync &&
	echo 3 >/proc/sys/vm/drop_caches && cmp /root/a /root/b && stat -c %s /root/b'
expect 4194304
it 'memory that is given back is there again'
inside sh -c 'for i in 1 2 3; do dd if=/dev/zero of=/tmp/x bs=1M count=30 2>/dev/null; rm /tmp/x; done; echo fine'
expect fine
it 'time passes as outside, and an idle machine sleeps'
begun=$SECONDS
inside sh -c 'sleep 2; echo slept'
expect slept
[ $((SECONDS - begun)) -ge 2 ]
check $? 'two seconds are two seconds'
it 'it stands still, and goes on in another machine, as often as one likes'
host env MACHINE_PAUSE=2000 "$build/browser/machine/machine" "$kernel" "$disk" 96 sh -c '
	for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; seq 30000 | sort -r | md5sum; (sleep 0.3; echo late) & wait'
shows "1
2
3
4
5
$(seq 30000 | LC_ALL=C sort -r | md5sum)
late"
[[ $stderr =~ ([0-9]+)\ pauses$ ]] && [ "${BASH_REMATCH[1]}" -gt 3 ]
check $? "it was paused: $stderr"

it 'a fault of the kernel is reported, and ends it with a status of its own'
for what in null stack; do
	host env MACHINE_VERBOSE=1 MACHINE_CMDLINE=vitrine.provoke=$what \
		"$build/browser/machine/machine" "$kernel" "$disk" 96 sleep 20
	status 125
	says '*BUG: *provoke*Kernel panic*'
done

it 'a file that is no kernel is refused in a line'
host "$build/browser/machine/machine" "$disk" "$disk" 96
status 125
[[ $stderr == 'machine: '* && $stderr != *$'\n'* ]]
check $? 'one line'
it 'and so is too little memory'
host "$build/browser/machine/machine" "$kernel" "$disk" 2
status 125
