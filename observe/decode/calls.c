// SPDX-License-Identifier: GPL-2.0-only
/* calls.c - what syscalls.h says beside names and families, which are in names.c */

#include "calls.h"
#include "vitrine/util.h"

#define CAPTURE(name, capture, size) [VT_ARG_##name] = { VT_CAPTURE_##capture, size },
const struct arg_capture arg_capture[VT_NR_ARG_KINDS] = { VT_ARG_KINDS(CAPTURE) };

#define NEW_FD(name) [VT_SYS_##name] = true,
static const bool makes_fd[] = { VT_SYSCALLS_NEW_FD(NEW_FD) };

bool call_makes_fd(int64_t nr)
{
	return nr >= 0 && nr < (int64_t)ARRAY_SIZE(makes_fd) && makes_fd[nr];
}
