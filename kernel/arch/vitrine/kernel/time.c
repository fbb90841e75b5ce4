// SPDX-License-Identifier: GPL-2.0-only
/* time.c - the host's monotonic clock as clock source, its timers as clock events
 *
 * The clock source counts the host's CLOCK_MONOTONIC in nanoseconds. Guests read the same counter
 * through the host's vDSO when that needs no system call (vdso/vma.c). The clock event is one host
 * timer per vCPU, armed only when the kernel asks: an idle sandbox has no tick.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include <asm/cputime.h>
#include <asm/irq.h>
#include <asm/keep.h>
#include <asm/vitrine.h>

static u64 host_clock_read(struct clocksource *cs)
{
	return vt_host->clock_monotonic();
}

static struct clocksource host_clock = {
	.name = "host",
	.rating = 400,
	.read = host_clock_read,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
};

static int timer_next(unsigned long delta, struct clock_event_device *ce)
{
	vt_host->timer_arm(delta ?: 1);
	return 0;
}

static int timer_off(struct clock_event_device *ce)
{
	vt_host->timer_arm(0);
	return 0;
}

static struct clock_event_device host_timers[NR_CPUS];

void vitrine_timer_interrupt(void)
{
	struct clock_event_device *timer = &host_timers[smp_processor_id()];

	if (timer->event_handler)
		timer->event_handler(timer);
}

/* The clock event of the vCPU that calls this */
void vitrine_timer_setup(void)
{
	struct clock_event_device *timer = &host_timers[smp_processor_id()];

	*timer = (struct clock_event_device){
		.name = "host",
		.rating = 400,
		.features = CLOCK_EVT_FEAT_ONESHOT,
		.set_next_event = timer_next,
		.set_state_shutdown = timer_off,
		.set_state_oneshot_stopped = timer_off,
		.cpumask = cpumask_of(smp_processor_id()),
	};
	clockevents_config_and_register(timer, NSEC_PER_SEC, 1000, LONG_MAX);
}

/* The scheduler's clock stands still during a pause, and the counter may be another one then */
static u64 clock_start, clock_before;

unsigned long long notrace sched_clock(void)
{
	u64 now = vitrine_ticks();

	if (!clock_start)
		clock_start = now;
	now = clock_before + vitrine_ticks_to_ns(now - clock_start);
	this_cpu_write(vitrine_cputime.clock_read, now);
	return now;
}

/**
 * vitrine_clock_stop() - What sched_clock() says, for vitrine_clock_go_on()
 */
u64 vitrine_clock_stop(void)
{
	return sched_clock();
}

/**
 * vitrine_clock_go_on() - The host's clocks are another host's, or later ones
 * @stopped: what the scheduler's clock goes on from
 *
 * Before timekeeping_resume(), with interrupts disabled; vitrine_tick_mult is set.
 */
void vitrine_clock_go_on(u64 stopped)
{
	clock_before = stopped;
	clock_start = vitrine_ticks();
	host_clock.vdso_clock_mode =
	    vt_boot->vdso_clock ? VDSO_CLOCKMODE_HOST : VDSO_CLOCKMODE_NONE;
	vitrine_vdso_clock();
}

bool vitrine_sleep_uncounted;

/* Zeros: there is none, so timekeeping_resume() knows of no sleep */
void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = vitrine_sleep_uncounted ? (struct timespec64){ 0 }
				      : ns_to_timespec64(vt_host->clock_realtime());
}

void __init time_init(void)
{
	if (vt_boot->vdso_clock)
		host_clock.vdso_clock_mode = VDSO_CLOCKMODE_HOST;
	clocksource_register_hz(&host_clock, NSEC_PER_SEC);
	vitrine_timer_setup();
}

unsigned long calibrate_delay_is_known(void)
{
	return 1000000;
}

static void spin_ns(unsigned long ns)
{
	u64 end = vt_host->clock_monotonic() + ns;

	while (vt_host->clock_monotonic() < end)
		cpu_relax();
}

void __delay(unsigned long loops)
{
	spin_ns(loops);
}
EXPORT_SYMBOL(__delay);

void __udelay(unsigned long us)
{
	spin_ns(us * NSEC_PER_USEC);
}
EXPORT_SYMBOL(__udelay);

void __ndelay(unsigned long ns)
{
	spin_ns(ns);
}
EXPORT_SYMBOL(__ndelay);

/* asm-generic/delay.h scales microseconds by 2^32 / 10^6 */
void __const_udelay(unsigned long xloops)
{
	spin_ns((xloops * 1000) >> 32);
}
EXPORT_SYMBOL(__const_udelay);
