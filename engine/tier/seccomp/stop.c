/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.c - stopping guest threads in the stub
 *
 * Theory of operation
 * A signal that the stub handles makes the host save all registers in the thread's slot. Sent to a
 * thread that waits in a system call's notification, it is delivered when the call is answered,
 * before guest code runs.
 *
 * Host system calls: tgkill, kill.
 */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "notify.h"
#include "state.h"
#include "engine/vcpu/stuck.h"
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"

#define KICK_SIGNAL SIGUSR1
#define ERESTARTNOINTR 513 /* include/linux/errno.h of Linux: restart after the handler */
#define VSYSCALL_PAGE 0xffffffffff600000

bool stop_is_one(const struct stub_thread *thread)
{
	const struct seccomp_data *data = &thread->event.data;

	return data->nr == STUB_NR && data->instruction_pointer == STUB_STOP_RETURN;
}

static void send_kick(const struct stub_thread *thread)
{
	syscall(SYS_tgkill, thread->process->pid, thread->tid, KICK_SIGNAL);
}

void stop_kick(struct stub_thread *thread)
{
	thread_becomes(thread, THREAD_KICKED);
	send_kick(thread);
}

int stop_wait(struct stub_thread *thread)
{
	struct stub_process *process = thread->process;
	uint64_t limit = 0;

	stuck_begin();
	for (;;) {
		children_heed();
		if (thread_is_dead(thread) || thread_waits(thread))
			break;
		if (notify_receive(thread, vcpu_lost()) == -EINTR &&
		    stuck_check(&limit, process->pid))
			kill(process->pid, SIGKILL);
	}
	stuck_end();
	return thread_is_dead(thread) ? -ESRCH : 0;
}

/* From there the host calls on the program's behalf, and has returned to the program by now */
static bool in_vsyscall_page(uint64_t ip)
{
	return ip >> 12 == VSYSCALL_PAGE >> 12;
}

int stop_in_stub(struct stub_thread *thread)
{
	telemetry_count(VT_HOST_CAPTURES, 1);
	thread->call_ip = thread->event.data.instruction_pointer;
	send_kick(thread);
	/*
	 * With a signal on its way this answer restores the call's number in rax, all 64 bits of
	 * it, of which the notification had 32. Not in the vsyscall page, where no instruction
	 * could be restarted.
	 */
	notify_reply(thread, in_vsyscall_page(thread->call_ip) ? 0 : -ERESTARTNOINTR,
		     THREAD_KICKED);
	if (stop_wait(thread) || !stop_is_one(thread) ||
	    frame_locate(thread, thread->event.data.args[1]))
		return -ESRCH;
	thread_becomes(thread, THREAD_MOVED);
	return 0;
}

int stop_for_next(struct stub_thread *thread)
{
	int err = thread_is_dead(thread) ? -ESRCH : 0;

	if (!err && thread->state == THREAD_CALL)
		err = stop_in_stub(thread);
	if (err && !thread_is_dead(thread))
		notify_kill(thread);
	return err;
}

void stop_repair(const struct stub_thread *thread, struct vt_regs *regs)
{
	if (!in_vsyscall_page(thread->call_ip))
		regs->ip = thread->call_ip; /* however the host thought of restarting the call */
}
