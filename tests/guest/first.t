#!/bin/bash
# The first things anyone would try
. "$(dirname "$0")/../lib.sh"
uses mini
in_every_tier always

guest echo hello
expect hello

guest uname -sm
expect 'Linux x86_64'

guest cat /proc/version
shows 'Linux version 6.12.*'

guest id -u
expect 0

guest sh -c 'exit 3'
status 3

guest sh -c 'kill -TERM $$'
status 143

guest sh -c 'seq 100000 | sort -n | tail -1'
expect 100000

guest sh -c 'echo out; echo err >&2'
shows out
says err

input 'some text'
guest wc -c
expect 9

guest no-such-command
status 127
says 'no-such-command'

guest /etc/passwd
status 126

guest sh -c 'echo x >/tmp/f && cat /tmp/f && touch /etc/written'
expect x

# --ephemeral: the line above wrote to nothing that lasts
guest ls /etc/written
status 1

guest pwd
expect /

run_options=(--ephemeral -w /tmp -e A=b --user 1000:100 --hostname glass)
guest sh -c 'pwd; echo $A; id -u; id -g; hostname'
expect '/tmp
b
1000
100
glass'

run_options=(--read-only)
guest touch /etc/x
status 1
says 'Read-only'

run_options=(--ephemeral --timeout 2)
guest sleep 60
status 124
