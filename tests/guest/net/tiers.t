#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Network and shared folders in every tier, with as many CPUs as it has; the other tests are of the first tier
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses mini
in_every_tier always
needs gcc curl
seconds=120
trap 'stop_servers; finish' EXIT

run_options+=(--net --net-allow host)
serve source
it 'what comes from the host is whole, also to several who read at once'
sum=$(python3 -c 'import sys; sys.stdout.buffer.write((bytes(range(251)) * 20000)[:3000000])' | md5sum)
guest sh -c "for i in 1 2 3 4; do (nc 10.0.2.2 $port | head -c 3000000 | md5sum) & done; wait"
expect "$sum
$sum
$sum
$sum"
serve sink
it 'and what goes there'
guest sh -c "head -c 3000000 /dev/zero | nc 10.0.2.2 $port"
expect "3000000 $(head -c 3000000 /dev/zero | sha1sum | cut -d' ' -f1)"
it 'ping'
guest ping -c 2 10.0.2.2
shows '*2 packets received*'
resolver one.test=8.8.4.4
it 'names, by datagrams'
guest_options=("${run_options[@]}")
run_options+=(--dns "$dns")
guest nslookup one.test
shows '*8.8.4.4*'
run_options=("${guest_options[@]}")
start "web-$$" "${run_options[@]}" "$image" -- sh -c 'mkdir /www; head -c 2000000 /dev/zero >/www/zeros; httpd -f -p 80 -h /www'
it 'a published port'
at=$(vitrine publish "web-$$" 0:80)
at=${at%:80/tcp}
soon curl -fs -o /dev/null "http://$at/zeros"
host sh -c "curl -s http://$at/zeros | wc -c"
expect 2000000
host vitrine kill "web-$$"

mkdir "$scratch/folder"
gcc -O1 -static -w -o "$scratch/folder/posix" tests/guest/share/posix.c || exit 1
it 'a shared folder'
guest_options=("${run_options[@]}")
run_options+=(-v "$scratch/folder:/w")
guest sh -c '/w/posix /w | sed "s/^done .*/done/" | sort | uniq -c'
shows '*24 done'
