#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A running sandbox from outside: ps, exec, logs, cp, kill
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch

begin() {
	start "$1" mini -- sh -c "${2:-echo started; sleep 1000; :}"
	soon grep -qs started "$scratch/$1.out"
}

host vitrine ps -q
expect ''
begin box
host vitrine ps -q
expect box
host vitrine ps
shows "*box*$pid*mini*echo started*"
host vitrine ps box
shows '*sh -c echo started*sleep 1000*'
it 'one process: what it does, or waits for'
sleeper=$(vitrine ps --format '{{.Pid}} {{.Name}}' box | sed -n 's/ sleep$//p')
host vitrine ps box "$sleeper"
shows "process  $sleeper sleep: sleep 1000*state    sleeping in *nanosleep(*waits in *kernel*nanosleep*files    0 r *"
host bash -c 'vitrine ps --json box "$1" | jq -r .comm' - "$sleeper"
expect sleep
host vitrine ps box 99999
status 125
says 'there is no process 99999 in the sandbox box'
one_line
host vitrine ps box sleep
status 2
one_line
host vitrine ps -q box "$sleeper"
status 2
one_line
it 'the process id of a supervisor is as good as a name'
host vitrine ps -q "$pid"
shows '*[0-9]*'
host vitrine exec "$pid" echo "I am box"
expect 'I am box'
host vitrine logs "$pid"
expect started
host vitrine trace -c --duration 1 "$pid"
shows '*total*'
host vitrine exec $$ true
status 125
says "no sandbox named $$ is running, and process $$ is none"
host vitrine run --name box --ephemeral mini -- true
status 125
says 'a sandbox named box is running already'

# exec: streams, status, directory, user, environment
host vitrine exec box sh -c 'echo out; echo err >&2; exit 3'
shows out
says err
status 3
input 'some text'
host vitrine exec -i box cat
expect 'some text'
it 'forwards input that is no terminal, as run does'
input 'some text'
host vitrine exec box cat
expect 'some text'
host vitrine exec box -- pwd
expect /
host vitrine exec -w /tmp box -- pwd
expect /tmp
# shellcheck disable=SC2016 # for the guest's shell
host vitrine exec -e A=b --user nobody box sh -c 'echo $A; id -un; echo $HOME'
expect 'b
nobody
/nonexistent'
host vitrine exec box nonexistent
status 127
says 'No such file or directory'
host vitrine exec box sh -c 'kill -KILL $$'
status 137
host vitrine exec nobox true
status 125
says 'no sandbox named nobox is running'
host bash -c 'seq 1 300000 | vitrine exec -i box cat | md5sum'
expect "$(seq 1 300000 | md5sum)"
host bash -c 'for i in 1 2 3 4 5 6 7 8; do vitrine exec box sh -c "sleep 0.2; echo $i" & done | sort; wait'
expect '1
2
3
4
5
6
7
8'

# a client that is killed leaves its command without streams, and the sandbox alone
vitrine exec box sh -c 'while echo x; do sleep 0.1; done' >"$scratch/killed" &
client=$!
sleep 0.5
kill -KILL $client
wait $client 2>/dev/null
hung_up() {
	! vitrine ps box | grep -q 'while echo'
}
soon hung_up
host vitrine ps box
shows '*sleep 1000*'
[[ $stdout != *'while echo'* ]]
check $? 'the command of a killed client has ended by SIGPIPE'

# Signals come while the client starts, asks, and before the command has begun
it 'a signal that ends a client ends its command, whenever it comes'
host bash -c 'for i in {0..79}; do
	vitrine exec box sleep 1004 </dev/null &
	sleep "0.0$((i / 20))$((i % 20 + 10))"
	kill $!
	wait $!
	echo $?
done | sort -u'
expect 143
[ -z "$stderr" ]
check $? 'without a word'
none_left() {
	! vitrine ps box | grep 'sleep 1004'
}
soon none_left
host vitrine ps box
[[ $stdout != *'sleep 1004'* ]]
check $? 'none is left'

it 'ps says how many descriptors are open'
vitrine exec box sh -c 'exec 3</dev/null 4</dev/null 9</dev/null; exec sleep 1003' </dev/null >/dev/null 2>&1 &
fds_of() {
	vitrine ps box --format '{{.Fds}} {{.Command}}' | grep -q 'sleep 1003'
}
soon fds_of
host vitrine ps box --format '{{.Fds}} {{.Command}}'
shows '*6 sleep 1003*'

# logs
host vitrine logs box
expect started
it 'what cannot be written is a failure, whoever writes it'
vitrine exec box sh -c 'while [ ! -e /tmp/enough ]; do usleep 20000; done' </dev/null &
for words in 'logs box' 'logs -k box' 'ps box' 'ps --json box' 'ps --format {{.Name}}' 'ps -q box' \
	'cp box:/etc/passwd -' 'exec box echo out' 'trace -c --duration 1 box' \
	'trace -c --format json --duration 1 box' 'top --once -d 0.1 box' 'top --once --json box' \
	'follow -t 20 --json box any' 'follow -t 20 box any'; do
	host bash -c "vitrine $words >/dev/full"
	status 125
	says 'No space left on device'
	one_line
