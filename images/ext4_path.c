// SPDX-License-Identifier: GPL-2.0-only
/* ext4_path.c - where a path of an archive leads in a file system
 *
 * Theory of operation
 * The path of an archive's entry is taken literally: no "..", and no component may be a symbolic
 * link that came with the same archive, since that is how an archive writes elsewhere than it
 * says. A link of a layer below is followed (bin -> usr/bin, and the layer above has bin/tool),
 * with the image's root as the end of every "..", as it will be in the guest.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "images/ext4_writer.h"
#include "vitrine/util.h"

#define FOLLOWED_MAX 40

struct walk {
	struct ext4 *fs;
	const char *path; /* as given, for messages */
	const struct ext4_node *create;
	char rest[2 * PATH_MAX], *at;
	unsigned followed;
	struct dir *dir;
};

static int refuse_dots(const char *path, struct error *err)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2))
			return error_set(err, 0, "path '%.200s' contains '..'", path);
		if (len > EXT2_NAME_LEN)
			return error_set(err, ENAMETOOLONG, "%.80s...", path);
		p += len;
		p += strspn(p, "/");
	}
	return 0;
}

/* The next component; false at the end */
static bool next(struct walk *w, const char **name, size_t *length)
{
	do {
		w->at += strspn(w->at, "/");
		*name = w->at;
		*length = strcspn(w->at, "/");
		w->at += *length;
	} while (*length == 1 && **name == '.');
	return *length;
}

static bool at_end(const struct walk *w)
{
	for (const char *p = w->at; *p;) {
		size_t len = strcspn(p, "/");

		if (len && !(len == 1 && *p == '.'))
			return false;
		p += len;
		p += strspn(p, "/");
	}
	return true;
}

static errcode_t read_target(struct ext4 *fs, ext2_ino_t ino, char *target)
{
	char block[EXT2_MAX_BLOCK_SIZE];
	struct ext2_inode inode;
	blk64_t physical;
	errcode_t code = ext2fs_read_inode(fs->fs, ino, &inode);

	if (code)
		return code;
	if (!inode.i_size || inode.i_size >= PATH_MAX || fs->fs->blocksize > sizeof(block))
		return EINVAL;
	if (ext2fs_is_fast_symlink(&inode)) {
		memcpy(target, inode.i_block, inode.i_size);
	} else {
		code = ext2fs_bmap2(fs->fs, ino, &inode, NULL, 0, 0, NULL, &physical);
		if (!code)
			code = io_channel_read_blk64(fs->fs->io, physical, 1, block);
		if (code)
			return code;
		memcpy(target, block, inode.i_size);
	}
	target[inode.i_size] = '\0';
	return 0;
}

/* Go on with the link's target in front of what is left */
static int follow(struct walk *w, const struct dirent_node *link, struct error *err)
{
	char target[PATH_MAX], rest[2 * PATH_MAX];
	errcode_t code;

	if (link->fresh)
		return error_set(
		    err, 0, "'%.200s' leads through the symbolic link '%s' of the same archive",
		    w->path, link->name);
	if (++w->followed > FOLLOWED_MAX)
		return error_set(err, ELOOP, "%.200s", w->path);
	code = read_target(w->fs, link->ino, target);
	if (code)
		return ext4_fail(err, code, w->path);
	if (snprintf(rest, sizeof(rest), "%s/%s", target, w->at) >= (int)sizeof(rest))
		return error_set(err, ENAMETOOLONG, "%.200s", w->path);
	strcpy(w->rest, rest);
	w->at = w->rest;
	if (target[0] == '/')
		w->dir = dirs_root(w->fs->dirs);
	return 0;
}

static int make_parent(struct walk *w, const char *name, size_t length, struct error *err)
{
	struct ext4_place place = { .in = w->dir, .length = length };
	struct ext4_node node = { .path = w->path,
				  .mode = S_IFDIR | 0755,
				  .mtime = w->create->mtime };
	struct dirent_node *made;
	ext2_ino_t ino;
	errcode_t code;

	memcpy(place.name, name, length);
	code = ext4_new_inode(w->fs, &place, &node, &ino);
	if (!code)
		code = dirs_find(w->fs->dirs, w->dir, name, length, &made);
	if (code)
		return ext4_fail(err, code, w->path);
	w->dir = made->dir;
	return 0;
}

/* One component that is not the last */
static int step(struct walk *w, const char *name, size_t length, struct error *err)
{
	struct dirent_node *entry;
	errcode_t code;

	if (length > EXT2_NAME_LEN)
		return error_set(err, ENAMETOOLONG, "%.80s...", w->path);
	if (length == 2 && !strncmp(name, "..", 2)) { /* of a link's target */
		w->dir = w->dir->parent;
		return 0;
	}
	code = dirs_find(w->fs->dirs, w->dir, name, length, &entry);
	if (code)
		return ext4_fail(err, code, w->path);
	if (!entry)
		return w->create ? make_parent(w, name, length, err) : 1;
	if (entry->type == EXT2_FT_SYMLINK)
		return follow(w, entry, err);
	if (entry->type != EXT2_FT_DIR)
		return error_set(err, ENOTDIR, "%.200s", w->path);
	code = dirs_open(w->fs->dirs, entry, &w->dir);
	return code ? ext4_fail(err, code, w->path) : 0;
}

int ext4_locate(struct ext4 *fs, const char *path, const struct ext4_node *create,
		struct ext4_place *place, struct error *err)
{
	struct walk w = { .fs = fs, .path = path, .create = create, .dir = dirs_root(fs->dirs) };
	const char *name;
	size_t length;
	errcode_t code;
	int ret;

	memset(place, 0, sizeof(*place));
	if (strlen(path) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "%.80s...", path);
	if (refuse_dots(path, err))
		return -1;
	w.at = strcpy(w.rest, path);
	while (next(&w, &name, &length)) {
		if (at_end(&w)) {
			place->in = w.dir;
			place->length = length;
			memcpy(place->name, name, length);
			code = dirs_find(fs->dirs, w.dir, name, length, &place->found);
			return code ? ext4_fail(err, code, path) : 0;
		}
		ret = step(&w, name, length, err);
		if (ret)
			return ret;
	}
	place->in = dirs_root(fs->dirs);
	return 0;
}
