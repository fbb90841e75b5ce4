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
#include "engine/vcpu/stuck.h"
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"

#define KICK_SIGNAL SIGUSR1
#define VSYSCALL_PAGE 0xffffffffff600000

bool stop_is_one(const struct vt_thread *thread)
{
	const struct seccomp_data *data = &thread->host.event.data;

	return data->nr == STUB_NR && data->instruction_pointer == STUB_STOP_RETURN;
}

void stop_kick(const struct vt_thread *thread)
{
	syscall(SYS_tgkill, thread->mm->service.tid, thread->host.tid, KICK_SIGNAL);
}

int stop_wait(struct vt_thread *thread)
{
	struct host_thread *host = &thread->host;
	uint64_t limit = 0;

	stuck_begin();
	while (!host->stopped && !host->dead) {
		if (vcpu_child_died)
			stub_reap();
		else if (notify_receive(host->listener, &vcpu_child_died) &&
			 stuck_check(&limit, thread->mm->service.tid))
			kill(thread->mm->service.tid, SIGKILL);
	}
	stuck_end();
	return host->dead ? -ESRCH : 0;
}

int stop_in_stub(struct vt_thread *thread)
{
	telemetry_count(VT_HOST_CAPTURES, 1);
	thread->call_ip = thread->host.event.data.instruction_pointer;
	stop_kick(thread);
	notify_reply(&thread->host, 0);
	thread->state = THREAD_RUNNING;
	if (stop_wait(thread) || !stop_is_one(thread) ||
	    frame_locate(thread, thread->host.event.data.args[1]))
		return -ESRCH;
	thread->state = THREAD_STUB;
	thread->unread = true;
	return 0;
}

/* From there the host calls on the program's behalf, and has returned to the program by now */
static bool in_vsyscall_page(uint64_t ip)
{
	return ip >> 12 == VSYSCALL_PAGE >> 12;
}

void stop_repair(const struct vt_thread *thread, struct vt_regs *regs)
{
	if (!in_vsyscall_page(thread->call_ip))
		regs->ip = thread->call_ip; /* however the host thought of restarting the call */
}
