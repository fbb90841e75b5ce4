// SPDX-License-Identifier: GPL-2.0-only
/* source.c - what an image is imported from: a directory or an archive with named parts
 *
 * Theory of operation
 * In a directory a part is a file, opened without ever leaving the directory or following a link
 * (openat2). In an archive it is found by reading from the beginning, as often as there are parts:
 * what docker save and skopeo write is not compressed, so that what is in between is skipped.
 * An archive is only ever read in sealed processes.
 *
 * An archive with manifest.json, or with index.json, is an image; docker's have both nowadays, and
 * manifest.json is good for either. Any other is the files themselves. That is decided by the first
 * name that an image's archive would not have.
 */

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "images/oci/document.h"
#include "images/oci/source.h"
#include "images/process.h"
#include "images/progress.h"
#include "images/sealed.h"
#include "images/tar.h"
#include "vitrine/util.h"

#define BUFFER (256 * 1024)
#define MEMORY_MIB 1024

static const char *plain_name(const char *name)
{
	while (!strncmp(name, "./", 2))
		name += 2;
	return name;
}

/* Read @part from its first byte, which is that of the file or of the member */
int part_begin(struct source_part *part, struct error *err)
{
	struct archive_entry *entry;

	part->buffer = NULL;
	part->outer = NULL;
	if (!part->name) {
		part->buffer = malloc(BUFFER);
		return part->buffer ? 0 : error_set(err, ENOMEM, "image");
	}
	if (lseek(part->fd, 0, SEEK_SET) < 0)
		return error_set(err, errno, "archive");
	part->outer = archive_read_new();
	if (!part->outer)
		return error_set(err, ENOMEM, "archive");
	tar_support(part->outer);
	if (archive_read_open_fd(part->outer, part->fd, BUFFER) == ARCHIVE_OK) {
		while (archive_read_next_header(part->outer, &entry) >= ARCHIVE_WARN) {
			const char *name = archive_entry_pathname(entry);

			if (interrupt_caught())
				return error_set(err, 0, "interrupted");
			if (name && !strcmp(plain_name(name), part->name) &&
			    archive_entry_filetype(entry) == AE_IFREG &&
			    !archive_entry_hardlink(entry))
				return 0;
		}
	}
	return error_set(err, 0, "the archive has no file '%.200s'", part->name);
}

ssize_t part_read(struct source_part *part, const void **data, struct error *err)
{
	int64_t offset;
	size_t len;
	ssize_t got;
	int ret;

	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (part->outer) {
		ret = archive_read_data_block(part->outer, data, &len, &offset);
		if (ret == ARCHIVE_EOF)
			return 0;
		return ret == ARCHIVE_OK ? (ssize_t)len
					 : error_set(err, 0, "archive: %.200s",
						     archive_error_string(part->outer));
	}
	do {
		got = read(part->fd, part->buffer, BUFFER);
	} while (got < 0 && errno == EINTR && !interrupt_caught());
	*data = part->buffer;
	return got < 0 ? error_set(err, errno, "cannot read the image") : got;
}

void part_end(struct source_part *part)
{
	if (part->outer)
		archive_read_free(part->outer);
	free(part->buffer);
	part->outer = NULL;
	part->buffer = NULL;
}

/* A link in an archive of docker's old kind: layers that are the same are links to the first */
static int resolve(int fd, const char *name, int answer, struct error *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char target[1024] = "";

	lseek(fd, 0, SEEK_SET);
	tar_support(a);
	if (archive_read_open_fd(a, fd, BUFFER) == ARCHIVE_OK) {
		while (archive_read_next_header(a, &entry) >= ARCHIVE_WARN) {
			const char *path = archive_entry_pathname(entry);
			const char *link = archive_entry_symlink(entry);

			if (!path || !link || strcmp(plain_name(path), name))
				continue;
			/* "../ID/layer.tar", seen from "ID/layer.tar" */
			if (!strncmp(link, "../", 3) && strchr(name, '/') &&
			    strchr(name, '/') == strrchr(name, '/'))
				link += 3;
			snprintf(target, sizeof(target), "%s", link);
		}
	}
	archive_read_free(a);
	if (!*target || strstr(target, ".."))
		snprintf(target, sizeof(target), "%s", name);
	(void)!write(answer, target, strlen(target));
	return 0;
}

struct job {
	struct source_part part;
	const char *name;
};

static int copy_text(void *context, int answer, struct error *err)
{
	struct job *job = context;
	const void *data;
	size_t total = 0;
	ssize_t len;
	int ret = part_begin(&job->part, err);

	while (!ret && (len = part_read(&job->part, &data, err))) {
		if (len < 0)
			return -1;
		total += len;
		if (total > DOCUMENT_MAX)
			return error_set(err, 0, "'%.200s' is larger than %d MiB", job->name,
					 DOCUMENT_MAX >> 20);
		if (write(answer, data, len) != len)
			return error_set(err, errno, "pipe");
	}
	part_end(&job->part);
	return ret;
}

static int copy_link(void *context, int answer, struct error *err)
{
	struct job *job = context;

	return resolve(job->part.fd, job->name, answer, err);
}

