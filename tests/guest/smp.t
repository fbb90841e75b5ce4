#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Several CPUs: there are as many as were asked for, and what their threads do to each other is right
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=900
build=${VITRINE_BUILD:-$top/build}/smp
mkdir -p "$build"
export XDG_RUNTIME_DIR=$scratch
run_options=(--ephemeral)

most_idle=640 # KiB of the host's memory for a CPU that idles
memory=()

# ticks: CPU time of the sandbox $pid, ms
ticks() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz }' "/proc/$pid/stat"
}

# program CPUS NAME: every line that tests/guest/smp/NAME.c prints is something that went well
program() {
	stdin=$build/$2
	host vitrine run "${run_options[@]}" --cpus "$1" mini -- \
		sh -c 'cat >/tmp/program && chmod +x /tmp/program && exec /tmp/program </dev/null'
	what="$2 with $1 CPUs"
}

for name in pages held order threads handlers; do
	cc -O1 -static -pthread -D_GNU_SOURCE -Wall -o "$build/$name" "tests/guest/smp/$name.c" ||
		check 1 "$name compiles"
done

for cpus in 1 2 5 64; do
	it "$cpus CPUs are $cpus for everyone who asks"
	host vitrine run "${run_options[@]}" --cpus $cpus mini -- sh -c '
		nproc
		grep -c ^processor /proc/cpuinfo
		grep -c "^cpu[0-9]" /proc/stat
		ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l
		cat /sys/devices/system/cpu/online /sys/devices/system/cpu/possible
		sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status'
	all=0-$((cpus - 1))
	[ $cpus != 1 ] || all=0
	expect "$(printf '%s\n' $cpus $cpus $cpus $cpus $all $all $all)"
done

first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
it 'without a word there are as many as the host lets us use, 8 at the most'
host vitrine run --ephemeral mini -- nproc
expect "$few"
host taskset -c "$first" vitrine run --ephemeral mini -- nproc
expect 1
it 'what is emulated has one'
host vitrine run --ephemeral --syscall-mode emulate mini -- nproc
expect 1

for cpus in 2 4 8; do
	program $cpus pages
	expect "$(printf '%s\n' protecting unmapping moving reusing truncating forking \
		'reading from outside')"
	program $cpus held
	expect "$(printf '%s\n' protecting unmapping moving)"
	program $cpus handlers
	expect "$(printf '%s\n' bringing forbidding 'looking for requests')"
	program $cpus order
	expect "$(printf '%s\n' 'store buffering' 'message passing' 'mappings in order' \
		'a barrier by a call' counting 'taking turns' 'dying owners')"
	program $cpus threads
	expect "$(printf '%s\n' numbers 'at the same time' 'signals to who runs' ending 'core of many' \
		tracing 'coming and going')"
done

it 'control groups give CPUs to programs, and take them for themselves'
# shellcheck disable=SC2016
host vitrine run "${run_options[@]}" --cpus 2 mini -- sh -c '
	cd /sys/fs/cgroup && echo +cpuset >cgroup.subtree_control && mkdir one &&
		echo 1 >one/cpuset.cpus && echo $$ >one/cgroup.procs
	nproc
	sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status
	echo 0 >one/cpuset.cpus
	sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status
	cat /proc/self/cpuset
	echo root >one/cpuset.cpus.partition
	cat one/cpuset.cpus.partition cpuset.cpus.effective'
expect '1
1
0
/one
root
1'

for cpus in 3 ''; do
	it 'ps says how many there are'
	start cpus ${cpus:+--cpus $cpus} mini -- sleep 1000
	host vitrine ps --format '{{.Cpus}}'
	expect "${cpus:-$few}"
	host bash -c "vitrine ps --json | sed -n 's/.*\"cpus\": \([0-9]*\).*/\1/p'"
	expect "${cpus:-$few}"
	vitrine kill cpus >/dev/null
	wait "$pid" || :
done

# resident: memory of the sandbox $pid, its guest's too, KiB
resident() {
	echo $(($(cut -d' ' -f2 "/proc/$pid/statm") * $(getconf PAGESIZE) / 1024))
}

# What was taken for the start is given back in portions, for some seconds
settled() {
	local now least
	least=$(resident)
	for _ in {1..12}; do
		sleep 1
		now=$(resident)
		least=$((now < least ? now : least))
	done
	echo "$least"
}

for cpus in 1 9; do
	start idle --cpus $cpus --memory 512M mini -- sleep 1000
	memory[cpus]=$(settled)
	# The least of three times: the host charges whole ticks, and those of others, too
	spent=1000
	for _ in 1 2 3; do
		before=$(ticks)
		sleep 10
		now=$(($(ticks) - before))
		spent=$((now < spent ? now : spent))
	done
	vitrine kill idle >/dev/null
	wait "$pid" || :
done
each=$(((memory[9] - memory[1]) / 8))
what="9 CPUs that idle"
echo "# $each KiB each, $spent ms in 10 s"
[ $each -le $most_idle ] && [ "$spent" -le 10 ]
check $? "CPUs that have nothing to do take no time, and at most $most_idle KiB each"

it 'what CPUs ask of each other is counted, and told'
start cpus --cpus 2 mini -- sleep 1000
vitrine exec -i cpus sh -c 'cat >/tmp/pages && chmod +x /tmp/pages' <"$build/pages"
vitrine trace --events sched,memory --format json --duration 4 cpus >"$scratch/events" 2>/dev/null &
sleep 1
# shellcheck disable=SC2016
vitrine exec cpus sh -c 'for i in 1 2 3 4; do taskset 1 true; taskset 2 true; done; timeout 2 /tmp/pages' >/dev/null
wait $!
for kind in migrate ipi shootdown; do
	grep -q "\"$kind\"" "$scratch/events"
	check $? "$kind is told"
done
host bash -c 'vitrine top --once --json cpus | grep -cE "\"(migrations|shootdowns)\": [1-9]"'
expect 2
vitrine kill cpus >/dev/null
wait "$pid" || :

it 'a sandbox ends while all its CPUs are busy'
host vitrine run "${run_options[@]}" --cpus 4 mini -- \
	sh -c 'for i in 1 2 3 4 5 6; do (while :; do :; done) & done; sleep 0.3; exit 9'
status 9

for wrong in 0 65 -1 many; do
	host vitrine run --cpus $wrong mini -- true
	[ "$code" != 0 ] && [ "$(wc -l <"$scratch/err")" = 1 ] && [[ $stderr == *--cpus* ]]
	check $? "--cpus $wrong is refused"
done
