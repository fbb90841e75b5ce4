// SPDX-License-Identifier: GPL-2.0-only
/* ext4.c - write a new ext4 file system into an image file, without privileges
 *
 * Theory of operation
 * mke2fs makes the empty file system, libext2fs adds the files, and e2fsck at the end builds the
 * directory indexes (libext2fs writes directories as plain lists) and proves the result sound.
 * Files tend to come in the order of their directories, so the last parent is remembered.
 */

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "images/ext4.h"
#include "images/process.h"
#include "vitrine/util.h"

#define BLOCK 4096
#define BYTES_PER_INODE "16384"

struct ext4 {
	ext2_filsys fs;
	char *path;
	char parent[PATH_MAX]; /* path of the last parent directory */
	ext2_ino_t parent_ino;
	ext2_ino_t last_ino; /* of the file that was added last */
	ext2_file_t file;    /* open while that is a regular file */
};

static int fail(struct error *err, errcode_t code, const char *what)
{
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL)
		return error_set(err, 0, "the image is full; give it a larger --size");
	return error_set(err, 0, "%s: %s", what, error_message(code));
}

static int make_empty(const char *path, uint64_t size, const char *label, struct error *err)
{
	char blocks[32];

	if (truncate(path, size))
		return error_set(err, errno, "%s", path);
	snprintf(blocks, sizeof(blocks), "%llu", (unsigned long long)(size / BLOCK));
	/* The file is sparse, hence zero: say so, or every inode table is written out */
	return process_run((char *[]){ "mke2fs",
				       "-q",
				       "-F",
				       "-t",
				       "ext4",
				       "-b",
				       "4096",
				       "-I",
				       "256",
				       "-i",
				       BYTES_PER_INODE,
				       "-m",
				       "0",
				       "-L",
				       (char *)label,
				       "-E",
				       "root_owner=0:0,assume_storage_prezeroed=1,nodiscard",
				       (char *)path,
				       blocks,
				       NULL },
			   0, err);
}

struct ext4 *ext4_create(const char *path, uint64_t size, const char *label, struct error *err)
{
	struct ext4 *fs;
	errcode_t code;

	initialize_ext2_error_table();
	if (make_empty(path, size, label, err))
		return NULL;

	fs = calloc(1, sizeof(*fs));
	if (fs)
		fs->path = strdup(path);
	if (!fs || !fs->path) {
		error_set(err, ENOMEM, "%s", path);
		free(fs);
		return NULL;
	}
	fs->parent_ino = EXT2_ROOT_INO;
	code = ext2fs_open(path, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs->fs);
	if (!code)
		code = ext2fs_read_bitmaps(fs->fs);
	if (code) {
		fail(err, code, path);
		ext4_abandon(fs);
		return NULL;
	}
	return fs;
}

static int close_file(struct ext4 *fs, struct error *err)
{
	errcode_t code;

	if (!fs->file)
		return 0;
	code = ext2fs_file_close(fs->file);
	fs->file = NULL;
	return code ? fail(err, code, fs->path) : 0;
}

static errcode_t link_name(struct ext4 *fs, ext2_ino_t dir, const char *name, ext2_ino_t ino,
			   int type)
{
	errcode_t code = ext2fs_link(fs->fs, dir, name, ino, type);

	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;
	code = ext2fs_expand_dir(fs->fs, dir);
	return code ? code : ext2fs_link(fs->fs, dir, name, ino, type);
}

static errcode_t make_directory(struct ext4 *fs, ext2_ino_t dir, const char *name, ext2_ino_t *ino)
{
	errcode_t code = ext2fs_new_inode(fs->fs, dir, LINUX_S_IFDIR, NULL, ino);

	if (code)
		return code;
	code = ext2fs_mkdir(fs->fs, dir, *ino, name);
	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;
	code = ext2fs_expand_dir(fs->fs, dir);
	return code ? code : ext2fs_mkdir(fs->fs, dir, *ino, name);
}

/* Removes what does not change the meaning of a path: leading and repeated "/", "." */
static int normalise(const char *path, char *out, size_t size, struct error *err)
{
	size_t used = 0;

	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2))
			return error_set(err, 0, "path '%s' contains '..'", path);
		if (len > EXT2_NAME_LEN || used + len + 2 > size)
			return error_set(err, ENAMETOOLONG, "%.80s...", path);
		if (len && !(len == 1 && *p == '.')) {
			if (used)
				out[used++] = '/';
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
		p += strspn(p, "/");
	}
	out[used] = '\0';
	return 0;
}

