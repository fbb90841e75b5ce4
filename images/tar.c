// SPDX-License-Identifier: GPL-2.0-only
/* tar.c - unpack a tar stream into an ext4 image: libarchive reads, ext4.c writes
 *
 * Theory of operation
 * Nothing that an archive says is done on the host: paths, links, owners and devices are words in
 * an image. What remains for a hostile one is to be expensive, so what it claims is bounded before
 * it is believed: entries, the length of files, and how much comes out of how little.
 */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include "images/process.h"
#include "images/progress.h"
#include "images/tar.h"
#include "images/tar_acl.h"
#include "vitrine/util.h"

#define BUFFER (256 * 1024)
#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define WHITEOUT_OTHER ".wh..wh." /* what aufs kept beside its files */

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
	return error_set(err, 0, "tar stream: %.200s", why ? why : "cut short");
}

void tar_filters(struct archive *a)
{
	/* Names in pax headers are UTF-8 whatever the user's locale is */
	setlocale(LC_CTYPE, "C.UTF-8");
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
}

void tar_support(struct archive *a)
{
	tar_filters(a);
	archive_read_support_format_tar(a);
}

static int copy_data(struct ext4 *fs, struct archive *a, struct archive_entry *entry,
		     struct error *err)
{
	const void *data;
	int64_t offset;
	size_t len;
	int ret;

	while ((ret = archive_read_data_block(a, &data, &len, &offset)) == ARCHIVE_OK) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (offset < 0 || ext4_seek(fs, offset, err) || ext4_write(fs, data, len, err))
			return -1;
		progress_bytes(archive_filter_bytes(a, 0));
	}
	if (ret != ARCHIVE_EOF)
		return fail(a, err);
	return ext4_seek(fs, archive_entry_size(entry), err);
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
	return tar_copy_acls(fs, entry, err);
}

/* Numbers that an archive can write and an inode cannot */
static int check_numbers(const struct ext4 *fs, struct archive_entry *entry, const char *path,
			 struct error *err)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
	int64_t size = archive_entry_size(entry);

	if (uid < 0 || uid > UINT32_MAX - 1LL || gid < 0 || gid > UINT32_MAX - 1LL)
		return error_set(err, 0, "'%.200s' has an owner that Linux cannot have", path);
	if (size < 0 || (uint64_t)size > ext4_size(fs))
		return error_set(err, 0, "'%.200s' claims to be larger than the image's disk",
				 path);
	return 0;
}

/* Return: 1 when it was one, 0 when not, -1 with @err filled */
static int whiteout(struct ext4 *fs, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t parent = name - path;
	char hidden[PATH_MAX];

	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)))
		return 0;
	if (strlen(path) >= sizeof(hidden))
		return error_set(err, ENAMETOOLONG, "%.80s...", path);
	memcpy(hidden, path, parent);
	if (!strcmp(name, OPAQUE)) {
		hidden[parent] = '\0';
		return ext4_hide(fs, hidden, 1, err) ? -1 : 1;
	}
	if (!strncmp(name, WHITEOUT_OTHER, strlen(WHITEOUT_OTHER)))
		return 1;
	strcpy(hidden + parent, name + strlen(WHITEOUT));
	if (!hidden[parent] || !strcmp(hidden + parent, ".") || !strcmp(hidden + parent, ".."))
		return error_set(err, 0, "'%.200s' is a whiteout of an impossible name", path);
	return ext4_hide(fs, hidden, 0, err) ? -1 : 1;
}

static bool known_type(mode_t type)
{
	return type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK || type == AE_IFCHR ||
	       type == AE_IFBLK || type == AE_IFIFO || type == AE_IFSOCK;
}

static int add_entry(struct ext4 *fs, struct archive *a, struct archive_entry *entry,
		     const struct tar_rules *rules, struct error *err)
{
	const char *path = archive_entry_pathname(entry);
	const char *hardlink = archive_entry_hardlink(entry);
	struct ext4_node node = {
		.path = path,
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.mtime = archive_entry_mtime(entry),
		.mtime_ns = archive_entry_mtime_nsec(entry),
		.device = archive_entry_rdev(entry),
		.target = archive_entry_symlink(entry),
	};
	int ret;

	if (!path || !*path)
		return error_set(err, 0, "tar stream: a file without a name");
	ret = rules->whiteouts ? whiteout(fs, path, err) : 0;
	if (ret)
		return ret < 0 ? -1 : 0;
	if (hardlink)
		return ext4_link(fs, path, hardlink, err);
	if (!known_type(archive_entry_filetype(entry)))
		return error_set(err, 0, "'%.200s' has an unknown file type", path);
	if (check_numbers(fs, entry, path, err) || ext4_add(fs, &node, err))
		return -1;
	if (archive_entry_filetype(entry) == AE_IFREG && copy_data(fs, a, entry, err))
		return -1;
	return copy_xattrs(fs, entry, err);
}

int tar_unpack_archive(struct ext4 *fs, struct archive *a, const struct tar_rules *rules,
		       struct error *err)
{
	struct archive_entry *entry;
	uint64_t count = 0;
	int ret;

	while ((ret = archive_read_next_header(a, &entry)) == ARCHIVE_OK || ret == ARCHIVE_WARN) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (rules->entries && ++count > rules->entries)
			return error_set(err, 0, "it has more than %llu entries",
					 (unsigned long long)rules->entries);
		if (rules->visit && archive_entry_pathname(entry))
			rules->visit(rules->context, archive_entry_pathname(entry));
		if (add_entry(fs, a, entry, rules, err))
			return -1;
		progress_bytes(archive_filter_bytes(a, 0));
	}
	return ret == ARCHIVE_EOF ? 0 : fail(a, err);
}

int tar_unpack(struct ext4 *fs, int fd, const struct tar_rules *rules, struct error *err)
{
	struct archive *a __attribute__((cleanup(cleanup_archive_fn))) = archive_read_new();

	if (!a)
		return error_set(err, ENOMEM, "tar");
	tar_support(a);
	if (archive_read_open_fd(a, fd, BUFFER) != ARCHIVE_OK)
		return fail(a, err);
	return tar_unpack_archive(fs, a, rules, err);
}
