#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vitrine trace: system calls as strace shows them, from the first instruction on
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
in_every_tier
export XDG_RUNTIME_DIR=$scratch

# traced [OPTION]... -- COMMAND...: the trace becomes standard output, the command's own is dropped
traced() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$scratch/trace"
	host vitrine trace "${options[@]}" -o "$scratch/trace" run "${run_options[@]}" mini -- "$@"
	stdout=$(cat "$scratch/trace")
	what="trace ${options[*]} $*"
}

# lines PATTERN: how many lines of the trace match
lines() {
	stdout=$(grep -cE -- "$1" "$scratch/trace")
}

# python EXPRESSION: t is the trace's objects
python() {
	host python3 -c '
import json, sys
text = open(sys.argv[1]).read()
try:
    t = json.loads(text)["traceEvents"]
except ValueError:
    t = [json.loads(line) for line in text.splitlines()]
print(eval(sys.argv[2]))' "$scratch/trace" "$1"
}

it 'the exit status is the command'"'"'s'
traced -- sh -c 'exit 7'
status 7

it 'from the first call to the last'
traced -- true
shows '*brk(NULL) * = 0x*set_tid_address(0x*exit_group(0) * = ?*+++ exited with 0 +++'

it 'no call is lost, and none is seen twice: 100 getppid are 100 lines'
traced -e getppid -- sh -c 'i=0; while [ $i -lt 25 ]; do sh -c :; sh -c :; sh -c :; sh -c :; i=$((i+1)); done'
lines 'getppid\(\) '
expect 101

it 'arguments are decoded: paths, flags, errors'
traced -e openat -- cat /nofile
shows '*openat(AT_FDCWD, "/nofile", O_RDONLY)* = -1 ENOENT (No such file or directory) <0.*'

it 'descriptors have paths'
traced -y -e openat,read -- head -n 1 /etc/passwd
lines 'openat\(AT_FDCWD</>, "/etc/passwd", O_RDONLY\) += 3</etc/passwd>'
expect 1
lines 'read\(3</etc/passwd>, "root:x:0:0:'
expect 1

it 'strings are as long as was asked for'
traced -s 4 -e write -- echo abcdefgh
shows '*write(1, "abcd"..., 9) * = 9 *'
it 'strings can be longer'
traced -s 100 -e write -- echo 0123456789012345678901234567890123456789012345678901234567
lines '"0123456789012345678901234567890123456789012345678901234567.n", 59\) = 59 '
expect 1

it 'groups and exceptions'
traced -e %file -- sh -c 'cat /etc/passwd >/dev/null'
lines '(brk|read|write|mmap)\('
expect 0
lines 'openat\('
[ "$stdout" -ge 2 ]
check $? '%file has openat'
traced -e '!%file,%memory' -- cat /etc/passwd
lines '(openat|brk|newfstatat)\('
expect 0
lines 'exit_group\('
expect 1

it 'only errors'
traced -Z -- sh -c 'cat /nofile; cat /etc/passwd'
lines ' = -1 E'
total=$stdout
stdout=$(wc -l <"$scratch/trace")
expect "$total"

it 'only slow calls'
traced --slow 50 -- usleep 100000
shows '*nanosleep(*{tv_sec=0, tv_nsec=100000000}, *) = 0 <0.*'
it 'only slow calls: nothing else'
stdout=$(wc -l <"$scratch/trace")
expect 1

it 'only a path'
traced --path '/etc/pass*' -e openat -- cat /etc/hostname /etc/passwd
stdout=$(wc -l <"$scratch/trace")
expect 1

it 'by name of the task'
traced --comm 'ca*' -e execve,openat -- sh -c 'cat /etc/passwd; ls /'
lines '"/etc/passwd"'
expect 1
lines '"/"'
expect 0

it 'all kinds of events'
traced --events all -e none -- cat /etc/passwd
status 0
lines 'exec|switch|fault'
[ "$stdout" -ge 3 ]
check $? 'some of several kinds are there'
it 'other kinds of events'
traced -e none --events life,sched,fault -- sh -c 'ls /; true'
for kind in fork exec switch fault; do
	lines "\*\*\* $kind "
	[ "$stdout" -gt 0 ]
	check $? "trace --events shows $kind"
done
lines 'openat\('
expect 0

