// SPDX-License-Identifier: GPL-2.0-only
/* tree.c - a directory of the host as a tar stream
 *
 * Names are sorted, so that the same files give the same layer. Only one file system is read: what
 * is mounted below the directory stays an empty directory. Sockets have no place in tar and are
 * left out.
 */

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <search.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "images/oci/tree.h"
#include "images/process.h"
#include "vitrine/util.h"

#define BUFFER (256 * 1024)
#define XATTRS_MAX 65536

/* A file with several names, found by what it is */
struct linked {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct walk {
	struct archive *out;
	dev_t dev;
	void *links;
	char *buffer;
	const char *top;
};

static int by_inode(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* The first name of a file that has several, or NULL when this is it */
static const char *first_name(struct walk *w, const struct stat *st, const char *path)
{
	struct linked *link = malloc(sizeof(*link)), **found;

	if (!link)
		return NULL;
	*link = (struct linked){ st->st_dev, st->st_ino, NULL };
	found = tsearch(link, &w->links, by_inode);
	if (!found || *found == link) {
		link->path = strdup(path);
		return NULL;
	}
	free(link);
	return (*found)->path;
}

static int add_xattrs(struct archive_entry *entry, int fd)
{
	char names[XATTRS_MAX], value[XATTRS_MAX], path[64];
	ssize_t length, size;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = listxattr(path, names, sizeof(names));
	for (ssize_t at = 0; at < length; at += strlen(names + at) + 1) {
		if (!strcmp(names + at, "security.selinux"))
			continue;
		size = getxattr(path, names + at, value, sizeof(value));
		if (size >= 0)
			archive_entry_xattr_add_entry(entry, names + at, value, size);
	}
	return 0;
}

static int fail(struct walk *w, const char *path, int code, const char *what, struct error *err)
{
	return error_set(err, code, "%s/%.300s: %s", w->top, path, what);
}

static int copy_file(struct walk *w, int dir, const char *name, const char *path, off_t size,
		     struct error *err)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	off_t done = 0;
	ssize_t len;

	if (fd < 0)
		return fail(w, path, errno, "cannot be read", err);
	while (done < size) {
		len = read(fd, w->buffer, BUFFER);
		if (len <= 0)
			return fail(w, path, len ? errno : 0, "changed while it was read", err);
		if (len > size - done)
			len = size - done;
		if (archive_write_data(w->out, w->buffer, len) != len)
			return error_set(err, 0, "%s", archive_error_string(w->out));
		done += len;
	}
	return 0;
}

static int walk_directory(struct walk *w, int fd, const char *path, struct error *err);

static int write_entry(struct walk *w, int dir, const char *name, const char *path, int fd,
		       const struct stat *st, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	char target[PATH_MAX];
	const char *first = NULL;
	ssize_t length;
	int ret = 0;

	archive_entry_set_pathname(entry, path);
	archive_entry_copy_stat(entry, st);
	add_xattrs(entry, fd);
	if (S_ISLNK(st->st_mode)) {
		length = readlinkat(dir, name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		archive_entry_set_symlink(entry, target);
	}
	if (st->st_nlink > 1 && !S_ISDIR(st->st_mode))
		first = first_name(w, st, path);
	if (first) {
		archive_entry_set_hardlink(entry, first);
		archive_entry_set_size(entry, 0);
	} else if (!S_ISREG(st->st_mode)) {
		archive_entry_set_size(entry, 0);
	}
	if (archive_write_header(w->out, entry) < ARCHIVE_WARN)
		ret = error_set(err, 0, "%s", archive_error_string(w->out));
	else if (S_ISREG(st->st_mode) && !first)
		ret = copy_file(w, dir, name, path, st->st_size, err);
	archive_entry_free(entry);
	return ret;
}

static int walk_one(struct walk *w, int dir, const char *name, const char *parent,
		    struct error *err)
{
	cleanup_close int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_free char *path = NULL;
	cleanup_close int below = -1;
	struct stat st;

	if (asprintf(&path, "%s%s%s", parent, *parent ? "/" : "", name) < 0)
		return error_set(err, ENOMEM, "%s", name);
	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (fd < 0 || fstat(fd, &st))
		return fail(w, path, errno, "cannot be looked at", err);
	if (S_ISSOCK(st.st_mode))
		return 0;
	if (write_entry(w, dir, name, path, fd, &st, err))
		return -1;
	if (!S_ISDIR(st.st_mode) || st.st_dev != w->dev)
		return 0;
	below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return below < 0 ? fail(w, path, errno, "cannot be read", err)
			 : walk_directory(w, below, path, err);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static int bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_directory(struct walk *w, int fd, const char *path, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandirat(fd, ".", &entries, no_dots, bytewise), ret = 0;

	if (count < 0)
		return fail(w, path, errno, "cannot be read", err);
	for (int i = 0; i < count; i++) {
		if (!ret)
			ret = walk_one(w, fd, entries[i]->d_name, path, err);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

static int write_tree(int dir, int out, const char *top, struct error *err)
{
	struct walk w = { .out = archive_write_new(), .top = top };
	struct stat st;
	int ret;

	setlocale(LC_CTYPE, "C.UTF-8");
	w.buffer = malloc(BUFFER);
	if (!w.out || !w.buffer || fstat(dir, &st))
		return error_set(err, ENOMEM, "%s", top);
	w.dev = st.st_dev;
	archive_write_set_format_pax(w.out);
	if (archive_write_open_fd(w.out, out) != ARCHIVE_OK)
		return error_set(err, 0, "%s", archive_error_string(w.out));
	ret = write_entry(&w, dir, ".", ".", dir, &st, err) || walk_directory(&w, dir, "", err);
	if (!ret && archive_write_close(w.out) != ARCHIVE_OK)
		ret = error_set(err, 0, "%s", archive_error_string(w.out));
	return ret ? -1 : 0;
}

int tree_start(struct tree *tree, struct source *source, const char *path, struct error *err)
{
	pid_t parent = getpid();
	int ends[2];

	tree->log = memfd_create("log", MFD_CLOEXEC);
	if (tree->log < 0 || pipe2(ends, O_CLOEXEC))
		return error_set(err, errno, "%s", path);
	tree->pid = fork();
	if (tree->pid == 0) {
		struct error why = { 0 };
		int ret;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_DFL);
		if (getppid() != parent)
			_exit(1);
		close(ends[0]);
		ret = write_tree(source->fd, ends[1], path, &why);
		if (ret)
			(void)!write(tree->log, why.text, strlen(why.text));
		_exit(ret ? 1 : 0);
	}
	close(ends[1]);
	if (tree->pid < 0) {
		close(ends[0]);
		return error_set(err, errno, "%s", path);
	}
	close(source->fd);
	source->fd = ends[0];
	return 0;
}

int tree_end(struct tree *tree, struct error *err)
{
	struct error why = { 0 };
	int status = -1;
	ssize_t length;

	while (waitpid(tree->pid, &status, 0) < 0 && errno == EINTR)
		;
	length = pread(tree->log, why.text, sizeof(why.text) - 1, 0);
	close(tree->log);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return error_set(err, 0, "%s", length > 0 ? why.text : "reading the directory failed");
}
