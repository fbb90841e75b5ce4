/* SPDX-License-Identifier: GPL-2.0-only */
/* calls.c - threads that are in a system call, or in a fault, and know nothing of a pause
 *
 * No call may end early, with EINTR or a time-out, and each ends with what it waits for.
 */
#include "survive.h"
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/un.h>

#define RESULT(x)                                                                                  \
	({                                                                                         \
		const long result_ = (x);                                                          \
		result_ < 0 ? -(long)errno : result_;                                              \
	})

static long do_nanosleep(void *arg)
{
	const uint64_t begin = now_of(CLOCK_MONOTONIC);
	const long ret = RESULT(nanosleep(arg, NULL));

	return ret ?: (long)((now_of(CLOCK_MONOTONIC) - begin) / MS);
}

const char *nanosleep_case(void)
{
	struct timespec half = { 0, 500 * MS }, longer = { 3, 0 };
	struct caller first, second;

	enter(&first, do_nanosleep, &half);
	enter(&second, do_nanosleep, &longer);
	hold();
	WANT(left(&first) >= 500);
	WANT(left(&second) >= 3000);
	return NULL;
}

static long do_poll(void *arg)
{
	return RESULT(poll(arg, 2, -1));
}

const char *poll_case(void)
{
	int one[2], two[2];
	struct pollfd fds[2];
	struct caller caller;

	WANT(!pipe(one) && !pipe(two));
	fds[0] = (struct pollfd){ .fd = one[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = two[0], .events = POLLIN };
	enter(&caller, do_poll, fds);
	hold();
	WANT(write(two[1], "x", 1) == 1);
	WANT(left(&caller) == 1);
	WANT(!fds[0].revents && fds[1].revents == POLLIN);
	return NULL;
}

static long do_select(void *arg)
{
	const int fd = *(int *)arg;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return RESULT(select(fd + 1, &set, NULL, NULL, NULL)) == 1 && FD_ISSET(fd, &set);
}

const char *select_case(void)
{
	struct caller caller;
	int ends[2];

	WANT(!pipe(ends));
	enter(&caller, do_select, &ends[0]);
	hold();
	WANT(write(ends[1], "x", 1) == 1);
	WANT(left(&caller) == 1);
	return NULL;
}

static long do_epoll_wait(void *arg)
{
	struct epoll_event event = { 0 };

	return RESULT(epoll_wait(*(int *)arg, &event, 1, -1)) == 1 ? (long)event.data.u64 : -1;
}

const char *epoll_wait_case(void)
{
	int ends[2], ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789ab };
	struct caller caller;

	WANT(!pipe(ends) && !epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	enter(&caller, do_epoll_wait, &ep);
	hold();
	WANT(write(ends[1], "x", 1) == 1);
	WANT(left(&caller) == 0x123456789ab);
	return NULL;
}

static long do_futex(void *arg)
{
	return RESULT(syscall(SYS_futex, arg, FUTEX_WAIT, 7, NULL, NULL, 0));
}

/* In memory that two processes share, so that its key is that of a file's page */
const char *futex_case(void)
{
	uint32_t *word =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct caller one, two;
	pid_t pid;

	*word = 7;
	enter(&one, do_futex, word);
	enter(&two, do_futex, word);
	hold();
	pid = fork();
	if (!pid)
		_exit((int)syscall(SYS_futex, word, FUTEX_WAKE, 10, NULL, NULL, 0));
	WANT(left(&one) == 0 && left(&two) == 0);
	return NULL;
}

static long do_lock_pi(void *arg)
{
	return RESULT(syscall(SYS_futex, arg, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}

const char *futex_pi_case(void)
{
	static uint32_t word;
	struct caller caller;

	word = (uint32_t)syscall(SYS_gettid);
	enter(&caller, do_lock_pi, &word);
	WANT(word & FUTEX_WAITERS);
	hold();
	WANT(!syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	WANT(left(&caller) == 0);
	WANT((word & FUTEX_TID_MASK) == (uint32_t)caller.tid);
	return NULL;
}

static long do_read(void *arg)
{
	static __thread char c[4];

	return RESULT(read(*(int *)arg, c, sizeof(c))) == 1 ? c[0] : -errno;
}

const char *read_pipe_case(void)
{
	struct caller caller;
	int ends[2];

	WANT(!pipe(ends));
	enter(&caller, do_read, &ends[0]);
	hold();
	WANT(write(ends[1], "p", 1) == 1);
	WANT(left(&caller) == 'p');
	return NULL;
}

static long do_write(void *arg)
{
	static char much[200000];

	return RESULT(write(*(int *)arg, much, sizeof(much)));
}

/* Half of what it writes has gone when it waits for room */
const char *write_pipe_case(void)
{
	struct caller caller;
	long got = 0, n = 1;
	char in[4096];
	int ends[2];

	WANT(!pipe(ends));
	enter(&caller, do_write, &ends[1]);
	hold();
	while (got < 200000 && n > 0) {
		n = read(ends[0], in, sizeof(in));
		got += n;
	}
	WANT(left(&caller) == 200000);
	return NULL;
}

const char *read_tty_case(void)
{
	int master, slave;
	struct caller caller;

	WANT(!openpty(&master, &slave, NULL, NULL, NULL));
	enter(&caller, do_read, &slave);
	WANT(write(master, "half", 4) == 4); /* no whole line: nothing is read */
	hold();
	WANT(!caller.done);
	WANT(write(master, "\025\n", 2) == 2);
	WANT(left(&caller) == '\n');
	return NULL;
}

const char *read_socket_case(void)
{
	struct caller caller;
	int ends[2];

	WANT(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	enter(&caller, do_read, &ends[0]);
	hold();
	WANT(write(ends[1], "s", 1) == 1);
	WANT(left(&caller) == 's');
	return NULL;
}

static long do_accept(void *arg)
{
	return RESULT(accept(*(int *)arg, NULL, NULL));
}

const char *accept_case(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), out = socket(AF_UNIX, SOCK_STREAM, 0);
	struct caller caller;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "accept-%d", getpid());
	WANT(!bind(listener, (struct sockaddr *)&address, sizeof(address)) && !listen(listener, 1));
	enter(&caller, do_accept, &listener);
	hold();
	WANT(!connect(out, (struct sockaddr *)&address, sizeof(address)));
	WANT(left(&caller) > 0);
	return NULL;
}

static long do_wait4(void *arg)
{
	int status = 0;
	const long ret = RESULT(waitpid(*(pid_t *)arg, &status, 0));

	return ret > 0 ? status : ret;
}

const char *wait4_case(void)
{
	int ends[2];
	struct caller caller;
	pid_t pid;
	char c;

	WANT(!pipe(ends));
	pid = fork();
	if (!pid)
		_exit(read(ends[0], &c, 1) == 1 ? 77 : 1);
	enter(&caller, do_wait4, &pid);
	hold();
	WANT(write(ends[1], "x", 1) == 1);
	WANT(left(&caller) == 77 << 8);
	return NULL;
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	handled = sig;
}

/* EINTR is right, of its own signal; not before */
static long until_signal(int in_sigsuspend)
{
	sigset_t none;

	sigemptyset(&none);
	errno = 0;
	if (in_sigsuspend)
		sigsuspend(&none);
	else
		pause();
	return errno == EINTR ? handled : -1;
}

static const char *signalled(int in_sigsuspend)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGUSR2, on_signal);
		_exit(until_signal(in_sigsuspend) == SIGUSR2 ? 12 : 1);
	}
	WANT(!await_state(pid, 'S'));
	sleep_ms(20);
	hold();
	WANT(!waitpid(pid, &status, WNOHANG));
	kill(pid, SIGUSR2);
	WANT(waitpid(pid, &status, 0) == pid && status == 12 << 8);
	return NULL;
}

