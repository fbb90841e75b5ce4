// SPDX-License-Identifier: GPL-2.0-only
/* huge-arguments - what every parser of the guest kernel and the supervisor makes of too much */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BIG (16UL << 20)
static char *big; /* of 'A', ends with a zero */

static void exec_arguments(long many)
{
	char **list = calloc(2000002, sizeof(*list));
	char *none[] = { NULL };

	for (unsigned i = 0; i < (many ? 2000000 : 64); i++)
		list[i] = many ? big + BIG - 2 : big;
	execve("/bin/true", list, many ? none : list);
	_exit(errno == E2BIG ? 1 : 2);
}

static void exec_paths(long unused)
{
	char *none[] = { NULL };
	int fd = open("/tmp/script", O_CREAT | O_WRONLY, 0755);

	dprintf(fd, "#!/%.4000s\n", big);
	close(fd);
	execve("/tmp/script", none, none);
	execve(big, none, none);
	execve((char *)~0UL, none, none);
	_exit(1);
}

/* ELF headers with one field after the other out of bounds */
static void exec_malformed(long unused)
{
	static uint8_t image[8192];
	char *argv[] = { "x", NULL };
	ssize_t n;
	int fd = open("/proc/self/exe", O_RDONLY);

	n = read(fd, image, sizeof(image));
	close(fd);
	for (unsigned at = 4; at < 64 + 56 * 4; at += 2) {
		uint8_t saved[8];

		memcpy(saved, image + at, 8);
		memset(image + at, at & 8 ? 0xff : 0x7f, 8);
		fd = open("/tmp/elf", O_CREAT | O_TRUNC | O_WRONLY, 0755);
		if (write(fd, image, n) != n)
			_exit(2);
		close(fd);
		if (!fork()) {
			alarm(1);
			execve("/tmp/elf", argv, argv + 1);
			_exit(1);
		}
		wait(NULL);
		memcpy(image + at, saved, 8);
	}
	_exit(1);
}

static void vectors(long unused)
{
	static struct iovec iov[1025];
	int fd = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), fds[2];

	for (unsigned i = 0; i < 1025; i++)
		iov[i] = (struct iovec){ big, i & 1 ? ~0UL >> 1 : BIG };
	writev(fd, iov, 1025);
	writev(fd, iov, 1024);
	raw(SYS_writev, fd, (long)iov, ~0UL, 0, 0, 0);
	raw(SYS_preadv2, zero, (long)iov, 1024, ~0UL, ~0UL, ~0UL);
	raw(SYS_read, zero, (long)big, ~0UL >> 1, 0, 0, 0);
	raw(SYS_read, zero, VT_TASK_SIZE - PAGE, 1UL << 40, 0, 0, 0);
	raw(SYS_process_vm_readv, getpid(), (long)iov, 1024, (long)iov, 1024, 0);
	if (!pipe(fds))
		raw(SYS_vmsplice, fds[1], (long)iov, 1024, 0, 0, 0);
	_exit(1);
}

static void sockets(long unused)
{
	static const int domains[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };

	for (unsigned d = 0; d < COUNT(domains); d++) {
		for (int type = SOCK_STREAM; type <= SOCK_RAW; type++) {
			int fd = socket(domains[d], type, 0);
			struct msghdr msg = { .msg_control = big,
					      .msg_controllen = BIG,
					      .msg_name = big,
					      .msg_namelen = 1 << 20 };

			for (int level = 0; fd >= 0 && level < 300; level += level < 2 ? 1 : 37) {
				for (int opt = 0; opt < 80; opt++) {
					socklen_t len = BIG;

					setsockopt(fd, level, opt, big, BIG);
					setsockopt(fd, level, opt, big, -1);
					getsockopt(fd, level, opt, big + 4096, &len);
				}
			}
			if (fd < 0)
				continue;
			sendmsg(fd, &msg, MSG_DONTWAIT);
			sendto(fd, big, BIG, MSG_DONTWAIT, (void *)big, 128);
			bind(fd, (void *)big, 1 << 20);
			connect(fd, (void *)big, 128);
			close(fd);
		}
	}
	_exit(1);
}

static void ioctls(long unused)
{
	static const char *const files[] = { "/dev/console",	   "/dev/tty",
					     "/dev/ptmx",	   "/dev/loop-control",
					     "/dev/fuse",	   "/dev/net/tun",
					     "/dev/vda",	   "/dev/random",
					     "/dev/hwrng",	   "/dev/mapper/control",
					     "/dev/btrfs-control", "/proc/self/ns/net",
					     "/dev/null",	   "/tmp" };

	for (unsigned i = 0; i < COUNT(files); i++) {
		int fd = open(files[i], O_RDWR | O_NONBLOCK);

		if (fd < 0)
			fd = open(files[i], O_RDONLY | O_NONBLOCK);
		for (unsigned nr = 0; fd >= 0 && nr < 256; nr++) {
			if (!strcmp(files[i], "/dev/vda"))
				break; /* the guest's own disk is the guest's to destroy */
			ioctl(fd, 0x5400 | nr, ~0UL);
			ioctl(fd, 0xc0004c00 | 0x3fff0000 | nr, big);
			ioctl(fd, 0xffff5400 | nr, big);
			ioctl(fd, 0xc138fd00 | nr, big);
		}
		close(fd);
	}
	_exit(1);
}

