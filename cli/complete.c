// SPDX-License-Identifier: GPL-2.0-only
/* complete.c - vitrine __complete: what a shell offers when a word is completed
 *
 * Usage: vitrine __complete WORD... CURRENT, the words after the program's name; CURRENT may be
 * empty. Candidates come one a line; ":files" stands for the names of host files. The shells'
 * scripts in completion/ choose those that begin with CURRENT.
 *
 * Theory of operation
 * The verb is called as if it were to run, but options_parse() hands its table to us instead of
 * parsing. So a new option is completed from the moment that it is in its table. What an option or
 * an operand stands for is told by the word for it in the help: SIGNAL, IMAGE, FILE, CALLS.
 */

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/complete.h"
#include "cli/common/kept.h"
#include "cli/common/options.h"
#include "cli/common/saved.h"
#include "cli/cp/guestfs.h"
#include "engine/control/rundir.h"
#include "lib/utf8.h"
#include "observe/region/names.h"
#include "vitrine/telemetry.h"
#include "vitrine/util.h"

#define PATIENCE 2 /* seconds for a guest to list a directory */
#define SIGNALS 64

static const char *current = "";
static bool completing;

/* ---- candidates ---- */

/* A name that would be more than one word of a list, or move the cursor, is not offered */
static void offer(const char *prefix, size_t len, const char *word, const char *suffix)
{
	size_t left = strlen(word), n;
	uint32_t code;

	for (const char *c = word; left; c += n, left -= n) {
		n = utf8_character(c, left, &code);
		if (!n || !utf8_plain(code))
			return;
	}
	printf("%.*s%s%s\n", (int)len, prefix, word, suffix);
}

static void offer_word(const char *word)
{
	offer("", 0, word, "");
}

static void offer_files(void)
{
	puts(":files");
}

static void offer_sandboxes(const char *suffix)
{
	int fd = rundir_open(NULL);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), end = strlen(RUNDIR_SUFFIX);

		if (len <= end || strcmp(entry->d_name + len - end, RUNDIR_SUFFIX))
			continue;
		entry->d_name[len - end] = '\0';
		offer("", 0, entry->d_name, suffix);
	}
	if (dir)
		closedir(dir);
}

static void offer_names(void)
{
	offer_sandboxes("");
}

static void offer_ended(void)
{
	json_t *list = kept_list(NULL), *one;
	size_t i;

	json_array_foreach(list, i, one)
	    offer_word(json_string_value(json_object_get(one, "name")));
	json_decref(list);
}

static void offer_paused(void)
{
	json_t *list = saved_list(SAVED_PAUSED, NULL), *one;
	size_t i;

	json_array_foreach(list, i, one)
	    offer_word(json_string_value(json_object_get(one, "name")));
	json_decref(list);
}

static void offer_snapshots(void)
{
	json_t *list = saved_list(SAVED_SNAPSHOT, NULL), *one;
	size_t i;

	json_array_foreach(list, i, one)
	    offer_word(json_string_value(json_object_get(one, "directory")));
	json_decref(list);
}

static void offer_images(void)
{
	char image[] = "image", ls[] = "ls", quiet[] = "-q";

	options_hook = NULL;
	cmd_image(3, (char *[]){ image, ls, quiet, NULL });
}

static void offer_disks(void)
{
	char image[] = "image", disks[] = "disks", quiet[] = "-q";

	options_hook = NULL;
	cmd_image(3, (char *[]){ image, disks, quiet, NULL });
}

static void offer_images_and_files(void)
{
	offer_images();
	offer_files();
}

static void offer_signals(void)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		if (sigabbrev_np(sig))
			offer_word(sigabbrev_np(sig));
	}
}

/* CURRENT may be a list, of which the last word is completed, and begin with "!" */
static void offer_calls(void)
{
	static const char *const groups[] = { "%file",	   "%desc",    "%process",   "%ipc",
					      "%all",	   "%file_io", "%directory", "%descriptor",
					      "%identity", "%memory",  "%signal",    "%scheduler",
					      "%network",  "%other" };
	const char *comma = strrchr(current, ',');
	size_t prefix = comma ? comma - current + 1 : current[0] == '!';

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		offer(current, prefix, groups[i], "");
	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		if (call_name(nr))
			offer(current, prefix, call_name(nr), "");
	}
}

static void offer_call(void)
{
	offer_word("any");
	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		if (call_name(nr))
			offer_word(call_name(nr));
	}
}

