/* SPDX-License-Identifier: GPL-2.0-only */
/* thread.c - making and unmaking guest threads of stub processes
 *
 * Theory of operation
 * A guest thread is made by its process's first thread, the mother: its slot is mapped, then it is
 * cloned, with the slot's end as its stack pointer. It sets its signal stack, installs a filter
 * whose listener it sends, and the guest's filter, and introduces itself. It ends with its process
 * and in no other way: a guest's exit is a stop.
 *
 * One thread is made at a time, which the tier's lock sees to: the listener's descriptor has the
 * same number in the stub each time.
 *
 * Host system calls: those of service.c, channel.c and slots.c.
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
#include "engine/tier/seccomp/host/channel.h"
#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/lock.h"
#include "engine/tier/seccomp/host/slots.h"

static struct stub_thread *thread_alloc(struct stub_process *process, bool spare)
{
	struct stub_thread *thread;

	if (!limits_take_thread(spare))
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
	thread->listener = -1;
	thread->memory = slots_memory(thread->slot);
	thread->sibling = process->threads;
	process->threads = thread;
	return thread;
}

static void thread_free(struct stub_thread *thread)
{
	notify_close(thread);
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

/* A thread that does not come so far that it has one says so, or takes its process along */
static int receive_listener(struct stub_process *process, int *listener)
{
	struct channel_message message;
	ssize_t len;

	do {
		*vcpu_lost() = 0; /* the process's end closes the channel: nobody else matters */
		len = channel_receive(process->socket, false, vcpu_lost(), &message);
	} while (len == -EINTR);
	if (len <= 0)
		return -ESRCH;
	*listener = message.fds[0];
	return *listener >= 0 ? 0 : STUB_BORN - (int)len ?: -EMFILE;
}

int thread_create_service(struct stub_process *process)
{
	struct stub_thread *service = &process->service;
	int listener = -1, err;
	WITH_LOCK(&process->lock);

	*service = (struct stub_thread){ .process = process, .listener = -1, .slot = -1 };
	service_command(
	    process, 0,
	    &(struct stub_command){ .nr = SYS_clone,
				    .args = { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
						  CLONE_THREAD | CLONE_SYSVSEM,
					      STUB_SERVICE, 0, 0, 0, STUB_MAGIC } });
	err = service_mother(process, 1);
	if (!err)
		err = receive_listener(process, &listener);
	if (listener >= 0)
		notify_listen(service, listener);
	return err ?: service_ready(process);
}

static int start(struct stub_process *process, struct stub_thread *thread)
{
	struct slot_header *header = (struct slot_header *)(thread->memory + SLOT_HEADER);
	int listener = -1, err;
	WITH_LOCK(&process->lock);

	slots_clear(thread->slot);
	*header = (struct slot_header){ .stack = frame_stack(thread) };
	err = service_mother(process, write_commands(thread));
	if (!err)
		err = receive_listener(process, &listener);
	if (listener >= 0)
		notify_listen(thread, listener);
	return err;
}

static int unmap_slot(struct stub_process *process, const struct stub_thread *thread)
{
	const uint64_t end = slots_address(thread->slot) + SLOT_SIZE, len = slots_mapped();
	WITH_LOCK(&process->lock);

	service_command(process, 0,
			&(struct stub_command){ .nr = SYS_munmap,
						.args = { end - len, len, 0, 0, 0, STUB_MAGIC } });
	return service_execute(process, 1);
}

int thread_create(struct stub_process *process, bool no_tsc, bool spare,
		  struct stub_thread **thread)
{
	const struct stub_command on = set_tsc(false);
	struct stub_thread *new = thread_alloc(process, spare);
	int err;

	if (!new)
		return -EAGAIN;
	new->no_tsc = no_tsc;
	err = start(process, new) ?: notify_wait(new);
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
			WITH_LOCK(&process->lock);

			service_command(process, 0, &on);
			service_mother(process, 1);
		}
	}
	return err;
}
