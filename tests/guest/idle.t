#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Sandboxes that are paused by themselves, and go on by themselves: --idle-pause, --on-timeout, and
# what wants something of a paused one
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier
seconds=120
mkdir -p "$scratch/run" "$scratch/state"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
box() {
	vitrine run -d "${run_options[@]}" --name "$@" >/dev/null
}
is() {
	[ "$(vitrine ps --format '{{.Name}} {{.Status}}' | grep "^$1 ")" = "$1 $2" ]
}

it 'one with nothing to do is paused'
box idle --idle-pause 1 mini -- sh -c 'echo begins; sleep 1000'
supervisor=$(vitrine ps --format '{{.Pid}}')
soon is idle paused
check $? 'ps shows it as paused'
it 'it has no process and no socket'
host sh -c "for p in /proc/[0-9]*; do
		case \$(readlink \$p/exe) in */vitrine) tr '\0' ' ' <\$p/environ | grep -oF 'XDG_RUNTIME_DIR=$scratch/run' ;; esac
	done 2>/dev/null
	ls $scratch/run/vitrine"
expect ''
it 'logs shows what it had written'
host vitrine logs idle
expect begins
it 'and of its kernel'
host sh -c 'vitrine logs -k idle | grep -c "Linux version"'
expect 1
it 'exec lets it go on, and nothing but the answer is seen of that'
host vitrine exec idle -- sh -c 'echo answer; echo more >&2'
expect answer
[ "$stderr" = more ]
check $? 'standard error is the command'\''s alone'
[ "$(vitrine ps --format '{{.Pid}}')" != "$supervisor" ]
check $? 'it is another process'
it 'then it is paused again'
soon is idle paused
check $? 'paused'
it 'cp lets it go on, too'
echo text >"$scratch/file"
host sh -c "vitrine cp $scratch/file idle:/tmp/file && vitrine exec idle cat /tmp/file"
expect text
it 'several at once find the same one'
soon is idle paused
for i in 1 2 3 4 5; do
	vitrine exec idle -- sh -c "echo $i >>/tmp/said" </dev/null 2>"$scratch/err$i" &
	jobs[i]=$!
done
for i in 1 2 3 4 5; do
	wait "${jobs[i]}" || cat "$scratch/err$i"
done
host vitrine exec idle sort /tmp/said
expect '1
2
3
4
5'
it 'attach lets it go on, and keeps it: somebody is there'
soon is idle paused
vitrine attach --no-stdin idle >"$scratch/attached" 2>&1 &
attached=$!
soon is idle running
sleep 3
name=
is idle running
check $? 'attached: it runs'
kill -KILL $attached
{ wait $attached; } 2>/dev/null
soon is idle paused
check $? 'until nobody is'
vitrine rm idle

it 'one that computes is not paused, nor one whose command of an exec runs'
box busy --idle-pause 1 mini -- sh -c 'while :; do :; done'
box held --idle-pause 1 mini -- sleep 1000
vitrine exec held -- sleep 6 </dev/null &
execer=$!
sleep 4
is busy running && is held running
check $? 'both run'
wait $execer
soon is held paused
check $? 'paused when that has ended'
vitrine kill busy
vitrine rm -f held

it 'UPTIME counts from the first start'
box old --idle-pause 1 mini -- sleep 1000
started=$(vitrine ps --json | tr -d ' \n' | sed 's/.*"started":\([0-9]*\).*/\1/')
soon is old paused
host sh -c 'vitrine ps --json | tr -d " \n" | sed "s/.*\"started\":\([0-9]*\).*/\1/"'
expect "$started"
sleep 1
vitrine exec old -- true
host sh -c 'vitrine ps --json | tr -d " \n" | sed "s/.*\"started\":\([0-9]*\).*/\1/"'
expect "$started"
vitrine kill old

# The clocks of a command that runs on, asked by a program that answers each line with what they show
cat >"$scratch/clocks.c" <<'END'
#include <stdio.h>
#include <time.h>
int main(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };
	for (int i = 0; i < 3; i++) {
		struct timespec now;
		clock_gettime(clocks[i], &now);
		printf("%lld ", now.tv_sec * 1000LL + now.tv_nsec / 1000000);
	}
	puts("");
	return 0;
}
END
cc -static -o "$scratch/clocks" "$scratch/clocks.c"
box clocks mini -- sleep 1000
vitrine cp "$scratch/clocks" clocks:/clocks
read -r _ monotonic boottime <<<"$(vitrine exec clocks /clocks)"
vitrine pause clocks >/dev/null
sleep 3
for _ in 1 2 3; do
	before=$(date +%s%3N)
	read -r wall monotonic2 boottime2 <<<"$(vitrine exec clocks /clocks)"
	after=$(date +%s%3N)
	name=
	what="$before, $wall, $after"
	[ "$wall" -ge $((before - 10)) ] && [ "$wall" -le $((after + 10)) ]
	check $? 'the wall clock is right within 10 ms of going on'
done
what="$monotonic $monotonic2, $boottime $boottime2"
[ "$monotonic2" -ge "$monotonic" ]
check $? 'CLOCK_MONOTONIC goes on without a jump back'
[ $((boottime2 - boottime)) -ge 3000 ] && [ $((boottime2 - boottime - (monotonic2 - monotonic))) -ge 2500 ]
check $? 'CLOCK_BOOTTIME has counted the pause, CLOCK_MONOTONIC has not'
vitrine kill clocks

it 'a time-out that pauses'
host vitrine run "${run_options[@]}" --timeout 1 --on-timeout pause --name over mini -- sh -c 'while :; do :; done'
status 147
says 'over is paused; vitrine resume over'
it 'the next command has the whole time again'
host vitrine exec over -- echo here
expect here
soon is over paused
check $? 'and is followed by a pause'
vitrine rm over
it 'one that pauses needs a time'
host vitrine run --ephemeral --on-timeout pause mini -- true
status 2
says '--on-timeout pause: there is no --timeout'
one_line
host vitrine run --ephemeral --timeout 1 --on-timeout sleep mini -- true
status 2
says "*'sleep' is not one of: kill, pause"
it 'what cannot be paused ends when its time is over, and says why'
host vitrine run "${run_options[@]}" --timeout 1 --on-timeout pause -v "$scratch:/mnt" mini -- sleep 100
status 124
says 'cannot pause: a sandbox with shared folders cannot be paused yet'