static void offer_name_or_call(void)
{
	offer_names();
	offer_call();
}

/* "NAME:DIRECTORY/" of CURRENT, and what is in it */
static void offer_guest_files(void)
{
	static struct client client = { .fd = -1 };
	const char *colon = strchr(current, ':'), *slash = strrchr(current, '/');
	cleanup_free char *name = NULL, *directory = NULL;
	char **names = NULL;
	struct error err;

	if (!colon || memchr(current, '/', colon - current)) {
		offer_sandboxes(":");
		offer_files();
		return;
	}
	if (!slash)
		slash = colon;
	name = strndup(current, colon - current);
	directory = slash == colon ? strdup("/") : strndup(colon + 1, slash - colon);
	if (!name || !directory || client_open(&client, name, &err) < 0)
		return;
	client_timeout(&client, PATIENCE);
	if (guestfs_list(&client, directory, &names, &err) == 0) {
		for (size_t i = 0; names[i]; i++)
			offer(current, slash - current + 1, names[i], "");
		guestfs_list_free(names);
	}
	client_close(&client);
}

static void offer_kinds(void)
{
	offer_word("mini");
	offer_word("debian");
}

static void offer_modes(void)
{
	offer_word("auto");
	offer_word("seccomp");
	offer_word("emulate");
}

static void offer_profiles(void)
{
	offer_word("full");
	offer_word("minimal");
}

static void offer_wx(void)
{
	offer_word("allow");
	offer_word("deny");
}

static void offer_on_timeout(void)
{
	offer_word("kill");
	offer_word("pause");
}

static void offer_formats(void)
{
	offer_word("text");
	offer_word("json");
	offer_word("perfetto");
}

static void offer_events(void)
{
	static const char *const groups[] = { "sched", "life", "block", "memory", "net", "all" };

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		offer_word(groups[i]);
}

static void offer_networks(void)
{
	static const char *const modes[] = { "none", "public", "rules", "any" };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		offer_word(modes[i]);
}

static void offer_traced(void)
{
	offer_names();
	offer_word("exec");
	offer_word("run");
}

static void offer_ended_and_running(void)
{
	offer_names();
	offer_ended();
}

static void offer_all(void)
{
	offer_ended_and_running();
	offer_paused();
}

static void offer_live_and_paused(void)
{
	offer_names();
	offer_paused();
}

/* ---- what is wanted ---- */

/* Values of options: by option, else by the word for the value in the help */
static const struct {
	const char *option, *value;
	void (*offer)(void);
} values[] = {
	{ "syscall-mode", NULL, offer_modes },
	{ "mount-profile", NULL, offer_profiles },
	{ "on-timeout", NULL, offer_on_timeout },
	{ "wx", NULL, offer_wx },
	{ "net", NULL, offer_networks },
	{ "trace-format", NULL, offer_formats },
	{ NULL, "SIGNAL", offer_signals },
	{ NULL, "SNAPSHOT", offer_snapshots },
	{ NULL, "CALLS", offer_calls },
	{ NULL, "KINDS", offer_events },
	{ NULL, "IMAGE", offer_images_and_files },
	{ NULL, "FILE", offer_files },
	{ NULL, "FILE[,ro|,overlay=FILE]", offer_files },
	{ NULL, "HOST:GUEST[:ro]", offer_files },
	{ NULL, "PATH", offer_files },
	{ NULL, "DIR", NULL },
};