it 'signals and ends, as strace tells them'
traced -e kill -- sh -c 'kill -TERM $$'
status 143
shows '*--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=*} ---*kill(*, SIGTERM) * = 0 <*+++ killed by SIGTERM +++'

it 'JSON, one object a line'
traced --format json -y -e openat,exit_group -- cat /nofile /etc/passwd
python '[(o["call"], o["args"][1], o["errno"], o["result"]) for o in t if o["type"] == "syscall" and len(o["args"]) == 3][-2:]'
expect "[('openat', '\"/nofile\"', 'ENOENT', -1), ('openat', '\"/etc/passwd\"', None, 3)]"
python 'all(o["disposition"] == "kernel" and o["latency_ns"] > 0 and o["comm"] == "cat" and o["tgid"] == o["pid"] for o in t if o["type"] == "syscall")'
expect True
python 't == sorted(t, key=lambda o: o["seq"])'
expect True

it 'a trace for Perfetto'
traced --format perfetto -- sh -c 'ls / | cat; dd if=/dev/zero of=/root/x bs=64k count=4; sync'
python 'sorted(set(e["ph"] for e in t))'
expect "['C', 'M', 'X', 'b', 'e', 'i']"
it 'a trace for Perfetto: what its importer demands'
host tests/observe/chrome-trace.py "$scratch/trace"
shows 'valid: *'
it 'a trace for Perfetto: a CPU runs one task at a time'
python '(lambda s: all(a["ts"] + a["dur"] <= b["ts"] + 0.01 for a, b in zip(s, s[1:]) if a["tid"] == b["tid"]))(sorted((e for e in t if e.get("cat") == "sched"), key=lambda e: (e["tid"], e["ts"])))'
expect True
it 'a trace for Perfetto: all kinds of events'
traced --format perfetto --events all -- sh -c 'ls / | cat; trap : USR1; (usleep 200000; kill -USR1 $$) & sleep 0.4; wait'
host tests/observe/chrome-trace.py "$scratch/trace"
shows 'valid: *'
it 'a trace for Perfetto: a thread that becomes another program ends the call of the first'
cat >"$scratch/exec.c" <<'C'
#include <pthread.h>
#include <unistd.h>
static void *other(void *none)
{
	usleep(50000);
	execl("/bin/busybox", "true", NULL);
	return none;
}
int main(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, other, NULL) || pause();
}
C
host cc -O1 -static -pthread -o "$scratch/exec" "$scratch/exec.c"
stdin=$scratch/exec
traced --format perfetto -- sh -c 'cat >/exec; chmod 755 /exec; exec /exec'
host tests/observe/chrome-trace.py "$scratch/trace"
shows 'valid: *'
it 'and says how long it took in truth'
python '[e["args"]["duration_ns"] >= e["dur"] * 1000 for e in t if "duration_ns" in e.get("args", {})]'
expect '[True]'

hostile=$'x\033[2J"\\<>\xff\n'
it 'hostile names stay text'
traced -y -- sh -c "cp /bin/busybox '/tmp/$hostile'; '/tmp/$hostile' true; cat '/tmp/$hostile' >/dev/null; ls '/tmp'"
stdout=$(LC_ALL=C grep -cP '[^\x20-\x7e]' "$scratch/trace")
expect 0
for format in json perfetto; do
	it "hostile names stay text: $format"
	traced --format $format -y -- sh -c "cp /bin/busybox '/tmp/$hostile'; '/tmp/$hostile' true"
	python 'len(t) > 10'
	expect True
	stdout=$(LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]' "$scratch/trace")
	expect 0
done

it 'the summary is exact: it comes from the kernel'"'"'s counters'
traced -c -e getppid,kill -- sh -c 'i=0; while [ $i -lt 50 ]; do kill -0 1; kill -0 99999 2>/dev/null; i=$((i+1)); done'
stdout=$(awk '$NF == "kill" { print $4, $5 }' "$scratch/trace")
expect '100 50'

it 'the summary of slow calls counts events'
traced -c --slow 20 -- sh -c 'usleep 30000; usleep 30000; usleep 10'
stdout=$(awk '$NF == "clock_nanosleep" || $NF == "nanosleep" { print $4 }' "$scratch/trace")
expect 2

# A sandbox that runs already
# shellcheck disable=SC2016 # for the guest's shell
start box mini -- sh -c 'echo started; while :; do cat /nofile 2>/dev/null; usleep 5000; done'
box=$pid
soon grep -qs started "$scratch/box.out"

