/* SPDX-License-Identifier: GPL-2.0-only */
/* posix.c - what programs expect of a file system, one promise a function
 *
 * Usage: posix DIRECTORY, as root. Prints "ok NAME" or "NAME: what was not so" for each.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s: not so: %s (line %d, %s)\n", now, #condition, __LINE__,        \
			       strerror(errno));                                                   \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define FAILS(call, code) CHECK((errno = 0, (call) < 0) && errno == (code))

static const char *now;
static struct stat st, other;

static int make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0 && write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return fd;
}

/* Does a file consist of this text? */
static int holds(const char *name, const char *text)
{
	char buffer[4096];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(buffer, text, n);
}

static void hard_links(void)
{
	CHECK(make("a", "text") >= 0 && !link("a", "b"));
	CHECK(!stat("a", &st) && !stat("b", &other) && st.st_ino == other.st_ino &&
	      st.st_nlink == 2);
	CHECK(!unlink("a") && holds("b", "text") && !stat("b", &st) && st.st_nlink == 1);
	FAILS(link("missing", "c"), ENOENT);
	FAILS(link("b", "b"), EEXIST);
	CHECK(!symlink("b", "s") && !linkat(AT_FDCWD, "s", AT_FDCWD, "t", 0));
	CHECK(!lstat("t", &st) && S_ISLNK(st.st_mode));
}

static void renames(void)
{
	CHECK(make("a", "1") >= 0 && make("b", "2") >= 0 && !mkdir("d", 0755));
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
	CHECK(!renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
	CHECK(holds("a", "2") && holds("b", "1"));
	CHECK(!rename("a", "d/c") && holds("d/c", "2") && !rename("b", "d/c") && holds("d/c", "1"));
	CHECK(!rename("d", "e") && holds("e/c", "1"));
	FAILS(rename("e", "e/inside"), EINVAL);
	FAILS(renameat2(AT_FDCWD, "e/c", AT_FDCWD, "w", RENAME_WHITEOUT), EINVAL);
	CHECK(!mkdir("full", 0755) && make("full/x", "") >= 0 && !mkdir("g", 0755));
	FAILS(rename("g", "full"), ENOTEMPTY);
}

static void deleted_while_open(void)
{
	char text[8] = "";
	int fd = make("a", "before"), dir;

	CHECK(fd >= 0 && !unlink("a") && !fstat(fd, &st) && st.st_nlink == 0);
	CHECK(pwrite(fd, "after!", 6, 0) == 6 && pread(fd, text, 6, 0) == 6 &&
	      !strcmp(text, "after!"));
	CHECK(!ftruncate(fd, 3) && !fstat(fd, &st) && st.st_size == 3);
	CHECK(!fchmod(fd, 0600) && !fstat(fd, &st) && (st.st_mode & 0777) == 0600);
	CHECK(!mkdir("d", 0755) && (dir = open("d", O_RDONLY | O_DIRECTORY)) >= 0 && !rmdir("d"));
	FAILS(openat(dir, "x", O_CREAT | O_RDWR, 0644), ENOENT);
	CHECK(!fstat(dir, &st));
}

static void nameless_files(void)
{
	char link[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0640);

	CHECK(fd >= 0 && write(fd, "tmp", 3) == 3 && !fstat(fd, &st) && st.st_nlink == 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(!linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) &&
	      holds("named", "tmp"));
	CHECK(!stat("named", &st) && (st.st_mode & 07777) == 0640);
}

static void extended_attributes(void)
{
	static char large[4000];
	char value[64], list[256];

	CHECK(make("a", "") >= 0 && !setxattr("a", "user.one", "value", 5, XATTR_CREATE));
	CHECK(getxattr("a", "user.one", value, sizeof(value)) == 5 && !memcmp(value, "value", 5));
	CHECK(getxattr("a", "user.one", NULL, 0) == 5);
	FAILS(setxattr("a", "user.one", "x", 1, XATTR_CREATE), EEXIST);
	FAILS(getxattr("a", "user.one", value, 2), ERANGE);
	FAILS(getxattr("a", "user.two", value, 2), ENODATA);
	CHECK(!chown("a", 12, 13)); /* which is kept in one, too */
	CHECK(listxattr("a", list, sizeof(list)) == 9 && !strcmp(list, "user.one"));
	CHECK(!removexattr("a", "user.one") && listxattr("a", list, sizeof(list)) == 0);
	memset(large, 'x', sizeof(large));
	CHECK(!setxattr("a", "user.l", large, 2000, 0) &&
	      getxattr("a", "user.l", large, 4000) == 2000);
	FAILS(setxattr("a", "user.vitrine.owner", "0:0:4000", 8, 0), EOPNOTSUPP);
	FAILS(setxattr("a", "system.posix_acl_access", "\2\0\0\0", 4, 0), EOPNOTSUPP);
	FAILS(setxattr("a", "trusted.x", "x", 1, 0), EOPNOTSUPP);
}

static void holes(void)
{
	int fd = open("a", O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0 && pwrite(fd, "x", 1, 1 << 20) == 1 && !fstat(fd, &st));
	CHECK(st.st_size == (1 << 20) + 1 && st.st_blocks * 512 < 1 << 20);
	CHECK(lseek(fd, 0, SEEK_DATA) == 1 << 20 && lseek(fd, 0, SEEK_HOLE) == 0);
	FAILS(lseek(fd, 2 << 20, SEEK_DATA), ENXIO);
	CHECK(!fallocate(fd, 0, 0, 65536) && !fstat(fd, &st) && st.st_blocks * 512 >= 65536);
	CHECK(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 65536));
	CHECK(lseek(fd, 0, SEEK_DATA) == 1 << 20);
	CHECK(!posix_fallocate(fd, 0, 2 << 20) && !fstat(fd, &st) && st.st_size == 2 << 20);
}

