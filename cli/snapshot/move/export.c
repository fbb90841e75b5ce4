// SPDX-License-Identifier: GPL-2.0-only
/* export.c - vitrine snapshot export: all that a snapshot is, in one compressed stream
 *
 * The files of its directory, and the images that its disks lie on, so that whoever gets the stream
 * needs nothing else. Holes and blocks of zeros are left out.
 *
 * Host system calls: those of files; lseek for holes. libarchive compresses.
 */
#include "move.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "engine/disk/disk.h"
#include "engine/snapshot/disks.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/snapshot.h"
#include "images/progress.h"
#include "stream.h"
#include "vitrine/util.h"

static const struct option_set options = {
	"snapshot export SNAPSHOT FILE|-",
	"Write a snapshot as one stream that has everything it needs, for `vitrine snapshot "
	"import` on another machine. FILE must not exist; - is standard output.",
	NULL,
	0,
	.anywhere = true,
};

/* @done: bytes of data so far, for who looks */
struct output {
	struct archive *archive;
	uint64_t done;
	uint8_t buf[STREAM_BLOCK];
};

static int put(struct output *out, const void *data, size_t len, struct error *err)
{
	if (len && archive_write_data(out->archive, data, len) != (la_ssize_t)len)
		return error_set(err, archive_errno(out->archive), "cannot write the snapshot");
	return 0;
}

static int put_record(struct output *out, enum stream_kind kind, uint64_t offset, const void *data,
		      size_t len, struct error *err)
{
	const struct stream_record record = { .kind = kind,
					      .length = (uint32_t)len,
					      .offset = offset };

	return put(out, &record, sizeof(record), err) ?: put(out, data, len, err);
}

static bool is_zero(const uint8_t *data, size_t len)
{
	return !data[0] && !memcmp(data, data + 1, len - 1);
}

/* Whole blocks that have data, from @at to @end */
static int put_range(struct output *out, int fd, struct hasher *hasher, off_t at, off_t end,
		     struct error *err)
{
	while (at < end) {
		const size_t want = (size_t)(end - at < STREAM_BLOCK ? end - at : STREAM_BLOCK);
		const ssize_t n = pread(fd, out->buf, want, at);

		if (n <= 0)
			return error_set(err, n ? errno : EIO, "cannot read the snapshot");
		if (!is_zero(out->buf, (size_t)n)) {
			stream_hash(hasher, (uint64_t)at, out->buf, (size_t)n);
			if (put_record(out, STREAM_DATA, (uint64_t)at, out->buf, (size_t)n, err))
				return -1;
		}
		at += n;
		progress_bytes(out->done += (uint64_t)n);
	}
	return 0;
}

static int put_data(struct output *out, int fd, struct hasher *hasher, off_t size,
		    struct error *err)
{
	off_t at = 0, end = 0, before;

	while ((at = lseek(fd, end, SEEK_DATA)) >= 0 && at < size) {
		before = end;
		end = lseek(fd, at, SEEK_HOLE);
		if (end < 0)
			return error_set(err, errno, "cannot read the snapshot");
		at -= at % STREAM_BLOCK; /* blocks are where they are in every copy */
		at = at < before ? before : at;
		if (put_range(out, fd, hasher, at, end < size ? end : size, err))
			return -1;
	}
	return 0;
}

static int put_file(struct output *out, int dir, const char *path, const char *name,
		    struct error *err)
{
	cleanup_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char digest[DIGEST_SIZE];
	struct hasher *hasher;
	struct stat st;
	uint64_t size;
	int ret;

	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "cannot open %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0, "%s is no file, which can be exported", path);
	hasher = hasher_new();
	if (!hasher)
		return error_set(err, ENOMEM, "cannot write the snapshot");
	progress_note(name);
	size = (uint64_t)st.st_size;
	hasher_add(hasher, &size, sizeof(size));
	ret = put_record(out, STREAM_FILE, size, name, strlen(name), err)
		  ?: put_data(out, fd, hasher, st.st_size, err);
	hasher_end(hasher, digest);
	return ret ?: put_record(out, STREAM_FILE_END, 0, digest, DIGEST_LENGTH, err);
}

static int put_bases(struct output *out, const struct sandbox_config *config, struct error *err)
{
	for (unsigned i = 0; i < config->ndisks; i++) {
		const struct sandbox_disk *disk = &config->disks[i];
		char name[32];

		snprintf(name, sizeof(name), MOVE_BASE, i, 0U);
		if (put_file(out, AT_FDCWD, disk->path, name, err))
			return -1;
		for (unsigned k = 0; disk->layers && disk->layers[k]; k++) {
			snprintf(name, sizeof(name), MOVE_BASE, i, k + 1);
			if (put_file(out, AT_FDCWD, disk->layers[k], name, err))
				return -1;
		}
	}
	return 0;
}

static int put_layers(struct output *out, const struct saved_state *state, int dir,
		      struct error *err)
{
	size_t nmemory, ndisks;
	const struct snapshot_layer *memory = snapshot_layers(&state->file, &nmemory, err);
	const struct snapshot_disk_layer *disks = snapshot_disk_layers(&state->file, &ndisks, err);
	char name[48];