/* Walks to a normalised directory path; @create makes what is missing */
static int walk(struct ext4 *fs, const char *path, int create, ext2_ino_t *ino, struct error *err)
{
	char name[EXT2_NAME_LEN + 1];
	ext2_ino_t dir = EXT2_ROOT_INO, next;
	errcode_t code;

	if (!strcmp(path, fs->parent)) {
		*ino = fs->parent_ino;
		return 0;
	}
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		memcpy(name, p, len);
		name[len] = '\0';
		code = ext2fs_lookup(fs->fs, dir, name, len, NULL, &next);
		if (code == EXT2_ET_FILE_NOT_FOUND && create)
			code = make_directory(fs, dir, name, &next);
		if (code)
			return fail(err, code, path);
		dir = next;
		p += len;
		p += *p == '/';
	}
	code = ext2fs_check_directory(fs->fs, dir);
	if (code)
		return fail(err, code, path);
	strcpy(fs->parent, path);
	fs->parent_ino = *ino = dir;
	return 0;
}

/* Splits @path in place; the parent is walked to, the last component is @name */
static int find_parent(struct ext4 *fs, char *path, int create, ext2_ino_t *dir, char **name,
		       struct error *err)
{
	char *slash = strrchr(path, '/');
	char empty[] = "";

	*name = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	return walk(fs, slash ? path : empty, create, dir, err);
}

static void fill_inode(struct ext2_inode *inode, const struct ext4_node *node)
{
	inode->i_mode = node->mode;
	inode->i_uid = node->uid & 0xffff;
	ext2fs_set_i_uid_high(*inode, node->uid >> 16);
	inode->i_gid = node->gid & 0xffff;
	ext2fs_set_i_gid_high(*inode, node->gid >> 16);
	inode->i_atime = inode->i_ctime = inode->i_mtime = node->mtime;
}

static errcode_t set_attributes(struct ext4 *fs, ext2_ino_t ino, const struct ext4_node *node)
{
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(fs->fs, ino, &inode);

	if (code)
		return code;
	fill_inode(&inode, node);
	return ext2fs_write_inode(fs->fs, ino, &inode);
}

static int directory_type(mode_t mode)
{
	static const struct {
		mode_t mode;
		int type;
	} types[] = {
		{ S_IFREG, EXT2_FT_REG_FILE }, { S_IFCHR, EXT2_FT_CHRDEV },
		{ S_IFBLK, EXT2_FT_BLKDEV },   { S_IFIFO, EXT2_FT_FIFO },
		{ S_IFSOCK, EXT2_FT_SOCK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].type;
	}
	return EXT2_FT_UNKNOWN;
}

/* Small numbers in the first word as ever, larger ones in the second: new_encode_dev() */
static void fill_device(struct ext2_inode *inode, dev_t device)
{
	unsigned ma = major(device), mi = minor(device);

	if (ma < 256 && mi < 256)
		inode->i_block[0] = ma << 8 | mi;
	else
		inode->i_block[1] = (mi & 0xff) | ma << 8 | (mi & ~0xffU) << 12;
}

static errcode_t make_inode(struct ext4 *fs, ext2_ino_t dir, const char *name,
			    const struct ext4_node *node, ext2_ino_t *ino)
{
	struct ext2_inode inode = { 0 };
	ext2_extent_handle_t handle;
	errcode_t code;

	code = ext2fs_new_inode(fs->fs, dir, node->mode, NULL, ino);
	if (!code)
		code = link_name(fs, dir, name, *ino, directory_type(node->mode));
	if (code)
		return code;
	ext2fs_inode_alloc_stats2(fs->fs, *ino, 1, 0);

	inode.i_links_count = 1;
	fill_inode(&inode, node);
	if (S_ISREG(node->mode)) {
		/* Opening an empty inode's extents is what makes it one with extents */
		code = ext2fs_extent_open2(fs->fs, *ino, &inode, &handle);
		if (code)
			return code;
		ext2fs_extent_free(handle);
	} else if (S_ISCHR(node->mode) || S_ISBLK(node->mode)) {
		fill_device(&inode, node->device);
	}
	return ext2fs_write_new_inode(fs->fs, *ino, &inode);
}

static errcode_t make_symlink(struct ext4 *fs, ext2_ino_t dir, const char *name,
			      const struct ext4_node *node, ext2_ino_t *ino)
{
	errcode_t code = ext2fs_new_inode(fs->fs, dir, LINUX_S_IFLNK, NULL, ino);

	if (!code)
		code = ext2fs_symlink(fs->fs, dir, *ino, name, node->target);
	if (code == EXT2_ET_DIR_NO_SPACE) {
		code = ext2fs_expand_dir(fs->fs, dir);
		if (!code)
			code = ext2fs_symlink(fs->fs, dir, *ino, name, node->target);
	}
	return code ? code : set_attributes(fs, *ino, node);
}

static errcode_t add_directory(struct ext4 *fs, ext2_ino_t dir, const char *name,
			       const struct ext4_node *node, ext2_ino_t *ino)
{
	errcode_t code = ext2fs_lookup(fs->fs, dir, name, strlen(name), NULL, ino);

	if (code == EXT2_ET_FILE_NOT_FOUND)
		code = make_directory(fs, dir, name, ino);
	else if (!code)
		code = ext2fs_check_directory(fs->fs, *ino);
	return code ? code : set_attributes(fs, *ino, node);
}

