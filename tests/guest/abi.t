#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The x86-64 ABI at its edges: each program in tests/guest/abi prints what stock Linux prints
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier always
build=${VITRINE_BUILD:-$top/build}/abi
mkdir -p "$build"

# The emulated processor has no XSAVE and no code of 32 bits
no_xsave=
bits_32='signal 5 code 128 trapno 3 err 0 cs 0x23 rax 0x4'
if [ "$VITRINE_TIER" = emulate ]; then
	no_xsave=1
	bits_32='signal 11 code 128 trapno 13 err 0x20'
fi

# program NAME [OPTION]...: compile tests/guest/abi/NAME.c and run it in a sandbox
program() {
	local binary=$build/$1
	if ! cc -O1 -static -pthread -D_GNU_SOURCE -Wall -o "$binary" "tests/guest/abi/$1.c" -lm \
		"${@:2}"; then
		check 1 "$1 compiles"
		return
	fi
	stdin=$binary
	host vitrine run "${run_options[@]}" mini -- \
		sh -c 'cat >/tmp/program && chmod +x /tmp/program && exec /tmp/program </dev/null'
	what=$1
}

it 'programs see an x86-64 machine'
guest uname -m
expect x86_64

it 'a handler learns what happened, where, and what the CPU said of it'
program siginfo
expect 'read at 16: SIGSEGV code 1 addr 0x10 trap 14 error 0x4
write to a read-only page: SIGSEGV code 2 addr base+0x5 trap 14 error 0x7
read from PROT_NONE: SIGSEGV code 2 addr base+0x7 trap 14 error 0x4
execute data: SIGSEGV code 2 addr ip0 trap 14 error 0x15
non-canonical: SIGSEGV code 128 addr 0 trap 13 error 0
kernel address: SIGSEGV code 1 addr 0xffff888000000000 trap 14 error 0x5
past the end of a file: SIGBUS code 2 addr base+0x1003 trap 14 error 0x4
divide by zero: SIGFPE code 1 addr ip0 trap 0 error 0
undefined instruction: SIGILL code 2 addr ip0 trap 6 error 0
int3: SIGTRAP code 128 addr 0 trap 3 error 0
trap flag: SIGTRAP code 2 addr ip0 trap 1 error 0
privileged instruction: SIGSEGV code 128 addr 0 trap 13 error 0
floating point: SIGFPE code 3 addr ip0 trap 19 error 0
alignment: SIGBUS code 1 addr 0 trap 17 error 0'

it 'a signal stack cannot be changed under a handler, nor be overrun by a frame'
program altstack
expect 'plain: handler: stack in use, change EPERM
plain: back: stack set
autodisarm: handler: stack disabled, change ok
autodisarm: back: stack set, size 262144
too small: Segmentation fault'

it 'all that code can load: fresh in a new program, kept on all other ways'
program registers -Wl,-e,first ${no_xsave:+-DNO_XSAVE}
expect 'program after another: fresh
program in a process of another: fresh
thread: as it was
child: as it was
parent: as it was
behind a handler: as it was
in a handler: a fresh FPU
to a debugger: as it was
a program that was changed: as it was
beside another: as it was'

it 'interfaces that programs reach by no library: SysV IPC, fanotify, Landlock, binfmt, rseq, connections'
program interfaces
expect 'sysv: by memory, by message
fanotify: the child opens 1 byte, gets Operation not permitted
landlock: beneath /tmp only, else Permission denied
VITR is read by its interpreter
binfmt: exit 0
rseq: registered, cpu as getcpu says
conntrack: no connection'

it 'perf events: what software counts, tracepoints, samples with their callers, and no hardware'
program perf
expect 'cycles: No such file or directory
page faults: as many as there were
switches: one for each sleep
task clock: the CPU'\''s time
getppid: 100
its callers: kernel, user, outer
samples: 5, of us
registers: ours, stack: 1024 bytes
clock: samples, where the time goes
another'\''s event: wakes
nobody, the kernel too: Permission denied
nobody, his own: ok'

it 'threads that sleep for long, while others work, wake up as they fell asleep'
program sleepers
expect 'debugger: call 0, registers as they are
debugger: left
handlers: 60, and the calls go on
woken: 60, with their registers
interrupted: 60, after 60 handlers
a child: exit 7
exec leaves them behind
exit leaves them behind'

it 'vector registers survive signals, fork and threads, and a debugger can change them'
program xstate
expect 'after a handler: kept
after fork: kept in the parent
after fork: kept in the child
in a thread: kept
debugger: xmm9 11 22
debugger: xsave image complete, x87 and SSE enabled
debugger: changed to 12 24'

it 'a debugger sets registers of a program that has not begun, and none that cannot be'
program debugger
expect 'after exec: PTRACE_SETFPREGS: ok
after exec: reads back: yes
after exec: the program has it: yes
bad mxcsr: PTRACE_SETFPREGS: EINVAL
mxcsr: all bits that this CPU has, no others
after exec: it ends: yes
cs 0: SETREGS EIO, POKEUSER EIO
ss of the kernel: SETREGS EIO, POKEUSER EIO
fs_base of the kernel: SETREGS EIO, POKEUSER EIO
gs_base of the kernel: SETREGS EIO, POKEUSER EIO
fs_base: SETREGS ok, POKEUSER ok
interrupts off: SETREGS ok, POKEUSER ok'

