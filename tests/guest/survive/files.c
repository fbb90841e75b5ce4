/* SPDX-License-Identifier: GPL-2.0-only */
/* files.c - locks, files without a name, file systems of all kinds */
#include "survive.h"
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/sendfile.h>

#define SIZE 1000000

static char buf[SIZE];

/* A file of this case's own */
static const char *own(const char *what)
{
	static char path[96];

	snprintf(path, sizeof(path), "/tmp/%s-%d", what, getpid());
	return path;
}

static int holder_of(int fd, int kind)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 1 };

	return fcntl(fd, kind, &lock) ? -1 : lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

/* A child has it, and loses it when it ends */
const char *posix_lock_case(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10 };
	const int fd = open(own("posix"), O_RDWR | O_CREAT, 0600);
	pid_t pid = fork();

	if (!pid) {
		if (fcntl(fd, F_SETLK, &lock))
			_exit(1);
		for (;;)
			pause();
	}
	while (!holder_of(fd, F_GETLK))
		sleep_ms(5);
	hold();
	WANT(holder_of(fd, F_GETLK) == pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	WANT(!holder_of(fd, F_GETLK) && !unlink(own("posix")));
	return NULL;
}

const char *ofd_lock_case(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10 };
	const int fd = open(own("ofd"), O_RDWR | O_CREAT, 0600), other = open(own("ofd"), O_RDWR);

	WANT(!fcntl(fd, F_OFD_SETLK, &lock));
	hold();
	WANT(holder_of(other, F_OFD_GETLK) == -1); /* by nobody who has a number */
	WANT(fcntl(other, F_OFD_SETLK, &lock) && errno == EAGAIN);
	close(fd);
	WANT(!fcntl(other, F_OFD_SETLK, &lock) && !unlink(own("ofd")));
	return NULL;
}

