// SPDX-License-Identifier: GPL-2.0-only
/* write.c - have a running sandbox written down: vitrine pause, snapshot, fork
 *
 * Theory of operation
 * The supervisor can open no files, so they are made here and it gets their descriptors. It writes
 * them and finishes them itself (engine/snapshot/save.c): if we are killed, there is either all of
 * it or nothing, and the sandbox goes on unless it is paused. How it was started comes from the run
 * directory, where it was written before a guest had run; the supervisor has no descriptor of that.
 *
 * What earlier generations have written, and is as it was, gets one more name (live.c), which the
 * supervisor is told, so that it writes only the rest.
 */
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/kept.h"
#include "engine/control/config.h"
#include "engine/snapshot/disks.h"
#include "engine/snapshot/layers.h"
#include "engine/sandbox.h"
#include "engine/snapshot/snapshot.h"
#include "live.h"
#include "lib/json_fd.h"
#include "lib/memfile.h"
#include "tidy.h"
#include "vitrine/util.h"

static_assert(SNAPSHOT_FDS(SANDBOX_DISKS_MAX) <= MESSAGE_FDS, "a message has all descriptors");

#define END_MS 5000 /* for the process, once everything is written */

static int make_file(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* From the run directory to the sandbox's own. Return: the number of its disks, or -1 */
static int copy_config(int dir, const char *name, uint64_t *memory, struct error *err)
{
	cleanup_close int run_dir = rundir_open(err);
	cleanup_close int from = run_dir < 0 ? -1 : config_open(run_dir, name, O_RDONLY);
	cleanup_close int to = -1;
	json_t *config = from < 0 ? NULL : json_from_fd(from, 0, NULL);
	int disks = (int)json_integer_value(json_object_get(config, "disks"));
	int ret = disks;

	*memory = (uint64_t)json_integer_value(json_object_get(config, "memory"));
	if (!config || disks < 1 || disks > SANDBOX_DISKS_MAX) {
		json_decref(config);
		return error_set(
		    err, 0, "%s cannot be written down: how it was started is not known", name);
	}
	to = make_file(dir, SNAPSHOT_CONFIG);
	if (to < 0 || json_to_fd(config, to, JSON_INDENT(1)))
		ret = error_set(err, errno, "cannot write %s", SNAPSHOT_CONFIG);
	json_decref(config);
	return ret;
}

static int sync_config(int dir, struct error *err)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_CONFIG, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || fdatasync(fd) ? error_set(err, errno, "cannot write %s", SNAPSHOT_CONFIG)
				       : 0;
}

/* Memory that stays memory: a file that the sandbox goes on with */
static int make_memory(uint64_t size, struct error *err)
{
	cleanup_close int fd = memfile_create("vitrine-memory", size & -SANDBOX_MEMORY_ALIGN, err);

	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return error_set(err, errno, "cannot seal the guest's memory file");
	return steal_fd(fd);
}

/* @memory: bytes of it when it stays memory, or 0. Return: how many descriptors are in @fds, or -1
 */
static int make_files(int dir, int disks, uint64_t memory, unsigned generation,
		      int fds[MESSAGE_FDS], struct error *err)
{
	const int count = SNAPSHOT_FDS(disks);

	for (int i = 0; i < count; i++) {
		char name[32];

		if (i == 0)
			snprintf(name, sizeof(name), SNAPSHOT_STATE);
		else if (i == 1)
			snprintf(name, sizeof(name), LAYERS_FILE, generation, generation);
		else
			snprintf(name, sizeof(name), DISKS_FILE, (unsigned)i - 2, generation);
		fds[i] = i == 1 && memory ? make_memory(memory, err) : make_file(dir, name);
		if (fds[i] < 0)
			return error_set(err, errno, "cannot make %s", name);
	}
	/* The supervisor goes on with it when we are killed: it is not abandoned */
	flock(fds[0], LOCK_EX | LOCK_NB);
	return count;
}

/* Of disks that have not changed */
static void remove_empty(int dir, int disks, unsigned generation)
{
	for (int i = 0; i < disks; i++) {
		struct stat st;
		char name[32];

		snprintf(name, sizeof(name), DISKS_FILE, (unsigned)i, generation);
		if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && !st.st_size)
			unlinkat(dir, name, 0);
	}
}

/**
 * struct wish - what is wanted of the sandbox
 * @kind:    what the directory @dir is to be
 * @goes_on: it goes on
 * @unless_busy: not when somebody has asked it for something since it was found idle
 * @layers:  of memory, when that stays memory; otherwise NULL. Set
 */
struct wish {
	enum saved kind;
	int dir;
	bool goes_on, unless_busy;
	struct layers *layers;
};

