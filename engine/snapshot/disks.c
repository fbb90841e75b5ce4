// SPDX-License-Identifier: GPL-2.0-only
/* disks.c - what is written to disks, as the files of its generations
 *
 * Theory of operation
 * What would be thrown away of a disk, or for a snapshot all that lies over its image, is a chain
 * of layers. Each generation adds one, with the clusters that were written since the one before,
 * unless there are none. Either all layers of a disk have names where the generation is written, or
 * the new one has everything.
 *
 * A descriptor of each layer stays open: which file a name stands for is told by its number on the
 * file system, which nobody else can get meanwhile.
 *
 * Host system calls: openat, fstat, fdatasync, close, and those of disks.
 */
#include "disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/disk/disk.h"
#include "engine/virtio/blk.h"
#include "snapshot.h"
#include "vitrine/util.h"

#define CHAIN_MAX 200 /* of the most that a stack takes, which images have some of, too */

/* @broken: there is something that none of them has */
static struct chain {
	unsigned count;
	bool broken;
	struct {
		uint32_t generation;
		int fd;
		bool durable;
	} layers[CHAIN_MAX];
} chains[SANDBOX_DISKS_MAX];

static struct {
	bool kept, written, whole; /* what the last disks_save() has done with a disk */
} saved[SANDBOX_DISKS_MAX];
static uint32_t saved_generation;

static void file_name(char name[32], unsigned disk, uint32_t generation)
{
	snprintf(name, 32, DISKS_FILE, disk, generation);
}

static int add_layer(struct chain *chain, uint32_t generation, int fd, bool durable)
{
	if (chain->count == CHAIN_MAX ||
	    (chain->count && chain->layers[chain->count - 1].generation >= generation))
		return -1;
	chain->layers[chain->count].generation = generation;
	chain->layers[chain->count].durable = durable;
	chain->layers[chain->count++].fd = fd;
	return 0;
}

static void drop_layers(struct chain *chain)
{
	while (chain->count)
		close(chain->layers[--chain->count].fd);
}

/* ---- going on ---- */

static int open_layer(const struct snapshot_disk_layer *layer, int dir, struct error *err)
{
	cleanup_close int fd = -1;
	char name[32];

	file_name(name, layer->disk, layer->generation);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, errno, "cannot open the sandbox's %s", name);
	if (layer->disk >= SANDBOX_DISKS_MAX ||
	    add_layer(&chains[layer->disk], layer->generation, fd, true))
		return error_set(err, 0, "the state is damaged");
	(void)steal_fd(fd);
	return 0;
}

/* They are needed for as long as the process lives */
static const char *const *names_of(unsigned disk, const char *path)
{
	const struct chain *chain = &chains[disk];
	char **names = calloc(chain->count + 1, sizeof(*names));

	for (unsigned i = 0; names && i < chain->count; i++) {
		char name[32];

		file_name(name, disk, chain->layers[i].generation);
		if (asprintf(&names[i], "%s/%s", path, name) < 0)
			return NULL;
	}
	return (const char *const *)names;
}

int disks_open(const struct snapshot_file *file, int dir, const char *path,
	       struct sandbox_config *config, struct error *err)
{
	size_t count;
	const struct snapshot_disk_layer *layers = snapshot_disk_layers(file, &count, err);

	if (!layers)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (open_layer(&layers[i], dir, err))
			return -1;
	}
	for (unsigned i = 0; i < config->ndisks; i++) {
		config->disks[i].saved = names_of(i, path);
		if (!config->disks[i].saved)
			return error_set(err, ENOMEM, "cannot go on");
	}
	return 0;
}

/* ---- saving ---- */

static bool chain_is_named(unsigned disk, const struct layers_wish *wish)
{
	const struct chain *chain = &chains[disk];

	for (unsigned i = 0; i < chain->count; i++) {
		char name[32];

		file_name(name, disk, chain->layers[i].generation);
		if (chain->layers[i].generation >= wish->generation ||
		    !layers_named(wish, name, chain->layers[i].fd))
			return false;
	}
	return chain->count < CHAIN_MAX && !chain->broken;
}

static int make_durable(struct chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++) {
		if (!chain->layers[i].durable && fdatasync(chain->layers[i].fd))
			return -errno;
		chain->layers[i].durable = true;
	}
	return 0;
}

/* Return: 0 or a negative errno */
static int save_disk(struct disk *disk, unsigned number, const struct layers_wish *wish, int fd,
		     bool durable)
{
	int ret;

	saved[number].kept = true;
	saved[number].whole = !chain_is_named(number, wish);
	ret = disk_keep(disk, fd, saved[number].whole);
	saved[number].written = !ret;
	if (!ret && durable && fdatasync(fd))
		return -errno;
	if (ret >= 0 && durable && !saved[number].whole)
		ret = make_durable(&chains[number]);
	return ret < 0 ? ret : 0;
}

static void add_layers(struct snapshot_writer *writer, unsigned disk)
{
	const struct chain *chain = &chains[disk];
	struct snapshot_disk_layer layer = { .disk = disk };

	for (unsigned i = 0; saved[disk].kept && !saved[disk].whole && i < chain->count; i++) {
		layer.generation = chain->layers[i].generation;
		snapshot_append(writer, &layer, sizeof(layer));
	}
	layer.generation = saved_generation;
	if (saved[disk].written)
		snapshot_append(writer, &layer, sizeof(layer));
}

int disks_save(struct snapshot_writer *writer, const struct layers_wish *wish, const int *fds,
	       bool goes_on, bool durable, struct error *err)
{
	unsigned count = 0;

	saved_generation = wish->generation;
	memset(saved, 0, sizeof(saved));
	snapshot_add(writer, SNAPSHOT_DISKS, NULL, 0);
	for (struct disk *disk; (disk = blk_disk(count)); count++) {
		struct snapshot_disk entry = { .size = disk->size };
		int ret = durable ? disk_flush(disk, 0) : 0;

		/* a snapshot's disks are not its source's, whatever that does with its own */
		if (!ret && (disk_is_thrown_away(disk) || (goes_on && !disk->read_only)))
			ret = save_disk(disk, count, wish, fds[count], durable);
		if (ret)
			return error_set(err, -ret, "cannot write disk %u down", count);
		entry.kept = saved[count].kept;
		entry.stamp = disk_stamp(disk, entry.kept);
		snapshot_append(writer, &entry, sizeof(entry));
	}
	snapshot_add(writer, SNAPSHOT_DISK_LAYERS, NULL, 0);
	for (unsigned i = 0; i < count; i++)
		add_layers(writer, i);
	return 0;
}

static void end_disk(struct disk *disk, unsigned number, int *fd, bool durable)
{
	struct chain *chain = &chains[number];

	if (saved[number].whole) {
		drop_layers(chain);
		chain->broken = false;
	}
	if (!saved[number].written)
		return;
	if (disk_kept(disk) || add_layer(chain, saved_generation, *fd, durable)) {
		drop_layers(chain);
		chain->broken = true;
		return;
	}
	*fd = -1;
}

void disks_end(int *fds, bool durable)
{
	struct disk *disk;

	for (unsigned i = 0; (disk = blk_disk(i)); i++) {
		if (saved[i].kept)
			end_disk(disk, i, &fds[i], durable);
	}
}
