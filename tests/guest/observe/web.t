#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# web.t - run --web: an observer that starts and ends with its sandbox; and the region that it reads
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier

url() {
	sed -n 's/.* at \(http:[^ ]*\)$/\1/p' "$scratch/$1.err"
}

# What the server says at the URL that follows
ask='
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())'

box=web-$$
start "$box" --web mini -- sleep 30
sleep 0.3
address=$(url "$box")

it 'prints one line with the address'
host cat "$scratch/$box.err"
shows "vitrine: observatory of $box at http://127.0.0.1:*/"
it 'serves what the sandbox does'
host python3 -c "$ask" "${address}api/snapshot"
shows "*\"name\":\"$box\"*"
it 'at paths behind the address as it is printed, too'
host python3 -c "$ask" "$address/api/snapshot"
shows "*\"name\":\"$box\"*"
it 'has observed from the start, and says so'
shows '*"from_boot":true*'
it 'because the guest was booted so'
host vitrine exec "$box" cat /proc/cmdline
shows '*vitrine.observe=7 psi=1*'
observer=$(pgrep -f "^vitrine observe .* $box\$")
hides=
[ -n "$observer" ] || [ "$(id -u)" = 0 ] || hides='the /proc of this host hides it'
it 'keeps no descriptor of the supervisor but its socket'
if [ -n "$hides" ]; then
	skip "$hides"
else
	host bash -c "ls -l /proc/$observer/fd | grep -cE 'memory|slots|control|seccomp|ext4'"
	shows 0
	it 'holds no input or output of the command'
	host bash -c "readlink /proc/$observer/fd/0 /proc/$observer/fd/1 | sort -u"
	expect /dev/null
fi
it 'goes on counting when an observer has come and gone'
vitrine top --once --json "$box" >/dev/null
host python3 tests/guest/observe/enabled.py "$box"
shows '[57]' # events are recorded while somebody reads them
it 'ends when the sandbox ends'
host vitrine kill "$box"
wait "$pid"
if [ -n "$hides" ]; then
	it 'ends when the sandbox ends'
	skip "$hides"
else
	host bash -c "kill -0 $observer"
	status 1
fi

it 'fails when the port is in use, before the guest starts'
python3 -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(20)' >"$scratch/port" &
taken=$!
soon test -s "$scratch/port"
guest_port=$(cat "$scratch/port")
host vitrine run --ephemeral --web="$guest_port" mini -- echo started
says 'Address already in use'
shows ''
one_line
kill "$taken"
host vitrine run --web=70000 mini
status 2
host vitrine run --web-bind 127.0.0.1 mini
status 2
host vitrine run --web --web-bind localhost mini
says 'no numeric address'

it 'demands a token elsewhere'
start "$box" --web --web-bind 0.0.0.0 mini -- sleep 30
sleep 0.3
host cat "$scratch/$box.err"
shows '*/?token=*'
it 'lets nobody in without it'
host python3 -c "$ask" "$(url "$box" | sed 's/?token=.*//')api/snapshot"
says '401'
vitrine kill "$box"
wait "$pid"

# Whoever observes gets a region that nobody but the supervisor can change
start "$box" mini -- sleep 30
it 'gives a region that cannot be written, by any way'
host python3 tests/guest/observe/region-attack.py "$box"
expect "map for writing: refused
write: refused
truncate: refused
punch a hole: refused
open for writing, map: refused
open for writing, write: refused
open for writing, truncate: refused
open for writing, punch a hole: refused
seals: shrink grow future-write seal"
it 'leaves no observer behind without --web'
host bash -c "pgrep -f '^vitrine observe .* $box\$'"
status 1
vitrine kill "$box"
wait "$pid"
exit 0
