// SPDX-License-Identifier: GPL-2.0-only
/* import.c - vitrine snapshot import: a snapshot from elsewhere
 *
 * Theory of operation
 * The stream may be anything (stream.c checks its form). Nothing is there before all of it was:
 * files come into a directory that has no state, which is written last; bases get their names after
 * that was decided. How it is to be started is read from the stream's config field by field, and
 * files of this host that it names are replaced by those that came. What a hostile stream gets is
 * a sandbox of a hostile guest, which is confined as any other.
 *
 * Whether it can go on here is looked at as soon as the state is there, which comes before
 * gigabytes of memory.
 *
 * Host system calls: those of files.
 */
#include "move.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/snapshot/live.h"
#include "engine/control/rundir.h"
#include "engine/snapshot/snapshot.h"
#include "images/digest.h"
#include "images/progress.h"
#include "lib/json_fd.h"
#include "lib/policy.h"
#include "stream.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#define LAYERS_MAX 256 /* of an image */
#define CONFIG_MAX (1U << 20)
#define TEMPLATE_MAX (1U << 16)

/* What of the network that it had a snapshot has here */
enum network { NET_PUBLIC_ONLY, NET_AS_WAS, NET_PUBLIC, NET_NONE };

struct import_options {
	const char *name;
	enum network network;
};

static int take_network(void *field, const char *value, struct error *err)
{
	static const char *const names[] = {
		[NET_AS_WAS] = "as-was", [NET_PUBLIC] = "public", [NET_NONE] = "none"
	};

	for (size_t i = NET_AS_WAS; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			*(enum network *)field = (enum network)i;
			return 0;
		}
	}
	return error_set(err, 0, "--net %s: there are as-was, public and none", value);
}

static const struct option_spec specs[] = {
	{ 0, "name", "NAME", option_string, offsetof(struct import_options, name),
	  "call it so, not as it was called" },
	{ 0, "net", "WHAT", take_network, offsetof(struct import_options, network),
	  "the network that it has here: as-was, public or none" },
};

static const struct option_set options = {
	"snapshot import [OPTION]... FILE|-",
	"Read what `vitrine snapshot export` has written. - is standard input. A snapshot that "
	"cannot go on here is refused in one line, and leaves nothing.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

/**
 * struct import - one that is under way
 * @network: as the caller wants it
 * @dir:     of the snapshot; -1 before its name came
 * @bases:   of what its disks lie on: path under a temporary name, then for good; @nbases of disk N
 * @text:    of what is not written as it comes, @size bytes of it
 * @template: what it was built from, or NULL
 * @fd:      of the file that is being written, or -1
 * @kind:    of that file
 */
struct import {
	const char *name;
	enum network network;
	char own_name[RUNDIR_NAME_MAX + 1];
	char *path;
	int dir, fd;
	enum { CONFIG, STATE, TEMPLATE, LAYER, BASE } kind;
	char *bases[SANDBOX_DISKS_MAX][LAYERS_MAX + 1], *temporary;
	unsigned nbases[SANDBOX_DISKS_MAX], disk;
	uint8_t *text;
	size_t size;
	json_t *config, *template;
	struct saved_state state;
	uint64_t done;
};

/* ---- what comes ---- */

static int take_name(void *ctx, const char *name, struct error *err)
{
	struct import *in = ctx;

	if (!in->name) {
		if (!rundir_name_valid(name))
			return error_set(err, 0, "the snapshot's name is none: --name NAME");
		snprintf(in->own_name, sizeof(in->own_name), "%.*s", RUNDIR_NAME_MAX, name);
		in->name = in->own_name;
	}
	in->dir = saved_make(SAVED_SNAPSHOT, in->name, &in->path, err);
	return in->dir < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	uint64_t max;
} texts[] = {
	[CONFIG] = { SNAPSHOT_CONFIG, CONFIG_MAX },
	[STATE] = { SNAPSHOT_STATE, SNAPSHOT_STATE_MAX },
	[TEMPLATE] = { SAVED_TEMPLATE, TEMPLATE_MAX },
};

static int begin_text(struct import *in, uint64_t size, struct error *err)
{
	if (size > texts[in->kind].max)
		return error_set(err, 0, "the snapshot's %s is too long", texts[in->kind].name);
	free(in->text);
	in->size = (size_t)size;
	in->text = calloc(1, in->size + 1);
	return in->text ? 0 : error_set(err, ENOMEM, "cannot read the snapshot");
}

static int begin_base(struct import *in, const char *name, struct error *err)
{
	unsigned disk, number;
	int end = 0;
	char mark[32];

	if (sscanf(name, MOVE_BASE "%n", &disk, &number, &end) != 2 || !end || name[end] ||
	    disk >= SANDBOX_DISKS_MAX || number != in->nbases[disk] || number > LAYERS_MAX)
		return error_set(err, 0, "the stream has a file '%.20s', which no snapshot has",
				 rundir_name_valid(name) ? name : "?");
	in->kind = BASE;
	in->disk = disk;
	free(in->temporary);
	/* A name that no digest is */
	snprintf(mark, sizeof(mark), DIGEST_PREFIX ".%d", getpid());
	in->temporary = bases_path(mark, err);
	if (!in->temporary)
		return -1;
	in->fd = open(in->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0400);
	return in->fd < 0 ? error_set(err, errno, "%s", in->temporary) : 0;
}

static int begin_layer(struct import *in, const char *name, struct error *err)
{
	in->kind = LAYER;
	in->fd = openat(in->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return in->fd < 0 ? error_set(err, errno, "cannot make %s", name) : 0;
}

/* Each once, the config first, then the state */
static bool is_next(const struct import *in)
{
	if (in->kind == CONFIG)
		return !in->config;
	if (in->kind == STATE)
		return in->config && !in->state.data;
	return in->state.data && !in->template;
}

static int take_file(void *ctx, const char *name, uint64_t size, struct error *err)
{
	struct import *in = ctx;
	int ret;

	progress_note(name);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(name, texts[i].name) != 0)
			continue;
		in->kind = i;
		return is_next(in) ? begin_text(in, size, err)
				   : error_set(err, 0, "the stream is damaged");
	}
	if (!in->state.data)
		return error_set(err, 0, "the stream is damaged");
	ret = live_layer(name) ? begin_layer(in, name, err) : begin_base(in, name, err);
	if (!ret && ftruncate(in->fd, (off_t)size))
		ret = error_set(err, errno, "cannot write the snapshot");
	return ret;
}

