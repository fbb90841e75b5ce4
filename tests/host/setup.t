#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# setup.t - what scripts/setup does on machines that lack packages, which are played here
. "$(dirname "$0")/../lib.sh"

# play UID STATUS: a machine with that user, where dpkg-query ends with that status
play() {
	local bin=$scratch/bin
	mkdir -p "$bin"
	printf '#!/bin/sh\necho %s\n' "$1" >"$bin/id"
	printf '#!/bin/sh\nexit %s\n' "$2" >"$bin/dpkg-query"
	printf '#!/bin/sh\necho "$*" >>%s/apt\n' "$scratch" >"$bin/apt-get"
	printf '#!/bin/sh\nexit 1\n' >"$bin/sudo"
	chmod 755 "$bin"/*
	rm -f "$scratch/apt"
	host env PATH="$bin:$PATH" "$top/scripts/setup" </dev/null
}

it 'on a machine that has heard of none of the packages, all are installed'
play 0 1
shows 'setup: install *gcc*linux-source-6.12*'
it 'with apt-get, which is asked for them'
host cat "$scratch/apt"
shows '*install*gcc*linux-source-6.12*'
it 'who may not install is told what to install'
play 1000 1
says 'packages are missing; as root: apt-get install *gcc*'
one_line
