#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# perf(1) on the guest's own kernel: counters, tracepoints, samples with their callers
. "$(dirname "$0")/../../lib.sh"
uses debian
export XDG_RUNTIME_DIR=$scratch
start box debian -- sleep 1000

inside() {
	host vitrine exec box sh -c "$1"
}

it 'the image has it: tests/run builds one of tests/packages'
inside 'perf version'
shows 'perf version *'

it 'what software counts is counted, what hardware would count is not supported'
inside 'perf stat -x, -e task-clock,context-switches,page-faults,cycles sleep 0.01 2>&1 >/dev/null'
awk -F, '$3 == "page-faults" && $1 > 10 { good++ }
	$3 == "context-switches" && $1 >= 1 { good++ }
	$3 == "task-clock" && $1 > 0 { good++ }
	$3 == "cycles" && $1 == "<not supported>" { good++ }
	END { exit good != 4 }' <<<"$stdout"
check $? 'four counters'

it 'tracepoints are counted'
inside 'perf stat -x, -e raw_syscalls:sys_enter --filter "id == 110" \
	python3 -c "import os; [os.getppid() for i in range(1000)]" 2>&1 >/dev/null | cut -d, -f1'
expect 1000

it 'recorded, and shown with what they are about'
inside 'cd /tmp && perf record -q -a -e sched:sched_process_exec -o exec.data true 2>/dev/null &&
	perf script -i exec.data -F comm,event,trace'
shows '*true*sched:sched_process_exec: filename=*/true*'

it 'calls and their callers, the kernel and the program'
inside 'cd /tmp && cat >deep.c <<END
#include <unistd.h>
__attribute__((noinline)) int inner(void) { int n = (int)getppid() + (int)getppid(); __asm__(""); return n; }
__attribute__((noinline)) int middle(void) { int n = inner(); __asm__(""); return n; }
int main(void) { int n = 0; for (int i = 0; i < 20; i++) n += middle(); return n == 1; }
END
gcc -O1 -fno-omit-frame-pointer -o deep deep.c &&
	perf record -q -g -e raw_syscalls:sys_enter --filter "id == 110" -o deep.data ./deep &&
	perf script -i deep.data -F ip,sym | grep -oE "middle|main|handle_syscall|vitrine_user_loop" | sort | uniq -c'
shows '*main*middle*vitrine_user_loop*'

it 'where the CPU is, in a program that computes'
inside 'cd /tmp && cat >spin.c <<END
__attribute__((noinline)) void hot(void) { for (volatile long i = 0; i < 1000000000; i++) ; }
int main(void) { hot(); return 0; }
END
gcc -O1 -o spin spin.c && perf record -q -F 999 -o spin.data ./spin &&
	perf report -q -i spin.data --stdio -F overhead,symbol 2>/dev/null | grep -m 1 . | grep -o hot'
expect hot

it 'perf trace shows calls with their results'
inside 'perf trace -e nanosleep,clock_nanosleep sleep 0.01 2>&1'
shows '*clock_nanosleep(*) *= 0*'
vitrine kill box >/dev/null
wait "$pid"

start box --cpus 2 debian -- sleep 1000
it 'each of two CPUs has counters of its own'
inside 'perf stat -a -A -x, -e context-switches,cpu-clock true 2>&1 >/dev/null | cut -d, -f1,4 | sort'
expect 'CPU0,context-switches
CPU0,cpu-clock
CPU1,context-switches
CPU1,cpu-clock'
it 'they are cores of one package'
inside 'lscpu -p=cpu,core,socket | grep -v "^#"'
expect '0,0,0
1,1,0'
it 'and is sampled, by its own clock'
inside 'cd /tmp && cat >spin.c <<END
__attribute__((noinline)) void hot(void) { for (volatile long i = 0; i < 500000000; i++) ; }
int main(void) { hot(); return 0; }
END
gcc -O1 -o spin spin.c && echo "taskset 1 ./spin & taskset 2 ./spin; wait" >both &&
	perf record -q -a -F 999 -e cpu-clock -o both.data sh both &&
	perf script -i both.data --comms spin -F cpu | sort | uniq -c | awk "\$1 > 5 { print \$2 }"'
expect '[000]
[001]'
it 'calls are counted wherever they are made'
inside 'perf stat -x, -e raw_syscalls:sys_enter --filter "id == 110" python3 -c "
import os, threading
def calls(cpu):
	os.sched_setaffinity(0, { cpu })
	for i in range(500): os.getppid()
both = [threading.Thread(target=calls, args=(cpu,)) for cpu in (0, 1)]
for thread in both: thread.start()
for thread in both: thread.join()" 2>&1 >/dev/null | cut -d, -f1'
expect 1000
vitrine kill box >/dev/null
