// SPDX-License-Identifier: GPL-2.0-only
/* kept.c - what stays of a detached sandbox when it has ended
 *
 * Theory of operation
 * NAME.json has one object when the sandbox starts and a second one, on the next line, when it has
 * ended; NAME.log is written at the end from the log that `vitrine logs` shows meanwhile, which is
 * of bounded size. A record without a second line whose socket nobody serves is of a sandbox that
 * was killed. Both files are open before the supervisor confines itself.
 *
 * Host system calls: openat, write, pread, renameat, unlinkat, flock and mkdir of the run
 * directory.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "engine/control/rundir.h"
#include "engine/log/logring.h"
#include "kept.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

#define RECORD ".json"
#define LOG ".log"
#define FILE_MAX (RUNDIR_NAME_MAX + 32)
#define FILE_SIZE_MAX (1L << 20)
#define CHUNK 65536

static const char *const suffixes[] = { RECORD, LOG };

static void temporary_name(char file[FILE_MAX], const char *name, const char *suffix)
{
	snprintf(file, FILE_MAX, ".%.*s.%d%s", RUNDIR_NAME_MAX, name, getpid(), suffix);
}

static void final_name(char file[FILE_MAX], const char *name, const char *suffix)
{
	snprintf(file, FILE_MAX, "%.*s%s", RUNDIR_NAME_MAX, name, suffix);
}

static int make(int dir, const char *name, const char *suffix)
{
	char file[FILE_MAX];

	temporary_name(file, name, suffix);
	unlinkat(dir, file, 0);
	return openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
}

static void write_line(int fd, json_t *json)
{
	cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text && (write(fd, text, strlen(text)) < 0 || write(fd, "\n", 1) < 0))
		return; /* a full disk: the sandbox is as good as killed */
	json_decref(json);
}

int kept_begin(struct kept *kept, const struct sandbox_config *config, struct error *err)
{
	cleanup_close int dir = rundir_open(err);
	json_t *command = json_array();
	const struct sandbox_disk *root = config->disks;
	const char *image = root->label ? root->label : root->path;

	*kept = (struct kept){ .record = -1, .log = -1, .name = config->name };
	if (dir >= 0) {
		kept->record = make(dir, config->name, RECORD);
		kept->log = make(dir, config->name, LOG);
	}
	for (char *const *word = config->argv; *word; word++)
		json_array_append_new(command, guest_json(*word, strlen(*word)));
	if (kept->record < 0 || kept->log < 0) {
		json_decref(command);
		return dir < 0 ? -1 : error_set(err, errno, "cannot write to the run directory");
	}
	write_line(
	    kept->record,
	    json_pack("{s:s, s:o, s:o, s:I}", "name", config->name, "image",
		      guest_json(image, strlen(image)), "command", command, "started",
		      config->started ? (json_int_t)config->started : (json_int_t)time(NULL)));
	return 0;
}

void kept_discard(const struct kept *kept)
{
	cleanup_close int dir = rundir_open(NULL);
	char file[FILE_MAX];

	for (size_t i = 0; dir >= 0 && i < ARRAY_SIZE(suffixes); i++) {
		temporary_name(file, kept->name, suffixes[i]);
		unlinkat(dir, file, 0);
	}
}

void kept_publish(const struct kept *kept, bool keep)
{
	cleanup_close int dir = rundir_open(NULL);
	char from[FILE_MAX], to[FILE_MAX];

	if (!keep) {
		kept_discard(kept);
		kept_remove(kept->name);
		return;
	}
	for (size_t i = 0; dir >= 0 && i < ARRAY_SIZE(suffixes); i++) {
		temporary_name(from, kept->name, suffixes[i]);
		final_name(to, kept->name, suffixes[i]);
		if (renameat(dir, from, dir, to) < 0)
			unlinkat(dir, from, 0);
	}
}

void kept_end(const struct kept *kept, int status)
{
	static char text[CHUNK];
	uint64_t offset = 0;
	size_t len;

	while ((len = logring_read(LOGRING_MAIN, &offset, text, sizeof(text)))) {
		if (write(kept->log, text, len) < 0)
			break;
	}
	write_line(kept->record,
		   json_pack("{s:i, s:I}", "status", status, "ended", (json_int_t)time(NULL)));
}

/* A file of ours, with a NUL behind it */
static char *read_file(int dir, const char *file, size_t *len)
{
	cleanup_close int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > FILE_SIZE_MAX)
		return NULL;
	text = malloc(st.st_size + 1);
	n = text ? pread(fd, text, st.st_size, 0) : -1;
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = n;
	return text;
}

static json_t *record_read(int dir, const char *file)
{
	size_t len;
	cleanup_free char *text = read_file(dir, file, &len);
	char *second = text ? strchr(text, '\n') : NULL;
	json_t *record, *end;

	if (!second)
		return NULL;
	*second++ = '\0';
	record = json_loads(text, 0, NULL);
	end = json_loads(second, 0, NULL);
	if (json_is_object(record) && json_is_object(end))
		json_object_update(record, end);
	json_decref(end);
	if (json_is_string(json_object_get(record, "name")))
		return record;
	json_decref(record);
	return NULL;
}

json_t *kept_read(const char *name)
{
	cleanup_close int dir = rundir_name_valid(name) ? rundir_open(NULL) : -1;
	char file[FILE_MAX];

	final_name(file, name, RECORD);
	return dir < 0 ? NULL : record_read(dir, file);
}

json_t *kept_list(struct error *err)
{
	int fd = rundir_open(err);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	json_t *list = json_array();
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(RECORD);
		json_t *record;

		if (entry->d_name[0] == '.' || len <= suffix ||
		    strcmp(entry->d_name + len - suffix, RECORD))
			continue;
		record = record_read(dirfd(dir), entry->d_name);
		if (record)
			json_array_append_new(list, record);
	}
	if (dir)
		closedir(dir);
	return list;
}

char *kept_log(const char *name, size_t *len)
{
	cleanup_close int dir = rundir_name_valid(name) ? rundir_open(NULL) : -1;
	char file[FILE_MAX];

	final_name(file, name, LOG);
	return dir < 0 ? NULL : read_file(dir, file, len);
}

bool kept_remove(const char *name)
{
	cleanup_close int dir = rundir_name_valid(name) ? rundir_open(NULL) : -1;
	char file[FILE_MAX];
	bool found;

	if (dir < 0)
		return false;
	final_name(file, name, LOG);
	unlinkat(dir, file, 0);
	final_name(file, name, RECORD);
	found = !unlinkat(dir, file, 0);
	return found;
}
