#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs that are emulated do what they do on the processor: each runs in both ways
. "$(dirname "$0")/../lib.sh"
uses debian

# Without what libm does in other steps where there is FMA
plain=(env 'GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4')

# alike WHAT COMMAND...: the same output and status from the processor and from the emulator
alike() {
	local expected expected_code
	run_options=(--ephemeral --syscall-mode seccomp)
	guest "${plain[@]}" "${@:2}"
	expected=$stdout expected_code=$code
	run_options=(--ephemeral --syscall-mode emulate)
	it "$1"
	guest "${plain[@]}" "${@:2}"
	[ -n "$stdout" ] && [ "$stdout" = "$expected" ] && [ "$code" = "$expected_code" ]
	check $? "$1: $expected"
}

alike 'shell, pipes, sort, awk' sh -c \
	'seq 20000 | sort -R --random-source=/bin/sh | awk "{ s += \$1 * 1.5 } END { print s, NR }"; false'
alike 'checksums and compression' sh -c \
	'seq 30000 >/tmp/a; md5sum /tmp/a; sha512sum /tmp/a; gzip -9c /tmp/a | gzip -dc | cmp - /tmp/a && echo same'
# shellcheck disable=SC2016
alike 'perl: numbers and regular expressions' perl -e \
	'for (1..3000) { $s .= sprintf("%.17g ", sin($_) * exp($_ / 100)) } print length($s), " ", unpack("%32C*", $s), "\n"; print join(",", "a1b22c333" =~ /(\d+)/g), "\n"'
alike 'python: floats, big integers, json, threads' python3 -c '
import json, math, hashlib, threading, decimal, struct
print(sum(math.sqrt(i) * math.sin(i) for i in range(5000)).hex())
print([math.gamma(4.5).hex(), math.erf(0.3).hex(), math.atan2(1, -3).hex(), float("1e-310").hex()])
print(pow(3, 2000, 10**40 + 7), decimal.Decimal(2).sqrt())
print(hashlib.sha256(json.dumps({"a": list(range(1000))}).encode()).hexdigest())
found = []
threads = [threading.Thread(target=lambda n=n: found.append(n * n)) for n in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(found), struct.pack("<d", 0.1).hex())'
alike 'gcc: compile and run, with long double and vectors' sh -c '
cat >/tmp/a.c <<-X
	#include <math.h>
	#include <stdio.h>
	int main(void)
	{
		long double l = 1;
		double d[64], s = 0;
		for (int i = 1; i < 64; i++)
			l = l * 1.000123L + sinl(i), d[i] = i / 7.0;
		for (int i = 1; i < 64; i++)
			s += d[i] * d[i];
		printf("%.18Lg %a %ld\n", l, s, lrint(2.5));
		return 3;
	}
	X
gcc -O2 -ftree-vectorize /tmp/a.c -o /tmp/a -lm && /tmp/a'
alike 'processes: fork, exec, signals, alarms' bash -c \
	'trap "echo usr1" USR1; (sleep 0.2; kill -USR1 $$) & wait; wait; timeout 0.3 sleep 9; echo $?; for i in 1 2 3; do (exit $i); echo $?; done'

run_options=(--ephemeral --syscall-mode emulate)
it 'a processor without AVX is what programs find'
guest sh -c '/lib64/ld-linux-x86-64.so.2 --help | grep -E "x86-64-v[234] .supported"; echo none'
expect none
it 'gcc picks what it has'
guest sh -c 'gcc -march=native -dM -E - </dev/null | grep -cE "__(AVX|SSE4_2)__"; exit 0'
expect 0
it 'its way is told'
# shellcheck disable=SC2016
host bash -c 'vitrine run --ephemeral --syscall-mode emulate --name box-$$ mini -- sleep 60 & pid=$!
	until vitrine ps -q box-$$ >/dev/null 2>&1; do sleep 0.1; done
	vitrine ps --format "{{.Name}} {{.Mode}}" | grep "^box-$$ " | cut -d" " -f2; vitrine kill box-$$; wait $pid'
shows 'emulate'
it 'what was paused goes on in the same way'
# shellcheck disable=SC2016
host bash -c 'export XDG_RUNTIME_DIR=$1
	vitrine run --ephemeral --syscall-mode emulate --name box mini -- sh -c "echo begun; while ! test -e /tmp/go; do sleep 0.1; done" \
		>"$1/out" 2>&1 &
	until grep -q begun "$1/out"; do sleep 0.1; done
	vitrine pause box >/dev/null; wait
	vitrine resume box >/dev/null && vitrine ps --format "{{.Name}} {{.Mode}}" && vitrine exec box sh -c "echo \$((6 * 7))"
	vitrine kill box' - "$scratch"
shows 'box emulate
42*'
it 'several CPUs are refused in one line'
host vitrine run --ephemeral --syscall-mode emulate --cpus 2 mini -- true
status 125
says 'has one CPU'
one_line