const char *flock_case(void)
{
	const int fd = open(own("flock"), O_RDWR | O_CREAT, 0600),
		  other = open(own("flock"), O_RDWR);

	WANT(!flock(fd, LOCK_SH) && !flock(other, LOCK_SH));
	hold();
	WANT(flock(other, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK);
	close(fd);
	WANT(!flock(other, LOCK_EX | LOCK_NB) && !unlink(own("flock")));
	return NULL;
}

/* Somebody else's opening breaks it, with a signal */
const char *lease_case(void)
{
	const char *path = own("lease");
	const int fd = open(path, O_RDWR | O_CREAT, 0600);
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	WANT(!fcntl(fd, F_SETLEASE, F_WRLCK));
	hold();
	WANT(fcntl(fd, F_GETLEASE) == F_WRLCK);
	pid = fork();
	if (!pid)
		_exit(open(path, O_RDONLY) < 0);
	WANT(sigtimedwait(&set, NULL, &(struct timespec){ 30, 0 }) == SIGIO);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return NULL;
}

static const char *unnamed(int fd)
{
	struct stat st;

	fill(buf, SIZE, 21);
	WANT(fd >= 0 && pwrite(fd, buf, SIZE, 4096) == SIZE);
	hold();
	WANT(!fstat(fd, &st) && !st.st_nlink && st.st_size == SIZE + 4096);
	memset(buf, 0, SIZE);
	WANT(pread(fd, buf, SIZE, 4096) == SIZE && filled(buf, SIZE, 21));
	WANT(pwrite(fd, buf, SIZE, SIZE) == SIZE && !fsync(fd));
	return NULL;
}

const char *deleted_case(void)
{
	const int fd = open(own("deleted"), O_RDWR | O_CREAT | O_TRUNC, 0600);

	unlink(own("deleted"));
	return unnamed(fd);
}

const char *tmpfile_case(void)
{
	return unnamed(open("/tmp", O_RDWR | O_TMPFILE, 0600));
}

/* Pages of a file that no disk has yet, in a file system with a journal that is at work */
const char *dirty_case(void)
{
	const int fd = open(own("dirty"), O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill(buf, SIZE, 4);
	WANT(write(fd, buf, SIZE) == SIZE && !fsync(fd));
	fill(buf, SIZE / 2, 5);
	WANT(pwrite(fd, buf, SIZE / 2, 1000) == SIZE / 2);
	hold();
	WANT(!fsync(fd) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	WANT(pread(fd, buf, SIZE / 2, 1000) == SIZE / 2 && filled(buf, SIZE / 2, 5));
	WANT(!unlink(own("dirty")));
	return NULL;
}

/* A pattern in a file of a file system that is mounted there */
static const char *file_held(const char *dir)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	fill(buf, SIZE, 6);
	WANT(fd >= 0 && write(fd, buf, SIZE) == SIZE);
	hold();
	memset(buf, 0, SIZE);
	WANT(pread(fd, buf, SIZE, 0) == SIZE && filled(buf, SIZE, 6));
	close(fd);
	fd = open(path, O_RDONLY);
	WANT(fd >= 0 && read(fd, buf, 100) == 100 && filled(buf, 100, 6));
	close(fd);
	WANT(!umount(dir));
	return NULL;
}

const char *tmpfs_case(void)
{
	char dir[96];

	snprintf(dir, sizeof(dir), "%s", own("tmpfs"));
	WANT(!mkdir(dir, 0700) && !mount("none", dir, "tmpfs", 0, "size=8m"));
	return file_held(dir);
}

/* What was changed lies above, and what was not shows through */
const char *overlay_case(void)
{
	char dir[96], command[600];

	snprintf(dir, sizeof(dir), "%s", own("overlay"));
	snprintf(
	    command, sizeof(command),
	    "mkdir -p %1$s && mount -t tmpfs none %1$s && cd %1$s && "
	    "mkdir low up work all && echo below >low/kept && echo gone >low/removed && "
	    "mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none all && rm all/removed",
	    dir);
	WANT(!shell(command));
	snprintf(command, sizeof(command), "%s/all", dir);
	const char *said = file_held(command);
	if (said)
		return said;
	snprintf(command, sizeof(command),
		 "cd %s && [ -e up/file ] && [ -c up/removed ] && [ $(cat low/kept) = below ]",
		 dir);
	WANT(!shell(command));
	WANT(!umount(dir));
	return NULL;
}

/* A file system in a file */
const char *loop_case(void)
{
	char dir[96], command[600];
	const char *said;

	snprintf(dir, sizeof(dir), "%s", own("loop"));
	snprintf(command, sizeof(command),
		 "mkdir -p %1$s && dd if=/dev/zero of=%1$s.img bs=64k count=100 2>/dev/null && "
		 "mke2fs -F %1$s.img >/dev/null 2>&1 && mount -o loop %1$s.img %1$s",
		 dir);
	WANT(!shell(command));
	said = file_held(dir);
	snprintf(command, sizeof(command),
		 "mount -o loop,ro %1$s.img %1$s && [ $(wc -c <%1$s/file) = " TEXT(
		     SIZE) " ] && "
			   "umount %1$s && rm %1$s.img",
		 dir);
	if (!said)
		WANT(!shell(command));
	return said;
}

/* Pages of a file in a pipe */
const char *splice_case(void)
{
	const int fd = open(own("splice"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;
	int ends[2];

	fill(buf, 60000, 8);
	WANT(write(fd, buf, 60000) == 60000 && !pipe(ends));
	WANT(splice(fd, &at, ends[1], NULL, 50000, 0) == 50000);
	WANT(!unlink(own("splice")));
	close(fd);
	hold();
	memset(buf, 0, SIZE);
	for (size_t n = 0; n < 50000;) {
		const ssize_t got = read(ends[0], buf + n, 50000 - n);

		WANT(got > 0);
		n += (size_t)got;
	}
	WANT(filled(buf, 50000, 8));
	return NULL;
}

/* Where descriptors stand, how they are open, and a directory that is half read */
const char *offset_case(void)
{
	const int fd = open(own("offset"), O_RDWR | O_CREAT | O_APPEND, 0600), copy = dup2(fd, 777);

	WANT(copy == 777 && write(fd, "0123456789", 10) == 10 && lseek(fd, 4, SEEK_SET) == 4);
	WANT(!fcntl(fd, F_SETFD, FD_CLOEXEC) && !fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	hold();
	WANT(read(copy, buf, 3) == 3 && !memcmp(buf, "456", 3) && lseek(fd, 0, SEEK_CUR) == 7);
	WANT(fcntl(fd, F_GETFD) == FD_CLOEXEC && !fcntl(copy, F_GETFD));
	WANT((fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
	WANT(write(copy, "x", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 11 && !unlink(own("offset")));
	return NULL;
}
