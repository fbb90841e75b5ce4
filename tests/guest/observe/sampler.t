#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sampler: what /proc says, at its rate, whatever the guest does to its own /proc
. "$(dirname "$0")/../../lib.sh"
uses mini
observes
export XDG_RUNTIME_DIR=$scratch
view=$top/tests/guest/observe/view

begin() {
	local name=$1
	shift
	start "$name" --memory 256M "$@" mini -- sh -c 'echo started; sleep 1000; :'
	soon grep -qs started "$scratch/$name.out"
}

begin box
it 'nothing samples when nobody asks'
host "$view" box processes "[p['comm'] for p in v['processes'] if p['comm'].startswith('vitrine-s')]"
expect '[]'
kb=$(vitrine exec box awk '/MemTotal/ { print $2 }' /proc/meminfo)
host "$view" box sample meminfo "v['text'].split()[1], v['rate'] >= 2, v['interval_ns'], v['truncated']"
expect "('$kb', True, 100000000, 0)"
it 'the slow ones come each second'
host "$view" box sample slabinfo "v['text'].startswith('slabinfo'), v['taken'] > 0, v['rate'] < 2, v['interval_ns']"
expect '(True, True, True, 1000000000)'
host "$view" box sample tasks "[p['comm'] for p in json.loads(v['text'])['processes'][:2]]"
expect "['sh', 'sleep']"
host "$view" box sample net/dev "'lo:' in v['text'], v['cost_ns'] < 5e6"
expect '(True, True)'
it 'no pressure without psi=1'
host "$view" box sample pressure/cpu "v['taken'], v['text']"
expect "(0, '')"
it 'the thread ends with the last observer'
host bash -c "sleep 0.5; '$view' box processes \"[p['comm'] for p in v['processes'] if p['comm'].startswith('vitrine-s')]\""
expect '[]'
it 'a guest without /proc is sampled all the same'
host vitrine exec box sh -c 'mount -t tmpfs nothing /proc && ls /proc | wc -l'
expect 0
host "$view" box sample vmstat "v['text'].startswith('nr_free_pages'), v['rate'] >= 2"
expect '(True, True)'
it 'a busy guest is sampled too'
vitrine exec box sh -c 'while :; do :; done' >/dev/null 2>&1 &
host "$view" box sample stat "v['text'].startswith('cpu'), v['rate'] >= 1"
expect '(True, True)'
host vitrine kill box
status 0

begin pressed -k psi=1
host "$view" pressed sample pressure/memory "v['text'].startswith('some avg10='), v['taken'] > 0"
expect '(True, True)'
host vitrine kill pressed
status 0