int source_part(const struct source *source, const char *name, struct source_part *part,
		struct error *err)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
				.resolve =
				    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	struct stat st;

	memset(part, 0, sizeof(*part));
	part->fd = source->fd;
	if (source->whole)
		return 0;
	if (source->archive) {
		part->name = name;
		return 0;
	}
	part->fd = syscall(SYS_openat2, source->fd, name, &how, sizeof(how));
	if (part->fd < 0)
		return error_set(err, errno, "the image has no '%.200s'", name);
	if (fstat(part->fd, &st) || !S_ISREG(st.st_mode)) {
		close(part->fd);
		return error_set(err, 0, "'%.200s' of the image is not a file", name);
	}
	return 0;
}

char *source_text(const struct source *source, const char *name, struct error *err)
{
	struct job job = { .name = name };
	struct sealed sealed = {
		.what = "reading", .work = copy_text, .context = &job, .memory = MEMORY_MIB
	};
	cleanup_free char *target = NULL;
	char *text = NULL;

	if (source->archive && strchr(name, '/') && strncmp(name, "blobs/", 6)) {
		job.part.fd = source->fd;
		sealed.work = copy_link;
		if (sealed_run(&sealed, &target, err))
			return NULL;
		name = target;
		sealed.work = copy_text;
	}
	if (source_part(source, name, &job.part, err))
		return NULL;
	sealed_run(&sealed, &text, err);
	if (job.part.fd != source->fd)
		close(job.part.fd);
	return text;
}

/* Return: whether an image's archive has such a name; @image when it proves to be one */
static bool of_image(const char *name, bool *docker, bool *layout)
{
	size_t length = strlen(name), hex = strspn(name, "0123456789abcdef");

	if (!strcmp(name, "manifest.json"))
		*docker = true;
	else if (!strcmp(name, "index.json") || !strcmp(name, "oci-layout"))
		*layout = true;
	else if (!strncmp(name, "blobs", 5) || !strcmp(name, "repositories") || !*name)
		return true;
	else
		return hex >= 12 && (name[hex] == '/' || !strcmp(name + hex, ".json") ||
				     !strcmp(name + hex, ".tar") || length == hex);
	return true;
}

static int find_kind(void *context, int answer, struct error *err)
{
	struct job *job = context;
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	bool docker = false, layout = false;
	char kind = 't';
	unsigned seen = 0;
	int ret;

	tar_support(a);
	if (archive_read_open_fd(a, job->part.fd, BUFFER) != ARCHIVE_OK)
		return error_set(err, 0, "it is no tar archive: %.200s", archive_error_string(a));
	while ((ret = archive_read_next_header(a, &entry)) >= ARCHIVE_WARN && ret != ARCHIVE_EOF) {
		const char *name = archive_entry_pathname(entry);

		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		seen++;
		if (!name || !of_image(plain_name(name), &docker, &layout))
			break;
		if (docker)
			break;
	}
	if (!seen && ret != ARCHIVE_EOF)
		return error_set(err, 0, "it is no tar archive: %.200s",
				 archive_error_string(a) ? archive_error_string(a) : "empty");
	if (docker || layout)
		kind = docker ? 'd' : 'l';
	archive_read_free(a);
	return write(answer, &kind, 1) == 1 ? 0 : error_set(err, errno, "pipe");
}

/* Standard input can be read once; a file can be read again */
static int spool_input(const char *directory, struct error *err)
{
	cleanup_close int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cleanup_free char *buffer = malloc(BUFFER);
	uint64_t total = 0;
	ssize_t len;

	if (fd < 0 || !buffer)
		return error_set(err, errno, "%s", directory);
	progress_phase("read standard input");
	while ((len = read(STDIN_FILENO, buffer, BUFFER)) > 0) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		errno = ENOSPC;
		if (write(fd, buffer, len) != len)
			return error_set(err, errno, "cannot keep standard input in %s", directory);
		total += len;
		progress_bytes(total);
	}
	if (len < 0)
		return error_set(err, errno, "standard input");
	lseek(fd, 0, SEEK_SET);
	return steal_fd(fd);
}

int source_open(struct source *source, const char *path, const char *spool, enum source_kind *kind,
		struct error *err)
{
	struct job job = { .part.fd = -1 };
	const struct sealed sealed = {
		.what = path, .work = find_kind, .context = &job, .memory = MEMORY_MIB
	};
	cleanup_free char *answer = NULL;
	struct error why = { 0 };
	struct stat st;

	source->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
				       : spool_input(spool, err);
	if (source->fd < 0)
		return strcmp(path, "-") ? error_set(err, errno, "%s", path) : -1;
	if (fstat(source->fd, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return error_set(err, 0, "%s is neither a file nor a directory", path);
	source->archive = S_ISREG(st.st_mode);
	if (!source->archive) {
		*kind = faccessat(source->fd, "oci-layout", F_OK, 0) ? SOURCE_TREE : SOURCE_LAYOUT;
		return 0;
	}
	if (!st.st_size)
		return error_set(err, 0, "%s is empty", path);
	job.part.fd = source->fd;
	if (sealed_run(&sealed, &answer, &why))
		return error_set(err, 0, "%s: %.400s", path, why.text);
	*kind = *answer == 'd' ? SOURCE_DOCKER : *answer == 'l' ? SOURCE_LAYOUT : SOURCE_TAR;
	lseek(source->fd, 0, SEEK_SET);
	return 0;
}
