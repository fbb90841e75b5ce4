/* SPDX-License-Identifier: GPL-2.0-only */
/* stubproc.c - the host processes and threads that guests run in
 *
 * Theory of operation
 * A stub process is made by copying the zygote, which is small, and is kept when its guest is done:
 * everything below the stub is unmapped and the process waits for the next guest. The same holds
 * for guest threads inside a process. So most forks and threads of guests cost the host nothing
 * but mappings.
 *
 * A new process sends its listener through the zygote's socket (zygote.c). It and its threads
 * introduce themselves in their first notification, sent before any guest code runs in them;
 * stub_unknown() believes it for that reason, and only for things it waits for.
 *
 * Host system calls: memfd_create, ftruncate, mmap, open and read of /proc/PID/maps, kill, wait4.
 */
#include "stubproc.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "frame.h"
#include "handover.h"
#include "engine/vcpu/hostclock.h"
#include "engine/memory/memory.h"
#include "park.h"
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"
#include "vitrine/util.h"
#include "zygote.h"

#define PROCESSES_MAX 16384
#define THREADS_MAX 32768
#define POOL_MAX 16 /* unused processes that are kept */
#define IDLE_MAX 8  /* unused threads that a process keeps */

static struct zygote zygote;
static struct vt_mm zygote_mm;		       /* its command page, the first one */
static struct vt_mm *processes[PROCESSES_MAX]; /* by control page; 0 is the zygote's */
static struct vt_thread *threads[THREADS_MAX]; /* by slot */
static unsigned next_process = 1, next_thread;
static struct vt_mm *pool;
static unsigned pool_size;
static uint8_t *control_memory, *slot_memory;
static struct sock_filter guest_filter[FILTER_MAX], service_filter[FILTER_MAX];
static unsigned short guest_filter_length, service_filter_length;
static volatile bool stranger_died; /* a child that has not introduced itself */

/*
 * A guest's fork bomb must run out of what is ours before the host runs out of process numbers: all
 * sandboxes and users share them. Guests see EAGAIN, which fork(2) documents.
 */
static unsigned tasks, tasks_max = PROCESSES_MAX;

static void limit_tasks(void)
{
	cleanup_fclose FILE *f = fopen("/proc/sys/kernel/pid_max", "re");
	unsigned pid_max;

	if (f && fscanf(f, "%u", &pid_max) == 1)
		tasks_max = pid_max / 3;
}

static void *share(const char *name, size_t size, int *fd)
{
	void *memory;

	*fd = memfd_create(name, MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, size))
		return NULL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static void put_filter(uint8_t *page, size_t offset, const struct sock_filter *filter,
		       unsigned short length)
{
	struct sock_fprog *prog = (struct sock_fprog *)(page + offset);

	prog->len = length;
	prog->filter = (struct sock_filter *)(STUB_CONTROL + offset + sizeof(*prog));
	memcpy(prog + 1, filter, length * sizeof(*filter));
}

static void prepare_control(struct vt_mm *mm, unsigned index)
{
	uint8_t *page = control_memory + (size_t)index * CONTROL_SIZE;

	mm->index = index;
	mm->commands = (struct stub_command *)page;
	put_filter(page, CONTROL_FILTER, guest_filter, guest_filter_length);
	put_filter(page, CONTROL_SERVICE, service_filter, service_filter_length);
}

void stub_command(struct vt_mm *mm, unsigned at, const struct stub_command *command)
{
	mm->commands[at] = *command;
}

int stub_execute(struct vt_mm *mm, unsigned count)
{
	struct host_thread *service = &mm->service;

	if (service->dead)
		return -ESRCH;
	telemetry_count(VT_HOST_COMMANDS, 1);
	notify_reply(service, count);
	if (notify_wait(service))
		return -ESRCH;
	if (service->event.data.args[2])
		return (int64_t)service->event.data.args[1];
	return 0;
}

/* ---- first notifications ---- */

static struct host_thread *stub_unknown(int listener, const struct seccomp_notif *event)
{
	const __u64 *args = event->data.args;
	struct host_thread *host = NULL;
	uint64_t index;