	if (!memory || !disks)
		return -1;
	for (size_t i = 0; i < nmemory; i++) {
		snprintf(name, sizeof(name), LAYERS_FILE, memory[i].first, memory[i].last);
		if (put_file(out, dir, name, name, err))
			return -1;
	}
	for (size_t i = 0; i < ndisks; i++) {
		snprintf(name, sizeof(name), DISKS_FILE, disks[i].disk, disks[i].generation);
		if (put_file(out, dir, name, name, err))
			return -1;
	}
	return 0;
}

/* What it was built from, when it is a template */
static int put_template(struct output *out, int dir, struct error *err)
{
	if (faccessat(dir, SAVED_TEMPLATE, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0;
	return put_file(out, dir, SAVED_TEMPLATE, SAVED_TEMPLATE, err);
}

/* What has changed below it is not what it was made over */
static int check_bases(const struct saved_state *state, int dir, const char *path,
		       struct sandbox_config *config, struct error *err)
{
	uint64_t stamps[SANDBOX_DISKS_MAX];
	size_t len;
	const struct snapshot_disk *disks = snapshot_section(&state->file, SNAPSHOT_DISKS, &len);

	if (!disks || len != config->ndisks * sizeof(*disks))
		return error_set(err, 0, "the state is damaged");
	if (move_stamps(state, dir, path, config, stamps, err))
		return -1;
	for (unsigned i = 0; i < config->ndisks; i++) {
		if (stamps[i] != disks[i].stamp)
			return error_set(err, 0, "%s was written to since the snapshot was made",
					 config->disks[i].path);
	}
	return 0;
}

static int put_snapshot(struct output *out, const char *name, const char *path, int dir,
			struct sandbox_config *config, struct error *err)
{
	struct stream_head head = { .magic = STREAM_MAGIC, .version = STREAM_VERSION };
	struct saved_state state;
	int ret;

	snprintf(head.name, sizeof(head.name), "%s", name);
	ret = state_read(&state, dir, err) ?: check_bases(&state, dir, path, config, err);
	if (!ret)
		ret = put(out, &head, sizeof(head), err) ?:
		      put_file(out, dir, SNAPSHOT_CONFIG, SNAPSHOT_CONFIG, err) ?:
		      put_file(out, dir, SNAPSHOT_STATE, SNAPSHOT_STATE, err) ?:
		      put_template(out, dir, err) ?:
		      put_layers(out, &state, dir, err) ?: put_bases(out, config, err) ?:
		      put_record(out, STREAM_END, 0, NULL, 0, err);
	state_free(&state);
	return ret;
}

static int begin(struct output *out, int fd, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int ret = -1;

	out->archive = archive_write_new();
	if (out->archive && entry) {
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_write_set_format_raw(out->archive);
		archive_write_add_filter_zstd(out->archive);
		archive_write_set_bytes_in_last_block(out->archive, 1);
		ret = archive_write_open_fd(out->archive, fd)
			  ?: archive_write_header(out->archive, entry);
	}
	archive_entry_free(entry);
	return ret ? error_set(err, 0, "cannot compress: %s",
			       out->archive ? archive_error_string(out->archive) : "no memory")
		   : 0;
}

static int export_to(const char *name, int fd, struct error *err)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);
	cleanup_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	cleanup_free struct output *out = calloc(1, sizeof(*out));
	json_t *json = path ? saved_config(SAVED_SNAPSHOT, name, err) : NULL;
	struct stored_config stored = { 0 };
	int ret = -1;

	if (!json || dir < 0 || !out)
		return -1;
	if (!config_parse(json, &stored, err) && !begin(out, fd, err)) {
		progress_subject(name);
		progress_phase("writing");
		ret = put_snapshot(out, name, path, dir, &stored.config, err);
		if (archive_write_close(out->archive) && !ret)
			ret = error_set(err, archive_errno(out->archive),
					"cannot write the snapshot");
		progress_end();
	}
	archive_write_free(out->archive);
	config_release(&stored);
	return ret;
}

static int export(const char *name, const char *file, struct error *err)
{
	const bool standard = !strcmp(file, "-");
	cleanup_close int fd = -1;
	int ret;

	if (!saved_exists(SAVED_SNAPSHOT, name))
		return error_set(err, 0, "there is no snapshot %s", name);
	if (standard && isatty(STDOUT_FILENO))
		return error_set(err, 0,
				 "a snapshot is not for a terminal: vitrine snapshot "
				 "export %s - | ssh HOST vitrine snapshot import -",
				 name);
	fd = standard ? dup(STDOUT_FILENO)
		      : open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, errno, "%s", file);
	ret = export_to(name, fd, err);
	if (!ret && !standard && fsync(fd))
		ret = error_set(err, errno, "%s", file);
	if (ret && !standard)
		unlink(file);
	return ret;
}

int snapshot_export_command(int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(&options, NULL, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 2 != argc)
		at = error_set(&err, 0,
			       "snapshot export needs the name of a snapshot and a FILE, "
			       "or -");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	return export(argv[at], argv[at + 1], &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