/* Operands, by the beginning of the synopsis; the last one is for all that follow */
static const struct {
	const char *verb;
	void (*offer[2])(void);
} operands[] = {
	{ "browser ", { offer_images } },
	{ "run ", { offer_images_and_files, offer_files } },
	{ "exec ", { offer_live_and_paused, NULL } },
	{ "ps ", { offer_names, NULL } },
	{ "stop ", { offer_names, offer_names } },
	{ "kill ", { offer_names, NULL } },
	{ "pause ", { offer_names, offer_names } },
	{ "resume ", { offer_paused, offer_paused } },
	{ "attach ", { offer_live_and_paused, NULL } },
	{ "fork ", { offer_names, NULL } },
	{ "rollback ", { offer_names, offer_snapshots } },
	{ "snapshot inspect ", { offer_snapshots, offer_snapshots } },
	{ "snapshot rm ", { offer_snapshots, offer_snapshots } },
	{ "snapshot export ", { offer_snapshots, offer_files } },
	{ "snapshot import ", { offer_files, NULL } },
	{ "snapshot fsck ", { offer_snapshots, offer_snapshots } },
	{ "snapshot prune ", { NULL, NULL } },
	{ "snapshot ls ", { NULL, NULL } },
	{ "template build ", { offer_files, NULL } },
	{ "template inspect ", { offer_snapshots, offer_snapshots } },
	{ "template rm ", { offer_snapshots, offer_snapshots } },
	{ "template ls ", { NULL, NULL } },
	{ "snapshot ", { offer_names, NULL } },
	{ "rm ", { offer_all, offer_all } },
	{ "wait ", { offer_ended_and_running, offer_ended_and_running } },
	{ "logs ", { offer_ended_and_running, NULL } },
	{ "top ", { offer_names, NULL } },
	{ "net ", { offer_names, NULL } },
	{ "publish ", { offer_names, NULL } },
	{ "follow ", { offer_name_or_call, offer_call } },
	{ "trace ", { offer_traced, NULL } },
	{ "cp ", { offer_guest_files, offer_guest_files } },
	{ "observe ", { offer_names, NULL } },
	{ "commit ", { offer_disks, NULL } },
	{ "diff ", { offer_disks, NULL } },
	{ "image build ", { offer_kinds, NULL } },
	{ "image import ", { offer_files, NULL } },
	{ "image ", { offer_images_and_files, offer_images_and_files } },
};

static const struct option_spec *find_option(const struct option_set *set, const char *word)
{
	for (size_t i = 0; word[0] == '-' && i < set->count; i++) {
		const struct option_spec *spec = &set->specs[i];

		if (word[1] == '-' ? spec->name && !strcmp(word + 2, spec->name)
				   : spec->letter && word[1] == spec->letter && !word[2])
			return spec;
	}
	return NULL;
}

static bool takes_word(const struct option_spec *spec)
{
	return spec && spec->arg && spec->arg[0] != '[';
}

static void offer_value(const struct option_set *set, const struct option_spec *spec)
{
	if (!strcmp(spec->arg, "FORMAT") && !strncmp(set->synopsis, "trace", 5)) {
		offer_formats();
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i].option ? spec->name && !strcmp(values[i].option, spec->name)
				     : !strcmp(values[i].value, spec->arg)) {
			if (values[i].offer)
				values[i].offer();
			return;
		}
	}
}

static void offer_operand(const struct option_set *set, size_t before)
{
	for (size_t i = 0; i < ARRAY_SIZE(operands); i++) {
		void (*function)(void) = operands[i].offer[before ? 1 : 0];

		if (strncmp(set->synopsis, operands[i].verb, strlen(operands[i].verb)))
			continue;
		if (function)
			function();
		return;
	}
}

static void offer_options(const struct option_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->specs[i].name && set->specs[i].help)
			offer("--", 2, set->specs[i].name, "");
	}
	offer_word("--help");
}

/* The verb's table has come: what stands at the place of CURRENT, the last of argv? */
static void complete_here(const struct option_set *set, int argc, char **argv)
{
	size_t before = 0;
	bool ended = false;

	for (int i = 1; i < argc - 1; i++) {
		const struct option_spec *spec = ended ? NULL : find_option(set, argv[i]);

		/* What follows belongs to a sandbox, or a command, that is started */
		if (!before && !strncmp(set->synopsis, "trace ", 6) &&
		    (!strcmp(argv[i], "run") || !strcmp(argv[i], "exec"))) {
			cli_verb(argc - i, argv + i);
			return;
		}
		if (takes_word(spec) && i == argc - 2) {
			offer_value(set, spec);
			return;
		}
		if (takes_word(spec))
			i++;
		else if (!ended && !strcmp(argv[i], "--"))
			ended = true;
		else if (ended || argv[i][0] != '-' || !argv[i][1])
			before++;
		/* The words of a command are its own */
		if (before && !set->anywhere && strncmp(set->synopsis, "trace ", 6))
			ended = true;
	}
	if (!ended && current[0] == '-')
		offer_options(set);
	else
		offer_operand(set, before);
}

bool complete_words(int argc, const void *words, size_t count, size_t stride)
{
	if (!completing || argc != 2)
		return false;
	for (size_t i = 0; i < count; i++)
		offer_word(*(const char *const *)((const char *)words + i * stride));
	return true;
}

int cmd_complete(int argc, char **argv)
{
	if (argc < 2)
		return EXIT_USAGE;
	completing = true;
	current = argv[argc - 1];
	options_hook = complete_here;
	return cli_verb(argc - 1, argv + 1);
}
