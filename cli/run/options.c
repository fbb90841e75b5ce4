// SPDX-License-Identifier: GPL-2.0-only
/* options.c - vitrine run's options, word by word
 *
 * The first half of the way from argv to a struct sandbox_config: everything that can be judged
 * without looking at the host. resolve.c is the second half.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/image/store.h"
#include "options.h"
#include "vitrine/util.h"

static const char *const mounts_name[] = {
	[SANDBOX_MOUNTS_FULL] = "full",
	[SANDBOX_MOUNTS_MINIMAL] = "minimal",
};
static_assert(ARRAY_SIZE(mounts_name) == SANDBOX_NMOUNTS, "mounts_name[]");

static const char *const tier_name[] = {
	[SANDBOX_TIER_AUTO] = "auto",
	[SANDBOX_TIER_SECCOMP] = "seccomp",
};
static_assert(ARRAY_SIZE(tier_name) == SANDBOX_NTIERS, "tier_name[]");

static const char *const wx_name[] = {
	[SANDBOX_WX_ALLOW] = "allow",
	[SANDBOX_WX_DENY] = "deny",
};
static_assert(ARRAY_SIZE(wx_name) == SANDBOX_NWX, "wx_name[]");

static int choose(const char *const *names, size_t count, const char *value, unsigned *choice,
		  struct error *err)
{
	char list[128] = "";

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(names[i], value)) {
			*choice = i;
			return 0;
		}
		strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, names[i], sizeof(list) - strlen(list) - 1);
	}
	return error_set(err, 0, "'%s' is not one of: %s", value, list);
}

static int option_mounts(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(mounts_name, ARRAY_SIZE(mounts_name), value, &choice, err))
		return -1;
	*(enum sandbox_mounts *)field = choice;
	return 0;
}

static int option_tier(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(tier_name, ARRAY_SIZE(tier_name), value, &choice, err))
		return -1;
	*(enum sandbox_tier *)field = choice;
	return 0;
}

static int option_wx(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(wx_name, ARRAY_SIZE(wx_name), value, &choice, err))
		return -1;
	*(enum sandbox_wx *)field = choice;
	return 0;
}

static int option_name(void *field, const char *value, struct error *err)
{
	if (image_name_check(value, err))
		return -1;
	*(const char **)field = value;
	return 0;
}

static int option_hostname(void *field, const char *value, struct error *err)
{
	size_t len = strlen(value);

	if (len == 0 || len > 64)
		return error_set(err, 0, "a host name has 1 to 64 characters");
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)value[i]) && !strchr(".-_", value[i]))
			return error_set(err, 0, "'%s' is not a host name", value);
	}
	*(const char **)field = value;
	return 0;
}

static int option_fs_type(void *field, const char *value, struct error *err)
{
	for (const char *p = value; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			return error_set(err, 0, "'%s' is not a file system type", value);
	}
	return *value ? option_string(field, value, err)
		      : error_set(err, 0, "a file system type is needed");
}

static int option_directory(void *field, const char *value, struct error *err)
{
	if (value[0] != '/')
		return error_set(err, 0, "'%s' is not an absolute path in the guest", value);
	return option_string(field, value, err);
}

static int parse_id(const char *text, size_t len, uint32_t *id)
{
	uint64_t n = 0;

	if (len == 0 || len > 10)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	/* (uint32_t)-1 means "unchanged" to Linux */
	if (n >= UINT32_MAX)
		return -1;
	*id = n;
	return 0;
}

