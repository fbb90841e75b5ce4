#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# share-inside.sh - the work of bench/share, in a sandbox or on the host
#
# Usage: share-inside.sh ROUNDS FILES DIRECTORY...: each has "project" (gcc) in it. Prints "WHERE WORK SECONDS" lines; work goes from one to the next.
#
# npm is the script that NPM names; without it there is no such row.

set -eu
rounds=$1 files=$2
shift 2
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.email GIT_CONFIG_VALUE_0=a@b \
	GIT_CONFIG_KEY_1=user.name GIT_CONFIG_VALUE_1=me

# timed WHERE WORK COMMAND...
timed() {
	local where=$1 work=$2 begin=$EPOCHREALTIME
	shift 2
	"$@" >/dev/null
	echo "$where $work $begin $EPOCHREALTIME" | awk '{ printf "%s %s %.4f\n", $1, $2, $4 - $3 }'
}

# A tree like that of node_modules: many directories, few and small files in each
work=$(mktemp -d)
registry=
trap 'rm -rf "$work"; [ -z "$registry" ] || kill "$registry"' EXIT
for i in $(seq $((files / 20))); do
	package=$work/tree/package-$i
	mkdir -p "$package/lib/deep" "$package/test"
	for f in package.json README.md index.js lib/a.js lib/b.js lib/c.js lib/deep/x.js test/t.js LICENSE lib/d.js; do
		echo "// $i $f $((i * 7919))" >"$package/$f"
	done
done
tar cf "$work/tree.tar" -C "$work/tree" .

# make_repository WHERE: FILES of them, in directories of 50
make_repository() {
	local i=0
	mkdir -p "$1/repository" && cd "$1/repository"
	while [ $i -lt "$files" ]; do
		mkdir -p "d$((i / 50))"
		echo "$i" >"d$((i / 50))/$i"
		i=$((i + 1))
	done
	git init -q . && git add . && git commit -q -m all && cd /
}

read_tree() {
	find "$1" -type f -print0 | xargs -0 cat
}

# npm_install WHERE: what an application needs, of a registry that is near, with nothing in the cache
npm_install() {
	rm -rf "$cache"
	cd "$1/app" && node "$NPM" install --silent --no-audit --no-fund --cache "$cache" --registry "$at" && cd /
}

for where in "$@"; do
	make_repository "$where"
done
if [ -n "${NPM:-}" ]; then
	python3 "$(dirname "$0")/registry.py" $((files / 50)) "$work/package.json" >"$work/port" &
	registry=$!
	until [ -s "$work/port" ]; do sleep 0.1; done
	at=http://127.0.0.1:$(cat "$work/port")/ cache=$work/cache
fi
for _ in $(seq "$rounds"); do
	for where in "$@"; do
		name=${where##*/}
		sleep 1 # what is cached of a shared folder is not believed any more
		timed "$name" git-status git -C "$where/repository" status --porcelain
		timed "$name" git-status-again git -C "$where/repository" status --porcelain
		mkdir "$where/tree"
		timed "$name" untar tar xf "$work/tree.tar" -C "$where/tree"
		timed "$name" read-all read_tree "$where/tree"
		timed "$name" copy-tree cp -r "$where/tree" "$where/copy"
		timed "$name" list ls -lR "$where/copy"
		timed "$name" remove rm -r "$where/tree" "$where/copy"
		if [ -n "${NPM:-}" ]; then
			mkdir "$where/app" && cp "$work/package.json" "$where/app/"
			timed "$name" npm npm_install "$where"
			rm -r "$where/app"
		fi
		timed "$name" gcc make -s -C "$where/project"
		make -s -C "$where/project" clean >/dev/null
		timed "$name" write-64M dd if=/dev/zero of="$where/large" bs=1M count=64 status=none
		timed "$name" read-64M dd if="$where/large" of=/dev/null bs=1M status=none
		rm "$where/large"
	done
done
