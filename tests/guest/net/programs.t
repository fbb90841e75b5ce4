#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What people do with a network: curl, git, apt, pip; containers with a network of their own; DHCP
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
needs dpkg-deb git jq openssl npm
seconds=120

# A web server with a repository of each kind
www=$scratch/www
mkdir -p "$www"
head -c 20000000 /dev/urandom >"$www/big"
sum=$(sha1sum <"$www/big")
git init -q -b main "$scratch/origin"
for n in {1..20}; do head -c 20000 /dev/urandom >"$scratch/origin/file$n"; done
git -C "$scratch/origin" add . && git -C "$scratch/origin" -c user.name=x -c user.email=x@y commit -qm all
git clone -q --bare "$scratch/origin" "$www/origin.git"
git -C "$www/origin.git" update-server-info
mkdir -p "$scratch/deb/DEBIAN" "$scratch/deb/usr/share/test-package" "$www/apt"
printf 'Package: test-package\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n' >"$scratch/deb/DEBIAN/control"
echo installed >"$scratch/deb/usr/share/test-package/word"
dpkg-deb --root-owner-group -b "$scratch/deb" "$www/apt/test-package_1.0_all.deb" >/dev/null
(cd "$www/apt" && { dpkg-deb -f test-package_1.0_all.deb; printf 'Filename: ./test-package_1.0_all.deb\nSize: %s\nSHA256: %s\n' \
	"$(stat -c %s test-package_1.0_all.deb)" "$(sha256sum test-package_1.0_all.deb | cut -d' ' -f1)"; } >Packages)