static int take_data(void *ctx, uint64_t offset, const void *data, size_t len, struct error *err)
{
	struct import *in = ctx;

	progress_bytes(in->done += len);
	if (in->kind <= TEMPLATE) {
		memcpy(in->text + offset, data, len);
		return 0;
	}
	for (size_t at = 0; at < len;) {
		ssize_t n = pwrite(in->fd, (const char *)data + at, len - at, (off_t)(offset + at));

		if (n <= 0)
			return error_set(err, n ? errno : EIO, "cannot write the snapshot");
		at += (size_t)n;
	}
	return 0;
}

static int end_config(struct import *in, struct error *err)
{
	in->config = json_loadb((char *)in->text, in->size, JSON_REJECT_DUPLICATES, NULL);
	return in->config ? 0 : error_set(err, 0, "the snapshot's config is damaged");
}

static int end_state(struct import *in, struct error *err)
{
	struct stored_config stored;
	int ret;

	in->state.data = steal_ptr(in->text);
	ret = snapshot_parse(in->state.data, in->size, &in->state.file, err);
	if (ret)
		return -1;
	ret = config_parse(json_incref(in->config), &stored, err)
		  ?: state_fits(&in->state, &stored.config, err);
	config_release(&stored);
	return ret;
}

/* A line that a terminal shows as what it is */
static bool is_line(const json_t *json)
{
	const unsigned char *at = (const unsigned char *)json_string_value(json);

	for (; at && *at; at++) {
		if ((*at < ' ' && *at != '\t') || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return false;
	}
	return at || !json;
}

/* Nothing but what a template has */
static int end_template(struct import *in, struct error *err)
{
	json_t *json = json_loadb((char *)in->text, in->size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *from = json_object_get(json, "from"), *start = json_object_get(json, "start");
	const json_t *ready = json_object_get(json, "ready");

	if (from && is_line(from) && is_line(start) && is_line(ready))
		in->template =
		    json_pack("{s:s, s:s*, s:s*, s:b}", "from", json_string_value(from), "start",
			      json_string_value(start), "ready", json_string_value(ready),
			      "machine_id", (int)json_is_true(json_object_get(json, "machine_id")));
	json_decref(json);
	return in->template ? 0 : error_set(err, 0, "the snapshot's template is damaged");
}

static int end_base(struct import *in, const char *digest, struct error *err)
{
	char *path = bases_path(digest, err);

	if (!path)
		return -1;
	in->bases[in->disk][in->nbases[in->disk]++] = path;
	/* Another snapshot may have it already; the same bytes, or the digest would be another */
	if (!access(path, F_OK))
		return unlink(in->temporary) ? error_set(err, errno, "%s", in->temporary) : 0;
	return rename(in->temporary, path) ? error_set(err, errno, "%s", path) : 0;
}

static int take_file_end(void *ctx, const char *digest, struct error *err)
{
	struct import *in = ctx;

	if (in->kind == CONFIG)
		return end_config(in, err);
	if (in->kind == STATE)
		return end_state(in, err);
	if (in->kind == TEMPLATE)
		return end_template(in, err);
	if (fsync(in->fd) || close(steal_fd(in->fd)))
		return error_set(err, errno, "cannot write the snapshot");
	return in->kind == BASE ? end_base(in, digest, err) : 0;
}

/* ---- all of it was there ---- */

/* Does it stay among public addresses? Names do, unless a rule says something else of theirs */
static bool stays_public(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->allow && rule->target != POLICY_NAME &&
		    (rule->target != POLICY_KIND || rule->kind != ADDRESS_PUBLIC))
			return false;
	}
	return policy->otherwise != POLICY_ALL;
}

