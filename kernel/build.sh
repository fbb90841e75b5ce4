#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh - build the guest kernel from Debian's linux-source-6.12 and our overlay
#
# Usage: kernel/build.sh [OUTPUT]            (default: build/kernel/vmlinux)
#
# Theory of operation
# The tree holds only the overlay (kernel/arch/vitrine) and the configuration. Everything else lives
# in a cache outside of it, in three layers, each named after the hash of what it is made from:
#
#   source-S/   Debian's tree as unpacked, never written again
#   work-W/     a tree of links into source-S plus a copy of the overlay, and the object files.
#               The overlay is copied file by file only where it differs, so that a changed file
#               recompiles what depends on it and nothing else.
#               cc is what is called as the compiler (arch/vitrine/precompiled/cc.c).
#
#   image-K/    the finished vmlinux. K covers source, overlay, configuration and compiler, so a
#               second clone, or a step back in history, compiles nothing.
#
# OUTPUT.types holds the kernel's types for a debugger (arch/vitrine/debug/types.c).
#
# Environment: VITRINE_CACHE (cache directory), VITRINE_KERNEL_SOURCE (tarball), JOBS, DEBUG=1
# (DWARF; OUTPUT.debug keeps it), OBSERVE=0 (nothing of the observatory), CHECKED=1 (locks, lists
# and RCU are checked: configs/checked.config), V=1 (show the compiler's output), PRECOMPILED=0 (from
# nothing without a precompiled header, to compare; see kernel/compare).

set -euo pipefail
export LC_ALL=C
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GREP_OPTIONS

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
output=${1:-$top/build/kernel/vmlinux}
cache=${VITRINE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/vitrine}/kernel
jobs=${JOBS:-$(nproc)}
debug=${DEBUG:-0}
observe=${OBSERVE:-1}
checked=${CHECKED:-0}
precompiled=${PRECOMPILED:-1}
images_kept=12
shared_headers="abi layout fpframe telemetry syscalls calltable share" # of include/vitrine, as asm/vitrine-*.h
objects_in_all=1836 # roughly; only for the progress of a first build
temporary=

die() {
	echo "vitrine: kernel: $*" >&2
	exit 1
}

cleanup() {
	if [ -n "$temporary" ]; then
		rm -rf "$temporary"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

hash_of() {
	sha256sum | cut -c1-16
}

elapsed() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# One line per phase in a pipe; on a terminal one line that changes
phase() {
	echo "kernel: $*"
}

# Stands at the end of a pipe from make: shows what it does and how far it is
progress() {
	local what=$1 count=0 again=0 line of=
	[ -e "$obj/vmlinux" ] || of=" of about $objects_in_all"
	while read -r line; do
		[ "${V:-0}" = 0 ] || echo "$line"
		case $line in
		"CC "* | "AS "* | "AR "* | "LD "*) count=$((count + 1)) ;;
		"AGAIN "*) again=$((again + 1)) ;;
		*) continue ;;
		esac
		if [ -t 1 ] && [ "${V:-0}" = 0 ]; then
			printf '\r\033[Kkernel: %s, %d%s objects, %s  %.40s' \
				"$what" "$count" "$of" "$(elapsed)" "${line##* }"
		fi
	done
	[ ! -t 1 ] || printf '\r\033[K'
	[ "$again" = 0 ] || phase "$again of them did not compile with the precompiled header"
	phase "$what: $count objects, $(elapsed)"
}

find_tarball() {
	local candidate
	for candidate in "${VITRINE_KERNEL_SOURCE:-}" /usr/src/linux-source-6.12.tar.*; do
		if [ -n "$candidate" ] && [ -r "$candidate" ]; then
			echo "$candidate"
			return
		fi
	done
	die "no /usr/src/linux-source-6.12.tar.xz: run scripts/setup (Debian package linux-source-6.12)"
}

# Hashing 150 MB takes a second; remember the answer for as long as the file is the same
hash_tarball() {
	local tarball=$1 memo
	memo=$cache/tarball-$(stat -Lc '%n %s %y %i' "$tarball" | hash_of)
	if [ ! -s "$memo" ]; then
		hash_of <"$tarball" >"$memo.$$"
		mv "$memo.$$" "$memo"
	fi
	cat "$memo"
}

