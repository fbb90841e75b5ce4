#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Views of the kernel's state: what they say is so, whatever the guest calls itself
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch
view=$top/tests/guest/observe/view

start box --memory 1G mini -- sh -c 'echo started; sleep 1000; :'
soon grep -qs started "$scratch/box.out"

# inside COMMAND: in the sandbox
inside() {
	vitrine exec box sh -c "$1"
}

# Every one of them is strict JSON that names itself and is complete
for which in processes memory slab page_cache block sockets mounts files; do
	it "the view $which is whole"
	host "$view" box "$which" 'v["view"], v["truncated"], v["time_ns"] > 0, v["cost_ns"] > 0'
	expect "('$which', False, True, True)"
done
host "$view" box task 99999 v
expect 'error: ESRCH'
host "$view" box files 99999 v
expect 'error: ESRCH'
host "$view" box page_cache relative/path v
expect 'error: EINVAL'
host "$view" box page_cache "/$(printf 'x%.0s' $(seq 5000))" v
expect 'error: ENAMETOOLONG'

# processes
pid=$(inside 'sleep 1001 >/dev/null 2>&1 & echo $!')
host "$view" box processes "first(v['processes'], 'pid', $pid)['comm']"
expect sleep
host "$view" box processes "[first(v['processes'], 'pid', $pid)[k] for k in ('state', 'call', 'threads', 'kernel')]"
expect "['sleeping', 'clock_nanosleep', 1, False]"
it 'how many descriptors it has open, of how many'
many=$(inside 'ulimit -n 500; exec 3</dev/null 4</dev/null 9</dev/null; sleep 1002 >/dev/null 2>&1 & echo $!')
host "$view" box processes "[first(v['processes'], 'pid', $many)[k] for k in ('descriptors_count', 'descriptors_limit')]"
expect '[6, 500]'
host "$view" box processes "first(v['processes'], 'pid', 2)['kernel']"
expect True
it 'a process has the start time that ps shows'
host "$view" box processes "0 < v['time_ns'] - first(v['processes'], 'pid', $pid)['start_ns'] < 60e9"
expect True
it 'a hostile name stays text'
pid2=$(vitrine exec -i box sh <<'END'
sh -c 'printf "a\"b\\\\\377\001</s" >/proc/$$/comm; echo $$; exec >/dev/null 2>&1; sleep 1005; :' &
sleep 0.3
END
)
host "$view" box processes "ascii(first(v['processes'], 'pid', $pid2)['comm'])"
expect "'a\"b\\\\\\ufffd\\x01</s'"

# task
host "$view" box task "$pid" "v['cmdline'], v['exe'], v['cwd'], v['wchan']"
expect "(['sleep', '1001'], '/bin/busybox', '/', 'hrtimer_nanosleep')"
it 'a stack is the way of the call and nothing else'
host "$view" box task "$pid" "' '.join(s['symbol'].split('+')[0] for s in v['stack'])"
shows '__schedule schedule do_nanosleep hrtimer_nanosleep common_nsleep* sys_clock_nanosleep vitrine_call_syscall vitrine_user_loop vitrine_task_start vitrine_task_entry'
host "$view" box task "$pid" "[first(v['limits'], 'name', 'nofile')[k] for k in ('soft', 'hard')]"
expect '[1024, 524288]'
it 'the memory map has what smaps has'
rss=$(inside "awk '/^(Rss|Pss)/ { n[\$1] += \$2 } END { print n[\"Rss:\"] * 1024 }' /proc/$pid/smaps")
host "$view" box task "$pid" "sum(a['rss_bytes'] for a in v['areas']), v['areas_count'] == len(v['areas'])"
expect "($rss, True)"
host "$view" box task "$pid" "v['memory']['rss_bytes'] == sum(a['rss_bytes'] for a in v['areas'])"
expect True
host "$view" box task "$pid" "v['signals']['caught'], v['credentials']['uid'], v['namespaces']['pid'] > 0"
expect '([], 0, True)'
it 'a kernel thread has no memory'
host "$view" box task 2 "v['memory'], v['areas'], v['call'], v['comm']"
expect "(None, None, None, 'kthreadd')"

# files
pid=$(inside 'exec 5</etc/passwd 6>>/tmp/log; read -r line <&5; sleep 1002 >/dev/null 2>&1 & echo $!')
host "$view" box files "$pid" "[first(v['files'], 'fd', 5)[k] for k in ('path', 'type', 'access', 'pid')]"
expect "['/etc/passwd', 'file', 'r', $pid]"
host "$view" box files "$pid" "first(v['files'], 'fd', 5)['position_bytes'] > 0"
expect True
host "$view" box task "$pid" "first(v['descriptors'], 'fd', 6)['flags'], v['descriptors_count']"
expect "(['append'], 5)"