/* A number, or a name that the guest's /etc/passwd or /etc/group has to explain */
static int check_id(const char *text, size_t len, uint32_t *id, struct error *err)
{
	char name[IMAGE_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (isdigit((unsigned char)text[0]) ? parse_id(text, len, id)
					    : len > IMAGE_NAME_MAX || !image_name_valid(name))
		return error_set(err, 0, "'%.*s' is neither a name nor a number", (int)len, text);
	return 0;
}

int run_option_user(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;
	size_t user = strcspn(value, ":");
	const char *group = value[user] ? value + user + 1 : NULL;

	o->config.uid = 0;
	if (check_id(value, user, &o->config.uid, err))
		return -1;
	o->config.gid = o->config.uid; /* unless the guest knows better */
	if (group && check_id(group, strlen(group), &o->config.gid, err))
		return -1;
	o->config.user = value;
	o->user_given = true;
	return 0;
}

static int option_root_id(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->config.user = NULL;
	o->user_given = true;
	o->config.uid = o->config.gid = 0;
	return 0;
}

int run_option_disk(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;
	unsigned index = o->config.ndisks ? o->config.ndisks : 1; /* 0 is the root file system */
	struct sandbox_disk *disk = &o->config.disks[index];
	char *word, *rest;

	if (index == SANDBOX_DISKS_MAX)
		return error_set(err, 0, "at most %d disks", SANDBOX_DISKS_MAX);
	rest = o->disk_text[index] = strdup(value);
	if (!rest)
		return error_set(err, ENOMEM, "%s", value);
	o->config.ndisks = index + 1;

	disk->path = strsep(&rest, ",");
	if (!*disk->path)
		return error_set(err, 0, "'%s' has no file name", value);
	while ((word = strsep(&rest, ","))) {
		if (!strcmp(word, "ro"))
			disk->read_only = true;
		else if (!strncmp(word, "overlay=", 8) && word[8])
			disk->overlay = word + 8;
		else
			return error_set(err, 0, "'%s' is not one of: ro, overlay=FILE", word);
	}
	if (disk->read_only && disk->overlay)
		return error_set(err, 0, "'ro' and 'overlay=' exclude each other");
	return 0;
}

static int option_recommended(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->image = value;
	o->config.mounts = SANDBOX_MOUNTS_FULL;
	return 0;
}

static int option_plain(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->image = value;
	o->config.mounts = SANDBOX_MOUNTS_MINIMAL;
	return 0;
}

static int option_system(void *field, const char *value, struct error *err)
{
	return option_recommended(field, value, err) || option_root_id(field, NULL, err);
}

/* docker's -v shares a folder, most others' is verbose: whoever types it means one of the two */
static int option_volume_letter(void *field, const char *value, struct error *err)
{
	return error_set(err, 0,
			 "write --verbose for the kernel's log; a folder of the host is "
			 "copied with vitrine cp, or is on a --disk");
}

static int option_web(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->web = true;
	if (!value)
		return 0;
	if (option_unsigned(&o->config.web.port, value, err))
		return -1;
	if (o->config.web.port > UINT16_MAX)
		return error_set(err, 0, "'%s' is no port", value);
	return 0;
}

static int option_address(void *field, const char *value, struct error *err)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, value, &address) != 1 && inet_pton(AF_INET6, value, &address) != 1)
		return error_set(err, 0, "'%s' is no numeric address", value);
	return option_string(field, value, err);
}

#define FIELD(member) offsetof(struct run_options, member)

