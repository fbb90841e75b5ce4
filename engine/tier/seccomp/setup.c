/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.c - the beginning and the end of all stub processes
 *
 * Host system calls: open and read of /proc/PID/maps, and those of what is called.
 */
#include "setup.h"

#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "engine/tier/tier.h"
#include "engine/memory/memory.h"
#include "engine/tier/seccomp/host/children.h"
#include "engine/tier/seccomp/host/lifeline.h"
#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/lock.h"
#include "engine/tier/seccomp/host/pages.h"
#include "engine/tier/seccomp/host/slots.h"
#include "engine/tier/seccomp/host/zygote.h"
#include "engine/vcpu/hostclock.h"
#include "vitrine/util.h"

static struct zygote zygote;

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

	snprintf(path, sizeof(path), "/proc/%d/maps", zygote.child.pid);
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
		pages_command(PAGES_ZYGOTE, 0, &command);
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

/* For pid 1's first child. Return: as tier.start() */
static int first_process(struct error *err)
{
	struct stub_process *process;
	struct stub_thread *thread;
	int failed = process_get(&process, false);

	if (!failed) {
		failed = process_thread_get(process, false, false, &thread);
		if (!failed)
			process_thread_put(thread);
		process_put(process);
		if (!failed)
			return 0;
	}
	error_set(err, -failed,
		  failed == -EINVAL ? "this host is older than Linux 5.19, which killable "
				      "seccomp notifications need"
				    : "this host refuses seccomp user notification "
				      "(see `vitrine doctor`)");
	return failed == -EAGAIN || failed == -ENOMEM ? -1 : TIER_UNSUPPORTED;
}

int setup_start(uint64_t memory, uint64_t *vdso_clock, struct error *err)
{
	struct zygote_files files = { .phys = memory_fd(), .control = -1, .slots = -1 };
	uint64_t vdso = 0, offset = hostclock_offset();
	int failed;

	limits_init(memory);
	failed = pages_init(&files.control, err) ||
		 slots_init(limits_used()->threads, &files.slots, err) ||
		 lifeline_hold(pages_alive(), err) || zygote_start(&zygote, &files, err);
	if (files.control >= 0)
		close(files.control);
	if (files.slots >= 0)
		close(files.slots);
	if (failed || clean_zygote(&vdso, err))
		return -1;
	process_init(&zygote);
	failed = first_process(err);
	if (failed)
		return failed;
	*vdso_clock = vdso && offset ? vdso + offset : 0;
	return 0;
}

int setup_memory_changed(void)
{
	WITH_LOCK(&tier_lock);

	process_drop_pool();
	return zygote_memory(&zygote, memory_fd());
}

void setup_stop(void)
{
	children_kill();
}
