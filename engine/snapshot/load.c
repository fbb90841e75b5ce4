// SPDX-License-Identifier: GPL-2.0-only
/* load.c - a paused sandbox goes on in this process
 *
 * Theory of operation
 * The state, memory and disks were written by a supervisor that a guest may have taken over, or
 * come from elsewhere: nothing in them is believed. What is restored here are bytes of physical
 * memory, which are the guest's in any case; rings of devices, which are checked as when a driver
 * sets them up; bytes of streams and logs; and numbers that only the guest's kernel can be wrong
 * about. Which files of the host are opened, and what else the sandbox may have, is the config's to
 * say, which no supervisor writes. The guest's kernel is entered when we are confined.
 *
 * The state file is read in whole before anything is looked at, so it cannot change meanwhile.
 *
 * A kernel that has only booted (engine/boot/ahead.h) is memory, the telemetry region and a log.
 *
 * Host system calls: openat, flock, fstat, pread, close, and those of layers.c and disks.c.
 */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/disk/disk.h"
#include "engine/jobs/jobs.h"
#include "engine/log/logring.h"
#include "engine/memory/hot.h"
#include "engine/memory/memory.h"
#include "engine/telemetry/telemetry.h"
#include "engine/virtio/blk.h"
#include "engine/virtio/net.h"
#include "engine/virtio/virtio.h"
#include "disks.h"
#include "layers.h"
#include "learn.h"
#include "machine.h"
#include "vitrine/telemetry.h"
#include "vitrine/util.h"

struct snapshot {
	struct snapshot_file file;
	const struct snapshot_machine *machine;
	int dir;       /* -1: of a kernel that has only booted */
	int layers_fd; /* the first of descriptors of all layers, or 0: they are in the directory */
	unsigned layers;
	struct hot hot;
	void *data;
};

/* A section that is one structure */
static const void *section_of(const struct snapshot *s, enum snapshot_kind kind, size_t size)
{
	size_t len;
	const void *data = snapshot_section(&s->file, kind, &len);

	return data && len == size ? data : NULL;
}

static int damaged(struct error *err)
{
	return error_set(err, 0, "the state is damaged");
}

static int open_in(int dir, const char *name, struct error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_set(err, errno, "cannot open the paused sandbox's %s", name) : fd;
}

static int read_state(struct snapshot *s, int state, struct error *err)
{
	cleanup_close int fd = state;
	struct stat st;
	off_t at = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || st.st_size < SNAPSHOT_PAGE || st.st_size > (off_t)SNAPSHOT_STATE_MAX)
		return error_set(err, 0, "this is no state of a sandbox, or was never finished");
	s->data = malloc(st.st_size);
	while (s->data && at < st.st_size) {
		ssize_t n = pread(fd, (char *)s->data + at, st.st_size - at, at);

		if (n <= 0)
			return error_set(err, n ? errno : 0, "cannot read the sandbox's state");
		at += n;
	}
	if (!s->data)
		return error_set(err, ENOMEM, "cannot read the sandbox's state");
	return snapshot_parse(s->data, st.st_size, &s->file, err);
}

/* Nobody needs it */
static void read_hot(struct snapshot *s, int file)
{
	cleanup_close int fd = file;

	if (fd < 0 || !hot_is_good(&s->hot, read(fd, &s->hot, sizeof(s->hot))))
		s->hot = (struct hot){ 0 };
}

bool snapshot_has_lived(const struct snapshot *s)
{
	return s->hot.lived;
}

static int check_fits(const struct snapshot *s, const struct sandbox_config *config,
		      struct error *err)
{
	const struct snapshot_cpu *cpu = section_of(s, SNAPSHOT_CPU, sizeof(*cpu));
	const struct snapshot_machine *machine = s->machine;
	struct snapshot_cpu here;

	if (!machine || !cpu)
		return damaged(err);
	if (machine->abi != VT_ABI_VERSION)
		return error_set(err, 0,
				 "the sandbox's kernel speaks boot ABI %u, this program %u: it was "
				 "paused by version %.*s",
				 machine->abi, VT_ABI_VERSION, (int)sizeof(machine->program),
				 machine->program);
	if (machine->memory != config->memory || machine->cpus != config->cpus ||
	    machine->disks != config->ndisks || machine->telemetry != VT_TELEMETRY_SIZE ||
	    machine->tier >= SANDBOX_NTIERS ||
	    (config->tier != SANDBOX_TIER_AUTO && machine->tier != (uint32_t)config->tier))
		return error_set(err, 0, "the state is of another sandbox than the config");
	if (machine->entry < VT_PAGE_OFFSET || machine->entry >= VT_PAGE_OFFSET + machine->memory)
		return damaged(err);
	if (machine->tier == SANDBOX_TIER_EMULATE)
		return 0; /* its CPU is the same everywhere */
	snapshot_cpu_here(&here);
	return snapshot_cpu_fits(cpu, &here, err);
}