	if (event->data.nr != STUB_NR)
		return NULL;
	if (args[0] == STUB_PROCESS) {
		index = args[1] / CONTROL_SIZE;
		if (index < PROCESSES_MAX && processes[index])
			host = &processes[index]->service;
	} else if (args[0] == STUB_THREAD) {
		index = (args[1] - STUB_SLOTS) / SLOT_SIZE - 1;
		if (index < THREADS_MAX && threads[index])
			host = &threads[index]->host;
	}
	return host && !host->tid && host->listener == listener ? host : NULL;
}

/* ---- the zygote ---- */

/*
 * Put the address space that exec made in order: the stack goes, and the vDSO with its data moves
 * above what guests can map. A host that does not let it move costs guests their fast clock.
 */
static int clean_zygote(uint64_t *vdso, struct error *err)
{
	char path[64], line[512];
	uint64_t vdso_start = 0;
	unsigned count = 0;
	bool lost = false;

	snprintf(path, sizeof(path), "/proc/%d/maps", zygote.pid);
	cleanup_fclose FILE *maps = fopen(path, "re");
	if (!maps)
		return error_set(err, errno, "cannot read %s", path);
	while (fgets(line, sizeof(line), maps) && count < CONTROL_COMMANDS) {
		struct stub_command command = { .nr = SYS_munmap };
		uint64_t start, end;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2 ||
		    (start >= STUB_CODE && start < STUB_SLOTS) || strstr(line, "[vsyscall]"))
			continue;
		command.args[0] = start;
		command.args[1] = end - start;
		if (strstr(line, "[vvar") || strstr(line, "[vdso]")) {
			if (!vdso_start)
				vdso_start = start;
			command.nr = SYS_mremap;
			command.args[2] = end - start;
			command.args[3] = MREMAP_MAYMOVE | MREMAP_FIXED;
			command.args[4] = STUB_VDSO + (start - vdso_start);
			if (strstr(line, "[vdso]"))
				*vdso = command.args[4];
		}
		stub_command(&zygote_mm, 0, &command);
		if (!zygote_execute(&zygote, 1))
			continue;
		if (command.nr == SYS_munmap)
			return error_set(err, 0, "cannot clear the stub's address space");
		lost = true;
	}
	if (lost)
		*vdso = 0;
	return 0;
}

/* ---- processes ---- */

static struct vt_mm *process_alloc(void)
{
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		unsigned index = (next_process + i) % PROCESSES_MAX;
		struct vt_mm *mm;

		if (!index || processes[index])
			continue;
		if (tasks >= tasks_max)
			return NULL;
		mm = calloc(1, sizeof(*mm));
		if (!mm)
			return NULL;
		prepare_control(mm, index);
		mm->service.listener = -1;
		processes[index] = mm;
		tasks++;
		next_process = index + 1;
		return mm;
	}
	return NULL;
}

static void process_free(struct vt_mm *mm)
{
	notify_forget(&mm->service);
	if (mm->service.listener >= 0)
		close(mm->service.listener);
	processes[mm->index] = NULL;
	tasks--;
	free(mm);
}

/* 0 or what went wrong, as the host said it */
static int process_start(struct vt_mm *mm)
{
	int err;

	stranger_died = false;
	stub_command(&zygote_mm, 0,
		     &(struct stub_command){ .nr = SYS_clone,
					     .args = { CLONE_PARENT | SIGCHLD },
					     .extra = (uint64_t)mm->index * CONTROL_SIZE });
	err = zygote_clone(&zygote, &stranger_died);
	if (err < 0)
		return err;
	mm->service.listener = err;
	notify_listen(err);
	return notify_wait(&mm->service);
}

static int process_create(struct vt_mm **mm)
{
	struct vt_mm *new = process_alloc();
	int err;

	if (!new)
		return -EAGAIN;
	err = process_start(new);
	if (err) {
		process_free(new);
		return err;
	}
	telemetry_count(VT_HOST_PROCESSES, 1);
	*mm = new;
	return 0;
}

static void thread_free(struct vt_thread *thread)
{
	notify_forget(&thread->host);
	threads[thread->slot] = NULL;
	tasks--;
	free(thread);
}

/*
 * Where the host writes frames: registers, vector registers among them, of whoever used the slot
 * last. What else is in a slot its guest wrote there itself.
 */
