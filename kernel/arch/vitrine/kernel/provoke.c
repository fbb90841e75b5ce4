// SPDX-License-Identifier: GPL-2.0-only
/* provoke.c - faults of the kernel's own, on request, so that tests see how they are reported
 *
 * vitrine.provoke=stack: a kernel thread calls itself until its stack is over
 * vitrine.provoke=null:  one reads where nothing is
 */
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/string.h>

static char wanted[16];

static int __init set_wanted(char *value)
{
	strscpy(wanted, value, sizeof(wanted));
	return 0;
}
early_param("vitrine.provoke", set_wanted);

static noinline int call_itself(volatile int depth)
{
	volatile char room[256];

	room[0] = depth;
	if (depth < INT_MAX)
		return call_itself(depth + 1) + room[0];
	return 0;
}

static int overflow_stack(void *unused)
{
	return call_itself(0);
}

static int read_null(void *unused)
{
	return *(volatile int *)8;
}

static int __init provoke(void)
{
	if (!strcmp(wanted, "stack"))
		kthread_run(overflow_stack, NULL, "provoke");
	else if (!strcmp(wanted, "null"))
		kthread_run(read_null, NULL, "provoke");
	return 0;
}
late_initcall(provoke);
