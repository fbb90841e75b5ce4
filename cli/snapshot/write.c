// SPDX-License-Identifier: GPL-2.0-only
/* write.c - have a running sandbox written down: vitrine pause, snapshot, fork
 *
 * Theory of operation
 * The supervisor can open no files, so they are made here and it gets their descriptors. It writes
 * them and finishes them itself (engine/snapshot/save.c): if we are killed, there is either all of
 * it or nothing, and the sandbox goes on unless it is paused. How it was started comes from the run
 * directory, where it was written before a guest had run; the supervisor has no descriptor of that.
 */
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/control/config.h"
#include "engine/snapshot/snapshot.h"
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
	if (to < 0 || json_dumpfd(config, to, JSON_INDENT(1)) || fsync(to))
		ret = error_set(err, errno, "cannot write %s", SNAPSHOT_CONFIG);
	json_decref(config);
	return ret;
}

/* Return: how many descriptors there are in @fds, or -1 */
static int make_files(int dir, int disks, int fds[MESSAGE_FDS], struct error *err)
{
	static const char *const files[] = { SNAPSHOT_STATE, SNAPSHOT_MEMORY_FILE,
					     SNAPSHOT_TELEMETRY_FILE };
	const int count = SNAPSHOT_FDS(disks);

	for (int i = 0; i < count; i++) {
		char name[16];

		if (i < (int)ARRAY_SIZE(files))
			snprintf(name, sizeof(name), "%s", files[i]);
		else
			snprintf(name, sizeof(name), "disk%d", i - (int)ARRAY_SIZE(files));
		fds[i] = make_file(dir, name);
		if (fds[i] < 0)
			return error_set(err, errno, "cannot make %s", name);
	}
	return fsync(dir) ? error_set(err, errno, "cannot make files") : count;
}

static int ask(struct client *client, int dir, bool goes_on, struct error *err)
{
	int fds[MESSAGE_FDS], count, disks, ret;
	struct answer answer;

	for (int i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	disks = copy_config(dir, client->name, err);
	count = disks < 0 ? -1 : make_files(dir, disks, fds, err);
	ret = count < 0 ? -1 : 0;
	if (!ret && message_send(client->fd,
				 json_pack("{s:s, s:b}", "op", "pause", "goes_on", (int)goes_on),
				 NULL, 0, fds, count))
		ret = error_set(err, errno, "cannot reach the sandbox %s", client->name);
	for (int i = 0; i < MESSAGE_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (ret)
		return -1;
	ret = client_receive(client, &answer, err);
	if (!ret)
		return error_set(err, 0, "the sandbox %s has ended", client->name);
	if (ret > 0)
		json_decref(answer.json);
	return ret < 0 ? -1 : 0;
}

int sandbox_write(struct client *client, enum saved kind, const char *name, bool goes_on,
		  struct error *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = saved_make(kind, name, &path, err);
	int ret = dir < 0 ? -1 : ask(client, dir, goes_on, err);

	/* the answer may be what was lost */
	if (dir >= 0 && ret && !saved_exists(kind, name))
		saved_remove(path);
	return ret;
}