it 'a running sandbox, for a time'
host vitrine trace --duration 1 -e openat box
shows '*openat(AT_FDCWD, "/nofile", O_RDONLY) * = -1 ENOENT*'
it 'the only sandbox needs no name'
host vitrine trace --duration 1 -e openat
shows '*"/nofile"*'
it 'a reader that goes away ends the trace, quietly'
host bash -c 'vitrine trace -e openat box | head -1 | wc -l'
expect 1
says ''
it 'Ctrl-C ends it with what is there'
host bash -c 'set -m; vitrine trace -e openat box >"$1" & for _ in {1..100}; do ! grep -q nofile "$1" || break; sleep 0.1; done; kill -INT $!; wait $!; echo $?; grep -c nofile "$1" >/dev/null && echo lines' - "$scratch/lines"
expect $'0\nlines'
it 'the summary of a running sandbox'
host vitrine trace -c --duration 1 box
shows '*% time*openat*total*'
it '-c as JSON'
host vitrine trace -c --format json --duration 1 box
stdout=$(python3 -c 'import json, sys
t = json.loads(sys.argv[1])
print(sum(c["calls"] for c in t["calls"]) == t["total"]["calls"], t["lost"], t["calls"][0]["p99_ns"] > 0)' "$stdout")
expect 'True 0 True'

it '-p ends with the process, -f with its children, too'
vitrine exec box sh -c 'echo $$ >/tmp/pid; while [ ! -e /tmp/go ]; do usleep 50000; done; (usleep 100000; cat /nofile); true' \
	</dev/null >/dev/null 2>&1 &
soon vitrine exec box test -s /tmp/pid
inside=$(vitrine exec box cat /tmp/pid </dev/null)
vitrine trace -p "$inside" -e openat box >"$scratch/alone" &
alone=$!
vitrine trace -f -p "$inside" -e openat box >"$scratch/family" &
family=$!
sleep 1
vitrine exec box touch /tmp/go </dev/null
wait $alone $family
host grep -c nofile "$scratch/alone"
shows 0
host grep -c nofile "$scratch/family"
shows 1
it 'a command in it, with its children and nobody else; its streams and status are its own'
vitrine exec box sh -c 'while :; do cat /etc/passwd; sleep 0.01; done' </dev/null >/dev/null &
other=$!
host vitrine trace -e openat -o "$scratch/trace" exec -e WORD=seen box sh -c 'echo $WORD; (cat /no/child; exit 4); exit 3' </dev/null
status 3
shows seen
says "cat: can't open '/no/child': No such file or directory"
lines '/no/child.*ENOENT'
shows 1
lines passwd
shows 0
host vitrine trace -Z -e openat exec box cat /nowhere </dev/null
says '*openat(AT_FDCWD, "/nowhere", O_RDONLY) = -1 ENOENT*'
status 1
host bash -c 'vitrine trace -c --format json -o "$1/sum" exec box mkdir /one /two </dev/null; jq -c ".calls[] | select(.call == \"mkdir\") | .calls" "$1/sum"' - "$scratch"
expect 2
kill $other
it 'one that is not there, and one in no sandbox'
host vitrine trace -o /dev/null exec box nosuch
status 127
host vitrine trace exec nobody true
status 125
one_line
host vitrine trace -p 1 exec box true
status 2
one_line
it 'a trace of nobody is none'
host vitrine trace -p 99999 box
status 125
says 'there is no process 99999 in the sandbox box'
one_line

it 'it ends when the sandbox does'
host bash -c 'vitrine trace -e openat box >/dev/null & sleep 0.5; vitrine kill box; wait $!; echo $?'
expect 0
wait $box

it 'what is no call is said'
host vitrine trace -e opnat box
says "'opnat' is no system call; did you mean 'openat'?"
status 2
host vitrine trace -e %nothing box
says "'%nothing' is no group of calls"
host vitrine trace --events nonsense box
says "'nonsense' is no kind of event"
host vitrine trace --format xml box
says 'not one of: text, json, perfetto'
host vitrine trace nothing-of-that-name
status 125
one_line
it 'a sandbox that cannot start says so, once'
host vitrine trace run --ephemeral /no/such/image -- true
status 125
one_line
