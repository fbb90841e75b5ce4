// SPDX-License-Identifier: GPL-2.0-only
/* zoo.c - many kinds of system calls, for comparing how two tracers show them
 *
 * Run natively under strace and in a guest under vitrine trace, it makes the same calls with the
 * same results, as far as two kernels can agree. One process, so that there is one order. Calls are
 * made through syscall() where the C library might take another one.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

static void files(void)
{
	struct iovec parts[2] = { { (void *)"vector ", 7 }, { (void *)"\0\377\n", 3 } };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec times[2] = { { 1, 5 }, { 0, UTIME_OMIT } };
	struct statx stx;
	char buf[64];
	int fd, copy;

	mkdir("dir", 0755);
	mkdir("dir", 0755);
	fd = open("dir/a", O_RDWR | O_CREAT | O_TRUNC, 0640);
	if (write(fd, "text\t\"quoted\"\n\001\0022", 16) < 0 || writev(fd, parts, 2) < 0)
		exit(1);
	lseek(fd, 2, SEEK_SET);
	if (read(fd, buf, 5) < 0 || pread(fd, buf, sizeof(buf), 1000) < 0)
		exit(1);
	fsync(fd);
	fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8192);
	ftruncate(fd, 100);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	fcntl(fd, F_SETLK, &lock);
	fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_GETFD);
	flock(fd, LOCK_EX | LOCK_NB);
	copy = dup(fd);
	dup2(fd, 20);
	dup3(fd, 21, O_CLOEXEC);
	close(copy);
	close(99);
	fchmod(fd, 0600);
	futimens(fd, times);
	utimensat(AT_FDCWD, "dir/a", NULL, AT_SYMLINK_NOFOLLOW);
	link("dir/a", "dir/b");
	symlink("a", "dir/link");
	if (readlink("dir/link", buf, sizeof(buf)) < 0)
		exit(1);
	rename("dir/b", "dir/c");
	syscall(SYS_renameat2, AT_FDCWD, "dir/c", AT_FDCWD, "dir/a", RENAME_NOREPLACE);
	access("dir/a", R_OK | W_OK);
	faccessat(AT_FDCWD, "dir/none", F_OK, AT_SYMLINK_NOFOLLOW);
	stat("dir/a", &(struct stat){ 0 });
	lstat("dir/link", &(struct stat){ 0 });
	stat("/dev/null", &(struct stat){ 0 });
	statx(AT_FDCWD, "dir/none", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx);
	unlink("dir/a");
	unlink("dir/c");
	unlinkat(AT_FDCWD, "dir/link", 0);
	unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR);
	umask(022);
	chdir("/nonexistent");
	open("/nonexistent\033[2J\303\244/", O_RDONLY | O_NOFOLLOW);
	truncate("/nonexistent", 5);
	chmod("/nonexistent", 04755);
	chown("/nonexistent", -1, 5);
	mknod("/nonexistent/x", S_IFCHR | 0600, 0x103);
	close(fd);
	close(20);
	close(21);
}

static void memory(void)
{
	char *at = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(at, 4096, PROT_NONE);
	madvise(at + 4096, 4096, MADV_DONTNEED);
	mremap(at, 16384, 8192, MREMAP_MAYMOVE);
	msync(at, 4096, MS_SYNC);
	mlock(at + 4096, 4096);
	munlock(at + 4096, 4096);
	munmap(at, 8192);
	mmap(NULL, 0, PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, 77, 4096);
	mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	close(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600);
}

static void on_signal(int number)
{
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER };
	struct itimerval timer = { { 0, 0 }, { 100, 5 } };
	stack_t stack = { .ss_sp = NULL, .ss_flags = SS_DISABLE };
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&action.sa_mask, SIGCHLD);
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigprocmask(SIG_SETMASK, &none, &set);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaltstack(&stack, NULL);
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
	kill(getpid(), 0);
	kill(99999999, SIGKILL);
	syscall(SYS_tgkill, 99999999, 99999998, SIGRTMIN);
	close(signalfd(-1, &set, SFD_CLOEXEC));
	alarm(0);
}

static void networks(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/nonexistent/socket" };
	struct linger linger = { 1, 5 };
	socklen_t len = sizeof(int);
	int one = 1, pair[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	char buf[16];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &one, &len);
	bind(fd, (struct sockaddr *)&in, sizeof(in));
	listen(fd, 5);
	accept4(99, NULL, NULL, SOCK_NONBLOCK);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_IP);
	sendto(fd, "datagram", 8, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&in6, 0);
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	connect(fd, (struct sockaddr *)&un, sizeof(un));
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send(pair[0], "hello", 5, 0);
	recv(pair[1], buf, sizeof(buf), MSG_PEEK);
	recvfrom(pair[1], buf, sizeof(buf), MSG_DONTWAIT, NULL, NULL);
	getpeername(99, NULL, NULL);
	close(pair[0]);
	close(pair[1]);
}

/* Messages of every shape: names, several buffers, descriptors on the way, many at once */
static void messages(void)
{
	struct sockaddr_in in = { AF_INET, htons(41007), { htonl(0x7f090807) } };
	struct iovec parts[3] = { { (void *)"vec", 3 }, { (void *)"tor", 3 }, { NULL, 0 } };
	char buf[2][8], control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec room[2] = { { buf[0], 8 }, { buf[1], 8 } };
	struct msghdr head = { .msg_iov = parts,
			       .msg_iovlen = 3,
			       .msg_control = control,
			       .msg_controllen = sizeof(control) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&head);
	struct sockaddr_in from[2];
	struct mmsghdr many[2] = { { .msg_hdr = { .msg_iov = parts, .msg_iovlen = 1 } },
				   { .msg_hdr = { .msg_iov = parts + 1, .msg_iovlen = 1 } } };
	struct timespec soon = { 5, 0 };
	socklen_t len = sizeof(in);
	int pair[2], fd, sent[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	sent[0] = open("/dev/null", O_RDONLY);
	sent[1] = open("/", O_PATH);
	*rights = (struct cmsghdr){ CMSG_LEN(sizeof(sent)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(rights), sent, sizeof(sent));
	sendmsg(pair[0], &head, MSG_NOSIGNAL);
	head.msg_iov = room;
	head.msg_iovlen = 2;
	recvmsg(pair[1], &head, MSG_CMSG_CLOEXEC);
	head = (struct msghdr){ .msg_iov = room, .msg_iovlen = 2 };
	recvmsg(pair[1], &head, MSG_DONTWAIT);
	head.msg_iovlen = 0;
	sendmsg(99, &head, 0);
	syscall(SYS_sendmsg, pair[0], NULL, 0);
	writev(pair[0], parts, 3);
	readv(pair[1], room, 2);
	close(sent[0]);
	close(sent[1]);
	close(pair[0]);
	close(pair[1]);

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	bind(fd, (struct sockaddr *)&in, sizeof(in));
	getsockname(fd, (struct sockaddr *)&in, &len);
	connect(fd, (struct sockaddr *)&in, sizeof(in));
	sendmmsg(fd, many, 2, 0);
	for (int i = 0; i < 2; i++)
		many[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = room + i,
							 .msg_iovlen = 1,
							 .msg_name = from + i,
							 .msg_namelen = 2 * sizeof(in) } };
	syscall(SYS_recvmmsg, fd, many, 2, MSG_DONTWAIT, &soon);
	syscall(SYS_recvmmsg, fd, many, 2, MSG_DONTWAIT, NULL);
	head = (struct msghdr){
		.msg_iov = parts, .msg_iovlen = 2, .msg_name = &in, .msg_namelen = sizeof(in)
	};
	sendmsg(fd, &head, 0);
	head.msg_iov = room;
	head.msg_name = from;
	head.msg_namelen = sizeof(from);
	recvmsg(fd, &head, MSG_TRUNC);
	sendmmsg(99, many, 1, 0);
	close(fd);
}

static void waiting(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 7 };
	struct itimerspec spec = { { 0, 0 }, { 5, 6 } };
	struct timespec none = { 0, 0 };
	struct timeval zero = { 0, 0 };
	int pipes[2], epoll = epoll_create1(EPOLL_CLOEXEC), timer;
	struct pollfd fds[2];
	fd_set set;

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		exit(1);
	fds[0] = (struct pollfd){ pipes[0], POLLIN | POLLPRI, 0 };
	fds[1] = (struct pollfd){ pipes[1], POLLOUT, 0 };
	poll(fds, 1, 0);
	poll(fds, 2, -1);
	if (write(pipes[1], "x", 1) < 0)
		exit(1);
	FD_ZERO(&set);
	FD_SET(pipes[0], &set);
	syscall(SYS_select, pipes[0] + 1, &set, NULL, NULL, &zero);
	FD_SET(pipes[0], &set);
	FD_SET(pipes[1], &set);
	syscall(SYS_pselect6, pipes[1] + 1, &set, &set, NULL, &none, NULL);
	fds[1].fd = 99;
	syscall(SYS_ppoll, fds, 2, &none, NULL, 8);
	epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
	epoll_ctl(epoll, EPOLL_CTL_DEL, 99, NULL);
	syscall(SYS_epoll_wait, epoll, &event, 1, 0);
	ioctl(pipes[0], FIONREAD, &timer);
	ioctl(pipes[0], TIOCGWINSZ, &set);
	close(eventfd(3, EFD_CLOEXEC | EFD_SEMAPHORE));
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(timer, 0, &spec, NULL);
	close(inotify_init1(IN_CLOEXEC));
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &none, NULL);
	syscall(SYS_futex, &timer, FUTEX_WAKE_PRIVATE, 1);
	syscall(SYS_futex, &timer, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 99, &none,
		NULL, FUTEX_BITSET_MATCH_ANY);
	close(timer);
	close(pipes[0]);
	close(pipes[1]);
	close(epoll);
}

