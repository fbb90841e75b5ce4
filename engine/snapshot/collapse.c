// SPDX-License-Identifier: GPL-2.0-only
/* collapse.c - several layers of memory become one, in a directory that nobody waits for
 *
 * Theory of operation
 * The oldest layer is the largest and stays; the newest few stay, because they will be shared with
 * what comes next. Those in between are merged, which copies what they have that still counts:
 *
 *   before  1-1 | 2-2 3-3 4-4 5-5 6-6 7-7 | 8-8 9-9 10-10 11-11
 *   after   1-1 |          2-7            | 8-8 9-9 10-10 11-11
 *
 * The new layer and a new state are written beside the old ones and made durable. One rename makes
 * them count; a crash before leaves a file that no state names, one after it some more of those,
 * and the next who comes by removes them. Who reads the directory has a shared lock, so nothing is
 * taken away from it. Whoever merges, or removes what no state names, has a lock on the config from
 * before he reads the state: to another one his new layers would be what no state names.
 *
 * Host system calls: openat, fstat, flock, lseek, pread, pwrite, ftruncate, fdatasync, fsync,
 * renameat, unlinkat, getdents64.
 */
#include "collapse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disks.h"
#include "engine/sandbox.h"
#include "flatten.h"
#include "format.h"
#include "layers.h"
#include "snapshot.h"
#include "sums.h"
#include "vitrine/util.h"

#define NEWEST 4
#define TEMPORARY ".state"

/* What is merged: layers @from to @to, indexes; with one of them, nothing */
struct range {
	size_t from, to;
};

/* Layers of disks, of each one */
struct disks {
	struct snapshot_disk_layer layers[SANDBOX_DISKS_MAX];
	size_t count;
};

static int damaged(struct error *err)
{
	return error_set(err, 0, "the state is damaged");
}

/* ---- what a state names ---- */

static bool names_layer(const struct snapshot_file *file, unsigned first, unsigned last)
{
	size_t count;
	const struct snapshot_layer *layers = snapshot_layers(file, &count, NULL);

	for (size_t i = 0; layers && i < count; i++) {
		if (layers[i].first == first && layers[i].last == last)
			return true;
	}
	return false;
}

static bool names_disk(const struct snapshot_file *file, unsigned disk, unsigned generation)
{
	size_t count;
	const struct snapshot_disk_layer *layers = snapshot_disk_layers(file, &count, NULL);

	for (size_t i = 0; layers && i < count; i++) {
		if (layers[i].disk == disk && layers[i].generation == generation)
			return true;
	}
	return false;
}

static bool is_rubbish(const struct snapshot_file *file, const char *name)
{
	unsigned a, b;
	int end = 0;

	if (sscanf(name, LAYERS_FILE "%n", &a, &b, &end) == 2 && end &&
	    (!name[end] || !strcmp(name + end, SUMS_SUFFIX)))
		return !names_layer(file, a, b);
	end = 0;
	if (sscanf(name, DISKS_FILE "%n", &a, &b, &end) == 2 && end && !name[end])
		return !names_disk(file, a, b);
	return false;
}

static void remove_rubbish(int dir, const struct snapshot_file *file)
{
	const int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		if (is_rubbish(file, entry->d_name))
			unlinkat(dir, entry->d_name, 0);
	}
	if (entries)
		closedir(entries);
}

/* ---- merging ---- */

static int copy_range(int from, int to, uint64_t at, uint64_t end)
{
	uint8_t data[SNAPSHOT_CHUNK];
	const uint8_t zeros[SNAPSHOT_PAGE] = { 0 };
	off_t there;

	for (; at < end; at += SNAPSHOT_CHUNK) {
		there = lseek(from, (off_t)at, SEEK_DATA);
		if (there < 0 || (uint64_t)there >= end)
			return 0;
		at = (uint64_t)there / SNAPSHOT_CHUNK * SNAPSHOT_CHUNK;
		if (pread(from, data, sizeof(data), (off_t)at) != sizeof(data))
			return -1;
		for (size_t i = 0; i < sizeof(data); i += SNAPSHOT_PAGE) {
			if (memcmp(data + i, zeros, SNAPSHOT_PAGE) != 0 &&
			    pwrite(to, data + i, SNAPSHOT_PAGE, (off_t)(at + i)) != SNAPSHOT_PAGE)
				return -1;
		}
	}
	return 0;
}

