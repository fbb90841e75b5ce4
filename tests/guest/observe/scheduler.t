#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The run queue as EEVDF sees it, and whom it picks
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch

# Three that never sleep, of one session, which makes them one group; one of them is less important
# shellcheck disable=SC2016 # for the guest's shell
hogs='echo started
(while :; do :; done) &
(while :; do :; done) &
(renice 5 -p $(exec sh -c "echo \$PPID") >/dev/null; while :; do :; done) &
wait'
start box --cpus 1 mini -- sh -c "$hogs"
soon grep -qs started "$scratch/box.out"
sleep 1

# ask EXPRESSION: v is the view; q the queue of the root, c the CPU
ask() {
	title=${title:-$1}
	host python3 tests/guest/observe/ask.py box scheduler "(lambda c, q: $1)(v['cpus'][0], v['cpus'][0]['fair'])"
}

it 'all three wait, in one group'
ask 'sorted((t["nice"], t["weight"]) for t in tasks(q) if not t["running"] and t["comm"] == "sh")'
expect '[(0, 1024), (0, 1024), (5, 335)]'
ask 'any(e["group"] for e in q["entities"])'
expect True
it 'the one that has the CPU answers'
ask '[t["comm"].startswith("kworker") for t in tasks(q) if t["running"]]'
expect '[True]'
it 'who is not behind the average is eligible, and nobody else'
ask 'all(e["eligible"] == (e["lag_ns"] >= 0) for x in queues(q) for e in x["entities"] if abs(e["lag_ns"]) > 1)'
expect True
it 'next is one that waits, is picked, and was due first'
ask 'c["next"]["pid"] in [t["pid"] for t in tasks(q) if t["picked"] and not t["running"]]'
expect True
ask '"eligible" in c["next"]["why"] or "only" in c["next"]["why"]'
expect True
it 'the weight of a queue is that of its entities'
ask 'all(x["weight"] == sum(e["weight"] for e in x["entities"]) for x in queues(q))'
expect True
sleep 1
it 'a group is no task'
ask '[[e[k] for k in ("pid", "comm", "nice", "policy")] for e in q["entities"] if e["group"]][0]'
expect '[None, None, None, None]'
it 'the picks since then: who, how long, why it stopped'
ask '{"sleep", "preempted"} <= {p["stopped"] for p in c["picks"]}'
expect True
ask 'all(a["time_ns"] + a["ran_ns"] <= b["time_ns"] + 1000 for a, b in zip(c["picks"], c["picks"][1:]))'
expect True
ask '[p["stopped"] for p in c["picks"][-1:]]'
expect '[None]'
it 'a third of the weight is a third of the time'
ask '(lambda n: n[1] / n[0] < 0.5)([sum(t["sum_exec_ns"] for t in tasks(q) if t["nice"] == n) for n in (0, 5)])'
expect True
it 'who gave the CPU up in sched_yield is told from who lost it'
host bash -c 'cc -O1 -static -pthread -D_GNU_SOURCE -Wno-unused-result -o "$1/exact" tests/guest/observe/exact.c &&
	vitrine cp "$1/exact" box:/exact' - "$scratch"
status 0
vitrine exec box /exact yields 1000000000 >"$scratch/yields.out" 2>&1 </dev/null &
sleep 1
ask 'any(p["comm"] == "exact" and p["stopped"] == "yield" for p in c["picks"])'
expect True
ask 'any(p["comm"] == "sh" and p["stopped"] == "yield" for p in c["picks"])'
expect False
host vitrine kill box
wait

# Two classes that come before the fair one: they have 95 % of the time
host cc -O1 -static -Wno-unused-result -o "$scratch/classes" tests/guest/observe/classes.c
status 0
start box --cpus 1 mini -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; exec /classes'
vitrine cp "$scratch/classes" box:/classes
vitrine exec box touch /go
soon grep -q '[0-9] [0-9]' "$scratch/box.out"
read -r fifo deadline <"$scratch/box.out"

# A deadline task that has used its runtime up is in no queue until its next period: one moment, in
# which it is, answers all questions
both_wait() {
	python3 tests/guest/observe/ask.py box scheduler 'json.dumps(v)' >"$scratch/view" &&
		grep -q '"deadline": [[]{' "$scratch/view"
}
seen() {
	host python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))["cpus"][0]
print(eval(sys.argv[2]))' "$scratch/view" "$1"
}
soon both_wait

it 'real-time tasks wait in their queue, with their priority'
seen '[(t["pid"], t["comm"], t["policy"], t["priority"]) for t in c["realtime"]]'
expect "[($fifo, 'fifo', 'fifo', 7)]"
it 'deadline tasks in theirs, with a deadline and what is left of the runtime'
seen '[(t["pid"], t["comm"], t["policy"], t["deadline_ns"] - c["clock_ns"] <= 4 * 10**9, t["runtime_ns"] <= 35 * 10**8) for t in c["deadline"]]'
expect "[($deadline, 'deadline', 'deadline', True, True)]"
it 'a deadline comes before a priority, and both before fairness'
seen '(c["next"]["pid"], c["next"]["why"])'
expect "($deadline, 'its deadline is the earliest')"
seen '[t["picked"] for t in c["deadline"] + c["realtime"]]'
expect '[True, False]'
host vitrine kill box
wait
