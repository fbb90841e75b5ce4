// SPDX-License-Identifier: GPL-2.0-only
/* vgetrandom.c - random numbers without a system call, under the names that libcs look up
 *
 * The generic code keeps a generator in memory that the program gives it, and asks the kernel for a
 * new key when the kernel's own generator has one.
 */
#include <linux/types.h>

#include "count.h"

ssize_t __vdso_getrandom(void *buffer, size_t len, unsigned int flags, void *state, size_t size);

ssize_t __vdso_getrandom(void *buffer, size_t len, unsigned int flags, void *state, size_t size)
{
	ssize_t ret = __cvdso_getrandom(buffer, len, flags, state, size);

	if (ret > 0)
		count(GUEST_GETRANDOM);
	return ret;
}

ssize_t getrandom(void *, size_t, unsigned int, void *, size_t)
    __attribute__((weak, alias("__vdso_getrandom")));