# memory and slab
kb=$(inside "awk '/MemTotal/ { print \$2 }' /proc/meminfo")
host "$view" box memory "v['total_bytes'] // 1024"
expect "$kb"
it 'the free lists hold what is free'
host "$view" box memory "[abs(sum(l['block_bytes'] * l['free_blocks'] for l in z['free_lists']) - z['free_bytes']) < 1 << 20 for z in v['zones']]"
expect '[True]'
it 'a memory group and its limit are shown'
inside 'mkdir -p /sys/fs/cgroup/hog && cd /sys/fs/cgroup && echo +memory >cgroup.subtree_control &&
	echo 64M >hog/memory.max && echo $$ >hog/cgroup.procs &&
	exec sh -c "dd if=/dev/zero of=/dev/shm/x bs=1M count=8 2>/dev/null || dd if=/dev/zero of=/tmp/hog bs=1M count=8 2>/dev/null"'
host "$view" box memory "[(c['limit_bytes'], c['usage_bytes'] >= 8 << 20) for c in v['cgroups'] if c['path'] == '/hog']"
expect '[(67108864, True)]'
host "$view" box slab "first(v['caches'], 'name', 'task_struct')['active_objects'] > 10, v['bytes'] == sum(c['bytes'] for c in v['caches'])"
expect '(True, True)'

# page cache
inside 'dd if=/dev/zero of=/root/pages bs=4k count=1024 2>/dev/null'
host "$view" box page_cache /root/pages "v['pages'], v['cached'], v['size_bytes']"
expect '(1024, [[0, 1024]], 4194304)'
host "$view" box page_cache "first(v['files'], 'path', '/root/pages')['cached_bytes']"
expect 4194304
# the flusher wakes after an hour; with an interval of 0 it would wake at once, and write what exceeds
# the share of a disk to which little has been written lately, which may be nothing
inside 'echo 360000 >/proc/sys/vm/dirty_writeback_centisecs; sync; dd if=/dev/zero of=/root/pages bs=4k count=1 seek=8 conv=notrunc 2>/dev/null'
host "$view" box page_cache /root/pages "v['dirty']"
expect '[[8, 1]]'
inside 'sync; echo 3 >/proc/sys/vm/drop_caches; dd if=/root/pages of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; ls /root/pages >/dev/null'
host "$view" box page_cache /root/pages "v['pages'], v['cached'], v['dirty']"
expect '(0, [], [])'

it 'a path that the kernel has no name of any more is looked up'
inside 'mkdir -p /root/deep/er; cp /bin/busybox /root/deep/er/file; ln -s deep /root/link; sync; echo 3 >/proc/sys/vm/drop_caches'
host "$view" box page_cache /root/link/er/file "v['path'], v['size_bytes'] > 100000"
expect "('/root/deep/er/file', True)"
host "$view" box page_cache /root/deep/nothing v
expect 'error: ENOENT'

# block
before=$("$view" box block "first(v['devices'], 'name', 'vda')['read_bytes']")
inside 'cat /root/pages >/dev/null'
it 'a read moves the bytes of its device'
host "$view" box block "first(v['devices'], 'name', 'vda')['read_bytes'] - $before >= 4194304"
expect True
host "$view" box block "[first(v['devices'], 'name', 'vda')[k] for k in ('queues', 'read_only', 'requests')]"
expect '[1, False, []]'

# sockets
pid=$(inside 'sleep 1003 2>/dev/null | nc -l -p 8080 >/dev/null 2>&1 & echo $!; sleep 0.3')
host "$view" box sockets "[(s['family'][:4], s['type'], s['protocol'], s['state'], s['owners'][0]['pid']) for s in v['sockets'] if (s['local'] or '').endswith(':8080')]"
expect "[('inet', 'stream', 'tcp', 'listen', $pid)]"
inside 'sleep 1003 2>/dev/null | nc 127.0.0.1 8080 >/dev/null 2>&1 & sleep 0.5'
it 'a connection has two ends'
host "$view" box sockets "sorted(s['state'] for s in v['sockets'] if ':8080' in (str(s['local']) + str(s['remote'])) and s['remote'])"
expect "['established', 'established']"

# mounts
inside 'mkdir -p /mnt/t && mount -t tmpfs -o size=1m,nosuid "so\"urce" /mnt/t'
host "$view" box mounts "[(m['source'], m['type'], m['total_bytes'], 'nosuid' in m['options'], 'size=1024k' in m['options']) for m in v['mounts'] if m['target'] == '/mnt/t']"
expect "[('so\"urce', 'tmpfs', 1048576, True, True)]"
host "$view" box mounts "[m['type'] for m in v['mounts'] if m['target'] == '/']"
expect "['ext4']"

# Lists of thousands are whole, and say how long they are
# shellcheck disable=SC2016 # for the guest's shell
inside 'exec 3</ 4</ 5</ 6</ 7</ 8</ 9</; i=0
	while [ $i -lt 700 ]; do sleep 1004 >/dev/null 2>&1 & i=$((i + 1)); done'
host "$view" box files "v['truncated'], len(v['files']) == v['files_count'] > 7000, all('device' in f for f in v['files'])"
expect '(False, True, True)'
host "$view" box processes "v['truncated'], len(v['processes']) == v['processes_count'] > 700, v['kernel_count'] == sum(p['kernel'] for p in v['processes'])"
expect '(False, True, True)'
host "$view" box task 1 "v['comm']"
expect vitrine-init
host vitrine kill box
status 0
