// SPDX-License-Identifier: GPL-2.0-only
/* pause.c - the machine stands still, as nothing but memory, and goes on
 *
 * Theory of operation
 * While all vCPUs are stopped (stop_machine), everything that the host holds for us comes home:
 * registers and FPU images of host threads (hosts.c). What then is left of the machine is physical
 * memory and one stack pointer in it (leave.S). The supervisor keeps that, or goes on with it at
 * once, or another supervisor does, at another time and maybe on another host:
 *
 *   server: observers are told to look away, room is made for images
 *   stopped: host threads and processes home, free pages told, clocks stopped
 *            vitrine_leave() -----> vt_host_ops.pause()
 *                                   ... a pause of any length, or none ...
 *            vitrine_resume_entry() <----- vt_kernel.resume
 *            clocks go on, fresh random bytes, everything is looked at again
 *   server: answers, if anybody is left who asked
 *
 * Time is suspended as Linux does it for a sleeping computer: CLOCK_MONOTONIC stands still, the
 * wall clock is the host's again afterwards, and CLOCK_BOOTTIME counts what was missed.
 *
 * What two resumed copies draw from the random pool must not be the same: fresh bytes of the host
 * are mixed in, and the generator takes a new key (which tells the vDSO's, too), before any other
 * task runs.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/sched/clock.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <uapi/linux/random.h>
#include <asm/cputime.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include "../../../kernel/time/timekeeping.h"
#include "suspend.h"

static void random_renew(void)
{
	add_device_randomness(vt_boot->seed, sizeof(vt_boot->seed));
	random_fops.unlocked_ioctl(NULL, RNDRESEEDCRNG, 0);
	memzero_explicit(vt_boot->seed, sizeof(vt_boot->seed));
}

/* A copy's is its own. Nobody runs, so nobody reads it */
static void hostname_renew(void)
{
	if (!vt_boot->goes_on && vt_boot->hostname[0])
		strscpy_pad(init_uts_ns.name.nodename, vt_boot->hostname,
			    sizeof(init_uts_ns.name.nodename));
}

/*
 * The supervisor may be given pointers to this stack in system calls, which cannot write to a page
 * that is still a snapshot's; other stacks it maps by themselves.
 */
static void stack_own(void)
{
	for (unsigned long at = 0; at < THREAD_SIZE; at += PAGE_SIZE) {
		volatile unsigned long *word = (void *)init_stack + at;

		*word = *word;
	}
}

/* Whatever has happened meanwhile, nobody has told us */
static void look_at_everything(void)
{
	__atomic_fetch_or(&vitrine_cpus[raw_smp_processor_id()].pending,
			  1U << VT_IRQ_TIMER | 1U << VT_IRQ_STREAM | 1U << VT_IRQ_REQUEST |
			      ~0U << VT_IRQ_VIRTIO,
			  __ATOMIC_SEQ_CST);
}

/* All other vCPUs wait, and interrupts are disabled */
static int stand_still(void *unused)
{
	int err = vitrine_hosts_home();
	u64 clock;

	if (err)
		return err;
	vitrine_tell_unused();
	vitrine_cputime_stop();
	timekeeping_suspend();
	clock = vitrine_clock_stop();
	vitrine_leave(vt_host->pause);
	if (vitrine_growth_map())
		panic("the host has no room for page structures");
	stack_own();
	vitrine_cputime_go_on();
	vitrine_clock_go_on(clock);
	timekeeping_resume();
	random_renew();
	hostname_renew();
	look_at_everything();
	return 0;
}

/**
 * vitrine_pause() - Let the supervisor have the machine as memory alone
 *
 * Context: the server. Return: 0 when it goes on, in this supervisor or another one; or, when it
 * never stood still, -EOPNOTSUPP: there are several vCPUs, or -ENOMEM.
 */
long vitrine_pause(void)
{
	long err;

	if (num_online_cpus() > 1)
		return -EOPNOTSUPP;
	vt_observe_stop();
	drain_all_pages(NULL);
	do {
		err = vitrine_hosts_prepare() ?: stop_machine(stand_still, NULL, NULL);
		vitrine_hosts_finish();
	} while (err == -EAGAIN); /* there were more threads than images */
	vt_observe_go_on();
	return err;
}
