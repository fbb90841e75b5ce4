#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names: the guest's questions, the host's resolvers, and resolvers that are slow, wrong or not there
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian

resolver one.example=93.184.216.34,2606:2800:220:1::1 alias.example=cname:one.example big.example=big \
	silent.example=silent garbage.example=garbage
run_options=(--ephemeral --net --dns "$dns")
lookup='
import socket, sys
for name in sys.argv[1:]:
    try: print(name, *sorted({a[4][0] for a in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}))
    except OSError as error: print(name, error.strerror)'

it 'both families, and other names'
guest python3 -c "$lookup" one.example alias.example ONE.Example none.example
expect 'one.example 2606:2800:220:1::1 93.184.216.34
alias.example 2606:2800:220:1::1 93.184.216.34
ONE.Example 2606:2800:220:1::1 93.184.216.34
none.example Name or service not known'

it 'an answer that does not fit in a datagram comes in a stream, on both sides'
guest python3 -c "
import socket; print(len({a[4][0] for a in socket.getaddrinfo('big.example', 80, socket.AF_INET, socket.SOCK_STREAM)}))"
expect 60

it 'questions of other kinds, and one over TCP'
guest python3 -c "
import socket, struct
ask = struct.pack('!6H', 9, 0x100, 1, 0, 0, 0) + b'\3one\7example\0' + struct.pack('!HH', 16, 1)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20); u.sendto(ask, ('10.0.2.3', 53))
print(b'\x0bone.example' in u.recv(999))
t = socket.create_connection(('10.0.2.3', 53)); t.sendall(struct.pack('!H', len(ask)) + ask)
size, = struct.unpack('!H', t.recv(2)); print(t.recv(size)[:2] == b'\0\x09')
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.settimeout(20); u.sendto(ask, ('fd00:2::3', 53))
print(b'\x0bone.example' in u.recv(999))"
expect 'True
True
True'

it 'a resolver that sends garbage, or nothing, is a failure and no wait without end'
guest python3 -c "$lookup" garbage.example
expect 'garbage.example Temporary failure in name resolution'

it 'no resolver there'
run_options=(--ephemeral --net --dns 127.0.0.1:1 --net-log "$scratch/log")
guest python3 -c "$lookup" one.example
expect 'one.example Temporary failure in name resolution'
it 'which is written down'
host grep -c 'no resolver answers' "$scratch/log"
shows '[1-9]*'

it 'malformed questions are answered or not, and harm nobody'
run_options=(--ephemeral --net --dns "$dns")
guest python3 -c "
import os, socket, struct
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('10.0.2.3', 53))
for n in range(300): u.send(os.urandom(n % 60))
for bad in b'', b'\0', b'\0' * 12, struct.pack('!6H', 1, 0x100, 1, 0, 0, 0) + b'\xc0\x0c', struct.pack('!6H', 1, 0x100, 1, 0, 0, 0) + b'\x3f' * 300:
    u.send(bad)
print(socket.gethostbyname('one.example'))"
expect 93.184.216.34

for bad in resolver 1.2.3.4:x 1.2.3.4:99999; do
	host vitrine run --net --dns "$bad" debian -- true
	says 'is not of the form ADDRESS'
	status 2
done
