#!/bin/bash
# Images: built whole or not at all, by anyone
. "$(dirname "$0")/../lib.sh"
export XDG_DATA_HOME=$scratch/data

host vitrine image ls -q
expect

host vitrine image build mini --name small --size 32M
status 0
host vitrine image ls -q
expect small
host sh -c 'vitrine image inspect small --json | grep -c "\"fs_type\": \"ext4\""'
expect 1
host sh -c "e2fsck -fn $XDG_DATA_HOME/vitrine/images/small.ext4 2>/dev/null | tail -1"
shows '*small: */*'
host sh -c "debugfs -R 'stat /etc/shadow' $XDG_DATA_HOME/vitrine/images/small.ext4 2>/dev/null"
shows '*Mode:  0600*User:     0   Group:     0*'

host vitrine image rm small
status 0
host vitrine image rm small
one_line
status 125

host vitrine image build mini --size 1M
one_line
host vitrine image build mini --name ../escape
one_line
host vitrine image build nothing
one_line
status 2

# A mirror that is not there
host vitrine image build debian --mirror http://127.0.0.1:9/
says 'vitrine: '
status 125

# Interrupted: nothing is left, neither in the directory nor running
vitrine image build debian 2>/dev/null &
sleep 2
kill -TERM $!
wait $!
code=$?
what='vitrine image build, interrupted'
status 143
host ls -A "$XDG_DATA_HOME/vitrine/images"
expect

# An mmdebstrap that is played here: it starts a daemon, as fakeroot does, and takes its time
mkdir "$scratch/bin"
cat >"$scratch/bin/mmdebstrap" <<'END'
#!/bin/sh
echo "I: running apt-get update..." >&2
setsid sh -c 'echo $$ >"$SCRATCH/daemon"; trap "" TERM; while :; do sleep 1; done' &
echo "I: installing remaining packages inside the chroot..." >&2
printf 'Setting up \033[2Jevil (1.0) ...\n' >&2
sleep 1000
END
chmod 755 "$scratch/bin/mmdebstrap"
export SCRATCH=$scratch
has_daemon() {
	[ -s "$scratch/daemon" ] && grep -q 'install the other packages' "$scratch/progress"
}
daemon_is_gone() {
	! kill -0 "$(cat "$scratch/daemon")" 2>/dev/null
}
for signal in TERM INT KILL; do
	rm -f "$scratch/daemon"
	PATH=$scratch/bin:$PATH env --default-signal=INT vitrine image build debian 2>"$scratch/progress" &
	build=$!
	soon has_daemon
	kill -$signal $build
	wait $build 2>/dev/null
	code=$?
	what="vitrine image build, ended by $signal"
	status $((128 + $(kill -l $signal)))
	soon daemon_is_gone
	check $? "a daemon of mmdebstrap does not outlive a build that $signal ended"
done
it 'says what it is at, without a terminal'
host cat "$scratch/progress"
shows '*image: read the lists of packages*image: install the other packages*'

it 'mmdebstrap is missing: says what to install'
mkdir "$scratch/empty"
host env PATH="$scratch/empty" "$(command -v vitrine)" image build debian
status 125
says 'vitrine: mmdebstrap is not installed: it is in the package mmdebstrap'
host ls -A "$XDG_DATA_HOME/vitrine/images"
expect