done
vitrine exec box touch /tmp/enough </dev/null
host vitrine trace -o /dev/full run --ephemeral mini -- true
status 125
says '/dev/full: No space left on device'
host vitrine logs box --kernel
shows '*Run /sbin/vitrine-init as init process*'

# cp
mkdir -p "$scratch/tree/sub"
echo one >"$scratch/tree/one"
chmod 750 "$scratch/tree/one"
head -c 300000 /dev/urandom >"$scratch/tree/sub/big"
: >"$scratch/tree/empty"
ln -s ../one "$scratch/tree/sub/link"
touch "$scratch/tree/$(printf 'n\303\244me \377')"
host vitrine cp "$scratch/tree" box:/root
status 0
# shellcheck disable=SC2016 # for the guest's shell
host vitrine exec box sh -c 'cd /root/tree; cat one; stat -c %a one; readlink sub/link; md5sum <sub/big'
expect "one
750
../one
$(md5sum <"$scratch/tree/sub/big")"
mkdir "$scratch/back"
host vitrine cp box:/root/tree "$scratch/back"
status 0
host diff -r --no-dereference "$scratch/tree" "$scratch/back/tree"
expect ''
it 'a second copy replaces the first, links and all'
host vitrine cp box:/root/tree "$scratch/back"
status 0
host vitrine cp box:/etc/passwd "$scratch/passwd"
status 0
host vitrine cp box:/etc/passwd -
expect "$(cat "$scratch/passwd")"
input 'from a pipe'
host vitrine cp - box:/root/piped
status 0
host vitrine exec box cat /root/piped
expect 'from a pipe'
it 'says what could not be read'
host vitrine cp box:/proc/1/wchan "$scratch"
status 125
says 'wchan: Invalid argument'
host vitrine cp box:/nonexistent "$scratch"
status 125
says 'box:/nonexistent: No such file or directory'
one_line
host vitrine cp box:/dev/null "$scratch"
status 125
says 'not copied, it is a device'

# links of /proc lead to objects, not to paths: nobody follows them
mkdir "$scratch/magic"
host vitrine cp box:/proc/1/ns "$scratch/magic"
status 125
says 'not supported'
host vitrine cp box:/proc/1/cwd "$scratch/magic"
status 125
host vitrine exec box echo alive
expect alive

# a hostile tree: a link that leads out, then a file of the same name
mkdir "$scratch/outside" "$scratch/inside"
echo mine >"$scratch/outside/file"
ln -s "$scratch/outside/file" "$scratch/inside/file"
host vitrine exec box sh -c 'echo evil >/tmp/file'
host vitrine cp box:/tmp/file "$scratch/inside"
status 125
host cat "$scratch/outside/file"
expect mine

it 'root finds the sandbox of another user by its process id'
host bash -c '[ "$(id -u)" = 0 ] || exit 0
	install -d -o nobody -m 700 "$1/nobody"
	cp "$XDG_DATA_HOME/vitrine/images/mini.ext4" "$1/nobody/"
	chmod 711 "$1"
	chown nobody "$1/nobody/mini.ext4"
	setpriv --reuid nobody --regid nogroup --clear-groups env XDG_RUNTIME_DIR="$1/nobody" HOME=/ \
		vitrine run -d --ephemeral --name theirs "$1/nobody/mini.ext4" -- sleep 1000 || exit
	pid=$(XDG_RUNTIME_DIR=$1/nobody setpriv --reuid nobody --clear-groups vitrine ps --format "{{.Pid}}")
	vitrine exec "$pid" true && vitrine kill "$pid"' - "$scratch"
status 0

# kill
host vitrine kill -s USR1 box 99999
status 125
says 'No such process'
host vitrine kill -s nosuch box
status 2
host vitrine kill box
status 0
wait $pid
code=$?
what='vitrine run after vitrine kill'
status 137
host vitrine ps -q
expect ''

begin second 'echo started; exec sleep 1000'
host vitrine kill -s INT second
status 0
wait $pid
code=$?
what='vitrine run after vitrine kill -s INT'
status 130

# what ends the sandbox is answered nevertheless, also by a thread that gets little of the CPU
begin slow 'echo started; exec sleep 1000'
for thread in "/proc/$pid/task/"*; do
	[ "${thread##*/}" = "$pid" ] || renice -n 15 -p "${thread##*/}" >/dev/null
done
loops=()
for _ in 1 2 3 4; do
	timeout 30 sh -c 'while :; do :; done' &
	loops+=($!)
done
it 'who asks for what ends the sandbox is answered before it ends'
host vitrine kill -s INT slow
status 0
kill "${loops[@]}"
wait "${loops[@]}" "$pid" 2>/dev/null

