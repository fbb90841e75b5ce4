#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Sandboxes in the background: run -d, ps -a, logs of what has ended, stop, rm
. "$(dirname "$0")/../lib.sh"
uses mini
export XDG_RUNTIME_DIR=$scratch XDG_STATE_HOME=$scratch/state
detach=(vitrine run -d "${run_options[@]}" --name)

it 'run -d prints the name, when the command runs'
host "${detach[@]}" box mini -- sh -c 'echo one; echo two; echo three; trap "exit 5" TERM; while :; do sleep 0.1; done'
expect box
host vitrine ps -q
expect box
soon_logs() {
	vitrine logs box | grep -q three
}
soon soon_logs
host vitrine logs box
expect 'one
two
three'
host vitrine logs -n 2 box
expect 'two
three'
host vitrine logs --tail 1 box
expect three
host vitrine logs -n 0 box
expect ''
host vitrine logs -n all box
expect 'one
two
three'
host vitrine logs -n some box
status 2
one_line

it 'both streams are kept; which line comes first between two streams is not told'
host "${detach[@]}" both mini -- sh -c 'echo to output; echo to error >&2'
vitrine wait both >/dev/null
host sh -c 'vitrine logs both 2>&1 | sort'
expect 'to error
to output'
vitrine rm both

it 'a name that is taken'
host "${detach[@]}" box mini -- true
status 125
says 'a sandbox named box is running already'
one_line
it 'a command that is not there is no sandbox'
host "${detach[@]}" none mini -- /nonexistent
status 127
says 'exec: /nonexistent: No such file or directory'
it 'an image that is not there'
host "${detach[@]}" none noimage
status 125
one_line

it 'kill takes several, as stop and rm do, and tells of those that are not there'
for name in first second third; do "${detach[@]}" $name mini -- sleep 1000 >/dev/null; done
host vitrine kill first second
status 0
host vitrine kill nobody third nobody
status 125
says '*no sandbox named nobody*no sandbox named nobody*'
host vitrine ps -q
expect box
vitrine rm first second third

it 'stop asks first'
host vitrine stop box
status 0
host vitrine ps -q
expect ''
it 'how it ended, and what it wrote, stays'
host vitrine ps -a
shows '*box*exited (5)*echo one*'
host vitrine ps -a --format '{{.Name}}:{{.Status}}'
shows 'box:exited (5) * ago'
host vitrine logs box
expect 'one
two
three'
host vitrine logs -n 1 box
expect three
host vitrine exec box true
status 125
says 'no sandbox named box is running'

it 'wait tells the status, of what has ended and of what is going to'
host vitrine wait box
expect 5
host "${detach[@]}" brief mini -- sh -c 'sleep 1; exit 7'
host vitrine wait box brief
expect '5
7'
host vitrine wait nosuch
status 125
one_line

it 'one in the foreground takes the place of what was kept under its name'
host vitrine run "${run_options[@]}" --name brief mini -- true
host vitrine wait brief
status 125

it 'stop ends what does not listen'
host "${detach[@]}" deaf mini -- sh -c 'trap "" TERM; while :; do sleep 0.1; done'
expect deaf
host vitrine rm deaf
status 125
says 'the sandbox deaf is running'
host vitrine stop -t 1 deaf
status 0
host vitrine ps -a --format '{{.Name}} {{.Status}}'
shows '*deaf exited (137)*'

it 'one that was killed from outside'
host "${detach[@]}" killed mini -- sleep 1000
kill -KILL "$(vitrine ps --format '{{.Pid}}')"
soon_gone() {
	! vitrine ps -q | grep -q .
}
soon soon_gone
host vitrine ps -a --format '{{.Name}} {{.Status}}'
shows '*killed killed*'

it 'the next one of a name takes the place of the last'
host "${detach[@]}" box mini -- sh -c 'echo again'
soon soon_gone
host vitrine logs box
expect again
host vitrine rm box killed
status 0
host vitrine rm box
status 125
one_line
host vitrine rm -a
status 0
host vitrine ps -a -q
expect ''
it '--rm keeps nothing'
host "${detach[@]}" box --rm mini -- true
soon soon_gone
host bash -c "ls -A $scratch/vitrine"
expect ''

it 'templates'
host "${detach[@]}" box mini -- sleep 1000
host vitrine ps --format 'table {{.Name}}\t{{ .Image }}'
expect "NAME	IMAGE
box	mini"
host vitrine ps --format '{{json .Name}}'
expect '"box"'
host bash -c 'vitrine ps --format json | python3 -c "import json, sys; print(json.loads(sys.stdin.read())[\"name\"])"'
expect box
host vitrine ps box --format '{{.Pid}} {{.Command}}'
shows '[0-9]* sleep 1000'
for bad in '{{.Nothing}}' '{{.Name' '{{Name}}' '{{upper .Name}}'; do
	host vitrine ps --format "$bad"
	status 2
	one_line
done
host vitrine rm -f box
status 0
host vitrine ps -aq
expect ''
