// SPDX-License-Identifier: GPL-2.0-only
/* check.c - vitrine snapshot fsck and prune: is all there, and what is not needed
 *
 * Reference counts are the file system's (docs/snapshot-format.md), so nothing has to be counted
 * anew after a crash. What fsck looks for is what a disk or somebody else has damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/saved.h"
#include "engine/snapshot/disks.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/sums.h"
#include "live.h"
#include "move/move.h"
#include "snapshot.h"
#include "state.h"
#include "vitrine/util.h"

static const struct option_set fsck_options = {
	"snapshot fsck [SNAPSHOT]...",
	"Check snapshots and paused sandboxes, all of them by default: form, files and checksums. "
	"Print one line for each that is damaged. Nothing is changed.",
	NULL,
	0,
};

struct prune_options {
	unsigned older;
};

static const struct option_spec prune_specs[] = {
	{ 0, "older", "TIME", option_seconds, offsetof(struct prune_options, older),
	  "snapshots that are older than TIME, too, such as 12h" },
};

static const struct option_set prune_options = {
	"snapshot prune [OPTION]...",
	"Remove what is left of sandboxes that were killed, of pauses and snapshots that were not "
	"finished, and images that came with imported snapshots and that nothing needs any more.",
	prune_specs,
	ARRAY_SIZE(prune_specs),
};

/* ---- fsck ---- */

static int check_size(int dir, const char *name, uint64_t size, struct error *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_set(err, errno, "%s", name);
	if (!S_ISREG(st.st_mode) || (size && (uint64_t)st.st_size != size))
		return error_set(err, 0, "%s has another size than it had", name);
	return 0;
}

static int check_layers(const struct saved_state *state, int dir, struct error *err)
{
	size_t nmemory, ndisks, len;
	const struct snapshot_layer *memory = snapshot_layers(&state->file, &nmemory, err);
	const struct snapshot_disk_layer *disks = snapshot_disk_layers(&state->file, &ndisks, err);
	const struct snapshot_machine *machine =
	    snapshot_section(&state->file, SNAPSHOT_MACHINE, &len);
	char name[48];

	if (!memory || !disks)
		return -1;
	if (!machine || len != sizeof(*machine))
		return error_set(err, 0, "the state is damaged");
	for (size_t i = 0; i < nmemory; i++) {
		snprintf(name, sizeof(name), LAYERS_FILE, memory[i].first, memory[i].last);
		if (check_size(dir, name, machine->memory, err) ||
		    sums_check(dir, name, err) == SUMS_BAD)
			return -1;
	}
	for (size_t i = 0; i < ndisks; i++) {
		snprintf(name, sizeof(name), DISKS_FILE, disks[i].disk, disks[i].generation);
		if (check_size(dir, name, 0, err))
			return -1;
	}
	return 0;
}

static int check(enum saved kind, const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(kind, name, err);
	cleanup_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	json_t *config = path ? saved_config(kind, name, err) : NULL;
	struct stored_config stored = { 0 };
	struct saved_state state = { 0 };
	int ret = -1;

	if (config && dir >= 0)
		ret = config_parse(config, &stored, err) ?: state_read(&state, dir, err) ?:
		      check_layers(&state, dir, err);
	state_free(&state);
	config_release(&stored);
	return ret;
}

static bool tell(enum saved kind, const char *name)
{
	struct error err = { 0 };

	if (!check(kind, name, &err))
		return true;
	printf("%s: %s\n", name, err.text);
	return false;
}

static bool tell_all(enum saved kind)
{
	json_t *list = saved_list(kind, NULL), *one;
	bool good = true;
	size_t i;

	json_array_foreach(list, i, one) good &=
	    tell(kind, json_string_value(json_object_get(one, "directory")));
	json_decref(list);
	return good;
}

int snapshot_fsck_command(int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(&fsck_options, NULL, argc, argv, &err);
	bool good = true;

	if (at == OPTIONS_HELP)
		return 0;
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (at == argc) {
		good &= tell_all(SAVED_SNAPSHOT);
		good &= tell_all(SAVED_PAUSED);
	}
	for (; at < argc; at++)
		good &= tell(SAVED_SNAPSHOT, argv[at]);
	return good ? 0 : 1;
}

/* ---- prune ---- */

static void remove_older(unsigned seconds)
{
	json_t *list = saved_list(SAVED_SNAPSHOT, NULL), *one;
	const time_t before = time(NULL) - (time_t)seconds;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "directory"));
		cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, NULL);

		if (json_integer_value(json_object_get(one, "saved")) < before && path &&
		    saved_remove(path))
			puts(name);
	}
	json_decref(list);
}

int snapshot_prune_command(int argc, char **argv)
{
	struct prune_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&prune_options, &opt, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at != argc)
		at = error_set(&err, 0, "snapshot prune takes no names; snapshot rm does");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (opt.older)
		remove_older(opt.older);
	live_sweep();
	saved_sweep_abandoned(SAVED_SNAPSHOT);
	saved_sweep_abandoned(SAVED_PAUSED);
	return bases_sweep(&err) < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
