// SPDX-License-Identifier: GPL-2.0-only
/* diff.c - vitrine diff: what a sandbox has changed, or which files differ between two snapshots
 *
 * Theory of operation
 * The first is worked out from disks (cli/image). What a snapshot has written is on its disk and,
 * for a good part, in the memory of its kernel. So a sandbox goes on from each of the two, its
 * command stopped at once, and both kernels are asked for every name, kind, size and time. File
 * systems that hold nothing of a program's (/proc, /sys, /dev) and /run are left out. The two
 * end by themselves when we are killed.
 *
 * Names are the guest's; what is in a directory is bounded by what we take in at all.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/options.h"
#include "cli/cp/guestfs.h"
#include "cli/image/commit.h"
#include "lib/plain.h"
#include "cli/snapshot/start.h"
#include "vitrine/util.h"

#define ENTRIES_MAX 4000000
#define DEPTH_MAX 200
#define PATH_BYTES 4096

/* A file of a snapshot */
struct entry {
	char *path;
	struct guest_stat st;
};

struct tree {
	struct client client;
	char name[RUNDIR_NAME_MAX + 1];
	bool runs;
	struct entry *entries;
	size_t count, room;
};

static const char *const left_out[] = { "/proc", "/sys", "/dev", "/run" };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static int add(struct tree *tree, const char *path, const struct guest_stat *st, struct error *err)
{
	if (tree->count == tree->room) {
		const size_t room = tree->room ? 2 * tree->room : 1024;
		struct entry *more =
		    room > ENTRIES_MAX ? NULL : reallocarray(tree->entries, room, sizeof(*more));

		if (!more)
			return error_set(err, 0, "there are too many files");
		tree->entries = more;
		tree->room = room;
	}
	tree->entries[tree->count] = (struct entry){ strdup(path), *st };
	return tree->entries[tree->count++].path ? 0 : error_set(err, 0, "no memory");
}

static bool is_left_out(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		if (!strcmp(path, left_out[i]))
			return true;
	}
	return false;
}

/* @path is PATH_BYTES long and comes back as it was */
static int walk(struct tree *tree, char *path, unsigned depth, struct error *err)
{
	const size_t len = strlen(path);
	char **names;
	int ret = 0;

	if (depth == DEPTH_MAX || guestfs_list(&tree->client, len ? path : "/", &names, err))
		return depth == DEPTH_MAX ? error_set(err, 0, "directories are too deep") : -1;
	for (size_t i = 0; !ret && names[i]; i++) {
		struct guest_stat st;

		if (interrupted)
			ret = error_set(err, 0, "interrupted");
		if (ret || len + strlen(names[i]) + 2 > PATH_BYTES)
			continue;
		snprintf(path + len, PATH_BYTES - len, "/%s", names[i]);
		/* what has gone meanwhile was never there */
		if (!is_left_out(path) && !guestfs_stat(&tree->client, path, &st, NULL)) {
			ret = add(tree, path, &st, err);
			if (!ret && S_ISDIR(st.mode))
				ret = walk(tree, path, depth + 1, err);
		}
		path[len] = '\0';
	}
	guestfs_list_free(names);
	return ret;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* Its command has nothing to do here. Where it cannot be stopped, it runs for a moment */
static void stop_command(struct client *client)
{
	struct answer answer;

	if (!client_call(client, json_pack("{s:s, s:i}", "op", "kill", "signal", SIGSTOP), NULL, 0,
			 &answer, NULL))
		json_decref(answer.json);
}

static int take(struct tree *tree, const char *snapshot, unsigned number, struct error *err)
{
	char path[PATH_BYTES] = "";
	int ret;

	tree->client.fd = -1;
	snprintf(tree->name, sizeof(tree->name), "diff-%d-%u", getpid(), number);
	ret = start_view(snapshot, tree->name, err);
	if (ret)
		return ret < 0 ? -1 : error_set(err, 0, "%s does not go on", snapshot);
	tree->runs = true;
	if (client_open(&tree->client, tree->name, err))
		return -1;
	stop_command(&tree->client);
	ret = walk(tree, path, 0, err);
	qsort(tree->entries, tree->count, sizeof(*tree->entries), by_path);
	return ret;
}

static void drop(struct tree *tree)
{
	if (tree->runs && (tree->client.fd >= 0 || !client_open(&tree->client, tree->name, NULL)))
		client_end(&tree->client, NULL);
	client_close(&tree->client);
	if (tree->runs)
		kept_remove(tree->name);
	for (size_t i = 0; i < tree->count; i++)
		free(tree->entries[i].path);
	free(tree->entries);
}

/* What a directory's time says is told by what is in it */
static bool differs(const struct guest_stat *a, const struct guest_stat *b)
{
	return a->mode != b->mode ||
	       (!S_ISDIR(a->mode) &&
		(a->size != b->size || a->mtime != b->mtime || a->mtime_ns != b->mtime_ns));
}

static void print(char kind, const char *path)
{
	printf("%c ", kind);
	plain_print(stdout, path);
	putchar('\n');
}

static void compare(const struct tree *a, const struct tree *b)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		const int order = i == a->count	  ? 1
				  : j == b->count ? -1
						  : by_path(&a->entries[i], &b->entries[j]);

		if (order < 0)
			print('D', a->entries[i].path);
		else if (order > 0)
			print('A', b->entries[j].path);
		else if (differs(&a->entries[i].st, &b->entries[j].st))
			print('C', b->entries[j].path);
		i += order <= 0;
		j += order >= 0;
	}
}

static int snapshots_diff(const char *from, const char *to, struct error *err)
{
	static struct tree a, b;
	int ret;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	a.client.fd = b.client.fd = -1;
	ret = take(&a, from, 1, err) ?: take(&b, to, 2, err);
	if (!ret)
		compare(&a, &b);
	drop(&a);
	drop(&b);
	return ret;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option_set set = { "diff NAME | SNAPSHOT SNAPSHOT",
					       "List what the sandbox NAME has added (A), changed "
					       "(C) and deleted (D), compared with\n"
					       "the image that it was started from; or in what the "
					       "second snapshot differs from the first.",
					       NULL, 0 };
	struct error err = { 0 };
	int first = options_parse(&set, NULL, argc, argv, &err), ret;

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && argc - first != 1 && argc - first != 2)
		first = error_set(&err, 0,
				  "which sandbox? vitrine diff NAME, or diff SNAPSHOT SNAPSHOT");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = argc - first == 2 ? snapshots_diff(argv[first], argv[first + 1], &err)
				: image_diff(argv[first], &err);
	return ret ? cli_fail(EXIT_VITRINE, &err) : 0;
}
