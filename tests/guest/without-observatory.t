#!/bin/bash
# A kernel that was built without the observatory (make OBSERVE=0) runs programs, and who asks to
# see it work is told in one line why there is nothing to see. Here it is the ordinary kernel with
# the mark of one without it; tests/unit/test_observe.c has what a running one answers.
. "$(dirname "$0")/../lib.sh"
missing='vitrine: this guest kernel was built without the observatory: build it with `make`'
kernel=${VITRINE_KERNEL:-$(dirname "$(command -v vitrine)")/kernel/vmlinux}
export VITRINE_KERNEL=$scratch/vmlinux

it 'the mark stands before the entry'
host python3 -c '
import struct, sys
image = bytearray(open(sys.argv[1], "rb").read())
entry, table = struct.unpack_from("<QQ", image, 24)
offset, address = struct.unpack_from("<QQ", image, table + 8)
at = entry - address + offset - 12
print(image[at + 4:at + 8].decode())
image[at] |= 1
open(sys.argv[2], "wb").write(image)' "$kernel" "$VITRINE_KERNEL"
expect virt

refused() {
	host "$@"
	status 125
	one_line
	says "$missing"
}

it 'it runs programs'
guest echo works
expect works

refused vitrine run --ephemeral --web=0 mini -- true
refused vitrine run --ephemeral -k vitrine.observe=1 mini -- true
refused vitrine trace run --ephemeral mini -- true
refused vitrine trace --summary run --ephemeral mini -- true
