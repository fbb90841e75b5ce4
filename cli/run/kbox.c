// SPDX-License-Identifier: GPL-2.0-only
/* kbox.c - the command line of kbox, for who calls this program by that name
 *
 *	ln -s vitrine kbox; kbox image -S IMAGE -- COMMAND
 *
 * Letters that mean something else in vitrine run (-m, -t, -w with a relative path) mean what they
 * do there, and defaults are kbox's: the command is /bin/sh, the web server's port 8080, and "mem="
 * in -k is the size of memory.
 */

#include <string.h>
#include "cli/common/options.h"
#include "options.h"
#include "setters.h"
#include "vitrine/util.h"

#define WEB_PORT 8080

/* How kbox intercepts calls is its own business; ours chooses */
static int option_mode(void *field, const char *value, struct error *err)
{
	if (!strcmp(value, "trap") || !strcmp(value, "rewrite"))
		value = "auto";
	return run_option_tier(field, value, err);
}

static int option_cmdline(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;
	char size[32];

	for (const char *word = value; *word; word += strspn(word, " ")) {
		size_t len = strcspn(word, " ");

		if (!strncmp(word, "mem=", 4) && len < sizeof(size) + 4) {
			snprintf(size, sizeof(size), "%.*s", (int)len - 4, word + 4);
			if (option_size(&o->config.memory, size, err))
				return -1;
		}
		word += len;
	}
	return option_list(&o->cmdline, value, err);
}

static int option_web(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->config.web.port = WEB_PORT;
	return run_option_web(field, value, err);
}

static int option_nothing(void *field, const char *value, struct error *err)
{
	return 0;
}

#define FIELD(member) offsetof(struct run_options, member)

static const struct option_spec specs[] = {
	{ 'r', "root-dir", "IMAGE", run_option_plain, 0, "image, minimal mounts" },
	{ 'R', "recommended-root", "IMAGE", run_option_recommended, 0, "image, all mounts" },
	{ 'S', "system-root", "IMAGE", run_option_system, 0, "image, all mounts, root" },
	{ 't', "fs-type", "TYPE", run_option_fs_type, FIELD(config.fs_type), "file system (ext4)" },
	{ 'p', "part", "N", option_unsigned, FIELD(partition), "partition N; 0: the whole disk" },
	{ 'w', "work-dir", "DIR", run_option_directory, FIELD(config.cwd), "start in DIR" },
	{ 'c', "command", "CMD", run_option_command, 0, "run CMD (/bin/sh)" },
	{ 'k', "cmdline", "STR", option_cmdline, 0, "kernel command line; mem=SIZE is memory" },
	{ 'm', "mount-opts", "OPT", run_option_mount_opts, 0, "option of the root file system" },
	{ 'b', "bind-mount", "SRC:DST", run_option_volume, 0, "share a folder or a file" },
	{ '0', "root-id", NULL, run_option_root_id, 0, "be root" },
	{ 0, "change-id", "UID:GID", run_option_user, 0, "be that user" },
	{ 'n', "normalize", NULL, option_nothing, 0, "accepted" },
	{ 0, "forward-verbose", NULL, option_flag, FIELD(config.verbose), "kernel log on stderr" },
	{ 0, "net", NULL, run_option_net, 0, "a network" },
	{ 0, "mount-profile", "P", run_option_mounts, FIELD(config.mounts), "full or minimal" },
	{ 0, "syscall-mode", "MODE", option_mode, FIELD(config.tier),
	  "auto or seccomp; trap and rewrite mean auto" },
	{ 0, "sqpoll", NULL, option_nothing, 0, "accepted" },
	{ 0, "web", "[=PORT]", option_web, 0, "show it in a browser (8080)" },
	{ 0, "web-bind", "ADDR", run_option_address, FIELD(config.web.address),
	  "serve it at ADDR" },
	{ 0, "trace-format", "F", run_option_trace_format, FIELD(trace_format),
	  "trace it on stderr: json, text or perfetto" },
};

static const struct option_set set = {
	"[image] -S|-R|-r IMAGE [OPTION]... [--] [COMMAND [ARGUMENT]...]",
	"kbox's own words, for those who have them in scripts; `vitrine run` can do more.",
	specs,
	ARRAY_SIZE(specs),
	.program = "kbox",
};

int run_options_parse_kbox(struct run_options *options, int argc, char **argv, struct error *err)
{
	static char shell[] = "/bin/sh";
	int first;

	memset(options, 0, sizeof(*options));
	options->config.fs_type = "ext4";
	if (argc > 1 && !strcmp(argv[1], "image")) {
		argv++;
		argc--;
	}
	first = options_parse(&set, options, argc, argv, err);
	if (first <= 0)
		return first;
	if (!options->image)
		return error_set(err, 0, "one of -r, -R and -S is needed; see kbox --help");
	if (!options->command_name && !argv[first])
		options->command_name = shell;
	return run_options_operands(options, argc, argv, first, err) ? -1 : 1;
}
