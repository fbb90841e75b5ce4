// SPDX-License-Identifier: GPL-2.0-only
/* telemetry.c - the region, its clock, and the switch
 *
 * Theory of operation
 * Observing is on or off as a whole: one static key for the port's own hooks, and probes that are
 * attached to the kernel's tracepoints. What is counted is counted whenever it is on; events are
 * filtered by what is wished for (struct vt_wishes) before they get a number.
 *
 * Switching runs in the server or at boot and may sleep. It forgets the tasks' state, so a call
 * that was in progress when observing began is not counted: what was counted began and ended under
 * observation. Counters themselves are never set back.
 *
 * Time is the CPU's counter, scaled with the rate that the supervisor measured and set right by the
 * host's clock every few milliseconds, because the rate is good to some 1e-5. Without a usable
 * counter a tick is a nanosecond of the host's clock.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include "observe.h"
#include "sampler.h"

#define ANCHOR_NS (10 * NSEC_PER_MSEC)

DEFINE_STATIC_KEY_FALSE(vitrine_observing);

/* Together, for the cache's sake: each system call reads them */
DEFINE_PER_CPU_ALIGNED(struct vt_clock, vt_clock);
u64 vt_tick_ns VT_CACHE_ALIGNED;
struct vt_telemetry *vt_region;
struct vt_observed *vt_observed_all;
struct vt_wishes vt_wishes;

/**
 * vt_clock_set_right() - Ask the host again what time it is
 *
 * Return: what vt_ticks() says to that.
 */
u64 vt_clock_set_right(void)
{
	struct vt_clock *clock = raw_cpu_ptr(&vt_clock);

	clock->ns = vt_host->clock_monotonic();
	clock->ticks = vt_ticks();
	return clock->ticks;
}

static void clock_start(void)
{
	u64 good_for = vt_boot->tsc_mult ? div64_u64((u64)ANCHOR_NS << 32, vt_boot->tsc_mult) : 0;
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct vt_clock *clock = per_cpu_ptr(&vt_clock, cpu);

		clock->ticks = 0;
		clock->good_for = good_for;
	}
	vt_tick_ns = vt_boot->tsc_mult;
}

static void probes_detach(const struct vt_probe *probes, unsigned int count)
{
	while (count--)
		tracepoint_probe_unregister(probes[count].tracepoint, probes[count].function, NULL);
}

static int probes_attach(const struct vt_probe *probes, unsigned int count)
{
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		err = tracepoint_probe_register(probes[i].tracepoint, probes[i].function, NULL);
		if (err) {
			probes_detach(probes, i);
			return err;
		}
	}
	return 0;
}

static int switch_on(void)
{
	int err = vt_tasks_start();

	if (err)
		return err;
	clock_start();
	err = probes_attach(vt_probes, vt_nr_probes);
	if (err)
		goto tasks;
	err = probes_attach(vt_probes_io, vt_nr_probes_io);
	if (err)
		goto probes;
	vt_region->enabled_ns = vt_host->clock_monotonic();
	vt_region->realtime_offset_ns = vt_host->clock_realtime() - vt_region->enabled_ns;
	static_branch_enable(&vitrine_observing);
	vitrine_vdso_count(true);
	return 0;
probes:
	probes_detach(vt_probes, vt_nr_probes);
tasks:
	vt_tasks_stop();
	return err;
}

static void switch_off(void)
{
	vitrine_vdso_count(false);
	static_branch_disable(&vitrine_observing);
	probes_detach(vt_probes_io, vt_nr_probes_io);
	probes_detach(vt_probes, vt_nr_probes);
	tracepoint_synchronize_unregister();
	vt_tasks_stop();
}

/* Counting is part of recording events */
static int observe(const struct vt_wishes *wishes)
{
	bool on = wishes->mask & (VT_OBSERVE_COUNTERS | VT_OBSERVE_EVENTS);
	int err = 0;

	if (!vt_region)
		return -ENODEV;
	if (on && !static_key_enabled(&vitrine_observing))
		err = switch_on();
	if (!err && wishes->mask & VT_OBSERVE_SAMPLER)
		err = vt_sampler_start(wishes->interval_ns);
	if (err)
		return err;
	if (!(wishes->mask & VT_OBSERVE_SAMPLER))
		vt_sampler_stop();
	vt_wishes = *wishes;
	if (wishes->mask & VT_OBSERVE_EVENTS)
		vt_wishes.mask |= VT_OBSERVE_COUNTERS;
	else
		vt_wishes.kinds = 0;
	if (!on && static_key_enabled(&vitrine_observing))
		switch_off();
	vt_region->kinds = vt_wishes.kinds;
	WRITE_ONCE(vt_region->enabled, vt_wishes.mask);
	WRITE_ONCE(vt_region->state, vt_wishes.mask ? VT_TELEMETRY_ON : VT_TELEMETRY_OFF);
	return 0;
}