static void tasks(void)
{
	struct sched_param param = { .sched_priority = 0 };
	struct rlimit limit = { 100 << 20, RLIM_INFINITY };
	char name[16] = "old";
	int status;

	setrlimit(RLIMIT_CORE, &limit);
	syscall(SYS_getrlimit, RLIMIT_CORE, &limit);
	syscall(SYS_prlimit64, 0, 99, NULL, &limit);
	sched_setscheduler(0, SCHED_BATCH, &param);
	sched_getscheduler(0);
	setpriority(PRIO_PROCESS, 0, 19); /* as nice as can be, whatever we were started with */
	getpriority(PRIO_PROCESS, 0);
	sched_yield();
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_CAPBSET_READ, 0);
	prctl(PR_SET_NAME, "a name\t");
	prctl(PR_GET_NAME, name);
	prctl(PR_GET_PDEATHSIG, &status);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_KEEPCAPS, 1);
	prctl(PR_GET_KEEPCAPS);
	prctl(PR_SET_TIMERSLACK, 12345);
	prctl(PR_GET_TIMERSLACK);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	prctl(PR_GET_CHILD_SUBREAPER, &status);
	wait4(-1, &status, WNOHANG | WUNTRACED, NULL);
	waitid(P_PID, 99999999, NULL, WEXITED | WNOWAIT);
	setpgid(99999999, 0);
	getpgid(99999999);
	unshare(0);
	syscall(SYS_setns, 99, CLONE_NEWNS);
	syscall(SYS_mount, "/nonexistent", "/nonexistent", "ext4", 5, "data");
	syscall(SYS_umount2, "/nonexistent", 2);
	syscall(SYS_personality, 0xffffffff);
	syscall(SYS_membarrier, 99, 0, 0);
	syscall(SYS_kcmp, 99999999, 99999998, 0, 1, 2);
}

int main(int argc, char **argv)
{
	files();
	memory();
	signals();
	networks();
	messages();
	waiting();
	tasks();
	return 3;
}
