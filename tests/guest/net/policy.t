#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whom a guest may talk to: every kind of address, names, limits, and what is written down of it
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
needs jq curl

# try.py ADDRESS:PORT...: what becomes of a connection to each
cat >"$scratch/try.py" <<'END'
import errno, socket, sys
for to in sys.argv[1:]:
    host, _, port = to.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=20).close()
        print(to, "connected")
    except OSError as error:
        print(to, errno.errorcode.get(error.errno, error))
END
try() {
	host vitrine run "${run_options[@]}" debian -- python3 -c "$(cat "$scratch/try.py")" "$@"
}
serve hello
here=10.0.2.2:$port

run_options=(--ephemeral --net --net-log "$scratch/log")
it 'of itself a guest reaches nothing that is not public'
try $here 127.0.0.2:$port 10.1.2.3:80 172.16.0.1:80 192.168.0.1:80 169.254.1.1:80 169.254.169.254:80 \
	100.64.0.1:80 198.18.0.1:80 240.0.0.1:80 fd00:3::1:80 64:ff9b::7f00:1:80 2002:7f00:1:::80 \
	fec0::1:80 2001:db8::1:80
expect "$here EHOSTUNREACH
127.0.0.2:$port ECONNREFUSED
10.1.2.3:80 EHOSTUNREACH
172.16.0.1:80 EHOSTUNREACH
192.168.0.1:80 EHOSTUNREACH
169.254.1.1:80 EHOSTUNREACH
169.254.169.254:80 EHOSTUNREACH
100.64.0.1:80 EHOSTUNREACH
198.18.0.1:80 EHOSTUNREACH
240.0.0.1:80 EHOSTUNREACH
fd00:3::1:80 EACCES
64:ff9b::7f00:1:80 EACCES
2002:7f00:1:::80 EACCES
fec0::1:80 EACCES
2001:db8::1:80 EACCES"

it 'each has a line that says why'
host jq -r '[.verdict, .address, .rule] | join(" ")' "$scratch/log"
shows 'refused 127.0.0.1 loopback: no rule allows it
refused 10.1.2.3 private: no rule allows it
*refused 169.254.169.254 metadata: no rule allows it
refused 100.64.0.1 shared: no rule allows it
*refused 64:ff9b::7f00:1 embedded: no rule allows it*'

