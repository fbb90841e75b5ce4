/* SPDX-License-Identifier: GPL-2.0-only */
/* seccomp.c - the seccomp tier: guests in processes of their own, stopped by notifications
 *
 * Theory of operation
 * Resuming a guest thread is answering its notification; waiting for it is receiving the next. The
 * kernel's memory is mapped in no guest process but for the frames that the guest may see, and no
 * guest thread can make a system call that the host executes (filter.c). Mappings are changed by
 * each process's service thread, on commands in a page that guests can only read (stub/stub.S).
 *
 * Host system calls: tgkill, and those of notify.c and stubproc.c.
 */
#include "engine/tier/tier.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "notify.h"
#include "park.h"
#include "stop.h"
#include "stubproc.h"
#include "engine/vcpu/stuck.h"
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"
#include "vitrine/util.h"

#define TRAP_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define HWCAP2_FSGSBASE 2
#define POPULATE_MAX 0x10000

static struct vt_boot *boot;

static int mm_new(struct vt_mm **mm)
{
	return stub_process_get(mm);
}

static void mm_free(struct vt_mm *mm)
{
	stub_process_put(mm);
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

static int unmap_all(struct vt_mm *mm)
{
	stub_command(mm, 0,
		     &(struct stub_command){ .nr = SYS_munmap,
					     .args = { 0, VT_TASK_SIZE, 0, 0, 0, STUB_MAGIC } });
	return stub_execute(mm, 1);
}

/*
 * When the host refuses, most likely for too many mappings, everything is unmapped and the kernel
 * starts over. Only a refused protection is no failure: what is not mapped needs none, and what
 * cannot be split can be unmapped.
 */
static int mm_sync(struct vt_mm *mm, const struct vt_map_op *ops, vt_u32 count)
{
	vt_u32 done = 0;

	while (done < count) {
		unsigned n = 0, failed;
		int err;

		for (; done + n < count && n < CONTROL_COMMANDS; n++) {
			struct stub_command command = translate(&ops[done + n]);

			stub_command(mm, n, &command);
		}
		err = stub_execute(mm, n);
		done += n;
		if (!err)
			continue;
		if (err == -ESRCH)
			return err;
		failed = done - mm->service.event.data.args[2];
		if (ops[failed].kind != VT_PROTECT) {
			unmap_all(mm);
			return err;
		}
		stub_command(mm, 0,
			     &(struct stub_command){ .nr = SYS_munmap,
						     .args = { ops[failed].va, ops[failed].len, 0,
							       0, 0, STUB_MAGIC } });
		if (stub_execute(mm, 1)) {
			unmap_all(mm);
			return err;
		}
		done = failed + 1;
	}
	return 0;
}

static int thread_new(struct vt_mm *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
		      struct vt_thread **thread)
{
	int err = stub_thread_get(mm, thread);

	if (err)
		return err;
	frame_initial_fpu(*thread, frame);
	if (fpu_from && fpu_from->state == THREAD_STUB)
		frame_copy_fpu(*thread, fpu_from, frame);
	return 0;
}

/* The kernel asks again at every tick for as long as the thread runs on */
static void thread_kick(struct vt_thread *thread)
{
	if (thread->state != THREAD_RUNNING || thread->host.dead)
		return;
	if (!thread->kicked) {
		thread->kicked = true;
		thread->limit = 0;
		telemetry_count(VT_HOST_KICKS, 1);
		stop_kick(thread);
	} else if (stuck_check(&thread->limit, thread->mm->service.tid)) {
		kill(thread->mm->service.tid, SIGKILL);
	}
}

/* A stop in the stub: the signal tells why. Hostile code can claim any; it gets what it claims. */
static enum vt_user_event stub_event(struct vt_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	const __u64 *args = thread->host.event.data.args;

	if (frame_locate(thread, args[1]))
		return VT_EV_GONE;
	frame_load(thread, regs, frame);
	thread->state = THREAD_STUB;
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

static enum vt_user_event take_event(struct vt_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	const struct seccomp_data *data = &thread->host.event.data;

	thread->kicked = false;
	if (stop_is_one(thread))
		return stub_event(thread, regs, frame);
	thread->state = THREAD_PLAIN;
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
static uint64_t answer_unread(struct vt_thread *thread, uint64_t result)
{
	struct vt_frame frame;
	struct vt_regs regs;

	frame_load(thread, &regs, &frame);
	stop_repair(thread, &regs);
	regs.ax = result;
	thread->unread = false;
	return frame_store(thread, &regs, &frame);
}

static void resume(struct vt_thread *thread, const struct vt_regs *regs,
		   const struct vt_frame *frame)
{
	if (thread->state == THREAD_PLAIN)
		notify_reply(&thread->host, regs->ax);
	else if (thread->unread)
		notify_reply(&thread->host, answer_unread(thread, regs->ax));
	else
		notify_reply(&thread->host, frame_store(thread, regs, frame));
	thread->state = THREAD_RUNNING;
}

static enum vt_user_event thread_run(struct vt_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	struct host_thread *host = &thread->host;
	enum vt_user_event event;

	if (thread->state != THREAD_RUNNING) {
		if (park_leave(thread))
			return VT_EV_GONE;
		park_one(thread->mm);
		resume(thread, regs, frame);
	}
	while (!host->stopped) {
		if (vcpu_child_died)
			stub_reap();
		if (host->dead)
			return VT_EV_GONE;
		if (notify_receive(host->listener, boot->kernel.pending) && *boot->kernel.pending)
			return VT_EV_INTERRUPT;
	}
	event = take_event(thread, regs, frame);
	park_enter(thread);
	return event;
}

static int thread_capture(struct vt_thread *thread, struct vt_regs *regs, struct vt_frame *frame)
{
	if (park_leave(thread))
		return -ESRCH;
	if (thread->state == THREAD_PLAIN && stop_in_stub(thread))
		return -ESRCH;
	park_enter(thread);
	if (!thread->unread)
		return 0;
	frame_load(thread, regs, frame);
	stop_repair(thread, regs);
	thread->unread = false;
	return 0;
}

static void thread_free(struct vt_thread *thread)
{
	struct vt_frame frame;
	struct vt_regs regs;

	if (thread->state == THREAD_PLAIN && !thread->host.dead)
		thread_capture(thread, &regs, &frame);
	if (thread->state < THREAD_STUB && !thread->host.dead) {
		/* it cannot be stopped in order; take its process along */
		kill(thread->mm->service.tid, SIGKILL);
		while (!thread->host.dead) {
			thread->host.stopped = false; /* whatever it claims meanwhile */
			notify_wait(&thread->host);
		}
	}
	stub_thread_put(thread);
}

static void idle(void)
{
	telemetry_count(VT_HOST_IDLES, 1);
	if (vcpu_child_died)
		stub_reap();
	vcpu_sleep();
}

int tier_seccomp_init(struct vt_boot *vt_boot, struct vt_host_ops *ops, struct error *err)
{
	boot = vt_boot;
	if (!(boot->hwcap2 & HWCAP2_FSGSBASE))
		return error_set(err, 0,
				 "this host does not offer FSGSBASE to programs "
				 "(Linux 5.9 and a CPU that has it)");
	if (stuck_init(err) || stub_init(&boot->vdso_clock, err))
		return -1;
	ops->mm_new = mm_new;
	ops->mm_free = mm_free;
	ops->mm_sync = mm_sync;
	ops->thread_new = thread_new;
	ops->thread_free = thread_free;
	ops->thread_run = thread_run;
	ops->thread_kick = thread_kick;
	ops->thread_capture = thread_capture;
	ops->idle = idle;
	return 0;
}

void tier_seccomp_stop(void)
{
	stub_stop();
}
