// SPDX-License-Identifier: GPL-2.0-only
/* rundir.c - the directory in which running sandboxes are found by name
 *
 * Theory of operation
 * A running sandbox is a listening socket NAME.sock. There is no other state, so nothing can be out
 * of date: a socket that refuses connections belongs to a sandbox that died and is removed by
 * whoever notices. Claiming and removing a name happens under a lock on the directory, or two
 * sandboxes could take the same name.
 *
 * Sockets are addressed through /proc/self/fd/DIR, which makes the length of the directory's path
 * irrelevant and keeps the check of its owner valid.
 *
 * Host system calls: mkdir, openat, newfstatat, fstat, flock, socket, bind, fchmodat, listen,
 * connect, unlinkat.
 */
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "vitrine/util.h"

#define BACKLOG 16
#define FILE_MAX (RUNDIR_NAME_MAX + sizeof(RUNDIR_SUFFIX))

/* Open a directory of ours below @parent, making it when it is missing */
static int own_directory(int parent, const char *name, struct error *err)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "cannot make the run directory %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "cannot open the run directory %s", name);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return error_set(err, 0,
				 "the run directory %s is not ours alone (owner %u, mode %03o); "
				 "remove it or set XDG_RUNTIME_DIR",
				 name, st.st_uid, st.st_mode & 0777);
	return steal_fd(fd);
}

int rundir_open(struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	cleanup_close int parent = -1;
	char path[64];

	if (runtime && runtime[0] == '/') {
		parent = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0)
			return error_set(err, errno, "XDG_RUNTIME_DIR: cannot open %s", runtime);
	} else {
		snprintf(path, sizeof(path), "/tmp/vitrine-%u", geteuid());
		parent = own_directory(AT_FDCWD, path, err);
		if (parent < 0)
			return -1;
	}
	return own_directory(parent, "vitrine", err);
}

bool rundir_name_valid(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_.-";
	size_t len = strlen(name);

	return len && len <= RUNDIR_NAME_MAX && name[0] != '.' && name[0] != '-' &&
	       strspn(name, set) == len;
}

static void socket_file(const char *name, char file[FILE_MAX])
{
	snprintf(file, FILE_MAX, "%.*s%s", RUNDIR_NAME_MAX, name, RUNDIR_SUFFIX);
}

static void address_of(int dir, const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%.*s%s", dir,
		 RUNDIR_NAME_MAX, name, RUNDIR_SUFFIX);
}

/* A connected socket, or -1 with errno */
static int try_connect(int dir, const char *name)
{
	/* Non-blocking: a stopped sandbox with a full backlog must not hold us and the lock */
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	address_of(dir, name, &address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fcntl(fd, F_SETFL, 0) < 0)
		return -1;
	return steal_fd(fd);
}

int rundir_listen(int dir, const char *name, struct error *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	char file[FILE_MAX];
	int other, ret;

	if (!rundir_name_valid(name))
		return error_set(err, 0, "'%s' is not a name for a sandbox", name);
	if (fd < 0)
		return error_set(err, errno, "cannot make the control socket");
	address_of(dir, name, &address);
	if (flock(dir, LOCK_EX) < 0)
		return error_set(err, errno, "cannot lock the run directory");
	other = try_connect(dir, name);
	if (other >= 0) {
		close(other);
		flock(dir, LOCK_UN);
		return error_set(err, 0, "a sandbox named %s is running already", name);
	}
	if (errno == ECONNREFUSED)
		rundir_remove(dir, name);
	socket_file(name, file);
	ret = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	      fchmodat(dir, file, 0600, 0) < 0 || listen(fd, BACKLOG) < 0;
	if (ret)
		error_set(err, errno, "cannot make the control socket of %s", name);
	flock(dir, LOCK_UN);
	return ret ? -1 : steal_fd(fd);
}

int rundir_connect(int dir, const char *name, struct error *err)
{
	int fd = -1;

	if (!rundir_name_valid(name))
		return error_set(err, 0, "'%s' is not the name of a sandbox", name);
	flock(dir, LOCK_EX);
	fd = try_connect(dir, name);
	if (fd < 0) {
		int why = errno;

		if (why == ECONNREFUSED)
			rundir_remove(dir, name);
		if (why == ECONNREFUSED || why == ENOENT)
			error_set(err, 0, "no sandbox named %s is running", name);
		else
			error_set(err, why, "cannot reach the sandbox %s", name);
	}
	flock(dir, LOCK_UN);
	return fd;
}

void rundir_remove(int dir, const char *name)
{
	char file[FILE_MAX];

	socket_file(name, file);
	unlinkat(dir, file, 0);
}