# A host whose address is public: in a network namespace, so that no real one is touched
inside() {
	host env XDG_RUNTIME_DIR="$scratch" unshare -rn bash -c '
ip link set lo up; ip addr add 93.184.216.99/32 dev lo
python3 tests/net/peer.py "$1/ready" hello 2>/dev/null & server=$!
python3 -c "
import socket, time
s = socket.create_server((\"93.184.216.99\", 7777)); s.settimeout(60)
while True: s.accept()[0].close()" & other=$!
until [ -e "$1/ready" ] && (exec 3<>/dev/tcp/93.184.216.99/7777) 2>/dev/null; do sleep 0.1; done
shift; "$@" 93.184.216.99:7777; kill $server $other' inside "$1" vitrine run --ephemeral --net "${@:2}" debian -- \
		python3 -c "$(cat "$scratch/try.py")"
	rm -f "$1/ready"
}
if unshare -rn true 2>/dev/null; then
	it "an address of the host is the host's, however public it is"
	inside "$scratch"
	expect '93.184.216.99:7777 EHOSTUNREACH'
	it 'and is reached when it is named, or the host is allowed'
	inside "$scratch" --net-allow 93.184.216.99:7777
	expect '93.184.216.99:7777 connected'
	inside "$scratch" --net-allow host:7777
	expect '93.184.216.99:7777 connected'
fi

run_options=(--ephemeral --net --net-allow "tcp:host:$port")
it 'a port of the host, and no other'
try $here 10.0.2.2:1
expect "$here connected
10.0.2.2:1 EHOSTUNREACH"

run_options=(--ephemeral --net=any --net-deny "host:$port")
it 'all but one'
try $here 10.0.2.2:1
expect "$here EHOSTUNREACH
10.0.2.2:1 ECONNREFUSED"

resolver good.example=93.184.216.34 evil.example=127.0.0.1,10.0.0.1,169.254.169.254 \
	half.example=10.0.0.1,93.184.216.34 rebind.example=next:93.184.216.34:10.0.0.1 \
	v6.example=::1,fd00::1,64:ff9b::7f00:1 alias.example=cname:evil.example
run_options=(--ephemeral --net --dns "$dns" --net-log "$scratch/names")
lookup() {
	host vitrine run "${run_options[@]}" debian -- python3 -c '
import socket, sys
for name in sys.argv[1:]:
    try: print(name, *sorted({a[4][0] for a in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}))
    except OSError as error: print(name, "-")' "$@"
}
rm -f "$scratch/names"
it 'a name leads nowhere that is not public, directly or by another name, first or later'
lookup good.example evil.example half.example v6.example alias.example rebind.example rebind.example
shows 'good.example 93.184.216.34
evil.example -
half.example 93.184.216.34
v6.example -
alias.example -
rebind.example *'
[[ $stdout != *10.0.0.1* ]]
check $? 'no answer has a private address'

it 'not even when a rule allows the name'
run_options=(--ephemeral --net --net-allow evil.example --dns "$dns")
lookup evil.example
expect 'evil.example -'

it 'what was left out of answers is written down'
host jq -r 'select(.name == "half.example") | [.verdict, .address] | join(" ")' "$scratch/names"
expect 'refused 10.0.0.1'

run_options=(--ephemeral --net=rules --net-allow good.example --dns "$dns" --net-log "$scratch/rules")
it 'with rules for names, other names are not even asked for'
: >"$scratch/asked"
lookup good.example half.example secret-to-carry-out.example
expect 'good.example 93.184.216.34
half.example -
secret-to-carry-out.example -'
host sort -u "$scratch/asked"
expect good.example

it 'and addresses that no name of theirs stands for are refused'
try 93.184.216.35:81
expect '93.184.216.35:81 EHOSTUNREACH'

cat >"$scratch/policy" <<END
# what the tests may do
allow tcp:host:$port
deny host
END
run_options=(--ephemeral --net=rules --net-policy "$scratch/policy")
it 'a policy from a file'
try $here 10.0.2.2:1
expect "$here connected
10.0.2.2:1 EHOSTUNREACH"

rm -f "$scratch/log"
serve echo
start n-$$ --net --net-allow host --net-log "$scratch/log" debian -- python3 -c "
import socket, time
s = socket.create_connection(('10.0.2.2', $port)); s.sendall(b'x' * 1000)
n = 0
while n < 1000: n += len(s.recv(1000))
t = socket.create_connection(('10.0.2.2', $port)); t.close()
print('ready', flush=True); time.sleep(100)"
soon grep -q ready "$scratch/n-$$.out"
it 'connections are shown while they last'
host vitrine net n-$$
shows "*out tcp    127.0.0.1 port $port, 1000 bytes sent, 1000 received, allowed: allow host*"
it 'as JSON'
host bash -c "vitrine net --json n-$$ | jq -r '.connections[] | [.direction, .protocol, .address, .port] | join(\" \")'"
expect "out tcp 127.0.0.1 $port"
it 'and by the observatory'
vitrine observe n-$$ >/dev/null 2>"$scratch/observer" &
servers+=($!)
soon grep -q ' at http' "$scratch/observer"
url=$(sed -n 's|.* at \(http:[^?]*[0-9]\)/.*|\1|p' "$scratch/observer")
host bash -c "curl -sS $url/api/host | jq -r '.view.network.connections[] | [.direction, .protocol, .address, .port, .sent, .received, .verdict, .rule] | join(\" \")'"
expect "out tcp 127.0.0.1 $port 1000 1000 allowed allow host"
it 'and when they are over'
soon bash -c "vitrine net --log n-$$ | grep -q allowed"
host bash -c "vitrine net --log n-$$ | jq -r '[.verdict, .sent, .received] | join(\" \")'"
expect 'allowed 0 0'
vitrine kill n-$$ >/dev/null
it 'the end of a sandbox is the end of its connections: bytes of each are written down'
soon grep -q '"sent":1000' "$scratch/log"
host jq -r '[.sandbox, .verdict, .sent, .received] | join(" ")' "$scratch/log"
expect "n-$$ allowed 0 0
n-$$ allowed 1000 1000"

run_options=(--ephemeral --net --net-allow host --net-limit connections=3)
it 'a limit of connections'
host vitrine run "${run_options[@]}" debian -- python3 -c "
import socket
all = []
for _ in range(5):
    try: all.append(socket.create_connection(('10.0.2.2', $port), timeout=20))
    except OSError: print('refused')
print(len(all)); all.pop().close()
import time
for _ in range(100):
    try: all.append(socket.create_connection(('10.0.2.2', $port), timeout=20)); break
    except OSError: time.sleep(0.1)
print(len(all))"
expect 'refused
refused
3
3'

serve source
run_options=(--ephemeral --net --net-allow host --net-limit bandwidth=2M)
it 'a limit of bytes a second: two seconds are not enough for 64 MiB, and they come one by one'
host vitrine run "${run_options[@]}" debian -- python3 -c "
import socket, time
s, n, end = socket.create_connection(('10.0.2.2', $port)), 0, time.monotonic() + 2
while time.monotonic() < end: n += len(s.recv(65536))
print(0 < n < 16 << 20)"
expect True

it 'mistakes are told before anything starts'
host vitrine run --net --net-allow 1.2.3.400 debian -- true
says 'no address'
one_line
status 2
host vitrine run --net --net-policy "$scratch/none" debian -- true
says 'cannot read the policy'
one_line
host vitrine run --net --net-log /nonexistent/log debian -- true
says 'cannot write the log'
one_line
host vitrine run --net=sometimes debian -- true
says 'is not one of: none, public, rules, any'
host vitrine run --net-allow host debian -- true
says 'the guest has no network; add --net'
