/* SPDX-License-Identifier: GPL-2.0-only */
/* seccomp.c - the seccomp tier: guests in processes of their own, stopped by notifications
 *
 * Theory of operation
 * Resuming a guest thread is answering its notification; waiting for it is receiving the next. The
 * kernel's memory is mapped in no guest process but for the frames that the guest may see, and no
 * guest thread can make a system call that the host executes (filter.c). Mappings are changed by
 * each process's service thread, on commands in a page that guests can only read (stub/stub.S).
 *
 * Host system calls: those of what is called.
 */
#include "engine/tier/tier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "areas.h"
#include "frame.h"
#include "notify.h"
#include "process.h"
#include "service.h"
#include "setup.h"
#include "state.h"
#include "stop.h"
#include "engine/tier/seccomp/host/lock.h"
#include "engine/memory/base.h"
#include "engine/vcpu/stuck.h"
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"
#include "vitrine/util.h"

#define TRAP_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define HWCAP2_FSGSBASE 2
#define POPULATE_MAX 0x10000

/* What the kernel holds without knowing what it is */
static struct stub_process *process_of(struct vt_mm *mm)
{
	return (struct stub_process *)mm;
}

static struct stub_thread *thread_of(struct vt_thread *thread)
{
	return (struct stub_thread *)thread;
}

/* What fork(2) and clone(2) document */
static int told(int err)
{
	return err == -ENOMEM ? err : -EAGAIN;
}

/* ---- address spaces ---- */

static int mm_new(struct vt_mm **mm, int spare)
{
	struct stub_process *process;
	int err = process_get(&process, spare);

	if (err)
		return told(err);
	*mm = (struct vt_mm *)process;
	return 0;
}

static void mm_free(struct vt_mm *mm)
{
	process_put(process_of(mm));
}

/*
 * Programs touch most of what is mapped for them to write, and of what is mapped in small pieces.
 * Of large pieces of a file the host maps 64 KiB around each touch, for less than mapping all of
 * it.
 */
static unsigned map_flags(const struct vt_map_op *op)
{
	const bool populate = op->prot & VT_PROT_WRITE || op->len <= POPULATE_MAX;

	return MAP_SHARED | MAP_FIXED | STUB_MAP_MARK | (populate ? MAP_POPULATE : 0);
}

static struct stub_command translate(const struct vt_map_op *op)
{
	switch (op->kind) {
	case VT_MAP:
		telemetry_count(VT_HOST_MAPS, 1);
		base_own(op->pa, op->len);
		return (struct stub_command){ .nr = SYS_mmap,
					      .args = { op->va, op->len, op->prot, map_flags(op),
							STUB_FD_PHYS, op->pa } };
	case VT_PROTECT:
		telemetry_count(VT_HOST_PROTECTS, 1);
		return (struct stub_command){
			.nr = SYS_mprotect, .args = { op->va, op->len, op->prot, 0, 0, STUB_MAGIC }
		};
	default:
		telemetry_count(VT_HOST_UNMAPS, 1);
		return (struct stub_command){ .nr = SYS_munmap,
					      .args = { op->va, op->len, 0, 0, 0, STUB_MAGIC } };
	}
}

/*
 * When the host refuses, most likely for too many mappings, everything is unmapped and the kernel
 * starts over. Only a refused protection is no failure: what is not mapped needs none, and what
 * cannot be split can be unmapped.
 */
static int sync_locked(struct stub_process *process, const struct vt_map_op *ops, vt_u32 count)
{
	vt_u32 done = 0;

	while (done < count) {
		unsigned n = 0, failed;
		int err;

		for (; done + n < count && n < CONTROL_COMMANDS; n++) {
			struct stub_command command = translate(&ops[done + n]);

			if (ops[done + n].kind == VT_MAP)
				process->mapped += ops[done + n].len;
			service_command(process, n, &command);
		}
		err = service_execute(process, n);
		done += n;
		if (!err)
			continue;
		if (err == -ESRCH)
			return err;
		failed = done - process->left;
		if (ops[failed].kind != VT_PROTECT) {
			process_unmap(process);
			return err;
		}
		service_command(process, 0,
				&(struct stub_command){ .nr = SYS_munmap,
							.args = { ops[failed].va, ops[failed].len,
								  0, 0, 0, STUB_MAGIC } });
		if (service_execute(process, 1)) {
			process_unmap(process);
			return err;
		}
		done = failed + 1;
	}
	return 0;
}

