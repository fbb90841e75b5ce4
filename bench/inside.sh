#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh - the part of the benchmark that runs in the environment; prints "@@ ROW NANOSECONDS"
#
# Usage: inside.sh full|again|quick [GROUP...]      groups: micro files programs fio redis
#
# Runs where the payload (see "run") was unpacked. A row whose program is not installed is left out.

export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/tmp
unset PYTHONPATH PYTHONHOME
quick=
listed=40000
requests=30000
target=check
commands=200
case $1 in
again)
	quick=-s
	requests=15000
	;;
quick)
	quick=-q
	listed=5000
	requests=5000
	target=part
	commands=50
	;;
esac
shift
[ $# -gt 0 ] || set -- micro files programs fio redis
jobs=$(nproc)

have() {
	command -v "$1" >/dev/null
}

micro() {
	./micro $quick -t ./micro-static -b ./bare
}

files() {
	mkdir -p ls.d
	(cd ls.d && seq "$listed" | xargs touch)
	./micro time ls 1 '' sh -c 'ls -l ls.d >/dev/null'
	./micro time untar 1 'rm -rf tree' tar xf tree.tar
	rm -rf ls.d tree
}

programs() {
	if have gcc && have make; then
		./micro time gcc 1 'make -s -C project clean' make -s -j "$jobs" -C project $target
	fi
	if have python3; then
		./micro time python3 5 '' python3 -c 'import json, re, subprocess'
	fi
	./micro time shell 1 '' sh -c "for i in \$(seq $commands); do /bin/true; done"
}

# Fields 8 and 49 of version 3: reads and writes a second
fio_row() {
	row=$1
	field=$2
	shift 2
	fio --name=row --filename=fio.data --size=32M --bs=4k --time_based --runtime=1 \
		--norandommap --randrepeat=1 --thread --invalidate=0 --gtod_reduce=1 --minimal \
		--terse-version=3 "$@" 2>/dev/null |
		awk -F ';' -v row="$row" -v f="$field" '$f > 0 { printf "@@ %s %.1f\n", row, 1e9 / $f }'
}

fio_rows() {
	have fio || return 0
	dd if=/dev/zero of=fio.data bs=1M count=32 2>/dev/null
	sync fio.data
	fio_row fio-read-4k 8 --rw=randread --ioengine=psync
	fio_row fio-write-4k 49 --rw=randwrite --ioengine=psync
	fio_row fio-read-4k-direct 8 --rw=randread --ioengine=libaio --iodepth=16 --direct=1
	fio_row fio-write-4k-direct 49 --rw=randwrite --ioengine=libaio --iodepth=16 --direct=1
	rm -f fio.data
}

redis() {
	have redis-server && have redis-benchmark || return 0
	redis-server --port 17399 --save '' --appendonly no --daemonize no >/dev/null 2>&1 &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		redis-cli -p 17399 ping 2>/dev/null | grep -q PONG && break
		sleep 0.2
	done
	redis-benchmark -p 17399 -t set,get -n "$requests" -c 20 -P 1 --csv 2>/dev/null |
		awk -F '"' '$4 + 0 > 0 { printf "@@ redis-%s %.1f\n", tolower($2), 1e9 / $4 }'
	kill $server
	wait $server 2>/dev/null
}

for group; do
	began=$(date +%s)
	case $group in
	fio) fio_rows ;;
	*) $group ;;
	esac
	echo "$group took $(($(date +%s) - began)) s"
done