static int send_wish(struct client *client, const struct wish *wish, json_t *names,
		     unsigned generation, const int *fds, int count, struct error *err)
{
	json_t *message =
	    json_pack("{s:s, s:b, s:b, s:b, s:i, s:O}", "op", "pause", "goes_on",
		      (int)wish->goes_on, "unless_busy", (int)wish->unless_busy, "live",
		      (int)!!wish->layers, "generation", (int)generation, "layers", names);

	return client_send_fds(client, message, fds, count, err);
}

static int await_answer(struct client *client, int fds[MESSAGE_FDS], size_t *nfds,
			struct error *err)
{
	struct answer answer;
	int ret = client_await(client, err) ?: client_receive_fds(client, &answer, fds, nfds, err);

	if (!ret)
		return error_set(err, 0, "the sandbox %s has ended", client->name);
	if (ret > 0)
		json_decref(answer.json);
	return ret < 0 ? -1 : 0;
}

/* Whoever gets a layer gets it to read, whatever it was opened for */
static int take_layers(struct layers *layers, const int *fds, size_t count, struct error *err)
{
	if (!count || count > LAYERS_MAX)
		return error_set(err, 0, "the sandbox has sent no memory");
	for (size_t i = 0; i < count; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		layers->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (layers->fds[i] < 0)
			return error_set(err, errno, "cannot open a layer of memory");
		layers->count++;
	}
	return 0;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static int send_files(struct client *client, const struct wish *wish, int *disks,
		      unsigned *generation, struct error *err)
{
	int fds[MESSAGE_FDS], count, ret;
	uint64_t memory;
	json_t *names;

	for (int i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	*disks = copy_config(wish->dir, client->name, &memory, err);
	if (*disks < 0)
		return -1;
	names = live_link(client->name, client_pid(client), wish->dir, generation);
	count = make_files(wish->dir, *disks, wish->layers ? memory : 0, *generation, fds, err);
	ret = count < 0 ? -1 : send_wish(client, wish, names, *generation, fds, count, err);
	close_all(fds, MESSAGE_FDS);
	json_decref(names);
	return ret;
}

/* The supervisor writes while we make the directory durable */
static int ask(struct client *client, const struct wish *wish, struct error *err)
{
	int fds[MESSAGE_FDS], disks, ret = 0;
	unsigned generation;
	size_t nfds = 0;

	if (send_files(client, wish, &disks, &generation, err))
		return -1;
	if (!wish->layers)
		ret = sync_config(wish->dir, err) ?: saved_sync(wish->kind, wish->dir, err);
	if (await_answer(client, fds, &nfds, ret ? NULL : err))
		ret = -1;
	if (!ret && wish->layers)
		ret = take_layers(wish->layers, fds, nfds, err);
	close_all(fds, nfds);
	if (ret)
		return -1;
	remove_empty(wish->dir, disks, generation);
	if (wish->goes_on)
		live_add(client->name, client_pid(client), wish->dir, generation);
	return 0;
}

static int write_to(struct client *client, struct wish *wish, const char *name, char **path,
		    struct error *err)
{
	int ret;

	live_sweep();
	wish->dir = saved_make(wish->kind, name, path, err);
	ret = wish->dir < 0 ? -1 : ask(client, wish, err);
	/* the answer may be what was lost */
	if (wish->dir >= 0 && ret && (wish->layers || !saved_exists(wish->kind, name)))
		saved_remove(*path);
	if (wish->dir >= 0)
		close(wish->dir);
	return ret;
}

static int write_durably(struct client *client, struct wish *wish, const char *name,
			 struct error *err)
{
	cleanup_free char *path = NULL;
	int ret = write_to(client, wish, name, &path, err);

	if (!ret)
		tidy_later(path);
	return ret;
}

int sandbox_snapshot(struct client *client, const char *name, struct error *err)
{
	struct wish wish = { .kind = SAVED_SNAPSHOT, .goes_on = true };

	return write_durably(client, &wish, name, err);
}

int sandbox_pause(struct client *client, bool if_idle, struct error *err)
{
	struct wish wish = { .kind = SAVED_PAUSED, .unless_busy = if_idle };

	if (write_durably(client, &wish, client->name, err))
		return -1;
	client_await_end(client, END_MS);
	kept_remove(client->name);
	return 0;
}

int sandbox_freeze(struct client *client, const char *name, struct layers *layers,
		   struct error *err)
{
	struct wish wish = { .kind = SAVED_SNAPSHOT, .goes_on = true, .layers = layers };
	cleanup_free char *path = NULL;
	int ret;

	*layers = (struct layers){ .count = 0 };
	ret = write_to(client, &wish, name, &path, err);
	if (ret)
		layers_close(layers);
	return ret;
}

void layers_close(struct layers *layers)
{
	close_all(layers->fds, layers->count);
	layers->count = 0;
}
