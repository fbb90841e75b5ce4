#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Templates: what a file says is prepared once, and sandboxes start when it is ready
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=120
mkdir -p "$scratch/run" "$scratch/state" "$scratch/dir"
export XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
nothing() {
	host sh -c 'vitrine ps -q; vitrine snapshot ls -q'
	expect ''
}

echo 'from a file' >"$scratch/dir/file"
cat >"$scratch/dir/server.vitrine" <<'END'
# A server that takes a while until it is up
FROM mini
ENV GREETING=hello
WORKDIR /srv
RUN mkdir -p /srv && \
    echo prepared >state
COPY file /srv/file
UNIQUE machine-id
START echo "$GREETING in $PWD"; sleep 1; touch /srv/up; while :; do sleep 1; date >/srv/now; done
READY [ -e /srv/up ]
END

it 'a template is built'
host vitrine template build -m 128M "$scratch/dir/server.vitrine"
expect server
it 'nothing but it is left'
host sh -c 'vitrine ps -q; vitrine template ls -q; vitrine snapshot ls -q'
expect 'server
server'
it 'template ls and inspect'
host vitrine template ls
shows 'TEMPLATE*server*mini*GREETING*'
host sh -c 'vitrine template inspect server | grep -c "\"from\": \"mini\""'
expect 1
it 'sandboxes start from it, and all is ready'
host vitrine run --from server -n 3 --name 'web%'
expect 'web1
web2
web3'
for box in web1 web2 web3; do
	host vitrine exec $box -- sh -c 'hostname; cat /srv/state /srv/file; ls /srv/up; echo "$GREETING"'
	expect "$box
prepared
from a file
/srv/up
hello"
	vitrine exec $box -- cat /etc/machine-id >>"$scratch/ids"
done
it 'what START wrote is in their logs'
host vitrine logs web1
expect 'hello in /srv'
it 'each has a machine-id of its own'
host sh -c "grep -cE '^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\$' $scratch/ids; sort -u $scratch/ids | wc -l"
expect '3
3'
it 'and START goes on in each'
for box in web1 web2 web3; do
	vitrine exec $box -- rm -f /srv/now
	again() { vitrine exec $box -- test -e /srv/now; }
	soon again
	check $? "it goes on in $box"
	vitrine kill $box
done
it 'it is a template on another machine, too'
mkdir -p "$scratch/run2"
there=(env "XDG_STATE_HOME=$scratch/state2" "XDG_RUNTIME_DIR=$scratch/run2")
host sh -c "vitrine snapshot export server - | ${there[*]} vitrine snapshot import -"
expect server
host "${there[@]}" vitrine template ls
shows 'TEMPLATE*server*mini*GREETING*'
"${there[@]}" vitrine run --from server --name far >/dev/null
host sh -c "${there[*]} vitrine exec far -- cat /etc/machine-id | cat - $scratch/ids | sort -u | wc -l"
expect 4
"${there[@]}" vitrine kill far
it 'a name that is taken'
host vitrine template build "$scratch/dir/server.vitrine"
status 125
says 'there is a snapshot server already'
one_line
it 'rm'
host vitrine template rm server
status 0
host vitrine template rm server
status 125
says 'there is no template server'
one_line
nothing

# wrong TEXT MESSAGE: a file that is refused before anything is started
wrong() {
	printf '%b' "$1" >"$scratch/dir/wrong"
	host vitrine template build "$scratch/dir/wrong"
	status 125
	says "$2"
	one_line
}
it 'files that are wrong'
wrong '' 'wrong: there is no FROM'
wrong 'RUN true\n' 'line 1: FROM comes first'
wrong 'FROM mini\n\n# text\nMAKE it\n' "line 4: 'MAKE' is none of FROM, RUN, COPY, ENV, WORKDIR, START, READY, UNIQUE"
wrong 'FROM mini\nRUN true && \\\n  true\nENV 1=2\n' 'line 4: ENV needs NAME=VALUE'
wrong 'FROM mini --rm\n' 'line 1: FROM needs the name of an image'
wrong 'FROM --help\n' 'line 1: FROM needs the name of an image'
wrong 'FROM mini\nCOPY ../secret /x\n' 'line 2: COPY takes only what is in the directory of this file'
wrong 'FROM mini\nCOPY /etc/passwd /x\n' 'line 2: COPY takes only what is in the directory of this file'
wrong 'FROM mini\nSTART a\nSTART b\n' 'line 3: there was one already'
wrong 'FROM mini\nUNIQUE snow\n' 'line 2: UNIQUE knows machine-id only'
wrong 'FROM mini\0\n' 'this is no file of instructions'
wrong 'FROM mini\nRUN\n' 'line 2: something is missing'

# fails TEXT MESSAGE: one that fails on the way, and leaves nothing
fails() {
	printf '%b' "$1" >"$scratch/dir/fails"
	host vitrine template build --ready-timeout 1 "$scratch/dir/fails"
	status 125
	says "$2"
	nothing
}
it 'what fails on the way leaves nothing'
fails 'FROM mini\nRUN echo no >&2; exit 3\n' 'RUN echo no >&2; exit 3: exit status 3'
ln -s /etc "$scratch/dir/link"
fails 'FROM mini\nCOPY link/passwd /x\n' 'COPY link/passwd leads out of the directory of the file'
fails 'FROM mini\nCOPY missing /x\n' 'COPY missing: No such file or directory'
fails 'FROM mini\nSTART exit 1\nREADY [ -e /never ]\n' 'START has ended before it was ready'
fails 'FROM mini\nREADY false\n' 'it is not ready after 1 seconds'
fails 'FROM nothing-of-that-name\n' 'the sandbox of nothing-of-that-name did not start'