hash_files() {
	find "$@" -type f ! -name '.*' ! -name '*~' -print0 | sort -z | xargs -0 sha256sum |
		sed "s|  $top/|  |" | hash_of
}

unpack() {
	local tarball=$1 source=$2
	if [ -e "$source/Makefile" ]; then
		return
	fi
	phase "unpack $(basename "$tarball")"
	temporary=$source.tmp.$$
	mkdir "$temporary"
	case $tarball in
	*.xz) xz -T0 -dc "$tarball" ;;
	*) zcat -f "$tarball" ;;
	esac | tar -x -C "$temporary" --strip-components=1 --no-same-owner --anchored \
		--exclude-from=<(grep -v '^#' "$here/source-excludes")
	grep -q '^PATCHLEVEL = 12$' "$temporary/Makefile" ||
		die "$tarball is not Linux 6.12"
	mv "$temporary" "$source"
	temporary=
}

link_tree() {
	local source=$1 tree=$2
	mkdir -p "$tree/arch"
	find "$source" -mindepth 1 -maxdepth 1 ! -name arch -exec ln -sfnt "$tree" {} +
	find "$source/arch" -mindepth 1 -maxdepth 1 ! -name vitrine -exec ln -sfnt "$tree/arch" {} +
}

copy_if_different() {
	cmp -s "$1" "$2" && return
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.new"
	mv "$2.new" "$2"
}

# Those that are in the tree, if there is one
our_headers() {
	[ ! -e "$1/.files" ] || grep /include/ "$1/.files" | sort
}

