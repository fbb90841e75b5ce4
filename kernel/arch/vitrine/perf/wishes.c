// SPDX-License-Identifier: GPL-2.0-only
/* wishes.c - what open events want that costs whoever is observed
 *
 * Theory of operation
 * A plain system call brings no registers along, and an interrupt does not stop the program's host
 * thread (kernel/user.c). Both can be had for two more switches of context, which nobody pays while
 * no event wants them:
 *
 *   registers   of a program that makes a call: user call chains, registers, stacks
 *   clock       where a program is when the clock that is sampled expires
 *
 * Events are counted where the kernel asks the security modules about them, which it does once in
 * each event's life, those that children inherit included. What is counted does not change in it.
 */
#include <linux/perf_event.h>
#include <linux/security.h>
#include <linux/string.h>
#include <asm/perf_event.h>

#define NEEDS_REGISTERS (PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

DEFINE_STATIC_KEY_FALSE(vitrine_perf_registers);
DEFINE_STATIC_KEY_FALSE(vitrine_perf_clock);

int __wrap_security_perf_event_alloc(struct perf_event *event);
int __real_security_perf_event_alloc(struct perf_event *event);
void __wrap_security_perf_event_free(struct perf_event *event);
void __real_security_perf_event_free(struct perf_event *event);

static bool wants_registers(const struct perf_event *event)
{
	return is_sampling_event((struct perf_event *)event) &&
	       event->attr.sample_type & NEEDS_REGISTERS;
}

static bool wants_clock(const struct perf_event *event)
{
	return is_sampling_event((struct perf_event *)event) && event->pmu &&
	       (!strcmp(event->pmu->name, "cpu_clock") || !strcmp(event->pmu->name, "task_clock"));
}

int __wrap_security_perf_event_alloc(struct perf_event *event)
{
	int err = __real_security_perf_event_alloc(event);

	if (err)
		return err;
	if (wants_registers(event))
		static_branch_inc(&vitrine_perf_registers);
	if (wants_clock(event))
		static_branch_inc(&vitrine_perf_clock);
	return 0;
}

void __wrap_security_perf_event_free(struct perf_event *event)
{
	if (wants_registers(event))
		static_branch_dec(&vitrine_perf_registers);
	if (wants_clock(event))
		static_branch_dec(&vitrine_perf_clock);
	__real_security_perf_event_free(event);
}
