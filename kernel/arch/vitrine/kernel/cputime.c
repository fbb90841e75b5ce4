// SPDX-License-Identifier: GPL-2.0-only
/* cputime.c - whose the CPU's time is: a program's, the kernel's, nobody's, or the host's
 *
 * Theory of operation
 * Ticks would be the wrong sample here: interrupts are noticed where the kernel looks for them, so
 * they come at the ends of long calls and never in the middle. Instead every moment is charged
 * (VIRT_CPU_ACCOUNTING_NATIVE): the CPU's counter is read on the way to user mode and back, around
 * interrupts and when tasks are switched, and what has passed is added to the sum of whoever had
 * the CPU. Two readings are what a plain call pays. The sums are settled with the task's accounts
 * by the tick, by a switch, and by whoever asks.
 *
 * A trip to user mode is the program's time less what the way there and back costs, the host's
 * switches of context and its notification. Natively that way is part of the kernel's entry and
 * exit, system time. It is not measured apart but taken to be the shortest trip that was ever seen:
 * programs make calls one after the other all the time, beginning with the first.
 *
 *   |<---- kernel ---->|<- way ->|<---- program ---->|<- way ->|<---- kernel
 *   |      system      |<-- shortest + the rest of the trip -->|      system
 *                            system          user
 *
 * Of all this the host may have given a part to somebody else. It is asked now and then how much
 * CPU time we have had (engine/vcpu/cputime.c); what is missing, when idling is left out, is steal.
 * Others have the CPU for milliseconds at a time, so that is taken first from the stretch that has
 * just ended, whose length is why it was asked; the scheduler leaves it out of its clock of tasks.
 * Asking takes a microsecond, and more when many processes took turns: it may take 1/128 of the
 * time.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/jump_label.h>
#include <linux/kernel_stat.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task.h>
#include <linux/vtime.h>
#include <asm/cputime.h>
#include <asm/habit.h>
#include <asm/several.h>
#include <asm/paravirt.h>

/* How often the host is asked: after so long, or at once after a stretch of that length */
#define ASK_NS NSEC_PER_MSEC
#define ASK_LONG_NS (100 * NSEC_PER_USEC)
#define ASK_SHARE 128 /* of the time that passes, what asking may take */
#define ASK_AGAIN 3   /* times, when asking itself was such a stretch */
#define ASK_DOUBT 8   /* what took long once need not do so again */

#define TRIP_MAX_NS (50 * NSEC_PER_USEC)     /* until a shorter one is seen */
#define OWED_MAX_NS (20LL * NSEC_PER_MSEC)   /* more is not for others to pay */
#define EXTRA_MAX_NS (200LL * NSEC_PER_USEC) /* two of our threads run at a time, for moments */

DEFINE_PER_CPU_ALIGNED(struct vitrine_cputime, vitrine_cputime);
u64 vitrine_tick_mult;
struct static_key paravirt_steal_enabled, paravirt_steal_rq_enabled;
static u64 ask_ticks, long_ticks;

static u64 ns_to_ticks(u64 ns)
{
	return vitrine_tick_mult ? div64_u64(min_t(u64, ns, U32_MAX) << 32, vitrine_tick_mult) : ns;
}

/**
 * vitrine_shorter_trip() - A trip to user mode was shorter than all before
 * @shortest: the record
 * @took:     ticks; a host whose CPUs do not count alike can make them negative
 *
 * Return: ticks that have passed.
 */
u64 vitrine_shorter_trip(u64 *shortest, u64 took)
{
	if ((s64)took <= 0)
		return 0;
	return *shortest = took;
}

/**
 * vitrine_steal_clock() - What the scheduler's clock of tasks has to leave out, so far
 * @cpu: whose; sched_clock() was just read for it
 *
 * The scheduler takes no more of it than has passed since it asked last, and forgets the rest. It
 * is given as much.
 *
 * Return: ns.
 */
u64 vitrine_steal_clock(int cpu)
{
	struct vitrine_cputime *time = &per_cpu(vitrine_cputime, cpu);
	u64 now = this_cpu_read(vitrine_cputime.clock_read), passed = now - time->told_at;

	time->told_at = now;
	if (unlikely(time->told != time->steal) && (s64)passed > 0)
		time->told += min(time->steal - time->told, passed);
	return time->told;
}

/* Have @sum pay what is owed, as far as it goes and @most allows */
static void pay(struct vitrine_cputime *time, u64 *sum, u64 most)
{
	u64 ticks = min3(most, *sum, ns_to_ticks(time->owed));

	*sum -= ticks;
	time->owed -= min_t(s64, vitrine_ticks_to_ns(ticks) + 1, time->owed);
}

/* The stretch up to @time->stamp was added to @last and took @took */
static void ask(struct vitrine_cputime *time, u64 *last, u64 took)
{
	u64 given = vt_host->cpu_time();
	s64 owed, passed = vitrine_ticks_to_ns(time->stamp - time->asked_at - time->idle);

	time->owed = max(time->owed + passed - (s64)(given - time->given), -EXTRA_MAX_NS);
	owed = time->owed;
	time->given = given;
	time->asked_at = time->stamp;
	time->idle = 0;
	if (owed <= 0)
		return;
	pay(time, last, took);
	pay(time, &time->user, U64_MAX);
	pay(time, &time->system, U64_MAX);
	pay(time, &time->softirq, U64_MAX);
	time->steal += owed - time->owed;
	account_steal_time(owed - time->owed);
	time->owed = min(time->owed, OWED_MAX_NS);
}

