#!/bin/bash
# The emulator of x86-64 compiles for other processors, and asks nothing of a C library
. "$(dirname "$0")/../lib.sh"

sources=$(find engine/tier/emulate/cpu -name '*.c')

# compiles COMPILER...: all sources, for what the compiler is for; a compiler that is not installed
# has nothing to say
compiles() {
	command -v "$1" >/dev/null || return 0
	it "compiles with $*"
	# shellcheck disable=SC2016
	host bash -c '
		for source in $0; do
			"$@" -std=gnu11 -fsyntax-only -Wall -Werror -ffreestanding -fno-strict-aliasing \
				-I . "$source" || exit
		done' "$sources" "$@"
	expect ''
}

compiles cc
compiles clang --target=wasm32
compiles clang --target=aarch64-linux-gnu
compiles clang --target=armv7-linux-gnueabihf
compiles aarch64-linux-gnu-gcc