static int check_network(const struct sandbox_net *net, struct error *err)
{
	struct policy policy = { .otherwise = POLICY_PUBLIC };
	int ret = 0;

	for (const char *const *line = net->policy; line && *line && !ret; line++)
		ret = policy_line(&policy, *line, err);
	if (!ret && (!stays_public(&policy) || (net->secrets && *net->secrets)))
		ret = error_set(err, 0,
				"the snapshot's network reaches more than public addresses, or has "
				"secrets of this host: --net as-was, --net public or --net none");
	policy_free(&policy);
	return ret;
}

/* Another host's words decide neither whom of this one's network nor which of its files it has */
static int import_network(struct sandbox_net *net, enum network wanted, struct error *err)
{
	static const char *const lines[][2] = {
		[NET_PUBLIC] = { "default public", NULL }, [NET_NONE] = { "default none", NULL }
	};

	net->log = NULL;
	net->publish = NULL;
	if (!net->enabled || wanted == NET_AS_WAS)
		return 0;
	net->resolvers = NULL;
	if (wanted == NET_PUBLIC_ONLY)
		return check_network(net, err);
	*net = (struct sandbox_net){ .enabled = true, .policy = lines[wanted] };
	return 0;
}

/* Files of this host, in place of those of the other one */
static int rebase(struct import *in, struct sandbox_config *config, struct error *err)
{
	for (unsigned i = 0; i < config->ndisks; i++) {
		struct sandbox_disk *disk = &config->disks[i];

		if (!in->nbases[i])
			return error_set(err, 0, "the stream lacks the image of disk %u", i);
		disk->path = in->bases[i][0];
		disk->layers = in->nbases[i] > 1 ? (const char *const *)&in->bases[i][1] : NULL;
		disk->overlay = NULL;
		disk->ephemeral = !disk->read_only;
		if (!disk->label)
			disk->label = "imported";
	}
	if (config->nshares)
		return error_set(err, 0, "a snapshot with shared folders cannot be imported");
	config->name = in->name;
	return import_network(&config->net, in->network, err);
}

static int write_json(int dir, const char *name, const json_t *json, struct error *err)
{
	cleanup_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || !json || json_to_fd(json, fd, JSON_INDENT(1)) || fsync(fd))
		return error_set(err, errno, "cannot write the snapshot's %s", name);
	return 0;
}

static int write_config(struct import *in, const struct sandbox_config *config, struct error *err)
{
	json_t *json = config_pack(config);
	int ret = write_json(in->dir, SNAPSHOT_CONFIG, json, err);

	json_decref(json);
	if (!ret && in->template)
		ret = write_json(in->dir, SAVED_TEMPLATE, in->template, err);
	return ret;
}