/**
 * vitrine_ask_host() - What has the host given to others since it was asked last?
 * @last: the sum that the stretch before @time->stamp was added to
 * @took: its length
 */
void vitrine_ask_host(struct vitrine_cputime *time, u64 *last, u64 took)
{
	for (int i = 0; i < ASK_AGAIN; i++) {
		ask(time, last, took);
		took = vitrine_ticks() - time->stamp;
		if (took < long_ticks)
			break;
		/* it gave it to others while it was asked, a good moment for it */
		time->system += took;
		time->stamp += took;
		last = &time->system;
	}
	time->cost = min(took, time->cost + time->cost / ASK_DOUBT);
	time->ask_at = time->stamp + max(time->cost * ASK_SHARE, ask_ticks);
	time->ask_long = max(time->cost * ASK_SHARE, long_ticks);
}

/* Everything up to now goes to @sum */
static void charge(struct vitrine_cputime *time, u64 *sum)
{
	u64 now = vitrine_ticks(), took = now - time->stamp;

	time->stamp = now;
	if ((s64)took < 0)
		return;
	*sum += took;
	if (took >= time->ask_long || (s64)(now - time->ask_at) >= 0)
		vitrine_ask_host(time, sum, took);
}

static u64 settled(u64 *ticks)
{
	u64 ns = vitrine_ticks_to_ns(*ticks);

	*ticks = 0;
	return ns;
}

static void settle(struct vitrine_cputime *time, struct task_struct *task)
{
	if (time->user)
		account_user_time(task, settled(&time->user));
	if (time->system)
		account_system_index_time(task, settled(&time->system), CPUTIME_SYSTEM);
	if (time->hardirq)
		account_system_index_time(task, settled(&time->hardirq), CPUTIME_IRQ);
	if (time->softirq)
		account_system_index_time(task, settled(&time->softirq), CPUTIME_SOFTIRQ);
}

/* ---- what the generic kernel calls (linux/vtime.h), with interrupts disabled ---- */

void vtime_account_kernel(struct task_struct *task)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);

	charge(time, &time->system);
}

void vtime_account_hardirq(struct task_struct *task)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);

	charge(time, &time->hardirq);
}

void vtime_account_softirq(struct task_struct *task)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);

	charge(time, &time->softirq);
}

void vtime_account_idle(struct task_struct *task)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);
	u64 now = vitrine_ticks(), took = now - time->stamp;

	time->stamp = now;
	if ((s64)took < 0)
		return;
	time->idle += took;
	account_idle_time(vitrine_ticks_to_ns(took));
}

void vtime_flush(struct task_struct *task)
{
	settle(this_cpu_ptr(&vitrine_cputime), task);
}

void vtime_task_switch(struct task_struct *prev)
{
	if (is_idle_task(prev))
		vtime_account_idle(prev);
	else
		vtime_account_kernel(prev);
	vtime_flush(prev);
	if (vitrine_has_several_cpus())
		vitrine_habits(prev);
}

/* ---- whoever asks for a task's accounts gets them up to now ---- */

static void settle_now(void)
{
	unsigned long flags;

	local_irq_save(flags);
	vtime_account_irq(current, 0);
	vtime_flush(current);
	local_irq_restore(flags);
}

void __wrap_task_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system);
void __real_task_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system);
void __wrap_thread_group_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system);
void __real_thread_group_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system);

void __wrap_task_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system)
{
	settle_now();
	__real_task_cputime_adjusted(task, user, system);
}

void __wrap_thread_group_cputime_adjusted(struct task_struct *task, u64 *user, u64 *system)
{
	settle_now();
	__real_thread_group_cputime_adjusted(task, user, system);
}

/**
 * vitrine_cputime_begin() - Begin to count, on the vCPU that calls this, before anything else
 */
void vitrine_cputime_begin(void)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);

	*time = (struct vitrine_cputime){ .ask_long = long_ticks };
	time->cost = long_ticks / ASK_SHARE;
	for (unsigned int way = 0; way < VITRINE_NR_WAYS * VITRINE_NR_WAYS; way++)
		time->shortest[way / VITRINE_NR_WAYS][way % VITRINE_NR_WAYS] =
		    ns_to_ticks(TRIP_MAX_NS);
	time->stamp = time->asked_at = vitrine_ticks();
	time->ask_at = time->stamp + ask_ticks;
	time->given = vt_host->cpu_time();
}

static void rates_set(void)
{
	vitrine_tick_mult = vt_boot->tsc_mult;
	ask_ticks = ns_to_ticks(ASK_NS);
	long_ticks = ns_to_ticks(ASK_LONG_NS);
}

/**
 * vitrine_cputime_init() - Begin to count at all
 */
void __init vitrine_cputime_init(void)
{
	rates_set();
	vitrine_cputime_begin();
}

/**
 * vitrine_cputime_stop() - Everything up to a pause is charged, in ticks of the counter that is
 *
 * With interrupts disabled.
 */
void vitrine_cputime_stop(void)
{
	vtime_account_kernel(current);
	vtime_flush(current);
}

/**
 * vitrine_cputime_go_on() - The pause is over, and belongs to nobody
 */
void vitrine_cputime_go_on(void)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);
	const struct vitrine_cputime before = *time;

	rates_set();
	vitrine_cputime_begin();
	time->steal = before.steal;
	time->told = before.told;
	time->told_at = before.told_at;
	time->clock_read = before.clock_read;
}

static int __init steal_is_known(void)
{
	static_key_slow_inc(&paravirt_steal_rq_enabled);
	return 0;
}
arch_initcall(steal_is_known);
