/* SPDX-License-Identifier: GPL-2.0-only */
/* ipc.c - what processes wait for and tell each other through the kernel */
#include "survive.h"
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/pidfd.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* Values, and what the end of a process takes back */
const char *sysv_sem_case(void)
{
	const int id = semget(IPC_PRIVATE, 3, 0600 | IPC_CREAT);
	unsigned short values[3] = { 5, 6, 7 }, seen[3];
	int ends[2];
	pid_t pid;
	char c;

	WANT(!semctl(id, 0, SETALL, values) && !pipe(ends));
	pid = fork();
	if (!pid) {
		struct sembuf undone = { 1, -4, SEM_UNDO };

		_exit(!semop(id, &undone, 1) && read(ends[0], &c, 1) == 1 ? 0 : 1);
	}
	while (semctl(id, 1, GETVAL) != 2)
		sleep_ms(5);
	hold();
	WANT(!semctl(id, 0, GETALL, seen) && seen[0] == 5 && seen[1] == 2 && seen[2] == 7);
	WANT(write(ends[1], "x", 1) == 1 && waitpid(pid, NULL, 0) == pid);
	WANT(semctl(id, 1, GETVAL) == 6 && semctl(id, 1, GETPID) > 0);
	WANT(!semctl(id, 0, IPC_RMID));
	return NULL;
}

struct note {
	long type;
	char text[1000];
};

const char *sysv_msg_case(void)
{
	const int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
	struct note note;

	for (int i = 1; i <= 10; i++) {
		note.type = i;
		fill(note.text, 100 * i, i);
		WANT(!msgsnd(id, &note, 100 * i, 0));
	}
	hold();
	WANT(msgrcv(id, &note, sizeof(note.text), 7, 0) == 700 && filled(note.text, 700, 7));
	for (int i = 1; i <= 10; i++) {
		if (i != 7)
			WANT(msgrcv(id, &note, sizeof(note.text), 0, 0) == 100 * i &&
			     note.type == i && filled(note.text, 100 * i, i));
	}
	WANT(!msgctl(id, IPC_RMID, NULL));
	return NULL;
}

/* A segment that nobody has attached, and one that is removed and attached */
const char *sysv_shm_case(void)
{
	const int alone = shmget(0x7654 + getpid(), 300000, 0600 | IPC_CREAT);
	const int removed = shmget(IPC_PRIVATE, 300000, 0600 | IPC_CREAT);
	char *at = shmat(alone, NULL, 0), *gone = shmat(removed, NULL, 0);
	struct shmid_ds info;

	fill(at, 300000, 1);
	fill(gone, 300000, 2);
	WANT(!shmdt(at) && !shmctl(removed, IPC_RMID, NULL));
	hold();
	WANT(shmget(0x7654 + getpid(), 0, 0) == alone);
	WANT(!shmctl(alone, IPC_STAT, &info) && info.shm_nattch == 0 && info.shm_segsz == 300000);
	WANT(filled(gone, 300000, 2));
	at = shmat(alone, NULL, SHM_RDONLY);
	WANT(at != (void *)-1 && filled(at, 300000, 1) && !shmctl(alone, IPC_RMID, NULL));
	return NULL;
}

/* By priority; and whoever wants to be told of the first one is */
const char *mqueue_case(void)
{
	struct mq_attr attr = { .mq_maxmsg = 5, .mq_msgsize = 64 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 8 };
	char name[32], told[32], text[64];
	mqd_t full, empty;
	unsigned priority;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 8);
	sigprocmask(SIG_BLOCK, &set, NULL);
	snprintf(name, sizeof(name), "/full-%d", getpid());
	snprintf(told, sizeof(told), "/empty-%d", getpid());
	full = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);
	empty = mq_open(told, O_RDWR | O_CREAT, 0600, &attr);
	WANT(full >= 0 && empty >= 0 && !mq_notify(empty, &event));
	WANT(!mq_send(full, "low", 3, 1) && !mq_send(full, "high", 4, 9) &&
	     !mq_send(full, "low too", 7, 1));
	hold();
	WANT(mq_receive(full, text, 64, &priority) == 4 && priority == 9);
	WANT(mq_receive(full, text, 64, &priority) == 3 && priority == 1);
	WANT(mq_receive(full, text, 64, &priority) == 7);
	WANT(!mq_send(empty, "x", 1, 0));
	WANT(sigtimedwait(&set, NULL, &(struct timespec){ 30, 0 }) == SIGRTMIN + 8);
	mq_unlink(name);
	mq_unlink(told);
	return NULL;
}

