#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file system whose server has stopped answering: its users wait, and who looks at them does not
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch
view=$top/tests/guest/observe/view

start box mini -- sleep 1000
it 'the server compiles'
host bash -c 'cc -O1 -static -Wall -o "$1/hang" tests/guest/observe/hang.c &&
	vitrine cp "$1/hang" box:/hang' - "$scratch"
status 0

it 'serves as long as it answers'
# shellcheck disable=SC2016 # for the guest's shell
host vitrine exec box sh -c '
	mkdir /fuse
	/hang /fuse >/tmp/hang.out 2>&1 </dev/null &
	echo $! >/tmp/hang.pid
	until grep -q mounted /tmp/hang.out; do usleep 10000; done
	losetup /dev/loop0 /fuse/disk
	cat /fuse/file | wc -c'
expect 8192

# Files and a program of it in use, a directory that somebody is in, a disk that lies on it; then
# nobody is answered any more: a lookup, a mount in the making that keeps a super block locked,
# writes to the disk, a sync and an unmount
cat >"$scratch/users" <<'GUEST'
in_background() {
	(exec >/dev/null 2>&1 </dev/null; "$@") &
}
program() {
	exec 5<>/fuse/file
	exec /fuse/sleep 1001
}
inside() {
	cd /fuse && exec sleep 1002
}
in_background program
in_background inside
until [ "$(pidof sleep | wc -w)" = 3 ]; do usleep 10000; done
dd if=/dev/zero of=/fuse/file bs=4k count=1 seek=1 conv=notrunc 2>/dev/null
echo 1 >/proc/sys/vm/drop_caches # what the loop device has read ahead
in_background cat /fuse/stop
echo $!
until grep -q request_wait_answer /proc/$!/wchan; do usleep 10000; done
in_background dd if=/dev/loop0 of=/dev/null bs=4k count=1 skip=9 iflag=direct
in_background dd if=/dev/zero of=/dev/loop0 bs=4k count=1 seek=9 conv=fsync,notrunc
in_background mount -t ext4 /dev/loop0 /mnt
until grep -qE "wait_on_buffer|folio_wait" /proc/$!/wchan; do usleep 10000; done
in_background sync
in_background umount /fuse
GUEST
vitrine cp "$scratch/users" box:/users
it 'its users wait'
host vitrine exec box sh /users
status 0
stuck=$stdout

for which in processes memory slab page_cache block sockets mounts files scheduler; do
	it "the view $which is whole"
	host "$view" box "$which" 'v["view"], v["truncated"]'
	expect "('$which', False)"
done
it 'who waits, and where'
host "$view" box task "$stuck" "v['comm'], v['call'], v['wchan']"
expect "('cat', 'openat', 'request_wait_answer')"
it 'a program, a memory map and a descriptor of it'
host "$view" box processes "[p['pid'] for p in v['processes'] if p['comm'] == 'sleep'][1]"
host "$view" box task "$stdout" "v['exe'], any(a['path'] == '/fuse/sleep' for a in v['areas']), first(v['descriptors'], 'fd', 5)['path']"
expect "('/fuse/sleep', True, '/fuse/file')"
it 'a working directory of it'
host "$view" box processes "[p['pid'] for p in v['processes'] if p['comm'] == 'sleep'][2]"
host "$view" box task "$stdout" "v['cwd']"
expect /fuse
it 'the mount, and that nobody can say how full it is'
host "$view" box mounts "[(m['type'], m['source'], m['total_bytes']) for m in v['mounts'] if m['target'] == '/fuse']"
expect "[('fuse', 'hang', None)]"
it 'requests to a disk that lies on it are in flight'
host "$view" box block "sum(1 for r in first(v['devices'], 'name', 'loop0')['requests']) > 0"
expect True
it 'pages of a file whose name the kernel has'
host "$view" box page_cache /fuse/file "v['path'], v['page_bytes']"
expect "('/fuse/file', 4096)"

# Names that the kernel would have to ask for
for _ in 1 2; do
	host "$view" box page_cache /fuse/unknown v
	expect 'error: EAGAIN'
done
it 'other file systems are asked all the same'
vitrine exec box sh -c 'mkdir -p /root/deep; echo >/root/deep/file'
host "$view" box page_cache /root/deep/nothing v
expect 'error: ENOENT'
it 'as long as there are not too many that wait'
host bash -c 'for i in 1 2 3 4 5 6 7 8 9; do "$1" box page_cache /fuse/unknown$i v; done | uniq -c' - "$view"
shows '*7 error: EAGAIN
*2 error: EBUSY'
it 'even then the kernel tells what it knows'
host "$view" box page_cache /root/deep/file "v['path']"
expect /root/deep/file

vitrine observe box >/dev/null 2>"$scratch/observe.err" &
observer=$!
address() {
	sed -n 's/.* at \(http:[^ ]*\)$/\1/p' "$scratch/observe.err"
}
soon grep -q http "$scratch/observe.err"
it 'HTTP says what is waited for'
host curl -s "$(address)api/page-cache?path=/fuse/unknown1"
shows '*"error":"*the guest'"'"'s file system takes too long to look that up"*"status":503*'
for what in page-cache files mounts processes block; do
	host curl -s -o /dev/null -w '%{http_code}' "$(address)api/$what"
	expect 200
done
kill "$observer"
it 'top shows it'
host vitrine top --once box
shows '*request_wait_an*cat*'

it 'with the end of the server all waiting ends'
# shellcheck disable=SC2016 # for the guest's shell
host vitrine exec box sh -c 'kill -9 $(cat /tmp/hang.pid); while pidof cat >/dev/null; do usleep 10000; done'
status 0
host "$view" box page_cache /fuse/unknown v
expect 'error: ENOTCONN'
it 'and any name can be asked for'
host "$view" box page_cache /root/deep/nothing v
expect 'error: ENOENT'
host vitrine kill box
status 0
