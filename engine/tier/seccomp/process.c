/* SPDX-License-Identifier: GPL-2.0-only */
/* process.c - stub processes and their threads, as guests get them
 *
 * Theory of operation
 * A stub process is made by copying the zygote, which is small, and is kept when its guest is done:
 * everything below the stub is unmapped and the process waits for the next guest. The same holds
 * for guest threads inside a process. So most forks and threads of guests cost the host nothing
 * but mappings.
 *
 *   USED --(put)--> RELEASED --(last thread put)--> POOLED --(get)--> USED
 *      `-------------------`---------------------------`--> ENDING --(host: it is dead)--> freed
 *
 * A process that is not kept is killed, and nobody waits: its threads are stopped, so nothing of it
 * runs any more, and what it has - a page, slots, numbers - is given to nobody before the host has
 * told of its death. A large one takes the host long. Only who finds a budget spent waits for those
 * that are ending.
 *
 * Several vCPUs can want processes at once, and make and end threads of the same one: the tier's
 * lock (host/lock.h) keeps all of this apart.
 *
 * Host system calls: kill, close, and those of zygote.c and service.c.
 */
#include "process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "areas.h"
#include "frame.h"
#include "handover.h"
#include "notify.h"
#include "service.h"
#include "state.h"
#include "stop.h"
#include "thread.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/channel.h"
#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/lock.h"
#include "engine/tier/seccomp/host/pages.h"
#include "vitrine/util.h"

#define POOL_MAX 16		 /* unused processes that are kept */
#define IDLE_MAX 8		 /* unused threads that a process keeps */
#define MAPPED_MAX (128UL << 20) /* bytes that others wait for until they are unmapped: 2 ms */

static struct zygote *zygote;
static pthread_mutexattr_t recursive;
static struct stub_process *pool;
static unsigned pool_size, ending;

void process_init(struct zygote *from)
{
	zygote = from;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
}

static struct stub_process *process_alloc(bool spare)
{
	struct stub_process *process;
	int page;

	if (!limits_take_process(spare))
		return NULL;
	process = calloc(1, sizeof(*process));
	page = process ? pages_get() : -1;
	if (page < 0) {
		free(process);
		limits_give_process();
		return NULL;
	}
	process->page = page;
	process->socket = process->reply = -1;
	process->service.process = process;
	process->service.listener = -1;
	pthread_mutex_init(&process->lock, &recursive);
	return process;
}

/* It is dead on the host, or was never born */
static void process_free(struct stub_process *process)
{
	areas_forget(process);
	thread_free_all(process);
	cputime_forget(&process->cputime);
	notify_close(&process->service);
	if (process->socket >= 0)
		close(process->socket);
	if (process->reply >= 0)
		close(process->reply);
	pthread_mutex_destroy(&process->lock);
	pages_put(process->page);
	limits_give_process();
	free(process);
}

static void on_death(struct child *child)
{
	struct stub_process *process = container_of(child, struct stub_process, child);

	process_gone(process);
	if (process->use != PROCESS_ENDING)
		return;
	ending--;
	process_free(process);
}

/* Nothing of it runs any more, or will: see above */
static void process_end(struct stub_process *process)
{
	if (!process->child.pid) {
		process_free(process);
		return;
	}
	process->use = PROCESS_ENDING;
	ending++;
	cputime_forget(&process->cputime);
	kill(process->child.pid, SIGKILL);
	areas_forget(process);
	process_gone(process);
	/* killed first: this answers those who wait there */
	for (struct stub_thread *thread = process->threads; thread; thread = thread->sibling)
		notify_close(thread);
}

/* 0 or what went wrong, as the host said it */
static int process_start(struct stub_process *process)
{
	struct zygote_child child;
	int err = zygote_clone(zygote, process->page, &child);

	unsigned left;

	process->socket = child.socket;
	process->reply = child.reply;
	process->pid = child.pid;
	if (child.pid)
		children_add(&process->child, child.pid, on_death);
	if (err)
		return err;
	cputime_ran(&process->cputime, child.pid);
	err = channel_answer(process->reply, &left); /* it is ready, or tells why not */
	return err ?: thread_create_service(process);
}

static int process_create(struct stub_process **process, bool spare)
{
	struct stub_process *new = process_alloc(spare);
	int err;

	if (!new)
		return -EAGAIN;
	err = process_start(new);
	if (err) {
		process_end(new);
		return err;
	}
	telemetry_count(VT_HOST_PROCESSES, 1);
	*process = new;
	return 0;
}

