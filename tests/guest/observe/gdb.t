#!/bin/bash
# The debugger's commands, on a sandbox that runs and on a core file
. "$(dirname "$0")/../../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch

needs gdb

# The supervisor of a debug build, with its own kernel if that is not out of date
program=$top/build/debug/vitrine
if [ ! -x "$program" ]; then
	what="test -x $program"
	check 1 "there is a supervisor that a debugger may look into (make debugger builds it)"
	exit
fi
kernel=$(dirname "$(command -v vitrine)")/kernel/vmlinux
debug_kernel=$top/build/debug/kernel/vmlinux
[ "$debug_kernel" -ot "$kernel" ] || kernel=$debug_kernel
export VITRINE_KERNEL=$kernel

cat >"$scratch/guest" <<'GUEST'
[ -x /bin/cat ] # a link that the kernel has looked up
cat /dev/zero | sleep 1000 &
(
	printf '\033[7mbad' >/proc/self/comm
	while :; do sleep 1000; done
) &
sleep 0.5
for process in /proc/[0-9]*; do
	read -r name <$process/comm
	[ "$name" != cat ] || echo ready $$ ${process#/proc/}
done
while :; do
	read -r line </proc/uptime
done
GUEST
"$program" run --ephemeral --memory 256M --name box mini -- sh -c "$(cat "$scratch/guest")" \
	>"$scratch/box.out" 2>&1 </dev/null &
soon grep -qs ready "$scratch/box.out"
read -r _ shell cat <"$scratch/box.out"

# gdb COMMAND...: run commands on the sandbox
debug() {
	local commands=() command
	for command in "$@"; do
		commands+=(-ex "$command")
	done
	host gdb -nx -batch -x tools/gdb/vitrine-gdb.py "${target[@]}" "${commands[@]}"
	what="$*"
}

# of COMMAND: what it printed in the session before
of() {
	what=$1
	name=$title
	title=
	stdout=$(awk -v want="@@ $1" '/^@@ / { on = $0 == want; next } on' "$scratch/out")
}

looks() {
	local commands=(vitrine 'vitrine tasks' "vitrine stack $cat" "vitrine fds $cat"
		'vitrine mounts' 'vitrine vfs-path /bin/../proc/uptime' "vitrine vfs-path /bin/cat $cat"
		'vitrine vfs-path /nosuch' 'vitrine dmesg' 'vitrine slab' 'vitrine memory' 'vitrine irq'
		'vitrine runqueue' "vitrine maps $shell" "vitrine walk $shell 0x400000"
		"vitrine x $shell 0x400000 4" "vitrine walk $shell 0x10" 'vitrine stack 9999')
	local session=() command
	for command in "${commands[@]}"; do
		session+=("echo \\n@@ $command\\n" "$command")
	done
	debug "${session[@]}"
	says 'no task 9999: see "vitrine tasks"'

	of vitrine
	shows '*vitrine tasks *list*vitrine walk *'
	of 'vitrine tasks'
	shows "* $shell *sh
*$cat *sendfile* cat
*"
	it 'what a guest calls itself cannot reach the terminal'
	of 'vitrine tasks'
	shows '*\\x1b[[]7mbad
*'
	it 'a sleeping task has its whole kernel stack, frame by frame'
	of "vitrine stack $cat"
	shows "*#0 *__schedule+*
*schedule+*
*pipe_*
*do_sendfile+*
*vitrine_call_syscall+*
*vitrine_user_loop+*
*vitrine_task_start+*
*vitrine_task_entry+*"
	[[ $stdout != *'? '* ]]
	check $? 'and no frame of it is a guess'
	if [ -e "$kernel.debug" ]; then
		it 'and lines, below the tree that was compiled'
		of "vitrine stack $cat"
		shows '*__schedule+* (kernel/sched/core.c:*vitrine_call_syscall+* (arch/vitrine/kernel/syscall.c:*'
	fi
	of "vitrine fds $cat"
	shows '*
0  *r *
1  *w *pipe:*16 of 16 buffers used
2  *
3  *r */dev/zero*'
	of 'vitrine mounts'
	shows '*/dev/root *ext4 *relatime *
*proc *nosuid,nodev,noexec,relatime  /proc*'
	of 'vitrine vfs-path /bin/../proc/uptime'
	shows '*
bin *directory 0755 *ext4
.. *ext4
proc *ext4
  (mounted there) *proc
uptime *file 0444 *proc
= /proc/uptime*'
	of "vitrine vfs-path /bin/cat $cat"
	shows '*cat *-> /bin/busybox *busybox *file 0755*= /bin/busybox*'
	of 'vitrine vfs-path /nosuch'
	shows '*nosuch is not in the cache*'
	of 'vitrine dmesg'
	shows '*Linux version 6.12.*Run /sbin/vitrine-init as init process*'
	of 'vitrine slab'
	shows '*kernfs_node_cache*caches, *'
	of 'vitrine memory'
	shows '*ZONE *Normal *'
	of 'vitrine irq'
	shows '*CPU 0: o*bit 1 *stream*RCU*'
	of 'vitrine runqueue'
	shows '*runnable,*current*'
	of "vitrine maps $shell"
	shows '*0x400000-0x*r*p*/bin/busybox*rw-p*[[]stack]*'
	of "vitrine walk $shell 0x400000"
	shows '*pgd*pud*pmd*pte*frame*present|user|accessed*HOST*named busybox*host: process *'
	of "vitrine x $shell 0x400000 4"
	shows '*0x400000  7f 45 4c 46 *.ELF*'
	of "vitrine walk $shell 0x10"
	shows '*empty*host: process*'
}

target=(-ex 'vitrine attach box')
looks

it 'stops when a process enters a call, with the kernel around it'
debug "vitrine break-syscall openat $shell" continue bt delete detach
shows "*$shell (sh) enters openat(*
*sys_openat*
#1 *vitrine_call_syscall *
#2 *vitrine_user_loop *"

it 'a call of another process does not stop'
debug "vitrine break-syscall openat $cat" "vitrine break-syscall close $shell" continue delete detach
shows "*$shell (sh) enters close(*"
[[ $stdout != *'enters openat'* ]]
check $? 'and it does not say that it would'

it 'traces calls from entry to return, then stops'
debug "vitrine trace-syscall openat $shell 3" continue delete detach
stdout=$(grep -c "^$shell (sh) openat(.*) = 3  .* us$" <<<"$stdout")
expect 3

# follower_is STATE: has the follower come that far?
follower_is() {
	[ "$(tests/guest/observe/view box follow 'v["state"]')" = "$1" ]
}

it 'return addresses that the follower of a call has replaced are the real ones'
vitrine follow -t 1000 box clock_nanosleep >/dev/null 2>&1 &
soon follower_is armed
vitrine exec box sleep 1000 >/dev/null 2>&1 </dev/null &
soon follower_is following
sleeper=$(tests/guest/observe/view box processes "[p['pid'] for p in v['processes'] if p['comm'] == 'sleep'][-1]")
debug "vitrine stack $sleeper" detach
shows "*schedule+*
*do_nanosleep+*
*hrtimer_nanosleep+*
*vitrine_call_syscall+*
*vitrine_user_loop+*
*vitrine_task_entry+*"
[[ $stdout != *'? '* && $stdout != *follow_return* ]]
check $? 'and no frame of it is a guess, or the trampoline'
vitrine exec box kill "$sleeper"

it 'the guest goes on when gdb has gone'
host vitrine exec box sh -c 'echo alive'
expect alive

it 'a core file has the guest in it'
debug "vitrine core $scratch/core" detach
shows '*MiB on disk*'
host vitrine exec box sh -c 'echo alive still'
expect 'alive still'
vitrine kill box 2>/dev/null

target=("$program" "$scratch/core")
looks

it 'a core file does not run'
debug "vitrine break-syscall openat"
says 'a core file does not run'

target=()
debug 'vitrine tasks'
says 'no process and no core file'
debug 'vitrine attach nobody'
says 'no sandbox nobody'

if [ -e "$kernel.debug" ]; then
	it 'stacks are unwound as the compiler says'
	host gdb -nx -batch "$kernel" -x tests/gdb/unwind.py
	shows '*right, 0 wrong, *'
fi

# As an ordinary user, who may not be able to look into this directory: what was built for debuggers
# can be looked into, and nothing else
user=()
[ "$(id -u)" != 0 ] || user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
home=$scratch/home
mkdir "$home"
chmod 711 "$scratch"
cp --sparse=always "$(vitrine image inspect mini | awk '$1 == "path" { print $2 }')" "$home/image"
cp "$(command -v vitrine)" "$home/ordinary"
cp "$program" "$home/traceable"
cp "$kernel"* "$home"
cp -r tools/gdb "$home/gdb"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$home"
attach() {
	local pid mine=("${user[@]}" env -C "$home" HOME="$home" XDG_RUNTIME_DIR="$home"
		VITRINE_KERNEL="$home/vmlinux")
	"${mine[@]}" "./$1" run --ephemeral --memory 128M --name mine ./image -- sleep 20 \
		>/dev/null 2>&1 </dev/null &
	pid=$!
	soon test -S "$home/vitrine/mine.sock"
	host "${mine[@]}" gdb -nx -batch -x gdb/vitrine-gdb.py -ex 'vitrine attach mine' \
		-ex 'vitrine stack current'
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
}
it 'the user of an ordinary build is told which one to take'
attach ordinary
says 'cannot be traced*make debugger*'
it 'the user of a build for debuggers looks into it'
attach traceable
shows '*vitrine_entry*'
