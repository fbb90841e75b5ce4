/* SPDX-License-Identifier: GPL-2.0-only */
/* thread.c - making and unmaking guest threads of stub processes
 *
 * Theory of operation
 * A guest thread is made by its process's service thread: its slot is mapped, then it is cloned,
 * with the slot's end as its stack pointer. It sets its signal stack, installs its filter, and
 * introduces itself. It ends with its process and in no other way: a guest's exit is a stop.
 *
 * Host system calls: those of service.c and slots.c.
 */
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "frame.h"
#include "notify.h"
#include "service.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/slots.h"

static struct stub_thread *thread_alloc(struct stub_process *process)
{
	struct stub_thread *thread;

	if (!limits_take_thread())
		return NULL;
	thread = calloc(1, sizeof(*thread));
	if (thread)
		thread->slot = slots_get();
	if (!thread || thread->slot < 0) {
		free(thread);
		limits_give_thread();
		return NULL;
	}
	thread->process = process;
	thread->memory = slots_memory(thread->slot);
	thread->sibling = process->threads;
	process->threads = thread;
	return thread;
}

static void thread_free(struct stub_thread *thread)
{
	notify_forget(thread);
	slots_put(thread->slot);
	limits_give_thread();
	free(thread);
}

void thread_free_all(struct stub_process *process)
{
	struct stub_thread *thread;

	while ((thread = process->threads)) {
		process->threads = thread->sibling;
		thread_free(thread);
	}
}

void thread_forget(struct stub_thread *thread)
{
	slots_clear(thread->slot);
}

static int start(struct stub_process *process, struct stub_thread *thread)
{
	const uint64_t end = slots_address(thread->slot) + SLOT_SIZE, len = slots_mapped();
	struct slot_header *header = (struct slot_header *)(thread->memory + SLOT_HEADER);
	int err;

	slots_clear(thread->slot);
	*header = (struct slot_header){ .stack = frame_stack(thread) };
	service_command(process, 0,
			&(struct stub_command){
			    .nr = SYS_mmap,
			    .args = { end - len, len, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED | STUB_MAP_MARK, STUB_FD_SLOTS,
				      (uint64_t)thread->slot * SLOT_SIZE + SLOT_SIZE - len } });
	service_command(
	    process, 1,
	    &(struct stub_command){ .nr = SYS_clone,
				    .args = { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
						  CLONE_THREAD | CLONE_SYSVSEM,
					      end, 0, 0, 0, STUB_MAGIC } });
	err = service_execute(process, 2);
	return err ?: notify_wait(thread);
}

int thread_create(struct stub_process *process, struct stub_thread **thread)
{
	struct stub_thread *new = thread_alloc(process);
	int err;

	if (!new)
		return -EAGAIN;
	err = start(process, new);
	if (!err) {
		telemetry_count(VT_HOST_THREADS, 1);
		*thread = new;
		return 0;
	}
	if (service_left(process) && new->state == THREAD_NEW) {
		/* it was not made; otherwise it goes along with its process, which is dead */
		process->threads = new->sibling;
		thread_free(new);
	}
	return err == -ENOMEM ? -ENOMEM : -EAGAIN;
}
