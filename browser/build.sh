#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh - the page of the browser edition: emulator, kernel and scripts in one directory
#
# Usage: browser/build.sh DIRECTORY VMLINUX
#
# The machine (browser/machine) and the emulator are compiled for WebAssembly, the kernel is stripped
# and compressed, the page is bundled. Each is made again when something that it is made of is newer.

set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=$1
kernel=$2
clang=${WASM_CLANG:-clang}
flags=(--target=wasm32-wasi -O2 -std=gnu11 -mbulk-memory -fno-strict-aliasing -Wall -Werror -I "$top" -I "$top/include")
cd "$top"
sources=(browser/machine/{bus,calls,card,image,jobs,kernel,machine,memory,threads,wasm}.c
	engine/tier/emulate/{space,registers}.c lib/{address,dns,name,wisp}.c)
# The stack of packets has channels in place of sockets: browser/net/host.h
stack=(browser/net/{channel,names,net}.c engine/net/link.c
	engine/net/stack/{dhcp,flow,frame,icmp,limit,neighbour,stack,tcp,tcp_buffer,tcp_input,tcp_output,udp}.c)
stack_flags=(-ftls-model=local-exec -I "$top/browser/net/include" -include "$top/browser/net/host.h")
mapfile -t cpu < <(find engine/tier/emulate/cpu -name '*.c' | LC_ALL=C sort)
sources+=("${cpu[@]}" "${stack[@]}")
cd - >/dev/null
mkdir -p "$out"
objects=$out/../site-objects
mkdir -p "$objects"

# older FILE THAN...: is it missing, or older than one of them?
older() {
	local file=$1 than
	shift
	[ -e "$file" ] || return 0
	for than in "$@"; do
		[ ! "$than" -nt "$file" ] || return 0
	done
	return 1
}

# compile SOURCE: when it, or a header, is newer
compile() {
	local object=$objects/${1//\//_}.o more=()
	[[ " ${stack[*]} " != *" $1 "* ]] || more=("${stack_flags[@]}")
	! older "$object" "$top/$1" "${headers[@]}" || {
		"$clang" "${flags[@]}" "${more[@]}" -c "$top/$1" -o "$object.$$" && mv "$object.$$" "$object"
	}
}

mapfile -t headers < <(find "$top"/{include,engine/tier/emulate,engine/net,lib,browser/machine,browser/net} -name '*.h' -o -name '*.inc')
headers+=("$top/browser/build.sh")
running=0
for source in "${sources[@]}"; do
	compile "$source" &
	running=$((running + 1))
	[ "$running" -lt "$(nproc)" ] || { wait -n && running=$((running - 1)); }
done
while [ "$running" -gt 0 ]; do
	wait -n && running=$((running - 1))
done
all=()
for source in "${sources[@]}"; do
	all+=("$objects/${source//\//_}.o")
done
! older "$out/machine.wasm" "${all[@]}" ||
	"$clang" --target=wasm32-wasi -mexec-model=reactor -Wl,--strip-all -o "$out/machine.wasm" "${all[@]}"

if older "$out/kernel.gz" "$kernel"; then
	strip -o "$objects/vmlinux" "$kernel"
	gzip -9 -n -c "$objects/vmlinux" >"$objects/kernel.gz"
	mv "$objects/kernel.gz" "$out/kernel.gz"
fi

mapfile -t pages < <(find "$top/browser/page" -path '*/node_modules' -prune -o -type f -print)
if older "$out/index.html" "${pages[@]}"; then
	"$top/web/dashboard/modules.sh" "$top/browser/page"
	node "$top/browser/page/build.mjs" "$out"
	touch "$out/index.html"
fi