const char *eventfd_case(void)
{
	const int count = eventfd(0x1234567, 0),
		  semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	uint64_t value = 0x100000000;

	WANT(write(count, &value, 8) == 8);
	hold();
	WANT(read(count, &value, 8) == 8 && value == 0x101234567);
	for (int i = 0; i < 3; i++)
		WANT(read(semaphore, &value, 8) == 8 && value == 1);
	WANT(read(semaphore, &value, 8) < 0 && errno == EAGAIN);
	return NULL;
}

/* One inside another, edges, and an event that was told already and is off since */
const char *epoll_case(void)
{
	const int outer = epoll_create1(0), inner = epoll_create1(0);
	struct epoll_event edge = { EPOLLIN | EPOLLET, { .u64 = 1 } };
	struct epoll_event once = { EPOLLIN | EPOLLONESHOT, { .u64 = 2 } };
	struct epoll_event nested = { EPOLLIN, { .u64 = 3 } }, got[4];
	int one[2], two[2];

	WANT(!pipe(one) && !pipe(two));
	WANT(!epoll_ctl(inner, EPOLL_CTL_ADD, one[0], &edge));
	WANT(!epoll_ctl(inner, EPOLL_CTL_ADD, two[0], &once));
	WANT(!epoll_ctl(outer, EPOLL_CTL_ADD, inner, &nested));
	WANT(write(one[1], "a", 1) == 1 && write(two[1], "b", 1) == 1);
	WANT(epoll_wait(inner, got, 4, 0) == 2);
	WANT(epoll_wait(inner, got, 4, 0) == 0);
	hold();
	WANT(epoll_wait(inner, got, 4, 0) == 0); /* nothing new */
	WANT(write(two[1], "b", 1) == 1);
	WANT(epoll_wait(inner, got, 4, 0) == 0); /* it is off */
	WANT(write(one[1], "a", 1) == 1);
	WANT(epoll_wait(outer, got, 4, 0) == 1 && got[0].data.u64 == 3);
	WANT(epoll_wait(inner, got, 4, 0) == 1 && got[0].data.u64 == 1);
	WANT(!epoll_ctl(inner, EPOLL_CTL_MOD, two[0], &once));
	WANT(epoll_wait(inner, got, 4, 0) == 1 && got[0].data.u64 == 2);
	return NULL;
}

/* Events that nobody has read, and those of afterwards */
const char *inotify_case(void)
{
	const int fd = inotify_init1(IN_NONBLOCK);
	char path[64], file[80], buf[4096];
	struct inotify_event *event = (void *)buf;
	int watch;

	snprintf(path, sizeof(path), "/tmp/inotify-%d", getpid());
	snprintf(file, sizeof(file), "%s/file", path);
	WANT(!mkdir(path, 0700));
	watch = inotify_add_watch(fd, path, IN_CREATE | IN_DELETE);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	hold();
	WANT(read(fd, buf, sizeof(buf)) > 0);
	WANT(event->wd == watch && event->mask == IN_CREATE && !strcmp(event->name, "file"));
	unlink(file);
	WANT(read(fd, buf, sizeof(buf)) > 0 && event->mask == IN_DELETE);
	rmdir(path);
	return NULL;
}

static long do_open(void *arg)
{
	const int fd = open(arg, O_RDONLY);

	return fd < 0 ? -errno : fd;
}

/* An opening that waits for permission */
const char *fanotify_case(void)
{
	const int fd = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
	struct fanotify_event_metadata event;
	struct fanotify_response response;
	struct caller caller;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/fanotify-%d", getpid());
	WANT(!write_text(path, "x"));
	WANT(fd >= 0 && !fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path));
	enter(&caller, do_open, path);
	hold();
	WANT(!caller.done);
	WANT(read(fd, &event, sizeof(event)) == sizeof(event) && event.mask == FAN_OPEN_PERM);
	response = (struct fanotify_response){ event.fd, FAN_DENY };
	WANT(write(fd, &response, sizeof(response)) == sizeof(response));
	WANT(left(&caller) == -EPERM);
	unlink(path);
	return NULL;
}

/* ---- io_uring, by its system calls ---- */

struct ring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static int ring_open(struct ring *ring)
{
	struct io_uring_params p = { 0 };
	char *sq;

