#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests that hold up whoever looks at them: a file system whose server answers nobody, under command
# lines, files, users' names and terminals. The sandbox goes on serving, and tells what it cannot do
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch
seconds=120

start box mini -- sleep 1000
it 'the programs compile'
host bash -c 'cc -O1 -static -Wall -o "$1/hang" tests/guest/observe/hang.c &&
	cc -O1 -static -Wall -pthread -o "$1/held" tests/guest/held/held.c &&
	vitrine cp "$1/hang" box:/ && vitrine cp "$1/held" box:/' - "$scratch"
status 0
it 'as long as the server answers, its files are put to use'
# shellcheck disable=SC2016 # for the guest's shell
host vitrine exec box sh -c '
	mkdir /fuse
	/hang /fuse >/tmp/hang.out 2>&1 </dev/null &
	until grep -q mounted /tmp/hang.out; do usleep 10000; done
	stat -c %s /fuse/file'
expect 8192
# A process with its command line in such a page, and a pipe that is written to from another
vitrine exec box /held cmdline >"$scratch/cmdline.out" 2>&1 &
vitrine exec box sh -c '/held writer & while ! test -e /tmp/go; do usleep 10000; done; sleep 1' \
	>"$scratch/writer.out" 2>&1 &
writer=$!
soon grep -q ready "$scratch/cmdline.out"
soon grep -q ready "$scratch/writer.out"
it 'then it stops'
# shellcheck disable=SC2016
host vitrine exec box sh -c '
	(exec cat /fuse/stop >/dev/null 2>&1 </dev/null) &
	until grep -q request_wait_answer /proc/$!/wchan; do usleep 10000; done'
status 0

it 'a list of processes waits for no command line'
host vitrine ps box
shows '*sleep 1000*[[]held]*'
it 'and nothing else has waited for it'
host vitrine exec box echo served
expect served

it 'a file is waited for, but not for ever; others are served meanwhile'
vitrine cp box:/fuse/unknown "$scratch" 2>"$scratch/cp.err" &
client=$!
sleep 0.3
host vitrine cp box:/etc/passwd "$scratch/passwd"
status 0
it 'who waits can be ended by a signal'
kill -TERM $client
wait $client
code=$?
what='vitrine cp'
status 143

it 'a command whose user cannot be looked up can be ended, too'
host vitrine exec box sh -c 'mv /etc/passwd /tmp && ln -s /fuse/file /etc/passwd'
status 0
vitrine exec -u user box true &
client=$!
sleep 1
kill -TERM $client
wait $client
code=$?
what='vitrine exec -u user'
[ $code -gt 125 ]
check $? 'exec ends with the command'
host vitrine exec box sh -c 'rm -f /etc/passwd && mv /tmp/passwd /etc'
status 0

# Terminals come from the first /dev/pts, whatever the guest has put in its place
it 'a planted ptmx is nobody'"'"'s terminal'
host vitrine exec box sh -c 'mkfifo /tmp/fifo && mount --bind /tmp/fifo /dev/pts/ptmx'
status 0
host vitrine exec -t box sh -c 'test -t 1 && tty'
shows '/dev/pts/*'
host vitrine exec box sh -c 'umount /dev/pts/ptmx && mount -t tmpfs none /dev/pts'
status 0
host vitrine exec -t box sh -c 'test -t 1 && echo terminal'
shows 'terminal*'
host vitrine exec box umount /dev/pts
status 0

it 'a command that has ended is reported, whoever holds its output'
host vitrine exec box touch /tmp/go
wait $writer
code=$?
what='vitrine exec of a command whose child holds the pipe'
status 0

it 'and the rest of the sandbox is reaped and served'
# shellcheck disable=SC2016
host vitrine exec box sh -c 'for i in 1 2 3 4 5 6 7 8; do (sleep 0.1 &); done; sleep 0.5
	grep -h "^State:.*zombie" /proc/[0-9]*/status | wc -l'
expect 0

it 'the sandbox ends, and kill says so when it has'
host vitrine kill box
status 0
kill -0 "$pid" 2>/dev/null
check $((! $?)) 'no process is left'
wait "$pid"
code=$?
what='vitrine run'
status 137