/* What was refused may be what a process has that is ending: wait for one, @patience at the most */
static bool await_end(unsigned *patience)
{
	const unsigned before = ending;

	if (!ending || !*patience)
		return false;
	--*patience;
	while (ending && ending >= before)
		children_await();
	return true;
}

int process_get(struct stub_process **process, bool spare)
{
	unsigned patience;
	int err;
	WITH_LOCK(&tier_lock);

	children_heed();
	patience = ending;
	while (pool) {
		struct stub_process *reused = pool;

		pool = reused->next;
		pool_size--;
		if (!process_is_gone(reused) && !handover_end(reused)) {
			reused->use = PROCESS_USED;
			reused->mapped = 0;
			*process = reused;
			return 0;
		}
		process_end(reused);
	}
	do {
		err = process_create(process, spare);
	} while (err && await_end(&patience));
	return err;
}

void process_drop_pool(void)
{
	WITH_LOCK(&tier_lock);

	while (pool) {
		struct stub_process *process = pool;

		pool = process->next;
		pool_size--;
		process_end(process);
	}
}

int process_unmap(struct stub_process *process)
{
	WITH_LOCK(&process->lock);

	areas_forget(process);
	service_command(process, 0,
			&(struct stub_command){ .nr = SYS_munmap,
						.args = { 0, VT_TASK_SIZE, 0, 0, 0, STUB_MAGIC } });
	return service_execute(process, 1);
}

/* Nothing of one guest may be there for the next to read: neither registers nor addresses */
static void process_forget(struct stub_process *process)
{
	for (struct stub_thread *thread = process->idle; thread; thread = thread->next)
		thread_forget(thread);
	pages_forget(process->page);
}

/* The next guest has threads with the time stamp counter */
static bool is_reusable(const struct stub_process *process)
{
	for (const struct stub_thread *thread = process->idle; thread; thread = thread->next) {
		if (thread->no_tsc)
			return false;
	}
	return !process_is_gone(process) && pool_size < POOL_MAX && process->nidle <= IDLE_MAX &&
	       process->mapped <= MAPPED_MAX;
}

/* After everything is unmapped, before anything is forgotten: to stop leaves registers in the slot
 */
static int stop_all(struct stub_process *process)
{
	for (struct stub_thread *thread = process->idle; thread; thread = thread->next) {
		if (stop_for_next(thread))
			return -ESRCH;
	}
	return 0;
}

void process_put(struct stub_process *process)
{
	WITH_LOCK(&tier_lock);

	process->use = PROCESS_RELEASED;
	if (process->nused)
		return;
	if (!is_reusable(process) || process_unmap(process) || stop_all(process)) {
		process_end(process);
		return;
	}
	process_forget(process);
	if (handover_begin(process)) {
		process_end(process);
		return;
	}
	process->use = PROCESS_POOLED;
	process->next = pool;
	pool = process;
	pool_size++;
}

/* Where an idle thread of that kind is in the list, or the list's end */
static struct stub_thread **find_idle(struct stub_process *process, bool no_tsc)
{
	struct stub_thread **at = &process->idle;

	while (*at && (*at)->no_tsc != no_tsc)
		at = &(*at)->next;
	return at;
}

int process_thread_get(struct stub_process *process, bool no_tsc, bool spare,
		       struct stub_thread **thread)
{
	struct stub_thread **at, *got;
	unsigned patience;
	int err;
	WITH_LOCK(&tier_lock);

	patience = ending;
	at = find_idle(process, no_tsc);
	got = *at;
	if (process_is_gone(process))
		return -EAGAIN;
	if (got) {
		if (stop_for_next(got))
			return -EAGAIN; /* with its process, which frees it */
		*at = got->next;
		process->nidle--;
	} else {
		do {
			err = thread_create(process, no_tsc, spare, &got);
		} while (err && !process_is_gone(process) && await_end(&patience));
		if (err)
			return err;
	}
	process->nused++;
	if (got->state != THREAD_STOPPED)
		thread_becomes(got, THREAD_STOPPED);
	got->uc = SLOT_HEADER - FRAME_SIZE;
	memset(got->memory + got->uc, 0, FRAME_SIZE);
	*thread = got;
	return 0;
}

void process_thread_put(struct stub_thread *thread)
{
	struct stub_process *process = thread->process;
	WITH_LOCK(&tier_lock);

	thread->next = process->idle;
	process->idle = thread;
	process->nidle++;
	process->nused--;
	if (process->use == PROCESS_RELEASED && !process->nused)
		process_put(process);
}
