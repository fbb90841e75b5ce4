/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_PROCESSOR_H
#define _ASM_VITRINE_PROCESSOR_H

#ifndef __ASSEMBLY__
#include <linux/list.h>
#include <linux/types.h>
#include <asm/page.h>
#include <asm/ptrace.h>
#include <asm/vdso/processor.h>

#define TASK_SIZE VT_TASK_SIZE
#define TASK_SIZE_MAX TASK_SIZE
#define STACK_TOP TASK_SIZE
#define STACK_TOP_MAX TASK_SIZE
#define TASK_UNMAPPED_BASE (PAGE_ALIGN(TASK_SIZE / 3))

struct vitrine_debug;

/* What a signal frame says of the CPU: trap number, error code and CR2 */
struct vitrine_trap {
	unsigned long cr2;
	u32 error_code, nr;
};

/**
 * struct thread_struct - a task's context outside of its registers
 * @sp:    kernel stack pointer while the task is switched out
 * @host:  its host thread, NULL for kernel threads and until the task first needs one
 * @hosted: in the list of those that have one: suspend/hosts.c
 * @kept:  while a pause has left it without @host: room for its FPU image, which is @frame's
 * @frame: user state beside pt_regs; what it says of the FPU is @host's, see vitrine_fp_room()
 * @fn, @arg: what a kernel thread runs
 * @host_failures: times in a row that the host refused to map something
 * @forced_tf: the trap flag was set by ptrace and must not be seen by the program
 * @trap: the last exception that became a signal, for signal frames
 * @dr6:   of its last debug exception, as vitrine_debugreg_get() tells it
 * @debug: its debug registers, NULL: never set; see kernel/debugreg.c
 * @block_step: of the single steps, only those that took a branch are told, see kernel/step.c
 * @step_ip: where the step began
 * @counters: its slot in the telemetry region, see observe/probes/tasks.c
 * @in_guest: its host thread may be executing guest code
 * @runnable_at: when it was last put on the run queue, for its run-queue delay
 */
struct thread_struct {
	unsigned long sp;
	struct vt_thread *host;
	struct list_head hosted;
	void *kept;
	struct vt_frame frame;
	int (*fn)(void *);
	void *arg;
	unsigned int host_failures;
	bool forced_tf, block_step, in_guest;
	struct vitrine_trap trap;
	struct vitrine_debug *debug;
	unsigned long dr6;
	unsigned long step_ip;
	struct vt_task_counters *counters;
	u64 runnable_at;
};

#define INIT_THREAD                                                                                \
	{                                                                                          \
		.sp = sizeof(init_stack) + (unsigned long)&init_stack                              \
	}

#define task_pt_regs(task) ((struct pt_regs *)((char *)task_stack_page(task) + THREAD_SIZE) - 1)
#define KSTK_EIP(task) (task_pt_regs(task)->ip)
#define KSTK_ESP(task) (task_pt_regs(task)->sp)

struct task_struct;
void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
unsigned long __get_wchan(struct task_struct *task);
#endif

#endif