/* The largest one could end, if it were not for the lock */
static void make_room(struct stub_process *process, unsigned changes)
{
	struct stub_process *largest;
	WITH_LOCK(&tier_lock);

	while ((largest = areas_add(process, changes)))
		process_unmap(largest);
}

static int mm_sync(struct vt_mm *mm, const struct vt_map_op *ops, vt_u32 count)
{
	struct stub_process *process = process_of(mm);

	if (areas_add(process, count))
		make_room(process, count);
	WITH_LOCK(&process->lock);
	return sync_locked(process, ops, count);
}

/* Its registration is the process's own and costs nothing when it is there already */
static void mm_barrier(struct vt_mm *mm)
{
	static const int commands[] = { MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
					MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE };
	struct stub_process *process = process_of(mm);
	WITH_LOCK(&process->lock);

	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		service_command(
		    process, i,
		    &(struct stub_command){ .nr = SYS_membarrier,
					    .args = { commands[i], 0, 0, 0, 0, STUB_MAGIC } });
	service_execute(process, ARRAY_SIZE(commands));
}

/* ---- threads ---- */

static int thread_new(struct vt_mm *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
		      struct vt_thread **thread)
{
	struct stub_thread *new;
	int err = process_thread_get(process_of(mm), frame->no_tsc, frame->spare, &new);

	if (err)
		return told(err);
	if (!fpu_from && frame->xstate && !frame->reset_fpu)
		frame_kept_fpu(new, frame);
	else
		frame_initial_fpu(new, frame);
	if (fpu_from && thread_of(fpu_from)->state == THREAD_STOPPED)
		frame_copy_fpu(new, thread_of(fpu_from), frame);
	*thread = (struct vt_thread *)new;
	return 0;
}

/* The kernel asks again at every tick for as long as the thread runs on */
static void thread_kick(struct vt_thread *vt_thread)
{
	struct stub_thread *thread = thread_of(vt_thread);

	if (thread->state == THREAD_RUNNING) {
		thread->limit = 0;
		telemetry_count(VT_HOST_KICKS, 1);
		stop_kick(thread);
	} else if (thread->state == THREAD_KICKED &&
		   stuck_check(&thread->limit, thread->process->pid)) {
		kill(thread->process->pid, SIGKILL);
	}
}

/* A stop in the stub: the signal tells why. Hostile code can claim any; it gets what it claims. */
static enum vt_user_event stub_event(struct stub_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	const __u64 *args = thread->event.data.args;

	if (frame_locate(thread, args[1]))
		return VT_EV_GONE;
	frame_load(thread, regs, frame);
	thread_becomes(thread, THREAD_STOPPED);
	switch (args[0]) {
	case SIGSYS:
		regs->orig_ax = regs->ax;
		return VT_EV_SYSCALL;
	case SIGBUS:
		if (frame->trap_nr == TRAP_PAGE_FAULT)
			return VT_EV_GONE; /* mapped, but the host has no memory for it */
		return VT_EV_TRAP;
	case SIGSEGV:
		/* not the CPU's: the trap number is that of an earlier stop */
		if (frame_signal_code(thread) == SI_KERNEL)
			frame->trap_nr = TRAP_PROTECTION;
		return frame->trap_nr == TRAP_PAGE_FAULT ? VT_EV_FAULT : VT_EV_TRAP;
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return VT_EV_TRAP;
	default:
		return VT_EV_KICKED;
	}
}

static enum vt_user_event take_event(struct stub_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	const struct seccomp_data *data = &thread->event.data;

	if (stop_is_one(thread))
		return stub_event(thread, regs, frame);
	thread_becomes(thread, THREAD_CALL);
	frame->full = 0;
	regs->orig_ax = data->nr;
	regs->di = data->args[0];
	regs->si = data->args[1];
	regs->dx = data->args[2];
	regs->r10 = data->args[3];
	regs->r8 = data->args[4];
	regs->r9 = data->args[5];
	regs->ip = data->instruction_pointer;
	return VT_EV_SYSCALL;
}

