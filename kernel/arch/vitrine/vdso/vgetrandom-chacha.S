/* SPDX-License-Identifier: GPL-2.0-only */
/* vgetrandom-chacha.S - ChaCha20 that leaves nothing on the stack: x86-64's, as it is */
#include "../../x86/entry/vdso/vgetrandom-chacha.S"