const char *sigsuspend_case(void)
{
	return signalled(1);
}

const char *pause_case(void)
{
	return signalled(0);
}

static long do_sigtimedwait(void *arg)
{
	const struct timespec ts = { 1000, 0 };
	siginfo_t info;

	return RESULT(sigtimedwait(arg, &info, &ts)) > 0 ? info.si_value.sival_int : -errno;
}

const char *sigtimedwait_case(void)
{
	struct caller caller;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	enter(&caller, do_sigtimedwait, &set);
	hold();
	WANT(!sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 99 }));
	WANT(left(&caller) == 99);
	return NULL;
}

/* The parent waits for its child to let go of the memory that both have */
static long do_vfork(void *arg)
{
	const int *fd = arg;
	pid_t pid = vfork();
	char c;

	if (!pid)
		_exit(read(*fd, &c, 1) == 1 ? 5 : 1);
	return do_wait4(&pid);
}

const char *vfork_case(void)
{
	int ends[2];
	pid_t pid;

	WANT(!pipe(ends));
	pid = fork();
	if (!pid)
		_exit(do_vfork(&ends[0]) == 5 << 8 ? 6 : 1);
	WANT(!await_state(pid, 'D'));
	hold();
	WANT(write(ends[1], "x", 1) == 1);
	WANT(do_wait4(&pid) == 6 << 8);
	return NULL;
}

