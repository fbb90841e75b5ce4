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
 *            vitrine_leave() -----> vt_host_ops.pause(), on each vCPU
 *                                   ... a pause of any length, or none ...
 *            vitrine_resume_entry() <----- vt_kernel.resume; the others by cpu_start()
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
#include <linux/tick.h>
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

/* What the first vCPU has decided, for the others, which wait for it in between */
static enum { UNDECIDED, LEAVES, STAYS } decision;
static atomic_t still; /* vCPUs whose clock event is off */

static void await_others(void)
{
	while (atomic_read(&still) != num_online_cpus() - 1)
		cpu_relax();
}

/* The first vCPU: everything that is not a vCPU's own */
static int stand_still_first(void)
{
	int err = vitrine_hosts_home();
	unsigned int cpu;
	u64 clock;

	WRITE_ONCE(decision, err ? STAYS : LEAVES);
	if (err)
		return err;
	vitrine_tell_unused();
	vitrine_cputime_stop();
	await_others();
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
	for_each_online_cpu(cpu)
	{
		if (cpu)
			vt_host->cpu_start(cpu, (vt_u64)vitrine_resume_secondary_entry,
					   &vitrine_cpus[cpu], &vitrine_cpus[cpu].pending);
	}
	return 0;
}

static int stand_still_other(void)
{
	while (READ_ONCE(decision) == UNDECIDED)
		cpu_relax();
	if (decision == STAYS)
		return 0;
	vitrine_cputime_stop();
	tick_suspend_local();
	atomic_inc(&still);
	vitrine_leave(vt_host->pause);
	vitrine_cputime_go_on();
	tick_resume_local();
	return 0;
}

/* On all vCPUs, with interrupts disabled */
static int stand_still(void *unused)
{
	return smp_processor_id() ? stand_still_other() : stand_still_first();
}

static int stop_and_stand_still(void)
{
	decision = UNDECIDED;
	atomic_set(&still, 0);
	return stop_machine(stand_still, NULL, cpu_online_mask);
}

/**
 * vitrine_pause() - Let the supervisor have the machine as memory alone
 *
 * Context: the server. Return: 0 when it goes on, in this supervisor or another one; -ENOMEM when
 * it never stood still.
 */
long vitrine_pause(void)
{
	long err;

	vt_observe_stop();
	drain_all_pages(NULL);
	do {
		err = vitrine_hosts_prepare() ?: stop_and_stand_still();
		vitrine_hosts_finish();
	} while (err == -EAGAIN); /* there were more threads than images */
	if (!err && !vt_boot->goes_on)
		vitrine_reset_connections();
	vt_observe_go_on();
	return err;
}
