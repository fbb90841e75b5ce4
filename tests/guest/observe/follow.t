#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One system call on its way through the kernel: functions, waits, block requests, layers
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
export XDG_RUNTIME_DIR=$scratch

# shellcheck disable=SC2016 # for the guest's shell
load='echo started
while :; do
	head -c 5000 /etc/passwd >/root/x
	sync
	(exit 3)
	/bin/busybox true
	ls -l /nofile 2>/dev/null
	usleep 2000
done'
start box mini -- sh -c "$load"
soon grep -qs started "$scratch/box.out"

# follow ARGUMENT...: follow a call, and keep what the kernel says
follow() {
	host vitrine follow --json -t 20 box "$@"
	cp "$scratch/out" "$scratch/view"
}

# view EXPRESSION: ask that, in Python: v is the view, f its functions, names theirs
view() {
	title=${title:-$1}
	host python3 -c '
import json, sys
v = json.load(open(sys.argv[1]))
f = v.get("functions", [])
names = [x[3] for x in f]
def tree_is_sound():
    depth = -1
    ends = []
    for d, start, duration, name, layer in f:
        if d > depth + 1:
            return "depth of " + name
        del ends[d:]
        # rounding to nanoseconds may take one each
        if ends and start + duration > ends[-1] + 3:
            return name + " ends after its caller"
        ends.append(start + duration)
        depth = d
    return "sound"
print(eval(sys.argv[2]))' "$scratch/view" "$1"
}

it 'a call that does not wait: from the entry to the file system'
follow openat
status 0
view 'v["state"], v["call"]["name"], v["truncated"]'
expect "('done', 'openat', False)"
view '"vitrine_call_syscall" in names and "do_filp_open" in names'
expect True
view 'tree_is_sound()'
expect sound
it 'the sum of the layers is the call'
view 'abs(sum(v["layers"].values()) - v["call"]["duration_ns"]) <= len(v["layers"])'
expect True
it 'a layer is where the source is'
view 'dict((x[3], x[4]) for x in f)["do_filp_open"], dict((x[3], x[4]) for x in f)["vitrine_call_syscall"]'
expect "('vfs', 'entry')"

it 'sync waits, the journal writes for it, the disk answers'
follow sync
status 0
view 'tree_is_sound()'
expect sound
view '"file system" in v["layers"] and "block" in v["layers"] and v["layers"]["waiting"] > 0'
expect True
view 'any("jbd2" in b["comm"] and not b["own"] for b in v["block"])'
expect True
view 'all(b["complete_ns"] is None or b["complete_ns"] >= b["issue_ns"] for b in v["block"])'
expect True
view 'any(p["reason"] == "jbd2_log_wait_commit" for p in v["off_cpu"])'
expect True
view 'sum(p["duration_ns"] for p in v["off_cpu"]) <= v["call"]["duration_ns"]'
expect True
view 'abs(sum(p["duration_ns"] for p in v["off_cpu"]) - v["layers"]["waiting"]) <= len(v["off_cpu"])'
expect True

it 'wait4 sleeps until its child has died'
follow -m 200 wait4
status 0
view 'v["layers"]["waiting"] > v["call"]["duration_ns"] / 4'
expect True

it 'exit never returns'
follow exit_group
status 0
view 'v["call"]["result"], v["call"]["args"][0] in ("0x0", "0x1", "0x3"), "do_exit" in names'
expect '(None, True, True)'
it 'a process is made, and both go on'
follow clone
status 0
view '"copy_process" in names or "kernel_clone" in names'
expect True
it 'a program is executed'
follow execve
status 0
view 'v["call"]["result"], "bprm_execve" in names, tree_is_sound()'
expect "(0, True, 'sound')"

it 'any call, many times'
host sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do vitrine follow -t 20 box any >/dev/null || exit; done'
status 0
it 'a process that makes no such call'
host vitrine follow -t 1 --pid 1 box write
status 124
says 'no such call within 1 second'
it 'who goes away takes the request along'
host vitrine follow box nosuchcall
status 2
host timeout 1 vitrine follow --pid 30000 box any
status 124
sleep 0.2
host sh -c 'vitrine exec box true && vitrine exec box true; echo $?'
expect 0
it 'as text: a tree, then the layers'
host vitrine follow -t 20 box sync
shows 'sync() = 0*vitrine_call_syscall*sys_sync*-- sleeps in jbd2_log_wait_commit*>> write of*by jbd2/*time/us*waiting*%*'
it 'the tree as deep as asked'
host sh -c 'vitrine follow -t 20 -d 1 box sync | grep -c sys_sync'
shows 0

it 'the guest is as it was'
host vitrine exec box sh -c 'seq 1000 | wc -l'
expect 1000
host sh -c 'vitrine logs --kernel box | grep -cE "BUG|WARNING"'
shows 0
host vitrine kill box
wait