static const struct option_spec specs[] = {
	{ 'i', "interactive", NULL, option_flag, FIELD(interactive), "forward a terminal's input" },
	{ 't', "tty", NULL, option_flag, FIELD(tty), "give the command a terminal" },
	{ 'd', "detach", NULL, option_flag, FIELD(config.detached),
	  "run in the background; prints the name" },
	{ 0, "entrypoint", "PROGRAM", option_string, FIELD(entrypoint),
	  "run PROGRAM instead of the image's entry point" },
	{ 'w', "workdir", "DIR", option_directory, FIELD(config.cwd), "start in DIR" },
	{ 'e', "env", "K=V", option_variable, FIELD(env), "set a variable (K alone: the host's)" },
	{ 0, "env-file", "FILE", option_list, FIELD(env_files), "set variables from a file" },
	{ 'u', "user", "USER", run_option_user, 0, "name or number, [:GROUP] (root)" },
	{ '0', "root-id", NULL, option_root_id, 0, "run as root, the same as --user 0:0" },
	{ 'm', "memory", "SIZE", option_size, FIELD(config.memory), "guest memory, such as 2G" },
	{ 0, "disk", "FILE[,ro][,overlay=FILE]", run_option_disk, 0, "add a disk (/dev/vdb, ...)" },
	{ 0, "read-only", NULL, option_flag, FIELD(config.read_only), "do not write to the image" },
	{ 0, "ephemeral", NULL, option_flag, FIELD(ephemeral), "discard what is written" },
	{ 'p', "part", "N", option_unsigned, FIELD(partition), "use the image's partition N" },
	{ 0, "fs-type", "TYPE", option_fs_type, FIELD(config.fs_type), "file system (ext4)" },
	{ 'k', "cmdline", "STR", option_list, FIELD(cmdline), "kernel command line" },
	{ 0, "mount-profile", "P", option_mounts, FIELD(config.mounts), "full or minimal" },
	{ 0, "syscall-mode", "MODE", option_tier, FIELD(config.tier), "auto or seccomp" },
	{ 0, "wx", "P", option_wx, FIELD(config.wx),
	  "writable code: allow (a JIT needs it) or deny" },
	{ 0, "hostname", "NAME", option_hostname, FIELD(config.hostname),
	  "host name in the guest" },
	{ 0, "timeout", "TIME", option_seconds, FIELD(config.timeout),
	  "end with status 124 after TIME" },
	{ 0, "name", "NAME", option_name, FIELD(config.name), "name for ps, exec, kill, ..." },
	{ 0, "web", "[=PORT]", option_web, 0, "show it in a browser; prints the address" },
	{ 0, "web-bind", "ADDR", option_address, FIELD(config.web.address),
	  "serve --web at ADDR (127.0.0.1)" },
	{ 0, "rm", NULL, option_flag, FIELD(remove), "keep nothing when it has ended" },
	{ 0, "verbose", NULL, option_flag, FIELD(config.verbose), "kernel log on stderr" },
	{ 'v', NULL, NULL, option_volume_letter, 0, NULL },
	{ 'S', "system-root", "IMAGE", option_system, 0, "as in kbox: IMAGE, all mounts, root" },
	{ 'R', "recommended-root", "IMAGE", option_recommended, 0, "as in kbox: all mounts" },
	{ 'r', "root-dir", "IMAGE", option_plain, 0, "as in kbox: minimal mounts" },
	/* kbox's names for the same things */
	{ 0, "work-dir", "DIR", option_directory, FIELD(config.cwd), NULL },
	{ 0, "change-id", "UID:GID", run_option_user, 0, NULL },
};

static const struct option_set run_set = {
	"run [OPTION]... IMAGE|FILE [--] [COMMAND [ARGUMENT]...]",
	"Boot Linux in this process with IMAGE as its root file system and run COMMAND in it.\n"
	"The exit status is COMMAND's, 128+n when signal n ended it, 124 after --timeout, and\n"
	"125 when vitrine itself or the guest kernel failed.",
	specs,
	ARRAY_SIZE(specs),
};

static int check(const struct run_options *o, struct error *err)
{
	if (!o->image)
		return error_set(err, 0, "which image? vitrine run [OPTION]... IMAGE [COMMAND]...");
	if (o->web && !o->config.web.port && o->command[0] &&
	    !o->image[strspn(o->image, "0123456789")])
		return error_set(err, 0, "'%s' stands where the image does; write --web=%s",
				 o->image, o->image);
	if (o->ephemeral && o->config.read_only)
		return error_set(err, 0, "--ephemeral and --read-only exclude each other");
	if (o->config.web.address && !o->web)
		return error_set(err, 0, "--web-bind says where --web serves; there is no --web");
	if (o->config.memory && o->config.memory < (64ULL << 20))
		return error_set(err, 0, "--memory: the guest needs at least 64M");
	if (o->config.memory > (1ULL << 40))
		return error_set(err, 0, "--memory: at most 1T");
	return 0;
}

int run_options_parse(struct run_options *options, int argc, char **argv, struct error *err)
{
	int first;

	memset(options, 0, sizeof(*options));
	options->config.fs_type = "ext4";
	first = options_parse(&run_set, options, argc, argv, err);
	if (first <= 0)
		return first;

	if (!options->image && first < argc)
		options->image = argv[first++];
	if (first < argc && !strcmp(argv[first], "--") && strcmp(argv[first - 1], "--"))
		first++;
	options->command = argv + first;
	return check(options, err) ? -1 : 1;
}

void run_options_free(struct run_options *options)
{
	environment_free(&options->environment);
	free(options->env.items);
	free(options->env_files.items);
	free(options->cmdline.items);
	free(options->cmdline_text);
	free(options->image_path);
	free(options->kernel_path);
	free(options->name);
	free(options->default_command);
	free(options->overlay_path);
	store_disk_free(&options->stored);
	json_decref(options->record);
	for (unsigned i = 0; i < SANDBOX_DISKS_MAX; i++)
		free(options->disk_text[i]);
}
