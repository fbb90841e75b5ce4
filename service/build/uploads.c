// SPDX-License-Identifier: GPL-2.0-only
/* uploads.c - archives of the files that a template's steps copy
 *
 * They are known by a hash that the client has made up, so each owner has his own, and a name on
 * the disk is a digest of both. An archive is there when all of it is, and for a day: who builds
 * again sends it again. Only a sandbox ever unpacks one.
 */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "service/digest.h"
#include "service/http/request.h"
#include "service/service.h"
#include "vitrine/util.h"

#define UPLOAD_MAX (1ULL << 30)
#define UPLOAD_MS 60000
#define CHUNK (256 * 1024)
#define DAY (24 * 3600)
#define SECRET_LEN 64

bool upload_valid(const char *hash)
{
	const size_t len = strlen(hash);

	return len >= 16 && len <= BUILD_HASH_MAX && strspn(hash, "0123456789abcdefABCDEF") == len;
}

static void digest_of(const char *what, const char *owner, const char *hash, char *digest)
{
	char text[BUILD_HASH_MAX + 256];

	snprintf(text, sizeof(text), "%s\n%s\n%s", what, owner, hash);
	digest_hex(text, strlen(text), digest);
}

void upload_token(const char *owner, const char *hash, char *token)
{
	/* Of this daemon: a build does not outlive it either */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char secret[SECRET_LEN + 1];

	pthread_mutex_lock(&lock);
	if (!secret[0])
		random_hex(secret, SECRET_LEN);
	pthread_mutex_unlock(&lock);
	digest_of(secret, owner, hash, token);
}

static int open_directory(const struct service *service)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/uploads", service->directory);
	if (mkdir(path, 0700) && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool upload_exists(const struct service *service, const char *owner, const char *hash)
{
	cleanup_close int dir = open_directory(service);
	char name[DIGEST_LEN + 1];

	digest_of("upload", owner, hash, name);
	return dir >= 0 && !faccessat(dir, name, R_OK, 0);
}

int upload_open(const struct service *service, const char *owner, const char *hash,
		struct fault *fault)
{
	cleanup_close int dir = open_directory(service);
	char name[DIGEST_LEN + 1];
	int fd;

	digest_of("upload", owner, hash, name);
	fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_CLOEXEC);
	return fd >= 0
		   ? fd
		   : fault_set(fault, FAULT_BAD_REQUEST, "the files of a COPY step were not sent");
}

static int copy(struct request *request, int fd, struct fault *fault)
{
	cleanup_free char *data = malloc(CHUNK);
	uint64_t total = 0;
	ssize_t n = -1;

	while (data && (n = pipe_read(request->upload, data, CHUNK, UPLOAD_MS)) > 0) {
		total += (uint64_t)n;
		if (total > UPLOAD_MAX)
			return fault_set(fault, FAULT_TOO_LARGE, "an archive has at most 1 GiB");
		for (ssize_t at = 0, done; at < n; at += done) {
			done = write(fd, data + at, (size_t)(n - at));
			if (done <= 0)
				return fault_set(fault, FAULT_NO_SPACE, "cannot keep it: %s",
						 strerror(errno));
		}
	}
	return n < 0 ? fault_set(fault, FAULT_BAD_REQUEST, "the upload was cut") : 0;
}

int upload_receive(struct request *request, const char *owner, const char *hash,
		   struct fault *fault)
{
	cleanup_close int dir = open_directory(request->service), fd = -1;
	char name[DIGEST_LEN + 1], part[32];
	int ret;

	digest_of("upload", owner, hash, name);
	snprintf(part, sizeof(part), "part-");
	random_name(part + strlen(part), 16);
	fd = dir < 0 ? -1 : openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_set(fault, FAULT_NO_SPACE, "cannot keep it: %s", strerror(errno));
	ret = copy(request, fd, fault);
	if (!ret && renameat(dir, part, dir, name))
		ret = fault_set(fault, FAULT_NO_SPACE, "cannot keep it: %s", strerror(errno));
	if (ret)
		unlinkat(dir, part, 0);
	return ret;
}

void upload_sweep(const struct service *service)
{
	int fd = open_directory(service);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const time_t before = time(NULL) - DAY;
	const struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !fstatat(fd, entry->d_name, &st, 0) &&
		    st.st_mtime < before)
			unlinkat(fd, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}