static void copies(void)
{
	char buffer[8] = "";
	int from = make("a", "0123456789"), to = make("b", "");
	off_t at = 3;

	CHECK(copy_file_range(from, &at, to, NULL, 4, 0) == 4 && at == 7 && holds("b", "3456"));
	at = 0;
	CHECK(sendfile(to, from, &at, 10) == 10 && !fstat(to, &st) && st.st_size == 14);
	CHECK(pread(to, buffer, 4, 10) == 4 && !strcmp(buffer, "6789"));
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	int fd = make("a", ""), again = open("a", O_RDWR), status;

	CHECK(!flock(fd, LOCK_EX));
	FAILS(flock(again, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK(!flock(fd, LOCK_UN) && !flock(again, LOCK_EX | LOCK_NB));
	CHECK(!fcntl(fd, F_SETLK, &lock));
	if (!fork())
		_exit(fcntl(again, F_GETLK, &lock) || lock.l_type != F_WRLCK ||
		      lock.l_pid != getppid());
	CHECK(wait(&status) > 0 && !status);
}

static void notifications(void)
{
	char events[4096] __attribute__((aligned(8)));
	int in = inotify_init1(IN_NONBLOCK), fd;
	uint32_t seen = 0;
	ssize_t len;

	CHECK(in >= 0 && inotify_add_watch(in, ".", IN_ALL_EVENTS) >= 0);
	fd = make("a", "text");
	CHECK(fd >= 0 && !close(fd) && !rename("a", "b") && !unlink("b"));
	while ((len = read(in, events, sizeof(events))) > 0) {
		for (char *at = events; at < events + len;) {
			struct inotify_event *event = (void *)at;

			seen |= event->mask;
			at += sizeof(*event) + event->len;
		}
	}
	CHECK((seen & (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE)) ==
	      (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE));
}

static void shared_mappings(void)
{
	int fd = open("a", O_RDWR | O_CREAT, 0644), status;
	char text[8] = "", *map, *second;

	CHECK(!ftruncate(fd, 3 * 4096));
	map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	second = mmap(NULL, 3 * 4096, PROT_READ, MAP_SHARED, open("a", O_RDONLY), 0);
	CHECK(map != MAP_FAILED && second != MAP_FAILED);
	strcpy(map + 5000, "mapped");
	CHECK(!strcmp(second + 5000, "mapped") && pread(fd, text, 6, 5000) == 6 &&
	      !strcmp(text, "mapped"));
	CHECK(pwrite(fd, "again!", 6, 5000) == 6 && !strcmp(map + 5000, "again!"));
	if (!fork()) {
		strcpy(map, "child");
		_exit(0);
	}
	CHECK(wait(&status) > 0 && !strcmp(second, "child"));
	CHECK(!msync(map, 3 * 4096, MS_SYNC) && !munmap(map, 3 * 4096));
	CHECK(!mkdir("m", 0755) && !rename("a", "m/a"));
}

static void private_mappings(void)
{
	int fd = make("a", "original");
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(map != MAP_FAILED && !memcmp(map, "original", 8));
	memcpy(map, "changed!", 8);
	CHECK(holds("a", "original") && map[9] == 0);
}

static void appending(void)
{
	int a = open("a", O_WRONLY | O_CREAT | O_APPEND, 0644), b = open("a", O_WRONLY | O_APPEND);

	CHECK(write(a, "1", 1) == 1 && write(b, "2", 1) == 1 && write(a, "3", 1) == 1);
	CHECK(holds("a", "123"));
	for (int i = 0; i < 4; i++) {
		if (!fork()) {
			int fd = open("b", O_WRONLY | O_CREAT | O_APPEND, 0644);

			for (int n = 0; n < 100; n++)
				if (write(fd, "0123456789", 10) != 10)
					_exit(1);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	CHECK(!stat("b", &st) && st.st_size == 4000);
}

static void direct(void)
{
	char *page = aligned_alloc(4096, 8192);
	int fd = open("a", O_RDWR | O_CREAT | O_DIRECT, 0644);

	memset(page, 'd', 8192);
	CHECK(fd >= 0 && pwrite(fd, page, 8192, 0) == 8192);
	memset(page, 0, 8192);
	CHECK(pread(fd, page, 8192, 0) == 8192 && page[8191] == 'd');
}

static void sizes(void)
{
	static char out[1 << 20], in[1 << 20];
	int fd = open("a", O_RDWR | O_CREAT, 0644);

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + (i >> 12);
	for (int i = 0; i < 8; i++)
		CHECK(pwrite(fd, out, sizeof(out), (off_t)i << 20) == sizeof(out));
	CHECK(pwrite(fd, "odd", 3, 12345) == 3);
	memcpy(out + 12345, "odd", 3);
	CHECK(pread(fd, in, sizeof(in), 0) == sizeof(in) && !memcmp(in, out, sizeof(in)));
	CHECK(pread(fd, in, 100, (8 << 20) - 10) == 10 && pread(fd, in, 1, 8 << 20) == 0);
	CHECK(!truncate("a", 12346) && pread(fd, in, 100, 12340) == 6 && in[5] == 'o');
	CHECK(!truncate("a", 20000) && pread(fd, in, 100, 12346) == 100 && !in[0]);
	close(fd);
	fd = open("a", O_RDWR | O_TRUNC);
	CHECK(!fstat(fd, &st) && st.st_size == 0 && read(fd, in, 1) == 0);
	CHECK(pwrite(fd, "x", 1, 5LL << 30) == 1 && !stat("a", &st) &&
	      st.st_size == (5LL << 30) + 1);
	FAILS(open("a/b", O_RDONLY), ENOTDIR);
	FAILS(open(".", O_WRONLY), EISDIR);
}

static void names(void)
{
	char name[300], target[4096];
	const char odd[] = "\n\x01\xff\xfe \\\"*?";

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	CHECK(make(name, "x") >= 0 && holds(name, "x"));
	name[255] = 'n';
	name[256] = 0;
	FAILS(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
	CHECK(make(odd, "odd") >= 0 && holds(odd, "odd"));
	memset(target, 't', sizeof(target));
	target[4095] = 0;
	CHECK(!symlink(target, "link") && readlink("link", target, sizeof(target)) == 4095);
	CHECK(!lstat("link", &st) && st.st_size == 4095);
}

/* Deeper than a path can say: 300 directories with names of 30 bytes */
static void depth(void)
{
	const char name[] = "a-directory-with-a-long-name-x";
	char text[4] = "";
	int top = open(".", O_RDONLY), fd;

	for (int i = 0; i < 300; i++)
		CHECK(!mkdir(name, 0755) && !chdir(name));
	fd = make("bottom", "end");
	CHECK(fd >= 0 && !rename("bottom", "there") && pread(fd, text, 3, 0) == 3);
	CHECK(!stat("there", &st) && !chmod("there", 0600) && holds("there", "end") &&
	      !unlink("there"));
	for (int i = 0; i < 300; i++)
		CHECK(!chdir("..") && !rmdir(name));
	CHECK(!fstat(top, &st) && !stat(".", &other) && st.st_ino == other.st_ino && !fchdir(top));
}

static void fifos_and_sockets(void)
{
	struct sockaddr_un address = { AF_UNIX, "socket" };
	char text[8] = "";
	int fd, peer, status;

	CHECK(!mkfifo("fifo", 0644) && !lstat("fifo", &st) && S_ISFIFO(st.st_mode));
	if (!fork())
		_exit(write(open("fifo", O_WRONLY), "pipe", 4) != 4);
	fd = open("fifo", O_RDONLY);
	CHECK(read(fd, text, 4) == 4 && !strcmp(text, "pipe") && wait(&status) > 0 && !status);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!bind(fd, (void *)&address, sizeof(address)) && !listen(fd, 1));
	peer = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!connect(peer, (void *)&address, sizeof(address)));
	CHECK(!stat("socket", &st) && S_ISSOCK(st.st_mode) && !unlink("socket"));
}

static void devices(void)
{
	FAILS(mknod("null", S_IFCHR | 0666, makedev(1, 3)), EPERM);
	FAILS(mknod("disk", S_IFBLK | 0666, makedev(254, 0)), EPERM);
	FAILS(mknod("whiteout", S_IFCHR, 0), EPERM);
	CHECK(!mknod("file", S_IFREG | 0600, 0) && !stat("file", &st) && st.st_size == 0);
}

static void owners(void)
{
	int fd;

	umask(0);
	CHECK(make("a", "x") >= 0 && !chown("a", 33, 44) && !stat("a", &st));
	CHECK(st.st_uid == 33 && st.st_gid == 44);
	CHECK(!chmod("a", 06755) && !stat("a", &st) && (st.st_mode & 07777) == 06755 &&
	      st.st_uid == 33);
	CHECK(!chown("a", 34, -1) && !stat("a", &st) && (st.st_mode & 07777) == 0755 &&
	      st.st_gid == 44);
	CHECK(!chmod("a", 04444) && !chown("a", 0, 0) && !stat("a", &st) && !st.st_uid &&
	      !st.st_gid);
	CHECK(!mkdir("d", 0755) && !chown("d", 5, 6) && !chmod("d", 02775) && !chmod(".", 0777));
	CHECK(make("d/f", "") >= 0 && !stat("d/f", &st) && st.st_uid == 0 && st.st_gid == 6);
	CHECK(!mkdir("d/e", 0755) && !stat("d/e", &st) && st.st_gid == 6 && st.st_mode & S_ISGID);
	CHECK(!symlink("a", "s") && !lchown("s", 7, 8));
	/* Who has no rights has none here either */
	CHECK(!chmod("a", 04755) && !setegid(100) && !seteuid(100));
	fd = open("mine", O_CREAT | O_RDWR, 0400);
	CHECK(fd >= 0 && !fstat(fd, &st) && st.st_uid == 100 && st.st_gid == 100);
	FAILS(chmod("a", 0777), EPERM);
	FAILS(chown("mine", 0, 0), EPERM);
	FAILS(open("a", O_WRONLY), EACCES);
	CHECK(!seteuid(0) && !setegid(0));
	/* Who writes to a program takes its identity away */
	CHECK(!chmod("a", 04777) && !seteuid(100));
	fd = open("a", O_WRONLY);
	CHECK(fd >= 0 && write(fd, "new", 3) == 3 && !stat("a", &st) && !(st.st_mode & S_ISUID));
	CHECK(!seteuid(0));
}

static void times(void)
{
	const struct timespec set[2] = { { 1000000000, 123456789 }, { 1500000000, 987654321 } };
	struct timespec before;

	CHECK(make("a", "x") >= 0 && !utimensat(AT_FDCWD, "a", set, 0) && !stat("a", &st));
	CHECK(st.st_atim.tv_nsec == 123456789 && st.st_mtim.tv_sec == 1500000000 &&
	      st.st_mtim.tv_nsec == 987654321);
	CHECK(!symlink("a", "s") && !utimensat(AT_FDCWD, "s", set, AT_SYMLINK_NOFOLLOW));
	before = st.st_mtim;
	CHECK(make("a", "more") >= 0 && !stat("a", &st) && st.st_mtim.tv_sec > before.tv_sec);
}

static void directories(void)
{
	char name[32];
	int count = 0, removed = 0;
	struct dirent *entry;
	long middle = 0;
	DIR *dir;

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		CHECK(!mknod(name, S_IFREG | 0644, 0));
	}
	dir = opendir(".");
	while ((entry = readdir(dir))) {
		if (++count == 1500)
			middle = telldir(dir);
	}
	CHECK(count == 3002);
	seekdir(dir, middle);
	for (count = 0; readdir(dir); count++)
		;
	CHECK(count == 1502);
	rewinddir(dir);
	while ((entry = readdir(dir)))
		removed += entry->d_name[0] != '.' && !unlink(entry->d_name);
	CHECK(removed == 3000);
	CHECK(!fsync(dirfd(dir)) && !mkdir("d", 0755) && make("d/x", "") >= 0);
	FAILS(rmdir("d"), ENOTEMPTY);
	FAILS(unlink("d"), EISDIR);
}

static void numbers(void)
{
	ino_t inode;
	int fd, drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(make("a", "x") >= 0 && !stat("a", &st));
	inode = st.st_ino;
	CHECK(drop >= 0 && write(drop, "3", 1) == 1 && !stat("a", &st) && st.st_ino == inode);
	CHECK(!rename("a", "b") && !stat("b", &st) && st.st_ino == inode);
	fd = open("b", O_RDONLY);
	CHECK(!unlink("b") && make("b", "y") >= 0 && !stat("b", &st) && st.st_ino != inode);
	CHECK(!fstat(fd, &st) && st.st_ino == inode);
}

static void programs(void)
{
	char buffer[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open("program", O_CREAT | O_WRONLY, 0755),
	    status;
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		CHECK(write(out, buffer, n) == n);
	if (!fork()) {
		execl("./program", "program", "--exit-7", NULL);
		_exit(errno == ETXTBSY ? 1 : 2);
	}
	CHECK(wait(&status) > 0 && WEXITSTATUS(status) == 1); /* it is open for writing */
	close(out);
	if (!fork()) {
		execl("./program", "program", "--exit-7", NULL);
		_exit(2);
	}
	CHECK(wait(&status) > 0 && WEXITSTATUS(status) == 7);
	CHECK(!chmod("program", 0644));
	FAILS(execl("./program", "program", NULL), EACCES);
}

static void syncs(void)
{
	struct statfs fs;
	int fd = make("a", "x");

	CHECK(!fsync(fd) && !fdatasync(fd) && !syncfs(fd));
	CHECK(!statfs(".", &fs) && fs.f_blocks && fs.f_namelen == 255);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "hard links", hard_links },
	{ "renames, with and without replacing", renames },
	{ "files that are deleted while open", deleted_while_open },
	{ "files without a name", nameless_files },
	{ "extended attributes", extended_attributes },
	{ "holes", holes },
	{ "copies inside the kernel", copies },
	{ "locks", locks },
	{ "notifications of the guest's own changes", notifications },
	{ "shared mappings", shared_mappings },
	{ "private mappings", private_mappings },
	{ "appending", appending },
	{ "direct access", direct },
	{ "sizes and large files", sizes },
	{ "names of 255 bytes, and odd ones", names },
	{ "depth beyond the longest path", depth },
	{ "FIFOs and sockets", fifos_and_sockets },
	{ "devices are refused", devices },
	{ "owners and set-user-id bits", owners },
	{ "times", times },
	{ "directories", directories },
	{ "numbers of files", numbers },
	{ "programs", programs },
	{ "syncing", syncs },
};

int main(int argc, char **argv)
{
	char name[16];

	if (argc > 1 && !strcmp(argv[1], "--exit-7"))
		return 7;
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc != 2 || chdir(argv[1]))
		return 2;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		int status;

		snprintf(name, sizeof(name), "t%zu", i);
		now = tests[i].name;
		if (mkdir(name, 0777) || chdir(name))
			return 3;
		if (!fork()) {
			umask(022);
			tests[i].run();
			exit(0);
		}
		/* What is not so has been said */
		if (wait(&status) < 0 || chdir(".."))
			return 4;
		printf("done %s%s\n", now, status ? ", but it died" : "");
	}
	return 0;
}