static void mounts(long unused)
{
	static const char *const types[] = { "tmpfs", "overlay",  "proc",  "sysfs", "cgroup2",
					     "ext4",  "squashfs", "erofs", "fuse",  "devpts",
					     "bpf",   "mqueue",	  "ramfs", "nosuch" };

	unshare(CLONE_NEWNS);
	for (unsigned i = 0; i < COUNT(types); i++) {
		mount(big + BIG - 4000, "/mnt", types[i], 0, big);
		mount("none", "/mnt", types[i], ~0UL, big + BIG - 3000);
		mount((char *)VT_PAGE_OFFSET, "/mnt", types[i], 0, (char *)VT_PAGE_OFFSET);
	}
	mount("none", "/mnt", big, 0, NULL);
	_exit(1);
}

static void assorted(long unused)
{
	int id = msgget(IPC_PRIVATE, 0600), sem = semget(IPC_PRIVATE, 250, 0600);

	raw(SYS_msgsnd, id, (long)big, BIG, IPC_NOWAIT, 0, 0);
	raw(SYS_msgsnd, id, (long)big, -1, IPC_NOWAIT, 0, 0);
	raw(SYS_semop, sem, (long)big, 1 << 20, 0, 0, 0);
	raw(SYS_semget, IPC_PRIVATE, 0x7fffffff, 0600, 0, 0, 0);
	raw(SYS_shmget, IPC_PRIVATE, ~0UL >> 1, 0600, 0, 0, 0);
	raw(SYS_bpf, 5, (long)big, BIG, 0, 0, 0);
	raw(SYS_bpf, 0, (long)big, 128, 0, 0, 0);
	raw(SYS_add_key, (long)"user", (long)big, (long)big, BIG, -2, 0);
	raw(SYS_setxattr, (long)"/tmp", (long)"user.a", (long)big, BIG, 0, 0);
	raw(SYS_sethostname, (long)big, BIG, 0, 0, 0, 0);
	raw(SYS_setgroups, 1 << 30, (long)big, 0, 0, 0, 0);
	raw(SYS_poll, (long)big, 1 << 30, 0, 0, 0, 0);
	raw(SYS_select, 1 << 30, (long)big, (long)big, (long)big, (long)big, 0);
	raw(SYS_epoll_wait, 0, (long)big, 0x7fffffff, 0, 0, 0);
	raw(SYS_io_setup, 0x7fffffff, (long)big, 0, 0, 0, 0);
	raw(SYS_io_uring_setup, 1 << 30, (long)big, 0, 0, 0, 0);
	raw(SYS_getdents64, open("/", O_RDONLY), (long)big, ~0U, 0, 0, 0);
	raw(SYS_sched_setaffinity, 0, ~0UL >> 1, (long)big, 0, 0, 0);
	raw(SYS_mbind, (long)big, BIG, 3, (long)big, ~0UL, 0);
	raw(SYS_move_pages, 0, 1UL << 40, (long)big, (long)big, (long)big, 0);
	raw(SYS_mremap, (long)big, BIG, ~0UL >> 1, 1, 0, 0);
	raw(SYS_mmap, 0, ~0UL >> 1, 3, 0x22, -1, 0);
	raw(SYS_mmap, VT_TASK_SIZE - PAGE, 2 * PAGE, 3, 0x32, -1, 0);
	raw(SYS_futex_waitv, (long)big, 128, 0, 0, 0, 0);
	raw(SYS_clone3, (long)big, BIG, 0, 0, 0, 0);
	raw(SYS_mount_setattr, -100, (long)"/tmp", 0, (long)big, BIG, 0);
	raw(SYS_openat2, -100, (long)"/tmp", (long)big, BIG, 0, 0);
	raw(SYS_landlock_create_ruleset, (long)big, BIG, 0, 0, 0, 0);
	raw(SYS_prctl, 15, (long)big, 0, 0, 0, 0);
	raw(SYS_quotactl, 0x80000100, (long)big, 0, (long)big, 0, 0);
	raw(SYS_syslog, 3, (long)big, 0x7fffffff, 0, 0, 0);
	raw(SYS_rseq, (long)big, 0x7fffffff, 0, 0, 0, 0);
	_exit(1);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	big = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(big, 'A', BIG - 1);
	report("few long arguments", exec_arguments, 0);
	report("many short arguments", exec_arguments, 1);
	report("paths", exec_paths, 0);
	report("malformed programs", exec_malformed, 0);
	report("vectors", vectors, 0);
	report("sockets", sockets, 0);
	report("ioctls", ioctls, 0);
	report("mounts", mounts, 0);
	report("assorted", assorted, 0);
	return over();
}