struct note {
	long type;
	char text[16];
};

static long do_msgrcv(void *arg)
{
	struct note note = { 0 };

	return RESULT(msgrcv(*(int *)arg, &note, sizeof(note.text), 5, 0)) > 0 ? note.text[0]
									       : -errno;
}

const char *msgrcv_case(void)
{
	int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
	struct note other = { 4, "other" }, mine = { 5, "mine" };
	struct caller caller;

	WANT(!msgsnd(id, &other, sizeof(other.text), 0));
	enter(&caller, do_msgrcv, &id);
	hold();
	WANT(!msgsnd(id, &mine, sizeof(mine.text), 0));
	WANT(left(&caller) == 'm');
	WANT(!msgctl(id, IPC_RMID, NULL));
	return NULL;
}

static long do_semop(void *arg)
{
	struct sembuf two = { 0, -2, 0 };

	return RESULT(semop(*(int *)arg, &two, 1));
}

const char *semop_case(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600 | IPC_CREAT);
	struct sembuf one = { 0, 1, 0 };
	struct caller caller;

	WANT(!semop(id, &one, 1));
	enter(&caller, do_semop, &id);
	hold();
	WANT(!semop(id, &one, 1));
	WANT(left(&caller) == 0);
	WANT(semctl(id, 0, GETVAL) == 0 && !semctl(id, 0, IPC_RMID));
	return NULL;
}

static long do_open(void *arg)
{
	return RESULT(open(arg, O_RDONLY));
}

const char *open_fifo_case(void)
{
	struct caller caller;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/fifo-%d", getpid());
	WANT(!mkfifo(path, 0600));
	enter(&caller, do_open, path);
	hold();
	WANT(open(path, O_WRONLY) >= 0);
	WANT(left(&caller) > 0);
	unlink(path);
	return NULL;
}

static long do_flock(void *arg)
{
	return RESULT(flock(*(int *)arg, LOCK_EX));
}

const char *flock_wait_case(void)
{
	int one = open("/tmp/flock", O_RDWR | O_CREAT, 0600), two = open("/tmp/flock", O_RDWR);
	struct caller caller;

	WANT(!flock(one, LOCK_EX));
	enter(&caller, do_flock, &two);
	hold();
	WANT(!caller.done && !flock(one, LOCK_UN));
	WANT(left(&caller) == 0);
	return NULL;
}

const char *signalfd_case(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	WANT(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 1 }));
	WANT(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 2 }));
	hold();
	WANT(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_int == 1);
	WANT(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_int == 2);
	WANT(read(fd, &info, sizeof(info)) < 0 && errno == EAGAIN);
	return NULL;
}

static long do_fault(void *arg)
{
	return *(volatile unsigned char *)arg;
}

/* In a page fault that somebody else answers, with registers that are kept for it */
const char *fault_case(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .len = 4096 };
	static char page[4096] __attribute__((aligned(4096)));
	struct uffd_msg message;
	struct caller caller;
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	WANT(fd >= 0 && !ioctl(fd, UFFDIO_API, &api));
	range.range.start = (uintptr_t)at;
	range.range.len = 4096;
	WANT(!ioctl(fd, UFFDIO_REGISTER, &range));
	enter(&caller, do_fault, at + 17);
	hold();
	WANT(!caller.done);
	WANT(read(fd, &message, sizeof(message)) == sizeof(message));
	WANT(message.event == UFFD_EVENT_PAGEFAULT);
	fill(page, sizeof(page), 3);
	page[17] = 'f';
	copy.dst = (uintptr_t)at;
	copy.src = (uintptr_t)page;
	WANT(!ioctl(fd, UFFDIO_COPY, &copy));
	WANT(left(&caller) == 'f');
	return NULL;
}

/* A call that a signal has interrupted before, and that goes on: its restart block */
const char *restart_case(void)
{
	struct timespec ts = { 2, 0 };
	struct caller caller;

	enter(&caller, do_nanosleep, &ts);
	kill(getpid(), SIGCONT); /* all threads leave their calls, and go back */
	kill(caller.tid, SIGWINCH);
	hold();
	WANT(left(&caller) >= 2000);
	return NULL;
}
