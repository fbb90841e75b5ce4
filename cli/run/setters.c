// SPDX-License-Identifier: GPL-2.0-only
/* setters.c - from the text of vitrine run's options to fields of struct run_options
 *
 * What can be judged without looking at the host. The tables that name these functions are in
 * options.c and kbox.c.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/image/store.h"
#include "options.h"
#include "setters.h"
#include "vitrine/util.h"

static const char *const mounts_name[] = {
	[SANDBOX_MOUNTS_FULL] = "full",
	[SANDBOX_MOUNTS_MINIMAL] = "minimal",
};
static_assert(ARRAY_SIZE(mounts_name) == SANDBOX_NMOUNTS, "mounts_name[]");

static const char *const tier_name[] = {
	[SANDBOX_TIER_AUTO] = "auto",
	[SANDBOX_TIER_SECCOMP] = "seccomp",
	[SANDBOX_TIER_EMULATE] = "emulate",
};
static_assert(ARRAY_SIZE(tier_name) == SANDBOX_NTIERS, "tier_name[]");

static const char *const wx_name[] = {
	[SANDBOX_WX_ALLOW] = "allow",
	[SANDBOX_WX_DENY] = "deny",
};
static_assert(ARRAY_SIZE(wx_name) == SANDBOX_NWX, "wx_name[]");

static const char *const on_timeout_name[] = { "kill", "pause" };

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

int run_option_mounts(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(mounts_name, ARRAY_SIZE(mounts_name), value, &choice, err))
		return -1;
	*(enum sandbox_mounts *)field = choice;
	return 0;
}

int run_option_tier(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(tier_name, ARRAY_SIZE(tier_name), value, &choice, err))
		return -1;
	*(enum sandbox_tier *)field = choice;
	return 0;
}

int run_option_wx(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(wx_name, ARRAY_SIZE(wx_name), value, &choice, err))
		return -1;
	*(enum sandbox_wx *)field = choice;
	return 0;
}

int run_option_on_timeout(void *field, const char *value, struct error *err)
{
	unsigned choice;

	if (choose(on_timeout_name, ARRAY_SIZE(on_timeout_name), value, &choice, err))
		return -1;
	*(bool *)field = choice;
	return 0;
}

int run_option_name(void *field, const char *value, struct error *err)
{
	/* with --from, a % is the number of one of several */
	if (!strchr(value, '%') && image_name_check(value, err))
		return -1;
	*(const char **)field = value;
	return 0;
}

int run_option_hostname(void *field, const char *value, struct error *err)
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

int run_option_fs_type(void *field, const char *value, struct error *err)
{
	for (const char *p = value; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			return error_set(err, 0, "'%s' is not a file system type", value);
	}
	return *value ? option_string(field, value, err)
		      : error_set(err, 0, "a file system type is needed");
}

int run_option_directory(void *field, const char *value, struct error *err)
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

int run_option_root_id(void *field, const char *value, struct error *err)
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

int run_option_recommended(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->image = value;
	o->config.mounts = SANDBOX_MOUNTS_FULL;
	return 0;
}

int run_option_plain(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	o->image = value;
	o->config.mounts = SANDBOX_MOUNTS_MINIMAL;
	return 0;
}

int run_option_system(void *field, const char *value, struct error *err)
{
	return run_option_recommended(field, value, err) || run_option_root_id(field, NULL, err);
}

/* HOST:GUEST[:ro]. A colon in a name of the host's can be there: the guest's begins with a slash */
int run_option_volume(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;
	struct sandbox_share *share = &o->config.shares[o->config.nshares];
	char *text, *target;
	size_t len;

	if (o->config.nshares == SANDBOX_SHARES_MAX)
		return error_set(err, 0, "at most %d shared folders", SANDBOX_SHARES_MAX);
	if (!strchr(value, ':'))
		return error_set(
		    err, 0,
		    "'%s' is not HOST:GUEST[:ro], a folder of the host and where it is "
		    "in the guest (the kernel's log is --verbose)",
		    value);
	text = o->share_text[o->config.nshares] = strdup(value);
	if (!text)
		return error_set(err, ENOMEM, "%s", value);
	o->config.nshares++;
	len = strlen(text);
	if (len > 3 && (!strcmp(text + len - 3, ":ro") || !strcmp(text + len - 3, ":rw"))) {
		share->read_only = text[len - 1] == 'o';
		text[len - 3] = '\0';
	}
	target = strrchr(text, ':');
	if (!target || target == text || !target[1])
		return error_set(err, 0, "'%s' is not HOST:GUEST[:ro]", value);
	*target++ = '\0';
	if (*target != '/')
		return error_set(err, 0, "'%s' is not an absolute path in the guest", target);
	if (!target[strspn(target, "/")])
		return error_set(err, 0, "a folder cannot be the guest's whole file system");
	share->path = text;
	share->target = target;
	return 0;
}

int run_option_web(void *field, const char *value, struct error *err)
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

/* A time, or "forever": the observer reads it again */
int run_option_cpus(void *field, const char *value, struct error *err)
{
	unsigned cpus = 0;

	if (option_unsigned(&cpus, value, err))
		return -1;
	if (!cpus || cpus > SANDBOX_CPUS_MAX)
		return error_set(err, 0, "from 1 to %d", SANDBOX_CPUS_MAX);
	*(unsigned *)field = cpus;
	return 0;
}

int run_option_linger(void *field, const char *value, struct error *err)
{
	unsigned seconds;

	if (strcmp(value, "forever") && option_seconds(&seconds, value, err))
		return -1;
	return option_string(field, value, err);
}

int run_option_address(void *field, const char *value, struct error *err)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, value, &address) != 1 && inet_pton(AF_INET6, value, &address) != 1)
		return error_set(err, 0, "'%s' is no numeric address", value);
	return option_string(field, value, err);
}

int run_option_command(void *field, const char *value, struct error *err)
{
	struct run_options *o = field;

	if (!*value)
		return error_set(err, 0, "which command?");
	o->command_name = (char *)value;
	return 0;
}

int run_option_mount_opts(void *field, const char *value, struct error *err)
{
	/* The kernel gives them to the file system, which does not know those of mount(2) */
	static const char *const generic[] = { "async",	 "atime",      "auto",	 "defaults",
					       "dev",	 "diratime",   "exec",	 "noatime",
					       "nodev",	 "nodiratime", "noexec", "norelatime",
					       "nosuid", "relatime",   "suid",	 "sync" };
	struct run_options *o = field;
	size_t len;

	for (const char *word = value; *word; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (len == 2 && !strncmp(word, "ro", 2)) {
			o->config.read_only = true;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(generic); i++) {
			if (strlen(generic[i]) == len && !strncmp(word, generic[i], len))
				return error_set(err, 0,
						 "'%.*s' is no option of a file system; "
						 "mount -o remount,%.*s / in the guest",
						 (int)len, word, (int)len, word);
		}
		if (!len || strcspn(word, " \t\n\"'") < len)
			return error_set(err, 0, "'%s' is no list of mount options", value);
	}
	return option_list(&o->mount_opts, value, err);
}

int run_option_trace_format(void *field, const char *value, struct error *err)
{
	static const char *const formats[] = { "text", "json", "perfetto" };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(formats[i], value))
			return option_string(field, value, err);
	}
	return error_set(err, 0, "'%s' is not one of: text, json, perfetto", value);
}