	ring->fd = (int)syscall(SYS_io_uring_setup, 8, &p);
	if (ring->fd < 0 || !(p.features & IORING_FEAT_SINGLE_MMAP))
		return -1;
	sq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*ring->cqes) + 4096,
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, p.sq_entries * sizeof(*ring->sqes), PROT_READ | PROT_WRITE,
			  MAP_SHARED, ring->fd, IORING_OFF_SQES);
	ring->sq_tail = (void *)(sq + p.sq_off.tail);
	ring->sq_mask = (void *)(sq + p.sq_off.ring_mask);
	ring->sq_array = (void *)(sq + p.sq_off.array);
	ring->cq_head = (void *)(sq + p.cq_off.head);
	ring->cq_tail = (void *)(sq + p.cq_off.tail);
	ring->cq_mask = (void *)(sq + p.cq_off.ring_mask);
	ring->cqes = (void *)(sq + p.cq_off.cqes);
	return sq == MAP_FAILED || ring->sqes == MAP_FAILED ? -1 : 0;
}

static int submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	const unsigned tail = *ring->sq_tail, at = tail & *ring->sq_mask;

	ring->sqes[at] = *sqe;
	ring->sq_array[at] = at;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

/* The next completion, waited for */
static int complete(struct ring *ring, uint64_t *data, int *res)
{
	struct io_uring_cqe *cqe;

	if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 ||
	    *ring->cq_head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return -1;
	cqe = &ring->cqes[*ring->cq_head & *ring->cq_mask];
	*data = cqe->user_data, *res = cqe->res;
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
	return 0;
}

/* A read that polls, one that a worker does, a time-out, and a completion that nobody has taken */
const char *uring_case(void)
{
	static char one[16], two[16];
	const struct __kernel_timespec ts = { 2, 0 };
	const uint64_t begin = now_of(CLOCK_MONOTONIC);
	struct ring ring;
	int a[2], b[2], res, seen = 0;
	uint64_t data;

	WANT(!pipe(a) && !pipe(b) && !ring_open(&ring));
	WANT(!submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_READ,
						    .fd = a[0],
						    .addr = (uintptr_t)one,
						    .len = 16,
						    .off = -1,
						    .user_data = 1 }));
	WANT(!submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_READ,
						    .flags = IOSQE_ASYNC,
						    .fd = b[0],
						    .addr = (uintptr_t)two,
						    .len = 16,
						    .off = -1,
						    .user_data = 2 }));
	WANT(!submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_TIMEOUT,
						    .fd = -1,
						    .addr = (uintptr_t)&ts,
						    .len = 1,
						    .user_data = 3 }));
	WANT(!submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_NOP, .user_data = 4 }));
	sleep_ms(30);
	hold();
	WANT(!complete(&ring, &data, &res) && data == 4 && res == 0);
	WANT(write(a[1], "one", 3) == 3 && write(b[1], "two", 3) == 3);
	while (seen != 7) {
		WANT(!complete(&ring, &data, &res) && data >= 1 && data <= 3);
		if (data == 3)
			WANT(res == -ETIME && now_of(CLOCK_MONOTONIC) - begin >= 2 * SECOND);
		else
			WANT(res == 3 &&
			     !memcmp(data == 1 ? one : two, data == 1 ? "one" : "two", 3));
		seen |= 1 << (data - 1);
	}
	return NULL;
}

/* The older kind: it polls a pipe, and has an answer that nobody has taken */
const char *aio_case(void)
{
	aio_context_t context = 0;
	int ends[2], file = open("/tmp/aio", O_RDWR | O_CREAT, 0600);
	struct iocb polls = { .aio_data = 1, .aio_lio_opcode = IOCB_CMD_POLL, .aio_buf = POLLIN };
	struct iocb reads = { .aio_data = 2, .aio_lio_opcode = IOCB_CMD_PREAD };
	struct iocb *both[2] = { &polls, &reads };
	struct io_event events[2];
	static char text[8];

	WANT(!pipe(ends) && write(file, "content", 7) == 7);
	polls.aio_fildes = ends[0];
	reads.aio_fildes = file;
	reads.aio_buf = (uintptr_t)text;
	reads.aio_nbytes = 7;
	WANT(!syscall(SYS_io_setup, 4, &context));
	WANT(syscall(SYS_io_submit, context, 2, both) == 2);
	hold();
	WANT(syscall(SYS_io_getevents, context, 1, 2, events, NULL) == 1);
	WANT(events[0].data == 2 && events[0].res == 7 && !memcmp(text, "content", 7));
	WANT(write(ends[1], "x", 1) == 1);
	WANT(syscall(SYS_io_getevents, context, 1, 2, events, NULL) == 1 && events[0].data == 1);
	return NULL;
}

const char *pidfd_case(void)
{
	siginfo_t info = { 0 };
	pid_t pid = fork();
	int fd;

	if (!pid)
		for (;;)
			pause();
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	hold();
	WANT(!poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0));
	WANT(!syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	WANT(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 30000) == 1);
	WANT(!waitid(P_PIDFD, (id_t)fd, &info, WEXITED) && info.si_status == SIGTERM);
	return NULL;
}
