#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest with --net: what it has before its first program runs, and connections to servers
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian

it 'without --net there is loopback and nothing else'
guest bash -c 'ls /sys/class/net | grep -c eth; ip route | wc -l'
shows '0
0'

run_options=(--ephemeral --net --net-allow host)

it 'the card, its addresses, its routes and the resolver are there'
guest bash -c 'ip -br addr show eth0 | tr -s " "; ip route | grep default; ip -6 route | grep ^default | grep -o "via fd[^ ]*"
cat /etc/resolv.conf; cat /sys/class/net/eth0/mtu'
shows 'eth0 UP 10.0.2.15/24 fd00:2::15/64*
default via 10.0.2.2 dev eth0 proto static *
via fd00:2::2
nameserver 10.0.2.3
nameserver fd00:2::3
65535'

it 'what may be on its way of a connection follows from all of memory'
host vitrine run "${run_options[@]}" --memory 1G mini -- sh -c 'cd /proc/sys/net/ipv4; cat tcp_rmem tcp_wmem'
expect '4096	131072	6291456
4096	16384	1048576'

serve hello
it 'a connection to the host through the gateway'
guest bash -c "exec 3<>/dev/tcp/10.0.2.2/$port; cat <&3"
expect 'hello from 127.0.0.1'

serve hello 6
it 'the same in IPv6'
guest bash -c "exec 3<>/dev/tcp/fd00:2::2/$port; cat <&3"
expect 'hello from ::1'

serve echo
it 'the end of the stream passes, and what comes behind it'
guest python3 -c "
import socket, threading
s = socket.create_connection(('10.0.2.2', $port))
data = bytes(range(256)) * 20000
threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
back = b''
while part := s.recv(1 << 20): back += part
print(back == data)"
expect True

serve source
it 'much from the host arrives whole'
guest python3 -c "
import hashlib, socket
pattern = bytes(range(251)) * 261
s, left, got, want = socket.create_connection(('10.0.2.2', $port)), 64 << 20, hashlib.sha1(), hashlib.sha1()
while left: want.update(pattern[:left]); left -= len(pattern[:left])
while part := s.recv(1 << 20): got.update(part)
print(got.digest() == want.digest())"
expect True

serve sink
it 'a peer that reads slowly loses nothing'
guest python3 -c "
import hashlib, socket
data = b'abcdefg' * 1000000
s = socket.create_connection(('10.0.2.2', $port)); s.sendall(data); s.shutdown(socket.SHUT_WR)
print(s.recv(99).decode().split() == [str(len(data)), hashlib.sha1(data).hexdigest()])"
expect True

serve source
it 'a guest that reads slowly loses nothing, and stops nobody else'
guest python3 -c "
import hashlib, socket, time
slow = socket.create_connection(('10.0.2.2', $port)); slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
time.sleep(1)
fast, n = socket.create_connection(('10.0.2.2', $port)), 0
while part := fast.recv(1 << 20): n += len(part)
print(n >> 20)
n = 0
while part := slow.recv(1 << 20): n += len(part)
print(n >> 20)"
expect '64
64'

it 'eight at once: no frame was lost or malformed on the way'
guest python3 -c "
import socket, threading
def take():
    s = socket.create_connection(('10.0.2.2', $port))
    while s.recv(1 << 20): pass
all = [threading.Thread(target=take) for _ in range(8)]
for t in all: t.start()
for t in all: t.join()
print(*(open('/sys/class/net/eth0/statistics/' + what).read().strip() for what in ('rx_errors', 'rx_dropped', 'tx_errors', 'tx_dropped')))"
expect '0 0 0 0'

serve reset
it 'a reset is a reset, and who does not listen refuses'
guest python3 -c "
import socket
s = socket.create_connection(('10.0.2.2', $port)); s.sendall(b'x')
try: s.recv(1); print('?')
except ConnectionResetError: print('reset')
try: socket.create_connection(('10.0.2.2', 1)); print('?')
except ConnectionRefusedError: print('refused')"
expect 'reset
refused'

serve echo
it 'a thousand connections at once'
guest python3 -c "
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
all = [socket.create_connection(('10.0.2.2', $port)) for _ in range(1000)]
for n, s in enumerate(all): s.sendall(b'%4d' % n)
print(sum(s.recv(4) == b'%4d' % n for n, s in enumerate(all)))"
expect 1000

serve udp
it 'datagrams of every length'
guest python3 -c "
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20)
for n in 0, 1, 1472, 1473, 9000, 65507:
    u.sendto(b'a' * n, ('10.0.2.2', $port)); print(u.recv(70000) == b'A' * n, end=' ')"
expect 'True True True True True True '

it 'more senders of datagrams than are kept apart: those that are quiet make room'
guest python3 -c "
import socket
def ask():
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20); u.sendto(b'x', ('10.0.2.2', $port)); return u.recv(9)
print(sum(ask() == b'X' for _ in range(9000)))"
expect 9000

it 'nobody there: the sender of a datagram hears of it'
guest python3 -c "
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20); u.connect(('10.0.2.2', 1)); u.send(b'x')
try: u.recv(9)
except ConnectionRefusedError: print('refused')"
expect refused

it 'ping: the gateway, and the host in both families where it lets its users'
guest python3 -c "
import socket, struct
def ping(family, proto, kind, to):
    s = socket.socket(family, socket.SOCK_DGRAM, proto); s.settimeout(20)
    s.connect((to, 0)); s.send(struct.pack('!BBHHH', kind, 0, 0, 0, 7) + b'there'); return s.recv(99)[8:].decode()
open('/proc/sys/net/ipv4/ping_group_range', 'w').write('0 0')
print(ping(socket.AF_INET, socket.IPPROTO_ICMP, 8, '10.0.2.2'), ping(socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 'fd00:2::2'))"
expect 'there there'

it 'an image that cannot be written has a resolver all the same'
host vitrine run --read-only --net debian -- cat /etc/resolv.conf
expect 'nameserver 10.0.2.3
nameserver fd00:2::3'

it 'the minimal profile has it, too'
host vitrine run --ephemeral --net --mount-profile minimal debian -- grep -c nameserver /etc/resolv.conf
expect 2

it 'the image itself is not changed'
guest bash -c 'mount | grep -c "on /etc/resolv.conf"'
expect 1