static int open_layer(int dir, const struct snapshot_layer *layer)
{
	char name[32];

	snprintf(name, sizeof(name), LAYERS_FILE, layer->first, layer->last);
	return openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static int copy_layers(int dir, int to, const struct snapshot_file *file, uint64_t size,
		       const struct range *range, struct error *err)
{
	size_t count, nlayers;
	const struct snapshot_layer *layers = snapshot_layers(file, &nlayers, err);
	const struct snapshot_extent *extents = snapshot_extents(file, size, &count, err);

	if (!layers || !extents)
		return -1;
	if (ftruncate(to, (off_t)size))
		return error_set(err, errno, "cannot write a layer");
	for (size_t layer = range->from; layer <= range->to; layer++) {
		cleanup_close int from = open_layer(dir, &layers[layer]);

		for (size_t i = 0; i < count; i++) {
			const uint64_t at = extents[i].offset, end = at + extents[i].length;

			if (extents[i].layer == layer &&
			    (from < 0 || copy_range(from, to, at, end)))
				return error_set(err, errno, "cannot copy a layer");
		}
	}
	return fdatasync(to) ? error_set(err, errno, "cannot write a layer") : 0;
}

/* The number of a layer when those of the range are one */
static uint32_t renumbered(uint32_t layer, const struct range *range)
{
	if (layer <= range->from)
		return layer;
	return layer <= range->to ? (uint32_t)range->from
				  : layer - (uint32_t)(range->to - range->from);
}

static void add_merged(struct snapshot_writer *writer, const struct snapshot_file *file,
		       uint64_t size, const struct range *range)
{
	size_t count, nlayers;
	const struct snapshot_layer *layers = snapshot_layers(file, &nlayers, NULL);
	const struct snapshot_extent *extents = snapshot_extents(file, size, &count, NULL);
	const struct snapshot_layer merged = { layers[range->from].first, layers[range->to].last };

	snapshot_add(writer, SNAPSHOT_LAYERS, layers, range->from * sizeof(*layers));
	snapshot_append(writer, &merged, sizeof(merged));
	snapshot_append(writer, &layers[range->to + 1],
			(nlayers - range->to - 1) * sizeof(*layers));
	snapshot_add(writer, SNAPSHOT_MEMORY, NULL, 0);
	for (size_t i = 0; i < count;) {
		struct snapshot_extent one = extents[i];

		one.layer = renumbered(one.layer, range);
		for (i++; i < count && extents[i].offset == one.offset + one.length &&
			  renumbered(extents[i].layer, range) == one.layer;
		     i++)
			one.length += extents[i].length;
		snapshot_append(writer, &one, sizeof(one));
	}
}

/* @disks: layers of disks in place of those that there are, or NULL */
static int write_state(int dir, const struct snapshot_file *file, uint64_t size,
		       const struct range *range, const struct disks *disks, struct error *err)
{
	cleanup_close int fd =
	    openat(dir, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct snapshot_writer writer;
	int ret;

	if (fd < 0)
		return error_set(err, errno, "cannot write a state");
	snapshot_begin(&writer);
	for (int kind = 1; kind < SNAPSHOT_NKINDS; kind++) {
		size_t len;
		const void *data = snapshot_section(file, kind, &len);

		if (data && disks && kind == SNAPSHOT_DISK_LAYERS)
			snapshot_add(&writer, kind, disks->layers,
				     disks->count * sizeof(*disks->layers));
		else if (data && kind != SNAPSHOT_LAYERS && kind != SNAPSHOT_MEMORY)
			snapshot_add(&writer, kind, data, len);
	}
	add_merged(&writer, file, size, range);
	ret = snapshot_write(&writer, fd, err);
	snapshot_end(&writer);
	if (!ret && (fdatasync(fd) || fsync(dir)))
		ret = error_set(err, errno, "cannot write a state");
	return ret;
}

static int merge_memory(int dir, const struct snapshot_file *file, uint64_t size,
			const struct range *range, struct error *err)
{
	const struct snapshot_layer *layers = snapshot_layers(file, &(size_t){ 0 }, err);
	cleanup_close int to = -1;
	char name[32];

	if (!layers)
		return -1;
	snprintf(name, sizeof(name), LAYERS_FILE, layers[range->from].first,
		 layers[range->to].last);
	to = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_set(err, errno, "cannot make %s", name);
	if (!copy_layers(dir, to, file, size, range, err))
		return 0;
	unlinkat(dir, name, 0);
	return -1;
}

/* When it fails, what was made meanwhile is named by no state, and the next one removes it */
static int merge(int dir, const struct snapshot_file *file, const struct range *range,
		 const struct disks *disks, struct error *err)
{
	size_t len;
	const struct snapshot_machine *machine = snapshot_section(file, SNAPSHOT_MACHINE, &len);

	if (!machine || len != sizeof(*machine))
		return damaged(err);
	if (range->to > range->from && merge_memory(dir, file, machine->memory, range, err))
		return -1;
	return write_state(dir, file, machine->memory, range, disks, err);
}

/* ---- */

/* Return: its bytes, which the caller frees, or NULL */
static void *read_state(int dir, struct snapshot_file *file, struct stat *st, struct error *err)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_free uint8_t *data = NULL;

	if (fd < 0 || fstat(fd, st) || st->st_size > (off_t)SNAPSHOT_STATE_MAX) {
		error_set(err, fd < 0 ? errno : 0, "cannot read the state");
		return NULL;
	}
	data = malloc(st->st_size + 1);
	if (!data || pread(fd, data, st->st_size, 0) != st->st_size) {
		error_set(err, errno, "cannot read the state");
		return NULL;
	}
	return snapshot_parse(data, st->st_size, file, err) ? NULL : steal_ptr(data);
}

static bool is_as_it_was(int dir, const struct stat *was)
{
	struct stat now;

	return !fstatat(dir, SNAPSHOT_STATE, &now, AT_SYMLINK_NOFOLLOW) &&
	       now.st_ino == was->st_ino;
}

/* With a lock that nobody else has. Return: 0 or -1 */
static int replace(int dir, const struct stat *was, struct error *err)
{
	if (!is_as_it_was(dir, was) || renameat(dir, TEMPORARY, dir, SNAPSHOT_STATE) || fsync(dir))
		return error_set(err, errno, "cannot replace the state");
	return 0;
}

/* The new state counts, if there is one, and what none names goes */
static int settle(int dir, const struct stat *was, bool merged, struct error *err)
{
	cleanup_close int lock = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free void *data = NULL;
	struct snapshot_file file;
	struct stat st;

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) {
		unlinkat(dir, TEMPORARY, 0);
		return error_set(err, errno, "somebody uses it");
	}
	if (merged && replace(dir, was, err))
		return -1;
	data = read_state(dir, &file, &st, err);
	if (!data)
		return -1;
	remove_rubbish(dir, &file);
	unlinkat(dir, TEMPORARY, 0);
	return 0;
}

