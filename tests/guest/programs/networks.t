#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Networks inside a sandbox: namespaces, veth, bridge, tun, nftables, packet sockets
. "$(dirname "$0")/../../lib.sh"
uses debian

it 'two namespaces talk through a bridge'
guest bash -c '
set -e
ip link add br0 type bridge; ip link set br0 up
for i in 1 2; do
	ip netns add n$i
	ip link add v$i type veth peer name eth0 netns n$i
	ip link set v$i master br0 up
	ip -n n$i addr add 10.0.0.$i/24 dev eth0
	ip -n n$i link set eth0 up
done
ip netns exec n2 python3 -c "
import socket
s = socket.create_server((\"10.0.0.2\", 7)); print(\"listening\", flush=True)
c, who = s.accept(); c.sendall(who[0].encode() + b\" asked\")" >/tmp/ready &
until grep -q listening /tmp/ready; do sleep 0.1; done
ip netns exec n1 python3 -c "
import socket
print(socket.create_connection((\"10.0.0.2\", 7)).recv(99).decode())"
wait'
expect '10.0.0.1 asked'

it 'nftables counts and refuses'
guest bash -c '
nft -f - <<END
table inet t {
	chain in {
		type filter hook input priority 0
		tcp dport 81 counter reject with tcp reset
		tcp dport 80 counter
	}
}
END
python3 -m http.server -b 127.0.0.1 80 >/dev/null 2>&1 &
until curl -s -o /dev/null http://127.0.0.1/; do sleep 0.1; done
curl -s http://127.0.0.1:81/; echo "refused: $?"
nft list chain inet t in | grep -o "dport 81 counter packets 1"
nft list chain inet t in | grep -q "dport 80 counter packets 0" || echo counted
kill %1'
expect 'refused: 7
dport 81 counter packets 1
counted'

it 'a program is the other end of a tun device'
guest python3 -c '
import fcntl, os, socket, struct, subprocess
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))
subprocess.run("ip addr add 10.1.0.1/24 dev tun0; ip link set tun0 up", shell=True, check=True)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
s.sendto(b"there", ("10.1.0.2", 9))
while True:
    packet = os.read(tun, 2000)
    if packet[0] == 0x45 and packet[9] == 17: break
print(socket.inet_ntoa(packet[12:16]), packet[28:].decode())
back = bytearray(packet[:20]) + packet[22:24] + packet[20:22] + struct.pack("!HH", 12, 0) + b"back"
back[2:4] = struct.pack("!H", len(back)); back[12:16], back[16:20] = packet[16:20], packet[12:16]
back[10:12] = b"\0\0"
total = sum(struct.unpack("!10H", back[:20])); total = (total & 0xffff) + (total >> 16)
back[10:12] = struct.pack("!H", ~total & 0xffff)
os.write(tun, back)
data, who = s.recvfrom(99); print(who[0], data.decode())'
expect '10.1.0.1 there
10.1.0.2 back'

it 'a packet socket sees what goes over loopback'
guest python3 -c '
import socket
p = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)); p.bind(("lo", 0))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
u.sendto(b"heard", u.getsockname())
print(p.recv(2000)[28:].decode())'
expect heard
