// SPDX-License-Identifier: GPL-2.0-only
/* rundir.c - the directory in which running sandboxes are found by name
 *
 * Theory of operation
 * A running sandbox is a listening socket NAME.sock. There is no other state, so nothing can be out
 * of date: a socket that refuses connections belongs to a sandbox that died and is removed by
 * whoever notices, with what says how it was started (config.c). Claiming and removing a name
 * happens under a lock on the directory, or two sandboxes could take the same name.
 *
 * Sockets are addressed through /proc/self/fd/DIR, which makes the length of the directory's path
 * irrelevant and keeps the check of its owner valid.
 *
 * Host system calls: mkdir, openat, newfstatat, fstat, flock, socket, bind, fchmodat, listen,
 * connect, unlinkat; stat and open of /proc/PID for rundir_find().
 */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "vitrine/util.h"

#define BACKLOG 1024 /* clients that gave up on a stopped sandbox must not keep out who ends it */
#define FILE_MAX (RUNDIR_NAME_MAX + sizeof(RUNDIR_CONFIG))

/* Open a directory of ours below @parent, making it when it is missing */
static int own_directory(int parent, const char *name, struct error *err)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "cannot make the run directory %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		return error_set(
		    err, 0,
		    "the run directory %s is somebody else's; set XDG_RUNTIME_DIR to a "
		    "directory of yours",
		    name);
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
		else if (why == EAGAIN)
			error_set(err, 0, "the sandbox %s does not answer", name);
		else
			error_set(err, why, "cannot reach the sandbox %s", name);
		if (err)
			err->code = why;
	}
	flock(dir, LOCK_UN);
	return fd;
}

/* The socket in @fd, which is consumed, that process @pid serves */
static int connect_to_pid(int fd, pid_t pid, char *name)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int found = -1;

	while (dir && found < 0 && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(RUNDIR_SUFFIX);
		struct ucred peer = { 0 };
		socklen_t size = sizeof(peer);

		if (len <= suffix || strcmp(entry->d_name + len - suffix, RUNDIR_SUFFIX))
			continue;
		entry->d_name[len - suffix] = '\0';
		if (!rundir_name_valid(entry->d_name))
			continue;
		found = try_connect(dirfd(dir), entry->d_name);
		if (found >= 0 && (getsockopt(found, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
				   peer.pid != pid))
			close(steal_fd(found));
		if (found >= 0)
			snprintf(name, RUNDIR_NAME_MAX + 1, "%.*s", RUNDIR_NAME_MAX, entry->d_name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return found;
}

/* A variable of another process; false when it has none of that name */
static bool variable_of(pid_t pid, const char *variable, char *value, size_t size)
{
	size_t len = strlen(variable), room = 0;
	cleanup_free char *line = NULL;
	cleanup_fclose FILE *file = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	file = fopen(path, "re");
	while (file && getdelim(&line, &room, '\0', file) > 0) {
		if (strncmp(line, variable, len) || line[len] != '=')
			continue;
		snprintf(value, size, "%s", line + len + 1);
		return true;
	}
	return false;
}

/*
 * The run directory of another process's user. That it is that process which answers there is for
 * connect_to_pid() to see.
 */
static int open_of(pid_t pid)
{
	cleanup_close int parent = -1, fd = -1;
	char path[PATH_MAX];
	struct stat owner, st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &owner) < 0)
		return -1;
	if (!variable_of(pid, "XDG_RUNTIME_DIR", path, sizeof(path)) || path[0] != '/')
		snprintf(path, sizeof(path), "/tmp/vitrine-%u", owner.st_uid);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent >= 0)
		fd = openat(parent, "vitrine", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & 077))
		return -1;
	return steal_fd(fd);
}

int rundir_find(const char *word, char *name, struct error *err)
{
	cleanup_close int dir = rundir_open(err);
	struct error why = { 0 };
	unsigned long pid;
	int fd = -1;

	if (dir < 0)
		return -1;
	fd = rundir_connect(dir, word, &why);
	if (fd >= 0) {
		snprintf(name, RUNDIR_NAME_MAX + 1, "%.*s", RUNDIR_NAME_MAX, word);
		return fd;
	}
	pid = word[strspn(word, "0123456789")] ? 0 : strtoul(word, NULL, 10);
	if (pid && pid <= INT_MAX) {
		fd = connect_to_pid(steal_fd(dir), (pid_t)pid, name);
		if (fd < 0 && geteuid() == 0)
			fd = connect_to_pid(open_of((pid_t)pid), (pid_t)pid, name);
		if (fd >= 0)
			return fd;
		return error_set(err, 0, "no sandbox named %s is running, and process %s is none",
				 word, word);
	}
	error_set(err, 0, "%.400s", why.text);
	if (err)
		err->code = why.code;
	return -1;
}

void rundir_remove(int dir, const char *name)
{
	char file[FILE_MAX];

	snprintf(file, sizeof(file), "%.*s%s", RUNDIR_NAME_MAX, name, RUNDIR_CONFIG);
	unlinkat(dir, file, 0);
	socket_file(name, file);
	unlinkat(dir, file, 0);
}