/* ext2fs_link() would happily give a directory two entries of one name */
static bool exists(struct ext4 *fs, ext2_ino_t dir, const char *name)
{
	ext2_ino_t ino;

	return !ext2fs_lookup(fs->fs, dir, name, strlen(name), NULL, &ino);
}

int ext4_add(struct ext4 *fs, const struct ext4_node *node, struct error *err)
{
	char path[PATH_MAX], *name;
	ext2_ino_t dir, ino = EXT2_ROOT_INO;
	errcode_t code;

	if (close_file(fs, err) || normalise(node->path, path, sizeof(path), err))
		return -1;
	if (path[0] == '\0') {
		code = S_ISDIR(node->mode) ? set_attributes(fs, ino, node) : EXT2_ET_NO_DIRECTORY;
		fs->last_ino = ino;
		return code ? fail(err, code, "/") : 0;
	}
	if (find_parent(fs, path, 1, &dir, &name, err))
		return -1;

	if (!S_ISDIR(node->mode) && exists(fs, dir, name))
		return error_set(err, EEXIST, "%s", node->path);
	if (S_ISDIR(node->mode))
		code = add_directory(fs, dir, name, node, &ino);
	else if (S_ISLNK(node->mode))
		code = make_symlink(fs, dir, name, node, &ino);
	else
		code = make_inode(fs, dir, name, node, &ino);
	if (!code && S_ISREG(node->mode))
		code = ext2fs_file_open(fs->fs, ino, EXT2_FILE_WRITE, &fs->file);
	fs->last_ino = ino;
	return code ? fail(err, code, node->path) : 0;
}

int ext4_write(struct ext4 *fs, const void *data, size_t len, struct error *err)
{
	const char *p = data;
	errcode_t code;

	while (len) {
		unsigned written = 0, chunk = len < (1 << 20) ? len : 1 << 20;

		code = ext2fs_file_write(fs->file, p, chunk, &written);
		if (code)
			return fail(err, code, fs->path);
		p += written;
		len -= written;
	}
	return 0;
}

int ext4_link(struct ext4 *fs, const char *path, const char *target, struct error *err)
{
	char from[PATH_MAX], to[PATH_MAX], *name;
	struct ext2_inode inode;
	ext2_ino_t dir, ino;
	errcode_t code;

	if (close_file(fs, err) || normalise(target, to, sizeof(to), err) ||
	    normalise(path, from, sizeof(from), err) || find_parent(fs, to, 0, &dir, &name, err))
		return -1;
	code = ext2fs_lookup(fs->fs, dir, name, strlen(name), NULL, &ino);
	if (!code)
		code = ext2fs_read_inode(fs->fs, ino, &inode);
	if (code)
		return fail(err, code, target);
	if (LINUX_S_ISDIR(inode.i_mode))
		return error_set(err, 0, "%s: a second name for a directory", path);

	if (find_parent(fs, from, 1, &dir, &name, err))
		return -1;
	if (exists(fs, dir, name))
		return error_set(err, EEXIST, "%s", path);
	code = link_name(fs, dir, name, ino, directory_type(inode.i_mode));
	if (!code) {
		inode.i_links_count++;
		code = ext2fs_write_inode(fs->fs, ino, &inode);
	}
	fs->last_ino = ino;
	return code ? fail(err, code, path) : 0;
}

int ext4_set_xattr(struct ext4 *fs, const char *name, const void *value, size_t len,
		   struct error *err)
{
	struct ext2_xattr_handle *handle;
	errcode_t code, closed;

	if (close_file(fs, err))
		return -1;
	code = ext2fs_xattrs_open(fs->fs, fs->last_ino, &handle);
	if (code)
		return fail(err, code, name);
	code = ext2fs_xattrs_read(handle);
	if (!code)
		code = ext2fs_xattr_set(handle, name, value, len);
	closed = ext2fs_xattrs_close(&handle);
	if (!code)
		code = closed;
	return code ? fail(err, code, name) : 0;
}

int ext4_close(struct ext4 *fs, struct error *err)
{
	cleanup_free char *path = steal_ptr(fs->path);
	errcode_t code = 0;
	int ret;

	ret = close_file(fs, err);
	if (!ret)
		code = ext2fs_close_free(&fs->fs);
	ext4_abandon(fs);
	if (ret)
		return -1;
	if (code)
		return fail(err, code, path);
	/* 1: errors corrected, which building an index counts as */
	return process_run((char *[]){ "e2fsck", "-fyD", path, NULL }, 1, err);
}

void ext4_abandon(struct ext4 *fs)
{
	if (!fs)
		return;
	if (fs->file)
		ext2fs_file_close(fs->file);
	if (fs->fs)
		ext2fs_free(fs->fs);
	free(fs->path);
	free(fs);
}