/* Return: a descriptor that holds the lock, or -1: somebody has it, or there is no config */
static int merging(int dir, int wait)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_CONFIG, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || flock(fd, LOCK_EX | wait) ? -1 : steal_fd(fd);
}

int snapshot_tidy(int dir, struct error *err)
{
	cleanup_close int lock = merging(dir, LOCK_NB);
	cleanup_free void *data = NULL;
	struct snapshot_file file;
	struct stat st;
	size_t count;

	if (lock < 0)
		return error_set(err, errno, "somebody else is at it");
	data = read_state(dir, &file, &st, err);
	if (!data || !snapshot_layers(&file, &count, err))
		return -1;
	if (count > COLLAPSE_ABOVE &&
	    merge(dir, &file, &(struct range){ 1, count - NEWEST - 1 }, NULL, err))
		return -1;
	return settle(dir, &st, count > COLLAPSE_ABOVE, err);
}

/* A generation that no layer has */
static uint32_t next_generation(const struct snapshot_layer *memory, size_t nmemory,
				const struct snapshot_disk_layer *disks, size_t ndisks)
{
	uint32_t last = 0;

	for (size_t i = 0; i < nmemory; i++)
		last = memory[i].last > last ? memory[i].last : last;
	for (size_t i = 0; i < ndisks; i++)
		last = disks[i].generation > last ? disks[i].generation : last;
	return last + 1;
}

/* Those of one disk, in their order. Return: how many */
static size_t layers_of(unsigned disk, const struct snapshot_disk_layer *layers, size_t count,
			struct snapshot_disk_layer *own)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (layers[i].disk == disk)
			own[n++] = layers[i];
	}
	return n;
}

static int flatten_disks(int dir, const struct snapshot_disk_layer *layers, size_t count,
			 uint32_t generation, struct disks *disks, struct error *err)
{
	cleanup_free struct snapshot_disk_layer *own = calloc(count + 1, sizeof(*own));

	if (!own)
		return error_set(err, ENOMEM, "cannot read the state");
	for (unsigned disk = 0; disk < SANDBOX_DISKS_MAX; disk++) {
		const size_t n = layers_of(disk, layers, count, own);

		if (n > 1 && flatten_disk(dir, own, n, generation, err))
			return -1;
		if (n > 1)
			own[0].generation = generation;
		if (n)
			disks->layers[disks->count++] = own[0];
	}
	return 0;
}

int snapshot_flatten(int dir, struct error *err)
{
	cleanup_close int lock =
	    merging(dir, 0); /* what happens in the background ends by itself */
	cleanup_free void *data = NULL;
	struct disks disks = { .count = 0 };
	struct snapshot_file file;
	size_t nmemory, ndisks;
	struct stat st;
	const struct snapshot_layer *memory;
	const struct snapshot_disk_layer *layers;

	if (lock < 0)
		return error_set(err, errno, "cannot lock the snapshot");
	data = read_state(dir, &file, &st, err);
	memory = data ? snapshot_layers(&file, &nmemory, err) : NULL;
	layers = memory ? snapshot_disk_layers(&file, &ndisks, err) : NULL;
	if (!layers)
		return -1;
	if (flatten_disks(dir, layers, ndisks, next_generation(memory, nmemory, layers, ndisks),
			  &disks, err))
		return -1;
	if (nmemory < 2 && disks.count == ndisks)
		return 0;
	if (merge(dir, &file, &(struct range){ 0, nmemory ? nmemory - 1 : 0 }, &disks, err))
		return -1;
	return settle(dir, &st, true, err);
}

void snapshot_keep_named(int dir, int other)
{
	struct snapshot_file file;
	struct stat st;
	cleanup_free void *data = read_state(dir, &file, &st, NULL);

	if (data)
		remove_rubbish(other, &file);
}
