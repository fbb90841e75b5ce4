// SPDX-License-Identifier: GPL-2.0-only
/* tar.c - unpack a tar stream into an ext4 image: libarchive reads, ext4.c writes */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include "images/process.h"
#include "images/progress.h"
#include "images/tar.h"
#include "vitrine/util.h"

#define BUFFER (256 * 1024)

static void cleanup_archive_fn(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static int fail(struct archive *a, struct error *err)
{
	const char *why;

	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	why = archive_error_string(a);
	return error_set(err, 0, "tar stream: %s", why ? why : "cut short");
}

static int copy_data(struct ext4 *fs, struct archive *a, char *buffer, struct error *err)
{
	ssize_t len;

	while ((len = archive_read_data(a, buffer, BUFFER)) > 0) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (ext4_write(fs, buffer, len, err))
			return -1;
		progress_bytes(archive_filter_bytes(a, 0));
	}
	return len < 0 ? fail(a, err) : 0;
}

static int copy_xattrs(struct ext4 *fs, struct archive_entry *entry, struct error *err)
{
	const char *name;
	const void *value;
	size_t len;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK) {
		if (ext4_set_xattr(fs, name, value, len, err))
			return -1;
	}
	return 0;
}

static int add_entry(struct ext4 *fs, struct archive *a, struct archive_entry *entry, char *buffer,
		     struct error *err)
{
	const char *path = archive_entry_pathname(entry);
	const char *hardlink = archive_entry_hardlink(entry);
	struct ext4_node node = {
		.path = path,
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.mtime = archive_entry_mtime(entry),
		.device = archive_entry_rdev(entry),
		.target = archive_entry_symlink(entry),
	};

	if (!path)
		return error_set(err, 0, "tar stream: a file without a name");
	if (hardlink)
		return ext4_link(fs, path, hardlink, err);
	if (ext4_add(fs, &node, err))
		return -1;
	if (archive_entry_filetype(entry) == AE_IFREG && copy_data(fs, a, buffer, err))
		return -1;
	return copy_xattrs(fs, entry, err);
}

int tar_unpack(struct ext4 *fs, int fd, void (*visit)(void *context, const char *path),
	       void *context, struct error *err)
{
	struct archive *a __attribute__((cleanup(cleanup_archive_fn))) = archive_read_new();
	cleanup_free char *buffer = malloc(BUFFER);
	struct archive_entry *entry;
	int ret;

	if (!a || !buffer)
		return error_set(err, ENOMEM, "tar");
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_fd(a, fd, BUFFER) != ARCHIVE_OK)
		return fail(a, err);

	while ((ret = archive_read_next_header(a, &entry)) == ARCHIVE_OK || ret == ARCHIVE_WARN) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (visit && archive_entry_pathname(entry))
			visit(context, archive_entry_pathname(entry));
		if (add_entry(fs, a, entry, buffer, err))
			return -1;
	}
	return ret == ARCHIVE_EOF ? 0 : fail(a, err);
}
