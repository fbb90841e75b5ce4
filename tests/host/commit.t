#!/bin/bash
# What a sandbox has written: listed, and made an image; the store under pressure
. "$(dirname "$0")/../lib.sh"
needs umoci setpriv unshare
export XDG_DATA_HOME=$scratch/data
store=$XDG_DATA_HOME/vitrine/store
run_options=()

host tests/images/layout "$scratch/lay"
status 0
host vitrine image import "$scratch/lay:base" base
status 0

write='echo hi >/d/new; rm -r /gone; mkdir -p /x/y; touch /x/y/z "/x/a
b"; echo >>/etc/passwd; chmod 700 /tmp; ln /bin/busybox /x/hard'
host vitrine run --name one base /bin/sh -c "$write"
status 0
host sh -c "vitrine diff one | grep -v -e '/dev' -e '/proc' -e '/sys' -e '/run'"
expect 'C /bin
C /bin/busybox
C /d
A /d/new
C /etc
C /etc/passwd
D /gone
C /tmp
A /x
A /x/a\nb
A /x/hard
A /x/y
A /x/y/z'

host vitrine commit one made
says 'made is ready'
host vitrine run made /bin/cat /d/new
expect hi
host vitrine run made /bin/stat -c %h /x/hard
expect 2
host vitrine run made /bin/ls /gone
status 1
it 'a commit is as large as what was written'
host sh -c 'vitrine image inspect --json made | grep -c "\"chain\""'
expect 2
host vitrine run --name two made /bin/sh -c 'echo more >/d/more'
host vitrine diff two
shows '*A /d/more*'
[[ $stdout != *new* ]]
check $? 'only what it has written itself is listed'
host vitrine commit two made
status 0
host vitrine run made /bin/cat /d/new /d/more
expect $'hi\nmore'
host vitrine rm one two
status 0
host vitrine run made /bin/cat /d/new
expect hi
host vitrine diff one
says 'no sandbox has kept a disk'
host vitrine commit ../one x
one_line
host vitrine commit one
status 2

# One that runs, and goes on; one that was killed, with a journal to replay
start busy base /bin/sh -c 'echo written >/file; sleep 3; echo done; sleep 60'
soon vitrine exec busy cat /file >/dev/null 2>&1
host vitrine diff busy
shows '*A /file*'
host vitrine commit busy snapshot
status 0
host vitrine run snapshot /bin/cat /file
expect written
it 'the sandbox goes on'
host sh -c "for i in \$(seq 100); do grep -q done $scratch/busy.out && exit; sleep 0.1; done; exit 1"
status 0
kill -KILL "$pid"
wait "$pid" 2>/dev/null
host vitrine diff busy
shows '*A /file*'
host vitrine run --name busy base /bin/cat /file
expect written

# Out and in again: one layer, the same files and the same words
host vitrine image export made "$scratch/made.tar"
status 0
host vitrine image export --format oci made "$scratch/made.oci"
status 0
host vitrine image export made "$scratch/made.tar"
one_line
host vitrine image import "$scratch/made.oci" again
status 0
host sh -c "vitrine image export made - | tar tf - | grep -c -e '^d/new$' -e '^gone' -e lost+found"
expect 1
host vitrine run again /bin/cat /d/new
expect hi
host sh -c 'for i in made again; do vitrine image inspect --json $i | grep -A2 "\"cmd\""; done | sort | uniq -c | grep -c "^ *2"'
shows '[1-9]*'

# A store that was never closed, a full disk, another user
it 'nothing that is in use is collected'
host sh -c 'vitrine image rm base snapshot && vitrine image prune && vitrine run made /bin/cat /d/new'
shows '*hi'
as_root='unshare -m'
[ "$(id -u)" = 0 ] || as_root='unshare -rm'
for size in 1500k 5500k; do
it "a disk that is full ($size)"
host $as_root sh -c "size=$size; mkdir -p $scratch/small && mount -t tmpfs -o size=\$size none $scratch/small && XDG_DATA_HOME=$scratch/small vitrine image import $scratch/lay:app app; code=\$?; find $scratch/small -name '*.layer' -o -name '*.tmp' -o -name app.json; exit \$code"
says 'the disk that the images are on is full'
status 125
[ -z "$stdout" ]
check $? 'nothing is left on it'
done
if [ "$(id -u)" = 0 ]; then
	mkdir -m 777 "$scratch/nobody"
	chmod 755 "$scratch"
	chmod -R a+rX "$scratch/lay"
	it 'an ordinary user can do all of it'
	host setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR HOME="$scratch/nobody" XDG_DATA_HOME="$scratch/nobody/data" sh -c "
		set -e
		vitrine image import $scratch/lay:app app
		vitrine run app
		vitrine run --name n -u 0 --entrypoint /bin/sh app -c 'echo x >/x; chown 55:66 /x'
		vitrine diff n | grep -c /x
		vitrine commit n made
		vitrine run -u 0 --entrypoint /bin/stat made -c '%u:%g' /x /bin/busybox"
	expect $'hello\n1\n55:66\n0:0'
fi
