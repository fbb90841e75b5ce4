#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that was built without the observatory runs programs, and who asks to see it work is told
# in one line why there is nothing to see. After "make OBSERVE=0" it is that kernel, with all that
# follows; otherwise the ordinary one with the mark of one without, which shows what a command says
# before the guest begins (tests/unit/test_observe.c has what a running one answers).
. "$(dirname "$0")/../../lib.sh"
uses mini
missing='vitrine: this guest kernel was built without the observatory: build it with `make`'
kernel=${VITRINE_KERNEL:-$(dirname "$(command -v vitrine)")/kernel/vmlinux}
export VITRINE_KERNEL=$scratch/vmlinux XDG_RUNTIME_DIR=$scratch

it 'the mark stands before the entry'
host python3 -c '
import struct, sys
image = bytearray(open(sys.argv[1], "rb").read())
entry, table = struct.unpack_from("<QQ", image, 24)
offset, address = struct.unpack_from("<QQ", image, table + 8)
at = entry - address + offset - 12
print(image[at + 4:at + 8].decode(), "without" if image[at] & 1 else "with")
image[at] |= 1
open(sys.argv[2], "wb").write(image)' "$kernel" "$VITRINE_KERNEL"
shows 'virt with*'
built=${stdout#virt }

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
[ "$built" = without ] || exit 0

start box mini -- sh -c 'echo started; sleep 1000'
soon grep -qs started "$scratch/box.out"
for command in 'top --once' 'top --once --json' top trace 'trace -c' 'trace --format json' 'observe --port 0'; do
	# shellcheck disable=SC2086 # words
	refused vitrine $command box
done
refused vitrine follow box write
host bench/observe getppid
one_line
says "$missing"
it 'the guest has no thread of it'
host bash -c 'vitrine exec box ps >"$1/ps"; grep -ciE "vitrine-views|sampl|observ" "$1/ps"' - "$scratch"
shows 0
it 'the kernel has no probe, no view, no region, no tracepoint'
host bash -c 'nm "$1" >"$2/symbols"; grep -cE " (vt_(probe|view|event|region|task_counters|json|sampl|guest_calls)|__tracepoint_|__traceiter_|trace_event_)" "$2/symbols"' - "$VITRINE_KERNEL" "$scratch"
shows 0
host vitrine kill box
status 0