/* The other host's state, but for what its disks lie on */
static int write_state(struct import *in, const uint64_t *stamps, struct error *err)
{
	cleanup_close int fd =
	    openat(in->dir, SNAPSHOT_STATE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct snapshot_writer writer;
	int ret;

	if (fd < 0)
		return error_set(err, errno, "cannot write the snapshot's state");
	snapshot_begin(&writer);
	for (int kind = 1; kind < SNAPSHOT_NKINDS; kind++) {
		size_t len;
		const void *data = snapshot_section(&in->state.file, kind, &len);

		if (data && kind != SNAPSHOT_DISKS)
			snapshot_add(&writer, kind, data, len);
		else if (data) {
			struct snapshot_disk disk;

			snapshot_add(&writer, kind, NULL, 0);
			for (size_t i = 0; i < len / sizeof(disk); i++) {
				memcpy(&disk, (const char *)data + i * sizeof(disk), sizeof(disk));
				disk.stamp = stamps[i];
				snapshot_append(&writer, &disk, sizeof(disk));
			}
		}
	}
	ret = snapshot_write(&writer, fd, err);
	snapshot_end(&writer);
	if (!ret && fsync(fd))
		ret = error_set(err, errno, "cannot write the snapshot's state");
	return ret;
}

static int finish(struct import *in, struct error *err)
{
	cleanup_close int lock = saved_lock(SAVED_SNAPSHOT, err);
	uint64_t stamps[SANDBOX_DISKS_MAX];
	struct stored_config stored;
	int ret;

	if (lock < 0)
		return -1;
	if (!in->state.data)
		return error_set(err, 0, "the stream is damaged");
	ret = config_parse(json_incref(in->config), &stored, err) ?:
	      rebase(in, &stored.config, err) ?:
	      write_config(in, &stored.config, err) ?:
	      saved_sync(SAVED_SNAPSHOT, in->dir, err) ?:
	      move_stamps(&in->state, in->dir, in->path, &stored.config, stamps, err) ?:
	      write_state(in, stamps, err);
	config_release(&stored);
	return ret;
}

/* ---- the command ---- */

static long read_some(void *source, void *buf, size_t len, struct error *err)
{
	struct archive *archive = source;
	la_ssize_t n = archive_read_data(archive, buf, len);

	return n < 0 ? error_set(err, 0, "the stream is damaged: %s",
				 archive_error_string(archive) ?: "it cannot be read")
		     : (long)n;
}

static int take_stream(struct import *in, int fd, struct error *err)
{
	const struct stream_taker taker = { take_name, take_file, take_data, take_file_end, in };
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	int ret = -1;

	if (!archive)
		return error_set(err, ENOMEM, "cannot read the snapshot");
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_raw(archive);
	if (archive_read_open_fd(archive, fd, STREAM_BLOCK) ||
	    archive_read_next_header(archive, &entry))
		error_set(err, 0, "this is no snapshot that vitrine has exported");
	else
		ret = stream_read(read_some, archive, &taker, err);
	archive_read_free(archive);
	return ret;
}

static void clean_up(struct import *in, bool good)
{
	if (in->fd >= 0)
		close(in->fd);
	if (in->temporary)
		unlink(in->temporary);
	if (in->dir >= 0)
		close(in->dir);
	if (!good && in->path && in->dir >= 0)
		saved_remove(in->path);
	for (unsigned i = 0; i < SANDBOX_DISKS_MAX; i++) {
		for (unsigned k = 0; k < in->nbases[i]; k++)
			free(in->bases[i][k]);
	}
	if (!good && in->dir >= 0)
		bases_sweep(NULL);
	free(in->path);
	free(in->temporary);
	free(in->text);
	state_free(&in->state);
	json_decref(in->config);
	json_decref(in->template);
}

static int import(const struct import_options *opt, const char *file, struct error *err)
{
	cleanup_free struct import *in = calloc(1, sizeof(*in));
	cleanup_close int fd =
	    strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	int ret;

	if (fd < 0 || !in)
		return error_set(err, errno, "%s", file);
	in->name = opt->name;
	in->network = opt->network;
	in->dir = in->fd = -1;
	signal(SIGXFSZ, SIG_IGN); /* an error of write(), as a full disk is */
	progress_subject("snapshot");
	progress_phase("reading");
	ret = take_stream(in, fd, err) ?: finish(in, err);
	progress_end();
	if (!ret)
		puts(in->name);
	clean_up(in, !ret);
	return ret;
}

int snapshot_import_command(int argc, char **argv)
{
	struct import_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 1 != argc)
		at = error_set(&err, 0, "snapshot import needs a FILE, or -");
	if (at > 0 && opt.name && !rundir_name_valid(opt.name))
		at = error_set(&err, 0, "'%s' is not a name for a snapshot", opt.name);
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	return import(&opt, argv[at], &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
