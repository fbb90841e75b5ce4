#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Kernels that have booted already: kept at the first use, for all who would boot the same way
. "$(dirname "$0")/../lib.sh"
uses mini
mkdir -p "$scratch/run" "$scratch/state" "$scratch/cache"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
boots=$scratch/cache/vitrine/boots
kept() {
	find "$boots" -mindepth 1 -maxdepth 1 -type d -name '????????????????' 2>/dev/null | wc -l
}
# From which kept kernel a sandbox goes on
maps() {
	grep -c "$boots/.*/memory" "/proc/$(vitrine ps --format '{{.Name}} {{.Pid}}' | awk -v n="$1" '$1 == n { print $2 }')/maps"
}
[ "${VITRINE_TIER:-}" != emulate ] || { echo '1..0 # SKIP the emulator boots'; trap - EXIT; exit 0; }

it 'the first use keeps one'
guest sh -c 'cat /proc/cmdline; head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/boot_id'
status 0
printf '%s\n' "$stdout" >"$scratch/first"
[ "$(kept)" = 1 ]
check $? 'one is there'

it 'the next goes on from it, with random numbers of its own'
guest sh -c 'cat /proc/cmdline; head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/boot_id'
status 0
printf '%s\n' "$stdout" >"$scratch/second"
[ "$(comm -12 <(sort "$scratch/first") <(sort "$scratch/second") | grep -c .)" = 1 ]
check $? 'nothing but the command line is the same'
[ "$(kept)" = 1 ]
check $? 'no second one was made'

it 'a boot, not a sleep: the time since then is none of its own, and its clock is right'
touch -d '2 days ago' "$boots"/*/*
sleep 3
host bash -c 'a=$(date +%s); b=$(vitrine run '"${run_options[*]}"' mini -- date +%s); c=$(date +%s); [ $a -le $b ] && [ $b -le $c ] && echo right'
expect right
guest sh -c 'read -r up _ </proc/uptime; [ ${up%.*} -lt 3 ] && echo young'
expect young

it 'what the supervisor said to keep it is not on the command line'
guest sh -c 'grep -q vitrine.keep /proc/cmdline || echo clean'
expect clean

it 'its kernel is shared, and logged from the start'
vitrine run -d "${run_options[@]}" --name shared-$$ mini -- sleep 1000 >/dev/null
[ "$(maps shared-$$)" -gt 0 ]
check $? 'memory is that of the file'
host vitrine exec shared-$$ -- dmesg
shows '*Linux version*Mounted root*'
host vitrine exec shared-$$ -- hostname
expect shared-$$

it 'it can be paused, forked, and go on without the cache'
rm -rf "$boots"
host vitrine fork shared-$$ --name fork-$$
expect fork-$$
host vitrine exec fork-$$ -- hostname
expect fork-$$
host vitrine pause shared-$$
expect shared-$$
host vitrine resume shared-$$
expect shared-$$
host vitrine exec shared-$$ -- echo on
expect on
vitrine kill shared-$$
vitrine kill fork-$$

it 'ten at once, and none is there'
for i in {1..10}; do
	vitrine run "${run_options[@]}" mini -- echo "$i" &
done >"$scratch/ten"
wait
host sort -n "$scratch/ten"
expect "$(seq 10)"
[ "$(kept)" = 1 ]
check $? 'one was made'

it '--full-boot: none is used, none is made'
rm -rf "$boots"
host vitrine run --full-boot "${run_options[@]}" mini -- echo booted
expect booted
[ "$(kept)" = 0 ]
check $? 'none is there'

it 'other memory, another kernel'
vitrine run "${run_options[@]}" --memory 512M mini -- true
host vitrine run "${run_options[@]}" --memory 600M mini -- sh -c 'read -r _ kb _ </proc/meminfo; [ $kb -gt 560000 ] && echo more'
expect more
[ "$(kept)" = 2 ]
check $? 'two are there'

it 'one that is damaged is made anew'
for file in key state memory.1-1 hot; do
	for which in "$boots"/????????????????; do
		head -c 100 /dev/urandom >"$which/$file"
	done
	host vitrine run "${run_options[@]}" --memory 512M mini -- echo "$file"
	expect "$file"
	[ -s "$(ls -d "$boots"/????????????????/key | head -1)" ]
	check $? 'there are some'
done

it 'a place that others can write to is not used'
rm -rf "$boots"
mkdir -m 777 "$boots"
chmod 777 "$boots"
host vitrine run "${run_options[@]}" mini -- echo booted
expect booted
[ -z "$(ls -A "$boots")" ]
check $? 'nothing was made there'
rmdir "$boots"
mkdir "$scratch/elsewhere"
ln -s "$scratch/elsewhere" "$boots"
host vitrine run "${run_options[@]}" mini -- echo booted
expect booted
[ -z "$(ls -A "$scratch/elsewhere")" ]
check $? 'nor through a link'
rm "$boots"

it 'nor is a file there that others can write to'
host vitrine run "${run_options[@]}" mini -- echo made
expect made
for file in key state memory.1-1; do
	chmod 666 "$boots"/*/$file
	vitrine run -d "${run_options[@]}" --name open-$$ mini -- sleep 1000 >/dev/null
	[ "$(stat -c %a "$boots"/*/$file)" = 600 ]
	check $? "another $file was made"
	vitrine kill open-$$
done

it 'no more than twelve are kept'
for i in {1..14}; do
	vitrine run "${run_options[@]}" --memory $((300 + 4 * i))M mini -- true
done
[ "$(kept)" = 12 ]
check $? 'twelve'
