/* SPDX-License-Identifier: GPL-2.0-only */
/* perf_event.h - what perf events want of the architecture; nothing here counts in hardware */
#ifndef _ASM_VITRINE_PERF_EVENT_H
#define _ASM_VITRINE_PERF_EVENT_H

#include <linux/jump_label.h>

struct pt_regs;

/* kernel/stacktrace.c */
void vitrine_caller_regs(struct pt_regs *regs, const unsigned long *frame);
#define perf_arch_fetch_caller_regs(regs, ip) vitrine_caller_regs(regs, __builtin_frame_address(0))

/* perf/wishes.c: no-ops while nobody wants that */
#ifdef CONFIG_PERF_EVENTS
DECLARE_STATIC_KEY_FALSE(vitrine_perf_registers);
DECLARE_STATIC_KEY_FALSE(vitrine_perf_clock);
#define vitrine_perf_wants_registers() static_branch_unlikely(&vitrine_perf_registers)
#define vitrine_perf_samples_clock() static_branch_unlikely(&vitrine_perf_clock)
#else
#define vitrine_perf_wants_registers() false
#define vitrine_perf_samples_clock() false
#endif

/* perf/tracefs.c */
#ifdef CONFIG_EVENT_TRACING
void vitrine_trace_events_wait(void);
#else
static inline void vitrine_trace_events_wait(void)
{
}
#endif

#endif