it 'signal frames and tracers see traps, call numbers and selectors as the CPU has them'
program context
expect 'after faults that the kernel resolved: err 0 trapno 0 cr2 0
after one that became a signal: err 0x6 trapno 14 cr2 0x10
after one more that did not: err 0x6 trapno 14 cr2 0x10
after int3: err 0 trapno 3 cr2 0x10
selectors: cs 0x33 ss 0x2b
int1: signal 5 code 1
call: orig_rax 0x27 rax -38, returns 0
call: orig_rax 0x100000027 rax -38, returns 0
call: orig_rax 0xffffff00 rax -38, returns -38
call: orig_rax 0xfffffffffffffffe rax -38, returns -38
call: orig_rax 0xffffffffffffffff rax -38, returns -38
call: orig_rax 0x8000000000000027 rax -38, returns 0
64 bits: signal 5 code 128 trapno 3 err 0 cs 0x33 rax 0x5
32 bits: '"$bits_32"'
no such segment: signal 11 code 128 trapno 13 err 0x1000'

it 'debug registers watch reads, writes and instructions'
program watch
expect 'at first: dr0 0 dr6 0xffff0ff0 dr7 0
dr4: EIO, dr5: EIO
two bytes, odd: EINVAL
ports: EINVAL
an instruction of 2 bytes: EINVAL
reserved bits: ok, dr7 0xfc00
a write:
  signal 5 code 4 dr6 0xffff0ff1, watched 0x1
  signal 5 code 4 dr6 0xffff0ff1, watched 0x1
  ends with 0
a read, writes watched:
  ends with 0
a read, accesses watched:
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  ends with 0
neighbours:
  ends with 0
a write that begins below:
  signal 5 code 4 dr6 0xffff0ff1, watched 0x11111111
  ends with 0
reads that begin below:
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  ends with 0
reads that end below:
  ends with 0
one byte of a repeated instruction:
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  ends with 0
an instruction:
  signal 5 code 4 dr6 0xffff0ff1, at the breakpoint, watched 0
  signal 5 code 4 dr6 0xffff0ff1, at the breakpoint, watched 0
  ends with 0
the kernel'"'"'s write:
  ends with 0
in a child:
  ends with 0
in a handler:
  signal 5 code 4 dr6 0xffff0ff1, watched 0x1
  ends with 0
after exec:
  signal 5 code 0 dr6 0xffff0ff0, si_addr elsewhere, watched 0
  ends with 0
four at once:
  dr7 reads back, dr3 reads back
  signal 5 code 4 dr6 0xffff0ff8, watched 0
  signal 5 code 4 dr6 0xffff0ff4, watched 0
  signal 5 code 4 dr6 0xffff0ff2, watched 0
  signal 5 code 4 dr6 0xffff0ff1, watched 0
  ends with 0
in single steps:
  code 2 dr6 0xffff4ff1
  code 2 dr6 0xffff4ff1
in steps of branches: +0 +8 +13 +13 +33 +22 +34'

it 'there are no protection keys, and memory that a program keeps to itself'
program keys
expect 'pkey_alloc, flags: EINVAL
pkey_alloc, rights that there are not: EINVAL
pkey_alloc: EINVAL, then ENOSPC
in a child: ENOSPC
pkey_free: 0 EINVAL, 1 EINVAL
pkey_mprotect: key -1 ok, 0 EINVAL, 1 EINVAL
memfd_secret: ok
size: ok
private: EINVAL
shared: ok
through a pipe: secret
process_vm_readv: EFAULT
/proc/self/mem: EIO
read: EINVAL, write: EINVAL
in a child: secret'

it 'the vDSO makes random numbers'
program random
expect 'parameters: 0, state of 144 bytes, prot 3
state: ok
first: 300
with a key, without a call: 300
random: yes
wrong size of the state: -1
across pages: -14
in a child: -1'

it 'a program can forbid itself the time stamp counter'
program tsc
expect 'at first: mode 1, rdtsc ok
mode 3: EINVAL
vector registers are kept: yes
forbidden: mode 2, rdtsc SIGSEGV
in a child: mode 2, rdtsc SIGSEGV
after exec: mode 2, rdtsc SIGSEGV
in a thread: mode 2, rdtsc SIGSEGV
allowed: mode 1, rdtsc ok
in a child: mode 1, rdtsc ok'

it 'hugetlbfs: huge pages are set aside, shared, copied on write and given back'
program hugetlb
expect 'map: ENOMEM
set aside: 8 pages, 8 free
two written: 8 pages, 6 free
a child reads abc, has written x
copied: 8 pages, 5 free
the parent has a
through a pipe: a
read-only: write SIGSEGV
unmapped: 8 pages, 8 free
file: f, read(2) the same
one page of a file: 8 pages, 7 free
removed: 8 pages, 8 free
given back: 0 pages, 0 free'