static const struct vt_wishes everything = {
	.kinds = ~0UL,
	.calls = { [0 ... VT_TELEMETRY_CALLS / 64 - 1] = ~0UL },
	.capture = VT_CAPTURE_DEFAULT,
	.interval_ns = VT_SAMPLE_FAST_NS,
};

/**
 * vt_observe_request() - Answer VT_REQ_OBSERVE
 *
 * Context: the server. Return: 0, -ENODEV without a region, or why it could not be switched on.
 */
long vt_observe_request(const struct vt_request *req)
{
	const struct vt_observe *ask = (const struct vt_observe *)req->data;
	struct vt_wishes wishes = everything;

	if (req->len < sizeof(*ask))
		return -EINVAL;
	wishes.mask = ask->what & (VT_OBSERVE_COUNTERS | VT_OBSERVE_EVENTS | VT_OBSERVE_SAMPLER);
	wishes.kinds = ask->kinds;
	wishes.paths = ask->flags & VT_OBSERVE_PATHS;
	if (ask->interval_ns)
		wishes.interval_ns = ask->interval_ns;
	BUILD_BUG_ON(sizeof(wishes.calls) != sizeof(ask->calls));
	memcpy(wishes.calls, ask->calls, sizeof(wishes.calls));
	wishes.capture = ask->capture;
	return observe(&wishes);
}

static struct vt_wishes wishes_before;

/**
 * vt_observe_stop() - A pause is about to begin: nobody looks
 *
 * Context: the server.
 */
void vt_observe_stop(void)
{
	const struct vt_wishes nothing = { 0 };

	wishes_before = vt_wishes;
	if (vt_wishes.mask)
		observe(&nothing);
}

/* What the region says of the machine, whose supervisor may be another one than before */
static void region_describe(void)
{
	vt_region->mem_size = vt_boot->mem_size;
	vt_region->cpus = vt_boot->cpus;
	vt_region->tick_mult = vt_boot->tsc_mult;
	vt_region->boot_ns = vt_host->clock_monotonic() - ktime_get_ns();
}

/**
 * vt_observe_go_on() - The pause is over
 *
 * Those who looked before look on if the supervisor is the same. Counters go on in any case: the
 * region is a part of what was kept. Context: the server.
 */
void vt_observe_go_on(void)
{
	if (!vt_region)
		return;
	region_describe();
	if (vt_boot->goes_on && wishes_before.mask && observe(&wishes_before))
		pr_err("vitrine: cannot observe any more\n");
}

static u32 wished_at_boot __initdata;
static u32 capture_at_boot __initdata = VT_CAPTURE_DEFAULT;

static int __init observe_param(char *arg)
{
	return kstrtou32(arg, 0, &wished_at_boot);
}
early_param("vitrine.observe", observe_param);

/* Bytes of a buffer that events keep until an observer has said how many it wants */
static int __init capture_param(char *arg)
{
	return kstrtou32(arg, 0, &capture_at_boot);
}
early_param("vitrine.capture", capture_param);

static int __init telemetry_init(void)
{
	struct vt_telemetry *region = vt_boot->telemetry;
	struct vt_wishes wishes = everything;
	int err;

	if (!region)
		return 0;
	region->magic = VT_TELEMETRY_MAGIC;
	region->version = VT_TELEMETRY_VERSION;
	region->size = VT_TELEMETRY_SIZE;
	vt_region = region;
	region_describe();
	vt_events_start();
	wishes.mask = wished_at_boot;
	wishes.paths = true;
	wishes.capture = capture_at_boot;
	err = wished_at_boot ? observe(&wishes) : 0;
	if (err)
		pr_err("vitrine: cannot observe: error %d\n", -err);
	else if (wished_at_boot) /* nothing of a guest's has happened before */
		region->enabled_ns = region->boot_ns;
	return 0;
}
late_initcall(telemetry_init);
