// SPDX-License-Identifier: GPL-2.0-only
/* diff.c - what has changed between a disk and the one that it began as
 *
 * Theory of operation
 * Both file systems are walked side by side in a sealed process. Whoever writes to a file, or
 * changes what is known about it, changes its inode's times, so files are compared by their inodes
 * and not by their content. A directory has changed when something in it has, too; of one that is
 * deleted, what was in it is not listed.
 */

#include <errno.h>
#include <string.h>
#include "engine/disk/disk.h"
#include "images/ext4_reader.h"
#include "images/oci/diff.h"
#include "images/process.h"
#include "images/sealed.h"
#include "vitrine/util.h"

#define MEMORY_MIB 3072
#define DEPTH_MAX 1024

struct job {
	const struct store_disk *below;
	const char *top;
	struct disk *old_disk, *new_disk;
	struct reader old, new;
};

static void put_line(FILE *out, char kind, const char *path)
{
	fprintf(out, "%c /", kind);
	for (; *path; path++) {
		if (*path == '\\' || *path == '\n')
			fputc('\\', out);
		fputc(*path == '\n' ? 'n' : *path, out);
	}
	fputc('\n', out);
}

static bool same(const struct ext2_inode_large *a, const struct ext2_inode_large *b)
{
	return a->i_mode == b->i_mode && inode_uid(*a) == inode_uid(*b) &&
	       inode_gid(*a) == inode_gid(*b) && a->i_size == b->i_size &&
	       a->i_mtime == b->i_mtime && a->i_mtime_extra == b->i_mtime_extra &&
	       a->i_ctime == b->i_ctime && a->i_ctime_extra == b->i_ctime_extra &&
	       a->i_generation == b->i_generation;
}

static char *join(const char *path, const char *name)
{
	char *joined = NULL;

	return asprintf(&joined, "%s%s%s", path, *path ? "/" : "", name) < 0 ? NULL : joined;
}

/* Everything in a directory that was not there before */
static int put_added(struct job *job, const char *path, ext2_ino_t ino, unsigned depth, FILE *out,
		     struct error *err)
{
	cleanup_free struct reader_name *names = NULL;
	struct ext2_inode_large inode;
	size_t count;
	int ret = 0;

	put_line(out, 'A', path);
	if (reader_inode(&job->new, ino, &inode, err))
		return -1;
	if (!LINUX_S_ISDIR(inode.i_mode))
		return 0;
	if (depth > DEPTH_MAX || ext2fs_test_inode_bitmap2(job->new.seen, ino))
		return error_set(err, 0, "the file system is damaged: /%.200s", path);
	ext2fs_mark_inode_bitmap2(job->new.seen, ino);
	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (reader_list(&job->new, ino, &names, &count, err))
		return -1;
	for (size_t i = 0; i < count && !ret; i++) {
		cleanup_free char *below = join(path, names[i].name);

		ret = below ? put_added(job, below, names[i].ino, depth + 1, out, err) : -1;
	}
	return ret;
}

static int compare(struct job *job, const char *path, ext2_ino_t old, ext2_ino_t new,
		   unsigned depth, FILE *out, struct error *err);

/* What is in a directory that both have */
static int compare_lists(struct job *job, const char *path, ext2_ino_t old, ext2_ino_t new,
			 unsigned depth, FILE *out, struct error *err)
{
	cleanup_free struct reader_name *a = NULL, *b = NULL;
	size_t na, nb, i = 0, k = 0;
	int ret = 0;

	if (depth > DEPTH_MAX || ext2fs_test_inode_bitmap2(job->new.seen, new))
		return error_set(err, 0, "the file system is damaged: /%.200s", path);
	ext2fs_mark_inode_bitmap2(job->new.seen, new);
	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (reader_list(&job->old, old, &a, &na, err) || reader_list(&job->new, new, &b, &nb, err))
		return -1;
	while ((i < na || k < nb) && !ret) {
		int order = i == na ? 1 : k == nb ? -1 : strcmp(a[i].name, b[k].name);
		cleanup_free char *below = join(path, order > 0 ? b[k].name : a[i].name);

		if (!below)
			return error_set(err, ENOMEM, "%s", path);
		if (!depth && !strcmp(below, "lost+found"))
			; /* the file system's own */
		else if (order < 0)
			put_line(out, 'D', below);
		else if (order > 0)
			ret = put_added(job, below, b[k].ino, depth + 1, out, err);
		else
			ret = compare(job, below, a[i].ino, b[k].ino, depth + 1, out, err);
		i += order <= 0;
		k += order >= 0;
	}
	return ret;
}

static int compare(struct job *job, const char *path, ext2_ino_t old, ext2_ino_t new,
		   unsigned depth, FILE *out, struct error *err)
{
	struct ext2_inode_large a, b;
	cleanup_free char *text = NULL;
	bool changed;
	size_t size = 0;
	FILE *inside;
	int ret;

	if (reader_inode(&job->old, old, &a, err) || reader_inode(&job->new, new, &b, err))
		return -1;
	changed = old != new || !same(&a, &b);
	if (!LINUX_S_ISDIR(a.i_mode) || !LINUX_S_ISDIR(b.i_mode)) {
		if (changed)
			put_line(out, 'C', path);
		return 0;
	}
	inside = open_memstream(&text, &size);
	if (!inside)
		return error_set(err, ENOMEM, "%s", path);
	ret = compare_lists(job, path, old, new, depth, inside, err);
	if (fclose(inside))
		return error_set(err, ENOMEM, "%s", path);
	if (!ret && depth && (changed || size))
		put_line(out, 'C', path);
	if (!ret && size)
		fwrite(text, 1, size, out);
	return ret;
}

static int prepare(void *context, struct error *err)
{
	struct job *job = context;
	struct sandbox_disk config = {
		.path = job->below->base,
		.layers = job->below->count ? (const char *const *)job->below->layers : NULL,
		.read_only = true,
	};

	if (disk_open(&config, NULL, &job->old_disk, err))
		return -1;
	config.overlay = job->top;
	return disk_open(&config, NULL, &job->new_disk, err);
}

static int work(void *context, int answer, struct error *err)
{
	struct job *job = context;
	cleanup_fclose FILE *out = fdopen(answer, "w");

	if (!out)
		return error_set(err, errno, "pipe");
	if (reader_open(&job->old, job->old_disk, err) ||
	    reader_open(&job->new, job->new_disk, err) ||
	    compare(job, "", EXT2_ROOT_INO, EXT2_ROOT_INO, 0, out, err))
		return -1;
	return fflush(out) ? error_set(err, errno, "pipe") : 0;
}

int diff_disks(const struct store_disk *below, const char *top, char **text, struct error *err)
{
	struct job job = { .below = below, .top = top };
	const struct sealed sealed = { .what = "comparing",
				       .prepare = prepare,
				       .work = work,
				       .context = &job,
				       .memory = MEMORY_MIB };

	return sealed_run(&sealed, text, err);
}
