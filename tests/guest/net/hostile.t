#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that writes its frames itself reaches no more than one that does not, and harms nobody
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
needs jq
seconds=120

serve echo
allowed=$port
serve hello
forbidden=$port
start h-$$ --net=rules --net-allow "tcp:host:$allowed" --net-log "$scratch/log" debian -- sleep 1000
start by-$$ --net --net-allow "tcp:host:$allowed" debian -- sleep 1000
vitrine cp tests/net/hostile.py h-$$:/tmp/

it 'every form of a frame, and what comes of it'
host vitrine exec h-$$ python3 /tmp/hostile.py "$allowed" "$forbidden"
expect "an honest SYN - opened
a forbidden port - refused
fragments - nothing
a source route - nothing
foreign sources - nothing
the host's loopback by its own name - nothing
IPv4 in IPv6 - nothing
extension headers - nothing
a VLAN - nothing
a stray acknowledgement - reset
a neighbour's connection - unharmed
noise - sent
a flood - sent
afterwards - still here
over"

it 'nobody else noticed'
host vitrine exec by-$$ python3 -c "
import socket
s = socket.create_connection(('10.0.2.2', $allowed)); s.sendall(b'unharmed'); print(s.recv(8).decode())"
expect unharmed

vitrine kill h-$$ >/dev/null
vitrine kill by-$$ >/dev/null
it 'what is allowed is what was named'
host bash -c "jq -r 'select(.verdict == \"allowed\") | \"\(.protocol) \(.address) \(.port)\"' '$scratch/log' | sort -u"
expect "tcp 127.0.0.1 $allowed"

# A taken-over stack would have to get by these: see unit/test_net
start c-$$ --net debian -- sleep 1000
found=$(pgrep -P "$pid" vitrine-gate)
if [ -z "$found" ] && [ "$(id -u)" != 0 ]; then
	it 'the network processes are confined'
	skip 'the /proc of this host hides them'
	vitrine kill c-$$ >/dev/null
	exit
fi
it 'the network processes have no capability, no new privileges, and a filter'
for role in stack gate; do
	found=$(pgrep -P "$pid" "vitrine-$role")
	host awk '/^(NoNewPrivs|Seccomp):/ { print $1, $2 }' "/proc/$found/status"
	expect 'NoNewPrivs: 1
Seccomp: 2'
done
it 'when one has ended, whyever, the sandbox goes on and says so'
start d-$$ --net debian -- sleep 1000
dead=$(pgrep -P "$pid" vitrine-stack)
kill -9 "$dead"
soon grep -q 'the network process has ended' "$scratch/d-$$.err"
host cat "$scratch/d-$$.err"
shows '*the network process has ended; the guest has no network any more*'
host vitrine exec d-$$ echo alive
expect alive
host vitrine net d-$$
says 'the network process does not answer'
vitrine kill d-$$ >/dev/null

vitrine kill c-$$ >/dev/null
it 'and end with the sandbox'
soon bash -c "! kill -0 $found 2>/dev/null"
host kill -0 "$found"
status 1
