// SPDX-License-Identifier: GPL-2.0-only
/* state.c - read the state file of a sandbox that was written down
 *
 * Host system calls: openat, fstat, pread.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/snapshot/machine.h"
#include "engine/snapshot/snapshot.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

int state_read(struct saved_state *state, int dir, struct error *err)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	off_t at = 0;

	*state = (struct saved_state){ 0 };
	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "cannot open the state");
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)SNAPSHOT_PAGE ||
	    st.st_size > (off_t)SNAPSHOT_STATE_MAX)
		return error_set(err, 0, "this is no state of a sandbox, or was never finished");
	state->data = malloc(st.st_size);
	if (!state->data)
		return error_set(err, ENOMEM, "cannot read the state");
	while (at < st.st_size) {
		ssize_t n = pread(fd, (char *)state->data + at, st.st_size - at, at);

		if (n <= 0)
			return error_set(err, n ? errno : 0, "cannot read the state");
		at += n;
	}
	return snapshot_parse(state->data, st.st_size, &state->file, err);
}

int state_of(struct saved_state *state, enum saved kind, const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(kind, name, err);
	cleanup_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	*state = (struct saved_state){ 0 };
	if (dir < 0)
		return path ? error_set(err, errno, "%s", path) : -1;
	return state_read(state, dir, err);
}

static const void *section_of(const struct saved_state *state, enum snapshot_kind kind, size_t size)
{
	size_t len;
	const void *data = snapshot_section(&state->file, kind, &len);

	return data && len == size ? data : NULL;
}

int state_fits(const struct saved_state *state, const struct sandbox_config *config,
	       struct error *err)
{
	const struct snapshot_machine *machine =
	    section_of(state, SNAPSHOT_MACHINE, sizeof(*machine));
	const struct snapshot_cpu *cpu = section_of(state, SNAPSHOT_CPU, sizeof(*cpu));
	struct snapshot_cpu here;

	if (!machine || !cpu ||
	    !section_of(state, SNAPSHOT_DISKS, config->ndisks * sizeof(struct snapshot_disk)))
		return error_set(err, 0, "the state is damaged");
	if (machine->abi != VT_ABI_VERSION)
		return error_set(err, 0,
				 "it does not fit here: its kernel speaks boot ABI %u, this "
				 "program %u",
				 machine->abi, VT_ABI_VERSION);
	if (machine->memory != config->memory || machine->cpus != config->cpus ||
	    machine->disks != config->ndisks || machine->tier >= SANDBOX_NTIERS)
		return error_set(err, 0, "the state is of another sandbox than the config");
	if (machine->tier == SANDBOX_TIER_EMULATE)
		return 0;
	snapshot_cpu_here(&here);
	return snapshot_cpu_fits(cpu, &here, err);
}

void state_free(struct saved_state *state)
{
	free(state->data);
	*state = (struct saved_state){ 0 };
}