static void slot_clear(struct vt_thread *thread)
{
	static size_t span;

	if (!span) {
		span = (getauxval(AT_MINSIGSTKSZ) ?: 4096) + 2 * FRAME_SIZE;
		if (span > SLOT_HEADER / 2)
			span = SLOT_HEADER;
	}
	memset(thread->memory + SLOT_HEADER - span, 0, span + sizeof(struct slot_header));
}

/* Nothing of one guest may be there for the next to read: neither registers nor addresses */
static void process_forget(struct vt_mm *mm)
{
	for (struct vt_thread *thread = mm->idle; thread; thread = thread->next)
		slot_clear(thread);
	for (unsigned i = 0; i < CONTROL_COMMANDS && mm->commands[i].nr; i++)
		mm->commands[i] = (struct stub_command){ 0 };
}

static void process_destroy(struct vt_mm *mm)
{
	struct vt_thread *thread;

	if (!mm->service.dead && mm->service.tid > 0) {
		kill(mm->service.tid, SIGKILL);
		waitpid(mm->service.tid, NULL, __WALL);
	}
	process_forget(mm);
	while ((thread = mm->idle)) {
		mm->idle = thread->next;
		thread_free(thread);
	}
	process_free(mm);
}

int stub_process_get(struct vt_mm **mm)
{
	int err;

	if (vcpu_child_died)
		stub_reap();
	while (pool) {
		struct vt_mm *reused = pool;

		pool = reused->next;
		pool_size--;
		if (!reused->service.dead && !handover_end(reused)) {
			reused->released = false;
			*mm = reused;
			return 0;
		}
		process_destroy(reused);
	}
	err = process_create(mm);
	return !err || err == -ENOMEM ? err : -EAGAIN;
}

void stub_process_put(struct vt_mm *mm)
{
	mm->released = true;
	if (mm->nused)
		return;
	stub_command(mm, 0,
		     &(struct stub_command){ .nr = SYS_munmap,
					     .args = { 0, VT_TASK_SIZE, 0, 0, 0, STUB_MAGIC } });
	if (mm->service.dead || pool_size >= POOL_MAX || mm->nidle > IDLE_MAX ||
	    stub_execute(mm, 1)) {
		process_destroy(mm);
		return;
	}
	process_forget(mm);
	if (handover_begin(mm)) {
		process_destroy(mm);
		return;
	}
	mm->next = pool;
	pool = mm;
	pool_size++;
}

/* ---- threads ---- */

static struct vt_thread *thread_alloc(struct vt_mm *mm)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		unsigned slot = (next_thread + i) % THREADS_MAX;
		struct vt_thread *thread;

		if (threads[slot])
			continue;
		if (tasks >= tasks_max)
			return NULL;
		thread = calloc(1, sizeof(*thread));
		if (!thread)
			return NULL;
		thread->slot = slot;
		thread->mm = mm;
		thread->host.listener = mm->service.listener;
		thread->memory = slot_memory + (size_t)slot * SLOT_SIZE;
		threads[slot] = thread;
		tasks++;
		next_thread = slot + 1;
		return thread;
	}
	return NULL;
}

static int thread_create(struct vt_mm *mm, struct vt_thread **thread)
{
	struct vt_thread *new = thread_alloc(mm);
	struct slot_header *header;
	uint64_t va;
	int err;

	if (!new)
		return -EAGAIN;
	va = STUB_SLOTS + (uint64_t) new->slot *SLOT_SIZE;
	slot_clear(new);
	header = (struct slot_header *)(new->memory + SLOT_HEADER);
	*header = (struct slot_header){ .stack = { .ss_sp = (void *)va, .ss_size = SLOT_HEADER } };
	stub_command(
	    mm, 0,
	    &(struct stub_command){ .nr = SYS_mmap,
				    .args = { va, SLOT_SIZE, PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_FIXED | STUB_MAP_MARK, STUB_FD_SLOTS,
					      (uint64_t) new->slot *SLOT_SIZE } });
	stub_command(
	    mm, 1,
	    &(struct stub_command){ .nr = SYS_clone,
				    .args = { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
						  CLONE_THREAD | CLONE_SYSVSEM,
					      va + SLOT_SIZE, 0, 0, 0, STUB_MAGIC } });
	err = stub_execute(mm, 2);
	if (!err)
		err = notify_wait(&new->host);
	if (err) {
		new->host.dead = true;
		thread_free(new);
		return err == -ENOMEM ? -ENOMEM : -EAGAIN;
	}
	telemetry_count(VT_HOST_THREADS, 1);
	*thread = new;
	return 0;
}

