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
#include <sys/prctl.h>
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

/* Of the service thread; a thread that it makes has it from there */
static struct stub_command set_tsc(bool no_tsc)
{
	return (struct stub_command){ .nr = SYS_prctl,
				      .args = { PR_SET_TSC, no_tsc ? PR_TSC_SIGSEGV : PR_TSC_ENABLE,
						0, 0, 0, STUB_MAGIC } };
}

/* Write the commands that make a thread of a slot; their number */
static unsigned write_commands(const struct stub_thread *thread)
{
	const uint64_t end = slots_address(thread->slot) + SLOT_SIZE, len = slots_mapped();
	const struct stub_command map = {
		.nr = SYS_mmap,
		.args = { end - len, len, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED | STUB_MAP_MARK, STUB_FD_SLOTS,
			  (uint64_t)thread->slot * SLOT_SIZE + SLOT_SIZE - len }
	};
	const struct stub_command clone = { .nr = SYS_clone,
					    .args = { CLONE_VM | CLONE_FS | CLONE_FILES |
							  CLONE_SIGHAND | CLONE_THREAD |
							  CLONE_SYSVSEM,
						      end, 0, 0, 0, STUB_MAGIC } };
	const struct stub_command off = set_tsc(true), on = set_tsc(false);
	unsigned n = 0;

	service_command(thread->process, n++, &map);
	if (thread->no_tsc)
		service_command(thread->process, n++, &off);
	service_command(thread->process, n++, &clone);
	if (thread->no_tsc)
		service_command(thread->process, n++, &on);
	return n;
}

static int start(struct stub_process *process, struct stub_thread *thread)
{
	struct slot_header *header = (struct slot_header *)(thread->memory + SLOT_HEADER);
	int err;

	slots_clear(thread->slot);
	*header = (struct slot_header){ .stack = frame_stack(thread) };
	err = service_execute(process, write_commands(thread));
	return err ?: notify_wait(thread);
}

static int unmap_slot(struct stub_process *process, const struct stub_thread *thread)
{
	const uint64_t end = slots_address(thread->slot) + SLOT_SIZE, len = slots_mapped();

	service_command(process, 0,
			&(struct stub_command){ .nr = SYS_munmap,
						.args = { end - len, len, 0, 0, 0, STUB_MAGIC } });
	return service_execute(process, 1);
}

int thread_create(struct stub_process *process, bool no_tsc, struct stub_thread **thread)
{
	const struct stub_command on = set_tsc(false);
	struct stub_thread *new = thread_alloc(process);
	int err;

	if (!new)
		return -EAGAIN;
	new->no_tsc = no_tsc;
	err = start(process, new);
	if (!err) {
		telemetry_count(VT_HOST_THREADS, 1);
		*thread = new;
		return 0;
	}
	/* a slot that is still mapped is given to nobody: it goes along with the process */
	if (new->state == THREAD_NEW && !unmap_slot(process, new)) {
		process->threads = new->sibling;
		thread_free(new);
		if (no_tsc) {
			service_command(process, 0, &on);
			service_execute(process, 1);
		}
	}
	return err == -ENOMEM ? -ENOMEM : -EAGAIN;
}
