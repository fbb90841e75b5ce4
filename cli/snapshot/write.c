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
#include <sys/stat.h>
#include <unistd.h>

#include "engine/control/config.h"
#include "engine/snapshot/disks.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/snapshot.h"
#include "live.h"
#include "tidy.h"
#include "vitrine/util.h"

static_assert(SNAPSHOT_FDS(SANDBOX_DISKS_MAX) <= MESSAGE_FDS, "a message has all descriptors");

static int make_file(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* From the run directory to the sandbox's own. Return: the number of its disks, or -1 */
static int copy_config(int dir, const char *name, struct error *err)
{
	cleanup_close int run_dir = rundir_open(err);
	cleanup_close int from = run_dir < 0 ? -1 : config_open(run_dir, name, O_RDONLY);
	cleanup_close int to = -1;
	json_t *config = from < 0 ? NULL : json_loadfd(from, 0, NULL);
	int disks = (int)json_integer_value(json_object_get(config, "disks"));
	int ret = disks;

	if (!config || disks < 1 || disks > SANDBOX_DISKS_MAX) {
		json_decref(config);
		return error_set(
		    err, 0, "%s cannot be written down: how it was started is not known", name);
	}
	to = make_file(dir, SNAPSHOT_CONFIG);
	if (to < 0 || json_dumpfd(config, to, JSON_INDENT(1)) || fdatasync(to))
		ret = error_set(err, errno, "cannot write %s", SNAPSHOT_CONFIG);
	json_decref(config);
	return ret;
}

/* Return: how many descriptors there are in @fds, or -1 */
static int make_files(int dir, int disks, unsigned generation, int fds[MESSAGE_FDS],
		      struct error *err)
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
		fds[i] = make_file(dir, name);
		if (fds[i] < 0)
			return error_set(err, errno, "cannot make %s", name);
	}
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

static int send_wish(struct client *client, json_t *names, unsigned generation, bool goes_on,
		     const int *fds, int count, struct error *err)
{
	json_t *wish = json_pack("{s:s, s:b, s:i, s:O}", "op", "pause", "goes_on", (int)goes_on,
				 "generation", (int)generation, "layers", names);

	if (message_send(client->fd, wish, NULL, 0, fds, count))
		return error_set(err, errno, "cannot reach the sandbox %s", client->name);
	return 0;
}

static int await_answer(struct client *client, struct error *err)
{
	struct answer answer;
	int ret = client_receive(client, &answer, err);

	if (!ret)
		return error_set(err, 0, "the sandbox %s has ended", client->name);
	if (ret > 0)
		json_decref(answer.json);
	return ret < 0 ? -1 : 0;
}

/* The supervisor writes while we make the directory durable */
static int ask(struct client *client, enum saved kind, int dir, bool goes_on, struct error *err)
{
	int fds[MESSAGE_FDS], count, disks, ret;
	json_t *names = NULL;
	unsigned generation;

	for (int i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	disks = copy_config(dir, client->name, err);
	if (disks < 0)
		return -1;
	names = live_link(client->name, client_pid(client), dir, &generation);
	count = make_files(dir, disks, generation, fds, err);
	ret = count < 0 ? -1 : send_wish(client, names, generation, goes_on, fds, count, err);
	for (int i = 0; i < MESSAGE_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	json_decref(names);
	if (ret)
		return -1;
	ret = saved_sync(kind, dir, err);
	if (await_answer(client, ret ? NULL : err) || ret)
		return -1;
	remove_empty(dir, disks, generation);
	if (goes_on)
		live_add(client->name, client_pid(client), dir, generation);
	return 0;
}

int sandbox_write(struct client *client, enum saved kind, const char *name, bool goes_on,
		  struct error *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = -1;
	int ret;

	live_sweep();
	dir = saved_make(kind, name, &path, err);
	ret = dir < 0 ? -1 : ask(client, kind, dir, goes_on, err);
	/* the answer may be what was lost */
	if (dir >= 0 && ret && !saved_exists(kind, name))
		saved_remove(path);
	if (!ret)
		tidy_later(path);
	return ret;
}