sync_overlay() {
	local overlay=$here/arch/vitrine arch=$1/arch/vitrine file headers
	mkdir -p "$arch"
	headers=$(our_headers "$arch")
	(cd "$overlay" && find . -type f ! -name '.*' ! -name '*~') >"$arch/.files"
	while read -r file; do
		copy_if_different "$overlay/$file" "$arch/$file"
	done <"$arch/.files"
	for file in $shared_headers; do
		copy_if_different "$top/include/vitrine/$file.h" "$arch/include/asm/vitrine-$file.h"
		echo "./include/asm/vitrine-$file.h" >>"$arch/.files"
	done
	while read -r file; do
		grep -qxF "$file" "$arch/.files" || rm -f "$arch/$file"
	done < <(cd "$arch" && find . -type f ! -name '.*')
	# A header of ours in the place of a generic one: what was precompiled names that
	[ "$headers" = "$(our_headers "$arch")" ] ||
		rm -f "$obj"/arch/vitrine/precompiled/*.gch
}

run_make() {
	make -C "$tree" O="$obj" ARCH=vitrine CC="$cc" PRECOMPILED="$precompiled" -j"$jobs" "$@"
}

fail() {
	[ ! -t 1 ] || printf '\r\033[K'
	grep -n -m5 -B2 -A12 -E 'error:|Error [0-9]|undefined reference|multiple definition' "$log" |
		sed "s|$tree/arch/vitrine/|kernel/arch/vitrine/|g" | tail -60 >&2 || tail -30 "$log" >&2
	die "$1 failed; the whole log is $log"
}

# Symbols that were asked for and that Kconfig dropped: a missing dependency, worth a line each
report_dropped() {
	local line
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$obj/.config" ;;
		CONFIG_*) grep -qxF "$line" "$obj/.config" ;;
		esac || echo "kernel: warning: $line was asked for, the configuration has" \
			"$(grep -E "^${line%%=*}=" "$obj/.config" || echo "it not set")"
	done < <(awk -F= '/^CONFIG_/ { last[$1] = $0 } END { for (k in last) print last[k] }' "$1")
}

configure() {
	cat "${fragments[@]}" >"$obj/fragment.new"
	if [ -e "$obj/.config" ] && cmp -s "$obj/fragment.new" "$obj/fragment" &&
		[ -z "$(find -L "$tree/arch/vitrine" -name 'Kconfig*' -newer "$obj/.config")" ]; then
		return
	fi
	phase "configure"
	cp "$obj/fragment.new" "$obj/.config"
	run_make olddefconfig >"$log" 2>&1 || fail configure
	report_dropped "$obj/fragment.new"
	mv "$obj/fragment.new" "$obj/fragment"
}

# What the output is, and of what it was made
says_key() {
	echo "$image_key $(hash_of <"$output")"
}

install_image() {
	local image=$1 part
	mkdir -p "$(dirname "$output")"
	if ! cmp -s "$image/vmlinux" "$output"; then
		cp "$image/vmlinux" "$output.new.$$"
		mv "$output.new.$$" "$output"
	fi
	# What a debugger needs is there for every image, or not at all
	for part in types debug; do
		rm -f "$output.$part"
		if [ -e "$image/vmlinux.$part" ]; then
			ln "$image/vmlinux.$part" "$output.$part" 2>/dev/null ||
				cp "$image/vmlinux.$part" "$output.$part"
		fi
	done
	touch "$image"
	says_key >"$key_file"
}

prune() {
	# What was last used a month ago is of another patch level, compiler or kind
	find "$cache" -maxdepth 1 \( -name 'source-*' -o -name 'work-*' \) -mtime +30 \
		-exec rm -rf {} +
	find "$cache" -maxdepth 1 -name 'image-*' -printf '%T@ %p\n' | sort -rn |
		tail -n +$((images_kept + 1)) | cut -d' ' -f2- | xargs -r rm -rf
}

fragments=("$here/configs/vitrine.config")
[ "$debug" = 0 ] || fragments+=("$here/configs/debug.config")
[ "$observe" != 0 ] || fragments+=("$here/configs/no-observe.config")
[ "$checked" = 0 ] || fragments+=("$here/configs/checked.config")
for file in "$here/arch/vitrine/Makefile" "${fragments[@]}"; do
	[ -r "$file" ] || die "$file is missing"
done

mkdir -p "$cache"
tarball=$(find_tarball)
compiler=$(gcc --version | head -n 1; ld --version | head -n 1)
source_key=$( (hash_tarball "$tarball"; cat "$here/source-excludes") | hash_of)
kind=$debug
[ "$observe" != 0 ] || kind="$kind without-observatory"
[ "$checked" = 0 ] || kind="$kind checked"
work_key=$(echo "$source_key $compiler $kind" | hash_of)
image_key=$( (echo "$work_key"; hash_files "$here/arch" "$top"/include/vitrine/*.h \
	"${fragments[@]}" "$here/build.sh") | hash_of)
image=$cache/image-$image_key
key_file=$(dirname "$output")/.$(basename "$output").key

if [ -e "$image/vmlinux" ]; then
	install_image "$image"
	exit
fi
# It is there, from somebody else's cache: a user has built it, and now root installs it
[ ! -e "$output" ] || [ "$(cat "$key_file" 2>/dev/null)" != "$(says_key)" ] || exit 0

exec 9>"$cache/lock"
if ! flock -n 9; then
	phase "another build is running, waiting for it"
	flock 9
fi
if [ -e "$image/vmlinux" ]; then
	install_image "$image"
	exit
fi

source=$cache/source-$source_key
tree=$cache/work-$work_key/tree
obj=$cache/work-$work_key/obj
log=$cache/work-$work_key/log
cc=$cache/work-$work_key/cc
mkdir -p "$tree" "$obj"
unpack "$tarball" "$source"
link_tree "$source" "$tree"
sync_overlay "$tree"
[ "$cc" -nt "$here/arch/vitrine/precompiled/cc.c" ] ||
	gcc -O2 -Wall -o "$cc" "$here/arch/vitrine/precompiled/cc.c"

# The same sources give the same image, whoever builds it, wherever and whenever
export KBUILD_BUILD_USER=vitrine KBUILD_BUILD_HOST=vitrine KBUILD_BUILD_VERSION=1
KBUILD_BUILD_TIMESTAMP=$(date -u -d "@$(stat -c %Y "$source/Makefile")")
export KBUILD_BUILD_TIMESTAMP

configure
set +e
run_make vmlinux 2>&1 | tee "$log" | progress compile
status=${PIPESTATUS[0]}
set -e
[ "$status" = 0 ] || fail compile

temporary=$image.tmp.$$
mkdir "$temporary"
strip --strip-debug -o "$temporary/vmlinux" "$obj/vmlinux"
cp "$obj/arch/vitrine/debug/types.o" "$temporary/vmlinux.types"
[ "$debug" = 0 ] || cp "$obj/vmlinux" "$temporary/vmlinux.debug"
mv -T "$temporary" "$image"
temporary=
install_image "$image"
touch "$source" "$cache/work-$work_key"
prune
phase "$(basename "$output") is ready, $(du -h "$output" | cut -f1), $(elapsed)"
