#!/bin/bash
# Servers and their clients over loopback
. "$(dirname "$0")/../../lib.sh"
uses debian
seconds=120

it 'redis-server serves redis-benchmark'
guest sh -c 'redis-server --save "" --daemonize yes >/dev/null
until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done
redis-cli set k v && redis-cli get k && redis-benchmark -q -n 2000 -c 20 -t set,get | grep -c "requests per second"'
expect 'OK
v
2'

it 'nginx serves 20 clients at once'
guest sh -c 'echo "from nginx" >/var/www/html/index.html; nginx && curl -s http://127.0.0.1/ &&
for i in $(seq 20); do curl -s http://localhost/ & done | wc -l; nginx -s quit'
expect 'from nginx
20'

it 'a descriptor passes through a socket'
guest python3 -c '
import socket, os
a, b = socket.socketpair()
if os.fork() == 0:
    socket.send_fds(a, [b"x"], [os.open("/etc/hostname", os.O_RDONLY)]); os._exit(0)
_, fds, _, _ = socket.recv_fds(b, 1, 1)
os.wait(); print(len(os.read(fds[0], 100)) > 0)'
expect True

it 'IPv6 loopback carries a datagram'
guest python3 -c '
import socket
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.bind(("::1", 0))
v = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); v.sendto(b"six", u.getsockname())
print(u.recv(10).decode())'
expect six
