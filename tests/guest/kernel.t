#!/bin/bash
# What only a kernel of one's own can give
. "$(dirname "$0")/../lib.sh"
uses debian

it 'user, pid, mount and net namespaces'
guest unshare -Urpmn --fork --mount-proc sh -c 'id -u; ps -e --no-headers | wc -l; ls /sys/class/net 2>/dev/null | wc -l; mount -t tmpfs none /mnt && echo mounted'
shows '0*mounted'

it 'overlayfs'
guest sh -c 'mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w && mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w none /media && echo new >/media/hostname && cat /mnt/u/hostname'
expect new

it 'an ext2 image on a loop device'
guest sh -c 'truncate -s 32M /tmp/d && mke2fs -q -F /tmp/d && mount -o loop /tmp/d /mnt && echo inside >/mnt/f && umount /mnt && mount -o loop /tmp/d /mnt && cat /mnt/f'
expect inside

it 'an ext4 directory in which case does not matter'
guest sh -c 'truncate -s 32M /tmp/d && mke2fs -q -F -t ext4 -O casefold /tmp/d && mount -o loop /tmp/d /mnt && mkdir /mnt/c && chattr +F /mnt/c && echo inside >/mnt/c/Straße && cat /mnt/c/STRASSE && ls /mnt/c'
expect 'inside
Straße'

it 'cgroup v2'
guest sh -c 'mkdir /sys/fs/cgroup/t && echo $$ >/sys/fs/cgroup/t/cgroup.procs && cat /proc/self/cgroup'
expect 0::/t

it 'signals, stop and kill'
guest bash -c 'trap "echo caught" USR1; kill -USR1 $$; sleep 0.1 & wait $!; sleep 100 & kill -STOP $!; sleep 0.1; ps -o stat= -p $!; kill -9 $!'
shows 'caught
T*'

it 'a core dump is an ELF file'
guest bash -c 'ulimit -c unlimited; cd /tmp; echo core >/proc/sys/kernel/core_pattern; sh -c "kill -SEGV \$\$"; file core* | grep -c "ELF 64-bit LSB core"'
shows '*1'

it 'descriptors are limited'
guest bash -c 'ulimit -n 10; exec 2>/dev/null; for i in $(seq 20); do eval "exec {fd}</dev/null" || break; done; echo $i | awk "{ print (\$1 < 10) }"'
shows '1*'

it 'permissions are checked'
guest sh -c 'setpriv --reuid 1000 --regid 1000 --clear-groups cat /etc/shadow'
status 1
says 'Permission denied'

it 'setpriv drops privileges'
guest sh -c 'setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs id -u'
expect 1000

it 'code that was just written runs'
guest python3 -c '
import ctypes, mmap
m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
m.write(b"\xb8\x2a\x00\x00\x00\xc3")
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
print(f())
m[1] = 43
print(f())'
expect '42
43'

it 'shared file mappings are coherent with read and write'
guest python3 -c '
import mmap, os
fd = os.open("/tmp/f", os.O_RDWR | os.O_CREAT); os.ftruncate(fd, 8192)
m = mmap.mmap(fd, 8192); m[0:5] = b"hello"
os.pwrite(fd, b"J", 0); print(os.pread(fd, 5, 0).decode(), m[0:5].decode())
if os.fork() == 0: m[4096] = 7; os._exit(0)
os.wait(); print(m[4096], os.pread(fd, 1, 4096)[0])'
expect 'Jello Jello
7 7'

it 'a bad pointer is EFAULT'
guest python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.write(1, ctypes.c_void_p(0x10), 4), ctypes.get_errno())'
expect '-1 14'

it 'cpuinfo tells the processors'
guest sh -c 'grep -c "^processor" /proc/cpuinfo; nproc; grep -qE "^flags.* sse2 " /proc/cpuinfo && echo flags'
expect "$cpus
$cpus
flags"

guest sh -c 'date +%s; cat /proc/uptime'
status 0
it 'as many files may be open as on a machine with its memory'
guest sh -c 'test $(cat /proc/sys/fs/file-max) -gt 100000; echo $?'
expect 0
