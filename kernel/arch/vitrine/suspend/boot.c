// SPDX-License-Identifier: GPL-2.0-only
/* boot.c - a machine that has no devices yet is kept, for others to go on from
 *
 * Theory of operation
 * What the kernel does until it looks for devices is the same whenever memory, CPUs and command
 * line are. So the supervisor can ask, with a last word on the command line that Linux does not
 * see, for a pause at that point, and start every further sandbox from there. The point is where
 * Linux would mount the root: all CPUs run, and nothing was read from any device. What the
 * supervisor says at its call (random bytes, host name, addresses) is heard when it goes on, as
 * after any other pause.
 *
 * It is a boot all the same, not a sleep: /proc/uptime has only the time that somebody ran, and the
 * wall clock is set, not moved on.
 */
#include <linux/device/driver.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <asm/keep.h>
#include <asm/vitrine.h>

#define WORD " vitrine.keep"

static bool wanted __initdata;

/**
 * vitrine_keep_setup() - Hear whether the machine is to be kept
 * @cmdline: from which the word is taken
 */
void __init vitrine_keep_setup(char *cmdline)
{
	const size_t len = strlen(cmdline), word = strlen(WORD);

	if (len < word || strcmp(cmdline + len - word, WORD))
		return;
	cmdline[len - word] = '\0';
	wanted = true;
}

static void __init keep(void)
{
	struct timespec64 now;

	wait_for_device_probe();
	vitrine_sleep_uncounted = true;
	if (vitrine_pause())
		pr_warn("vitrine: the machine cannot be kept\n");
	vitrine_sleep_uncounted = false;
	read_persistent_clock64(&now);
	do_settimeofday64(&now);
}

void __init __real_prepare_namespace(void);
void __init __wrap_prepare_namespace(void);

void __init __wrap_prepare_namespace(void)
{
	if (wanted)
		keep();
	vitrine_virtio_find();
	__real_prepare_namespace();
}
