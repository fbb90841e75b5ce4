#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# systemd is pid 1 of a sandbox, from boot to power off
. "$(dirname "$0")/../../lib.sh"
uses debian
export XDG_RUNTIME_DIR=$scratch
seconds=180

it 'the image has it: tests/run builds one of tests/packages'
guest test -x /lib/systemd/systemd
status 0

systemctl() {
	vitrine exec "$1" systemctl "${@:2}" </dev/null 2>&1
}

# Until it says that it is up, or that something failed
up() {
	local state
	for _ in {1..120}; do
		state=$(systemctl "$1" is-system-running)
		case $state in running | degraded) break ;; esac
		sleep 0.5
	done
	[ "$state" = running ] && return
	systemctl "$1" --failed --no-pager | sed 's/^/# /'
	return 1
}

begin() {
	start "$@"
	up "$1"
}

it 'it reaches its target, and nothing has failed'
begin box debian -- /lib/systemd/systemd
check $? 'systemd runs'
host vitrine exec box cat /proc/1/comm
expect systemd
host vitrine exec box systemctl is-active multi-user.target dbus.socket systemd-journald
expect 'active
active
active'
it 'what it has to say is the output of the sandbox'
host cat "$scratch/box.out"
shows '*Welcome to *Debian*Reached target*multi-user.target*'
it 'a unit that is started is a child of it'
host vitrine exec box sh -c 'systemd-run --quiet --wait --pipe sh -c "echo unit; cat /proc/self/cgroup"'
shows 'unit
*/system.slice/run-*'
host vitrine exec box loginctl list-sessions
status 0
host vitrine ps box
shows '*systemd-journal*'
host vitrine exec -t box sh -c 'tty; echo in'
shows '/dev/pts/*in*'
echo text >"$scratch/text"
host vitrine cp "$scratch/text" box:/root/text
status 0
it 'SIGTERM is an order to power off'
kill -TERM "$pid"
wait "$pid"
code=$?
what='vitrine run, sent SIGTERM'
status 0

for order in poweroff reboot halt; do
	begin "$order" debian -- /sbin/init
	vitrine exec "$order" systemctl "$order" >/dev/null 2>&1 </dev/null
	wait "$pid"
	code=$?
	what="systemctl $order"
	case $order in
	reboot) status 133 ;;
	*) status 0 ;;
	esac
done

begin killed debian -- /lib/systemd/systemd
host vitrine kill killed
status 0
silent
wait "$pid"
code=$?
what='vitrine kill'
status 137