/* What the stub resumes from, when the kernel knows no more than the result of the call */
static uint64_t answer_moved(struct stub_thread *thread, uint64_t result)
{
	struct vt_frame frame;
	struct vt_regs regs;

	frame_load(thread, &regs, &frame);
	stop_repair(thread, &regs);
	regs.ax = result;
	return frame_store(thread, &regs, &frame);
}

static void resume(struct stub_thread *thread, const struct vt_regs *regs,
		   const struct vt_frame *frame)
{
	uint64_t answer;

	if (thread->state == THREAD_CALL)
		answer = regs->ax;
	else if (thread->state == THREAD_MOVED)
		answer = answer_moved(thread, regs->ax);
	else
		answer = frame_store(thread, regs, frame);
	notify_reply(thread, answer, THREAD_RUNNING);
}

static enum vt_user_event run(struct stub_thread *thread, struct vt_regs *regs,
			      struct vt_frame *frame)
{
	volatile uint32_t *pending = vcpu_pending();

	if (thread_is_dead(thread))
		return VT_EV_GONE;
	if (!thread_runs(thread) && thread->state != THREAD_REPORTED)
		resume(thread, regs, frame);
	for (;;) {
		children_heed();
		if (thread->state == THREAD_REPORTED)
			return take_event(thread, regs, frame);
		if (thread_is_dead(thread))
			return VT_EV_GONE;
		if (notify_receive(thread, pending) == -EINTR && *pending)
			return VT_EV_INTERRUPT;
	}
}

static enum vt_user_event thread_run(struct vt_thread *vt_thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	struct stub_thread *thread = thread_of(vt_thread);
	enum vt_user_event event;

	cputime_ran(&thread->process->cputime, thread->process->pid);
	event = run(thread, regs, frame);
	cputime_left();
	return event;
}

static int thread_capture(struct vt_thread *vt_thread, struct vt_regs *regs, struct vt_frame *frame)
{
	struct stub_thread *thread = thread_of(vt_thread);

	if (thread_is_dead(thread) || (thread->state == THREAD_CALL && stop_in_stub(thread)))
		return -ESRCH;
	if (thread->state != THREAD_MOVED)
		return 0;
	frame_load(thread, regs, frame);
	stop_repair(thread, regs);
	regs->orig_ax = regs->ax;
	thread_becomes(thread, THREAD_STOPPED);
	return 0;
}

static void thread_free(struct vt_thread *vt_thread)
{
	struct stub_thread *thread = thread_of(vt_thread);

	/* one that waits in its call is stopped by whoever wants it next, mostly nobody */
	if (!thread_in_stub(thread) && thread->state != THREAD_CALL && !thread_is_dead(thread))
		notify_kill(thread); /* it cannot be stopped in order */
	process_thread_put(thread);
}

static void idle(void)
{
	telemetry_count(VT_HOST_IDLES, 1);
	children_heed();
	vcpu_sleep();
}

static int start(struct vt_boot *boot, struct error *err)
{
	if (!(boot->hwcap2 & HWCAP2_FSGSBASE)) {
		error_set(err, 0,
			  "this host does not offer FSGSBASE to programs "
			  "(Linux 5.9 and a CPU that has it)");
		return TIER_UNSUPPORTED;
	}
	if (stuck_init(err))
		return -1;
	return setup_start(boot->mem_size, &boot->vdso_clock, err);
}

const struct tier tier_seccomp = {
	.cpus = SANDBOX_CPUS_MAX,
	.start = start,
	.stop = setup_stop,
	.memory_changed = setup_memory_changed,
	.mm_new = mm_new,
	.mm_free = mm_free,
	.mm_sync = mm_sync,
	.mm_barrier = mm_barrier,
	.thread_new = thread_new,
	.thread_free = thread_free,
	.thread_run = thread_run,
	.thread_kick = thread_kick,
	.thread_capture = thread_capture,
	.idle = idle,
};