struct snapshot *snapshot_open(struct sandbox_config *config, struct error *err)
{
	cleanup_close int dir = open(config->resume, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct snapshot *s = calloc(1, sizeof(*s));

	if (dir < 0 || !s) {
		error_set(err, errno, "cannot open %s", config->resume);
		free(s);
		return NULL;
	}
	s->dir = steal_fd(dir);
	s->layers = config->layers;
	s->layers_fd = SANDBOX_LAYERS_FD;
	read_hot(s, openat(s->dir, SNAPSHOT_HOT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
	if (config->clone && !s->hot.lived)
		learn_begin(s->dir);
	flock(s->dir, LOCK_SH); /* nobody takes a layer away: collapse.c */
	if (!read_state(s, open_in(s->dir, SNAPSHOT_STATE, err), err)) {
		s->machine = section_of(s, SNAPSHOT_MACHINE, sizeof(*s->machine));
		if (!check_fits(s, config, err) &&
		    !disks_open(&s->file, s->dir, config->resume, config, err))
			return s;
	}
	snapshot_close(s);
	return NULL;
}

/* The very same CPU: the kernel has seen it */
static bool is_same_machine(const struct snapshot *s, int memory)
{
	const struct snapshot_cpu *cpu = section_of(s, SNAPSHOT_CPU, sizeof(*cpu));
	struct snapshot_cpu here;
	struct stat st;

	snapshot_cpu_here(&here);
	return s->machine && cpu && !memcmp(cpu, &here, sizeof(here)) && !fstat(memory, &st) &&
	       (uint64_t)st.st_size == s->machine->memory && s->machine->abi == VT_ABI_VERSION &&
	       s->machine->entry >= VT_PAGE_OFFSET &&
	       s->machine->entry < VT_PAGE_OFFSET + s->machine->memory &&
	       s->machine->telemetry == VT_TELEMETRY_SIZE;
}

struct snapshot *snapshot_open_boot(const struct snapshot_boot_files *files)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct error err = { 0 };

	if (s)
		*s = (struct snapshot){ .dir = -1, .layers_fd = files->memory, .layers = 1 };
	if (s)
		read_hot(s, files->hot);
	if (s && !read_state(s, files->state, &err)) {
		s->machine = section_of(s, SNAPSHOT_MACHINE, sizeof(*s->machine));
		if (is_same_machine(s, files->memory))
			return s;
	}
	if (files->memory >= 0)
		close(files->memory);
	snapshot_close(s);
	return NULL;
}

const struct snapshot_machine *snapshot_machine(const struct snapshot *s)
{
	return s->machine;
}

int snapshot_memory(struct snapshot *s, struct error *err)
{
	if (layers_load(&s->file, s->dir, s->layers_fd, s->layers, &s->hot, err))
		return -1;
	s->layers_fd = -1;
	return snapshot_region(&s->file, telemetry, VT_TELEMETRY_SIZE, err);
}

static int check_disks(const struct snapshot *s, struct error *err)
{
	size_t len;
	const struct snapshot_disk *disks = snapshot_section(&s->file, SNAPSHOT_DISKS, &len);

	if (!disks || len != s->machine->disks * sizeof(*disks))
		return damaged(err);
	for (unsigned i = 0; i < s->machine->disks; i++) {
		struct disk *disk = blk_disk(i);

		if (!disk || disk->size != disks[i].size ||
		    disk_stamp(disk, false) != disks[i].stamp)
			return error_set(err, 0,
					 "%s was written to since the sandbox was paused, which "
					 "cannot go on with it",
					 disk ? disk->path : "a disk");
	}
	return 0;
}

int snapshot_devices(const struct snapshot *s, struct error *err)
{
	size_t len;
	const struct virtio_saved *saved = snapshot_section(&s->file, SNAPSHOT_DEVICES, &len);
	int ret;

	if (!saved || len % sizeof(*saved))
		return damaged(err);
	if (check_disks(s, err))
		return -1;
	net_freeze();
	ret = virtio_restore(saved, len / sizeof(*saved), err);
	net_thaw();
	return ret;
}

static int load_stream(const struct snapshot *s, int i, struct jobs_saved *saved)
{
	size_t len;
	const struct snapshot_stream *stream =
	    snapshot_section(&s->file, SNAPSHOT_STREAM + i, &len);

	if (!stream || len < sizeof(*stream) || len - sizeof(*stream) > STREAM_RING)
		return -1;
	saved->rings[i].open = stream->open;
	saved->rings[i].len = len - sizeof(*stream);
	memcpy(saved->rings[i].data, stream + 1, saved->rings[i].len);
	return 0;
}

void snapshot_logs(const struct snapshot *s)
{
	for (int which = 0; which < LOGRING_COUNT; which++) {
		size_t len;
		const void *text = snapshot_section(&s->file, SNAPSHOT_LOG + which, &len);

		if (text)
			logring_append(which, text, len);
	}
}

int snapshot_jobs(const struct snapshot *s, struct error *err)
{
	cleanup_free struct jobs_saved *saved = calloc(1, sizeof(*saved));
	const struct snapshot_jobs *head =
	    section_of(s, SNAPSHOT_JOBS, sizeof(*head) + sizeof(saved->uses));

	if (!saved)
		return error_set(err, ENOMEM, "cannot read the sandbox's state");
	if (!head || head->count != JOBS_MAX)
		return damaged(err);
	memcpy(saved->uses, head + 1, sizeof(saved->uses));
	saved->last_request = head->last_request;
	saved->main = head->main;
	saved->tty = head->tty;
	for (int i = 0; i < 3; i++) {
		if (load_stream(s, i, saved))
			return damaged(err);
	}
	snapshot_logs(s);
	return jobs_resume(saved, err);
}

int snapshot_consume(const struct sandbox_config *config, struct error *err)
{
	const char *slash = strrchr(config->resume, '/');
	cleanup_free char *to = NULL;

	if (!slash || asprintf(&to, "%.*s/" SNAPSHOT_CONSUMED, (int)(slash - config->resume),
			       config->resume, slash + 1, getpid()) < 0)
		return error_set(err, ENOMEM, "cannot resume");
	return rename(config->resume, to)
		   ? error_set(err, errno, "cannot rename %s", config->resume)
		   : 0;
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	if (s->dir >= 0)
		close(s->dir);
	free(s->data);
	free(s);
}
