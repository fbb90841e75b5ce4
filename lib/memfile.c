// SPDX-License-Identifier: GPL-2.0-only
/* memfile.c - files that are only memory
 *
 * Theory of operation
 * Since Linux 6.3 who creates a memory file says whether it may be executed. A host that sets
 * vm.memfd_noexec to 2 refuses those who do not say that it may not; an older one does not know
 * either flag. So both are asked for what they know. Where no memory file may be executed, a file
 * without a name in a directory for temporary ones does as well: such a host allows those.
 *
 * Host system calls: memfd_create, ftruncate, mmap, write; open, fstatvfs.
 */
#include "lib/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "vitrine/util.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif

static int create(const char *name, unsigned kind)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | kind);

	return fd < 0 && errno == EINVAL ? memfd_create(name, flags) : fd;
}

static int not_created(const char *name, struct error *err)
{
	return error_set(err, errno, "cannot create the memory file %s%s", name,
			 errno == EMFILE ? " (ulimit -n?)" : "");
}

int memfile_create(const char *name, uint64_t size, struct error *err)
{
	cleanup_close int fd = create(name, MFD_NOEXEC_SEAL);

	if (fd < 0)
		return not_created(name, err);
	if (ftruncate(fd, (off_t)size))
		return error_set(err, errno, "cannot size the memory file %s to %lu KiB%s", name,
				 size >> 10, errno == EFBIG ? " (ulimit -f?)" : "");
	return steal_fd(fd);
}

void *memfile_shared(const char *name, uint64_t size, int *fd, struct error *err)
{
	cleanup_close int file = memfile_create(name, size, err);
	void *at;

	*fd = -1;
	if (file < 0)
		return NULL;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
	if (at == MAP_FAILED) {
		error_set(err, errno, "cannot map the memory file %s", name);
		return NULL;
	}
	*fd = steal_fd(file);
	return at;
}

/* A file without a name, in a file system from which one may execute */
static int temporary_program(void)
{
	const char *const places[] = { getenv("TMPDIR"), "/var/tmp", "/tmp", "/dev/shm" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_close int fd =
		    places[i] ? open(places[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0700) : -1;
		struct statvfs fs;

		if (fd >= 0 && !fstatvfs(fd, &fs) && !(fs.f_flag & ST_NOEXEC))
			return steal_fd(fd);
	}
	return -1;
}

/* What somebody may write to cannot be executed */
static int reopen_for_reading(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int memfile_program(const char *name, const void *text, size_t len, struct error *err)
{
	cleanup_close int fd = create(name, MFD_EXEC);
	const bool temporary = fd < 0;

	if (temporary && (errno == EMFILE || errno == ENFILE))
		return not_created(name, err);
	if (temporary)
		fd = temporary_program();
	if (fd < 0)
		return error_set(err, 0,
				 "this host refuses to execute %s from a memory file "
				 "(vm.memfd_noexec?), and from a file in TMPDIR, /var/tmp or /tmp "
				 "(noexec?)",
				 name);
	if (write(fd, text, len) != (ssize_t)len)
		return error_set(err, errno, "cannot write the memory file %s", name);
	return temporary ? reopen_for_reading(fd) : steal_fd(fd);
}