int stub_thread_get(struct vt_mm *mm, struct vt_thread **thread)
{
	struct vt_thread *got = mm->idle;
	int err;

	if (mm->service.dead)
		return -EAGAIN;
	if (got) {
		if (park_leave(got))
			return -EAGAIN; /* with its process, which frees it */
		mm->idle = got->next;
		mm->nidle--;
	} else {
		err = thread_create(mm, &got);
		if (err)
			return err;
	}
	mm->nused++;
	got->state = THREAD_STUB;
	got->unread = false;
	park_enter(got);
	got->uc = SLOT_HEADER - FRAME_SIZE;
	memset(got->memory + got->uc, 0, FRAME_SIZE);
	*thread = got;
	return 0;
}

void stub_thread_put(struct vt_thread *thread)
{
	thread->next = thread->mm->idle;
	thread->mm->idle = thread;
	thread->mm->nidle++;
	thread->mm->nused--;
	if (thread->mm->released && !thread->mm->nused)
		stub_process_put(thread->mm);
}

/* ---- the beginning and the end ---- */

/* A first process, for pid 1's first child; it shows whether the host lets us have any */
static int first_process(struct error *err)
{
	struct vt_mm *mm;
	int failed = process_create(&mm);

	if (!failed) {
		stub_process_put(mm);
		return 0;
	}
	return error_set(err, -failed,
			 failed == -EINVAL ? "this host is older than Linux 5.19, which killable "
					     "seccomp notifications need"
					   : "this host refuses seccomp user notification "
					     "(see `vitrine doctor`)");
}

/* Each process takes a descriptor */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int stub_init(uint64_t *vdso_clock, struct error *err)
{
	struct zygote_files files = { .phys = memory_fd() };
	uint64_t vdso = 0, offset = hostclock_offset();
	int failed;

	control_memory =
	    share("vitrine-control", (size_t)PROCESSES_MAX * CONTROL_SIZE, &files.control);
	slot_memory = share("vitrine-slots", (size_t)THREADS_MAX * SLOT_SIZE, &files.slots);
	if (!control_memory || !slot_memory)
		return error_set(err, errno, "cannot create the stubs' memory");
	limit_tasks();
	raise_descriptors();
	service_filter_length = filter_service(service_filter);
	guest_filter_length = filter_guest(guest_filter);
	prepare_control(&zygote_mm, 0);
	failed = notify_init(stub_unknown, err) || zygote_start(&zygote, &files, err);
	close(files.control);
	close(files.slots);
	if (failed || clean_zygote(&vdso, err) || first_process(err))
		return -1;
	*vdso_clock = vdso && offset ? vdso + offset : 0;
	return 0;
}

void stub_reap(void)
{
	int status;
	pid_t pid;

	vcpu_child_died = 0;
	while (zygote.pid > 0 && (pid = waitpid(-zygote.pid, &status, WNOHANG | __WALL)) > 0) {
		bool known = pid == zygote.pid;

		if (known)
			zygote.dead = true;
		for (unsigned i = 0; i < PROCESSES_MAX; i++) {
			if (processes[i] && processes[i]->service.tid == pid)
				known = processes[i]->service.dead = true;
		}
		if (!known)
			stranger_died = true;
		for (unsigned i = 0; i < THREADS_MAX; i++) {
			if (threads[i] && threads[i]->mm->service.dead)
				threads[i]->host.dead = true;
		}
	}
}

void stub_stop(void)
{
	if (zygote.pid > 0)
		kill(zygote.pid, SIGKILL);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i] && processes[i]->service.tid > 0 && !processes[i]->service.dead)
			kill(processes[i]->service.tid, SIGKILL);
	}
	/* All of them are in the zygote's session: other children are not ours to wait for */
	while (zygote.pid > 0 && waitpid(-zygote.pid, NULL, __WALL) > 0)
		;
}
