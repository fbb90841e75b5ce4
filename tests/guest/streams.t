#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Three separate, binary-safe, back-pressured streams, and an exit status that is the command's
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier always

guest sh -c 'echo out; echo err >&2'
shows out
says err
status 0

# every byte, both ways
head -c 1000000 /dev/urandom >"$scratch/random"
host bash -c "vitrine run --ephemeral -i mini -- cat <$scratch/random | cmp - $scratch/random"
status 0

# a reader that is slow, and a writer that waits for it
host bash -c 'vitrine run --ephemeral mini -- seq 1 300000 | (sleep 1; md5sum)'
expect "$(seq 1 300000 | md5sum)"

# a reader that goes away: the guest gets SIGPIPE
host bash -c 'vitrine run --ephemeral mini -- sh -c "yes; echo yes ended with \$? >&2" | head -1'
shows y
says 'yes ended with 141'

# the end of the input is the end of the input
input 'no newline'
host vitrine run --ephemeral -i mini -- wc -c
shows '*10*'

# closed streams
host bash -c 'vitrine run --ephemeral -i mini -- cat <&-'
status 0
host bash -c 'vitrine run --ephemeral mini -- sh -c "echo out; exit 4" >&-'
status 4
host bash -c 'vitrine run --ephemeral mini -- sh -c "echo out; exit 5" >/dev/full'
status 5
says 'vitrine: standard output: No space left on device'
it 'output that could not be written is a failure of a command that succeeded'
host bash -c 'vitrine run --ephemeral mini -- echo out >/dev/full'
status 125
one_line
host bash -c 'vitrine run --ephemeral mini -- seq 100000 >/dev/full'
status 141
one_line
host bash -c 'vitrine run --ephemeral mini -- sh -c "echo err >&2" 2>/dev/full'
status 125

# a background process does not keep the sandbox, but what it wrote is not lost
guest sh -c '(sleep 1000 & echo child); echo parent'
expect 'child
parent'

it 'a command that ends with 125 is no panic'
guest sh -c 'exit 125'
status 125
[ -z "$stderr" ]
check $? 'and nothing is said about it'
guest sh -c 'exit 255'
status 255
guest sh -c 'kill -SEGV $$'
status 139
guest /nonexistent
status 127
says 'vitrine: exec: /nonexistent: No such file or directory'
guest /etc/passwd
status 126
says 'Permission denied'
host vitrine run --ephemeral -w /nonexistent mini -- true
status 125
says 'vitrine: chdir: /nonexistent: No such file or directory'
one_line
host vitrine run --ephemeral --user nonexistent mini -- true
status 125
says 'vitrine: user: nonexistent: No such user or group'

# users of the guest
host vitrine run --ephemeral --user nobody mini -- id -un
expect nobody
host vitrine run --ephemeral --user 1234:2345 mini -- sh -c 'id -u; id -g'
expect '1234
2345'
host vitrine run --ephemeral --user nobody mini -- sh -c 'grep CapEff /proc/self/status'
shows '*0000000000000000'

# signals to us are signals to the command
signal_passes() {
	vitrine run --ephemeral mini -- sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 0.1; done' \
		>"$scratch/ready" &
	soon grep -qs ready "$scratch/ready"
	kill -TERM $!
	wait $!
}
signal_passes
code=$?
what='kill -TERM of vitrine'
status 42

host vitrine run --ephemeral --timeout 1 mini -- sleep 1000
status 124

# many megabytes to a terminal-less stderr and stdout at once
host bash -c 'vitrine run --ephemeral mini -- sh -c "seq 1 200000 & seq 1 200000 >&2; wait" 2>&1 >/dev/null | md5sum'
expect "$(seq 1 200000 | md5sum)"