# a sandbox that is killed from outside leaves a socket that nobody trips over
begin third
kill -KILL $pid
wait $pid 2>/dev/null
host vitrine exec third true
status 125
says 'no sandbox named third is running'
begin third
host vitrine ps -q
expect third
host vitrine kill third
status 0
host bash -c "ls $scratch/vitrine | wc -l"
expect 0

# Clients: 32 at a time. Who is one more may end the sandbox, and the idle make room
begin full
python3 - "$scratch/vitrine/full.sock" >"$scratch/clients.out" <<'PYTHON' &
import socket, sys, time
clients = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(32)]
for client in clients:
    client.connect(sys.argv[1])
    client.send(b'{"op":"info"}')
    client.recv(65536)
print("connected", flush=True)
time.sleep(1000)
PYTHON
clients=$!
soon grep -q connected "$scratch/clients.out"
host vitrine exec full true
status 125
says 'the sandbox serves 32 clients already'
one_line
it 'who only asks is answered'
host vitrine ps -q
expect full
it 'idle clients make room'
served() {
	vitrine exec full true 2>/dev/null
}
soon served
host vitrine exec full echo served
expect served
kill $clients
wait $clients 2>/dev/null
it 'and the dead leave nothing'
host bash -c 'for i in {1..40}; do vitrine exec full true || exit; done'
status 0
host vitrine doctor
shows '*clients of a sandbox*32 at a time, and 4 more*'

# Command lines that take six times as much in JSON, and more processes than fit in one answer
# shellcheck disable=SC2016
vitrine exec full sh -c 'x=$(printf "\001%.0s" $(seq 1000)); for i in $(seq 100); do sleep 99 "$x" & done 2>/dev/null
	exec sh -c "i=0; while [ \$i -lt 100 ]; do busybox sleep 98 & i=\$((i + 1)); done; echo there; sleep 97"' >"$scratch/many" 2>/dev/null &
soon grep -qs there "$scratch/many"
host vitrine ps -q full
[ "$(wc -l <<<"$stdout")" -gt 100 ]
check $? 'ps tells of all'
host vitrine kill full
status 0

ended() {
	[ "$(ps -o state= -p "$1")" = Z ] || ! kill -0 "$1" 2>/dev/null
}

# Two of the highest real-time priority have the CPU: a twentieth of it is left for everybody else
cc -O1 -static -o "$scratch/spinner" tests/guest/held/spinner.c
for cpus in 1 2; do
	start greedy --cpus $cpus mini -- sleep 1000
	vitrine exec -i greedy sh -c 'cat >/tmp/spinner; chmod +x /tmp/spinner' <"$scratch/spinner"
	vitrine exec greedy /tmp/spinner >"$scratch/greedy.says" 2>&1 </dev/null &
	soon grep -q spins "$scratch/greedy.says"
	it 'beside real-time programs that never sleep who looks after the sandbox is served'
	host timeout 60 vitrine ps greedy
	shows '*spinner*'
	host timeout 60 vitrine exec greedy echo in
	expect in
	host timeout 60 vitrine exec greedy sh -c 'sleep 99 >/dev/null & echo $!'
	host timeout 60 vitrine kill -s TERM greedy "$stdout"
	status 0
	it 'and it ends when it is told to'
	kill -TERM "$pid"
	soon ended "$pid"
	check $? 'it has ended'
	kill -9 "$pid" 2>/dev/null
	wait "$pid"
done

# No room even so, as after a fork bomb: told, and nothing is lost by asking
mkfifo "$scratch/fifo"
# shellcheck disable=SC2016
vitrine run --ephemeral --name tight mini -- sh -c '
	most=$(cat /proc/sys/kernel/threads-max)
	for i in $(seq 350); do sleep 1000 & done
	echo 20 >/proc/sys/kernel/threads-max
	echo started; read line; echo $most >/proc/sys/kernel/threads-max
	echo back; read line; :' <"$scratch/fifo" >"$scratch/tight" 2>&1 &
exec 8>"$scratch/fifo"
soon grep -q started "$scratch/tight"
host vitrine exec tight true
status 125
says 'no room for one more process'
one_line
it 'seventy times, with room for 64 commands'
host bash -c 'for i in {1..70}; do vitrine exec tight true 2>&1; done | sort | uniq -c'
shows '*70 vitrine: cannot start the command: the guest has no room for one more process*'
echo >&8
soon grep -q back "$scratch/tight"
host vitrine exec tight echo room
expect room
echo >&8
exec 8>&-

it 'a sandbox that does not answer is in the list, and says so of itself'
start stopped mini -- sleep 1000
kill -STOP "$pid"
host vitrine ps
shows "*stopped *$pid  (does not answer) *- "*
host vitrine ps --format '{{.Uptime}}/{{.Status}}'
expect -/silent
kill -CONT "$pid"
host vitrine kill stopped
status 0