mkdir -p "$www/simple/testthing" && python3 - "$www/simple/testthing" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/testthing-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("testthing.py", "print('a module')\n")
    wheel.writestr("testthing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: testthing\nVersion: 1.0\n")
    wheel.writestr("testthing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr("testthing-1.0.dist-info/RECORD", "testthing.py,,\ntestthing-1.0.dist-info/METADATA,,\ntestthing-1.0.dist-info/WHEEL,,\ntestthing-1.0.dist-info/RECORD,,\n")
END
# An npm registry: two packages, one of which needs the other
for name in thing part; do
	mkdir -p "$scratch/npm/package" "$www/npm/files"
	needed=$([ $name = part ] || echo '"dependencies": {"part": "^1.0.0"},')
	echo "{\"name\": \"$name\", \"version\": \"1.0.0\", $needed \"main\": \"index.js\"}" >"$scratch/npm/package/package.json"
	echo "module.exports = $([ $name = part ] && echo "'a part'" || echo "'a thing with ' + require('part')")" >"$scratch/npm/package/index.js"
	tar -C "$scratch/npm" -czf "$www/npm/files/$name.tgz" package
done
port=$(free_port)
for name in thing part; do
	jq -n --arg name $name --arg url "http://10.0.2.2:$port/npm/files/$name.tgz" --slurpfile package <(tar -xzOf "$www/npm/files/$name.tgz" package/package.json) \
		--arg sum "sha512-$(openssl dgst -sha512 -binary "$www/npm/files/$name.tgz" | base64 -w0)" \
		'{name: $name, "dist-tags": {latest: "1.0.0"}, versions: {"1.0.0": ($package[0] + {dist: {tarball: $url, integrity: $sum}})}}' >"$www/npm/$name"
done
python3 -m http.server -d "$www" -b 127.0.0.1 "$port" >/dev/null 2>&1 &
servers+=($!)
answers "$port"
run_options=(--ephemeral --net --net-allow host)
at=http://10.0.2.2:$port

it 'curl'
guest bash -c "curl -s $at/big | sha1sum"
expect "$sum"

it 'curl, what is not there'
guest curl -sf "$at/nothing"
status 22

it 'git over HTTP'
guest bash -c "git clone -q $at/origin.git /tmp/clone && cd /tmp/clone && cat file* | sha1sum"
expect "$(cat "$scratch"/origin/file* | sha1sum)"

git daemon --export-all --base-path="$www" --listen=127.0.0.1 --port=$((port + 1)) >/dev/null 2>&1 &
servers+=($!)
answers $((port + 1))
it 'git over its own protocol'
guest bash -c "git clone -q git://10.0.2.2:$((port + 1))/origin.git /tmp/clone && cd /tmp/clone && cat file* | sha1sum"
expect "$(cat "$scratch"/origin/file* | sha1sum)"

it 'apt'
guest bash -c "rm -f /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] $at/apt ./' >/etc/apt/sources.list
{ apt-get update && apt-get install -y test-package; } >/tmp/log 2>&1 || cat /tmp/log; cat /usr/share/test-package/word"
expect installed

it 'pip'
guest bash -c "python3 -m venv /tmp/v && /tmp/v/bin/pip -q --disable-pip-version-check install --index-url $at/simple/ --trusted-host 10.0.2.2 testthing && /tmp/v/bin/python -m testthing"
expect 'a module'

# npm is not in the image: the host's, which is a folder of scripts, in the guest's Node
npm=$(readlink -f "$(command -v npm)")
modules=${npm%/npm/bin/*}
it 'npm'
host vitrine run "${run_options[@]}" -v "$modules:$modules:ro" debian -- bash -c "mkdir /tmp/n && cd /tmp/n &&
{ node $npm install --no-audit --no-fund --no-update-notifier --registry $at/npm/ thing >/tmp/log 2>&1 || cat /tmp/log; } && node -p 'require(\"thing\")'"
expect 'a thing with a part'

it 'a network of its own behind the card, with packets of the usual size and addresses that are translated'
guest bash -c "
set -e
sysctl -qw net.ipv4.ip_forward=1
ip netns add inner; ip link add outer type veth peer name eth0 netns inner
ip link add br0 type bridge; ip link set br0 up; ip addr add 172.30.0.1/24 dev br0; ip link set outer master br0 up
ip -n inner addr add 172.30.0.2/24 dev eth0; ip -n inner link set eth0 up; ip -n inner route add default via 172.30.0.1
nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname eth0 masquerade'
ip netns exec inner curl -s $at/big | sha1sum
cat /sys/class/net/br0/mtu"
expect "$sum
1500"

serve sink
it 'and sends from there'
guest bash -c "
set -e
sysctl -qw net.ipv4.ip_forward=1
ip netns add inner; ip link add outer type veth peer name eth0 netns inner; ip addr add 172.30.0.1/24 dev outer; ip link set outer up
ip -n inner addr add 172.30.0.2/24 dev eth0; ip -n inner link set eth0 up; ip -n inner route add default via 172.30.0.1
nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname eth0 masquerade'
ip netns exec inner python3 -c \"
import socket
s = socket.create_connection(('10.0.2.2', $port)); s.sendall(b'x' * 5000000); s.shutdown(socket.SHUT_WR); print(s.recv(99).split()[0].decode())\""
expect 5000000

serve source
it 'packets that get lost in the guest are sent again, in both directions'
guest bash -c "
nft 'add table inet x; add chain inet x i { type filter hook input priority 0; }; add chain inet x o { type filter hook output priority 0; }
add rule inet x i iifname eth0 numgen random mod 100 < 2 drop; add rule inet x o oifname eth0 numgen random mod 100 < 2 drop'
python3 -c \"
import socket
s, n = socket.create_connection(('10.0.2.2', $port), timeout=100), 0
while part := s.recv(1 << 20): n += len(part)
print(n >> 20)\""
expect 64

it 'who configures the card again gets the same by DHCP'
guest python3 -c '
import os, socket, struct
mac = bytes.fromhex(open("/sys/class/net/eth0/address").read().replace(":", ""))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.bind(("", 68))
def ask(kind, more=b""):
    s.sendto(struct.pack("!BBBBIHH16x6s10x192xI", 1, 1, 6, 0, 77, 0, 0x8000, mac, 0x63825363) + bytes([53, 1, kind]) + more + b"\xff", ("255.255.255.255", 67))
    reply = s.recv(999); return socket.inet_ntoa(reply[16:20]), reply[242]
print(*ask(1)); print(*ask(3, bytes([50, 4, 10, 0, 2, 15]))); print(*ask(3, bytes([50, 4, 10, 0, 2, 99])))'
expect '10.0.2.15 2
10.0.2.15 5
0.0.0.0 6'

it 'as a user who is nobody'
if [ "$(id -u)" = 0 ]; then
	mkdir -m 777 "$scratch/nobody"
	chmod 755 "$scratch"
	build=$(dirname "$(command -v vitrine)")
	cp -r --sparse=always "${XDG_DATA_HOME:-$HOME/.local/share}/vitrine/images/mini.ext4" "$scratch/nobody/mini.ext4" 2>/dev/null
	chmod 666 "$scratch/nobody/mini.ext4"
	host setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$scratch/nobody" XDG_DATA_HOME="$scratch/nobody" \
		XDG_RUNTIME_DIR="$scratch/nobody" "$build/vitrine" run --ephemeral --net --net-allow host "$scratch/nobody/mini.ext4" -- \
		sh -c "wget -q -O - $at/big | sha1sum"
else
	host vitrine run --ephemeral --net --net-allow host mini -- sh -c "wget -q -O - $at/big | sha1sum"
fi
expect "$sum"