it 'MAP_32BIT maps below 2 GiB, and programs have what lies below the stub'
program low
expect 'without a hint: low
at a hint: there
hint taken: elsewhere
2 GiB: ENOMEM
the last page: ok
behind it: ENOMEM'

it 'a poisoned page is told from one that is lost, and its neighbours stay'
program poison
expect 'userfaultfd, poisoned: SIGBUS code 4 addr +0x5 of 2^12 bytes
userfaultfd, beside it: reads '\''copied'\''
madvise, poisoned: SIGBUS code 4 addr +0x5 of 2^12 bytes
madvise, beside it: reads '\''kept'\''
mapped anew: reads '\'\'

it 'what is locked as it is touched is all that is brought in'
program onfault
expect 'locked: --------
two touched: --##----
all locked: ########'

# Who boots the host with vsyscall=emulate lets everybody read the page
reading='SIGSEGV code 1 addr 0xffffffffff600000'
! grep -q '^ffffffffff600000-.* r-xp ' /proc/self/maps || reading=72
it 'the vsyscall page makes its three calls and is in the list of areas'
program vsyscall
expect 'ffffffffff600000-ffffffffff601000 --xp 000000 [vsyscall]
plain: time the clock'\''s, stored the clock'\''s
plain: gettimeofday 0, the clock'\''s
plain: getcpu 0, as the system call
with a filter: time the clock'\''s, stored the clock'\''s
with a filter: gettimeofday 0, the clock'\''s
with a filter: getcpu 0, as the system call
reading: '"$reading"'
between two entries: SIGSEGV code 128 addr (nil)'

it 'what was written can be told by soft-dirty bits, and prevented by userfaultfd'
program marks
expect 'soft-dirty: written 1111, cleared 0000, one written and one read 0100, after mprotect 0100, after fork 0001
userfaultfd: protected 1111, reads 2
userfaultfd: write to page 1, protected
userfaultfd: page 1 holds 3, protected 1011
userfaultfd: write to page 3, protected
userfaultfd: read(2) 1, page 3 holds x, protected 1010
userfaultfd: unregistered 0000
userfaultfd: 171 pages written, 341 protected
swapped out 1111: soft-dirty 0100, protected 0010
read 1211, swapped out 0000: soft-dirty 0100, protected 0010'

it 'what was used is told'
program referenced
expect 'written: 40 kB
cleared: 0 kB
read: 40 kB'

it 'huge pages are there for who asks'
program huge
expect 'not asked: 0 kB
madvise: 0
asked: 4096 kB'

it 'a submission thread of io_uring that looks for work leaves the machine to others'
program submit
expect 'done: 7
asleep'

it 'memory policies are those of a machine with one node'
program node
expect 'at first: default, nodes 0
allowed: 0, nodes 0x1
allowed, of an address: EINVAL
into a mask of no bits: EINVAL
node of a page: 0, 0
node of no page: EFAULT
next node, without interleaving: EINVAL
to a bad address: EFAULT
preferred 0: preferred, nodes 0x1
preferred none: local, nodes 0
bind 0: bind, nodes 0x1
bind 0 and 1: bind, nodes 0x1
bind 1: EINVAL
bind none: EINVAL
interleave 0, static: interleave static, nodes 0x1
interleave 0, relative: interleave relative, nodes 0x1
static and relative: EINVAL
local: local, nodes 0
local 0: EINVAL
preferred many 0: preferred many, nodes 0x1
no mode: EINVAL
default 0: EINVAL
default: default, nodes 0
set from a bad address: EFAULT
a child'\''s: interleave, nodes 0x1
home node without a policy: ENOENT
mbind: 0
the area'\''s: bind, nodes 0x1
the program'\''s: default, nodes 0
home node: 0
home node that is not there: EINVAL
mbind between pages: EINVAL
mbind with other flags: EINVAL
mbind where nothing is: EFAULT
where pages are: 0, 0 -2 -14
move: 0, 0 -2 -14
move elsewhere: ENODEV
move nobody'\''s: ESRCH
migrate: 0
migrate elsewhere: EINVAL
numa_maps: bind:0 anon=4 dirty=4 active=0 N0=4 kernelpagesize_kB=4'
guest sh -c 'cd /sys/devices/system/node && cat possible online has_cpu has_memory && cmp node0/cpulist ../cpu/online &&
	cat node0/distance'
expect '0
0
0
0
10'

it '/proc/cpuinfo has the lines that every x86-64 kernel prints'
guest sh -c 'for field in "initial apicid" "power management" "clflush size" "cpuid level"; do
	grep -q "^$field" /proc/cpuinfo || echo "no $field"; done'
expect ''

it 'wchan names what a task waits in'
guest sh -c 'sleep 100 & sleep 0.2; cat /proc/$!/wchan'
expect hrtimer_nanosleep

it 'code that is changed is executed as it is now'
program rewrite
expect 'by itself: 2
by a JIT: 4999950000
across two pages: 9 1010101
through another mapping: 3 4
by the kernel: 5 6
in another page: 7 8
for another thread: 200 of 200'
