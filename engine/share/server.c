// SPDX-License-Identifier: GPL-2.0-only
/* server.c - the file server: a process between the guest and the user's folders
 *
 * Theory of operation
 * It is forked from the supervisor before that has opened a disk or started a guest, and is a
 * process of its own for three reasons. A vCPU never waits for the host's file system. The
 * supervisor gets no right to open a file. And the server has nothing but the folders, the guest's
 * memory and the channel (seal.c), so that nothing else can be had from it.
 *
 * Workers take requests from the channel, whoever is free, and are parked when there is none
 * (channel.h). A request that takes long occupies one worker, and the next request wakes another.
 *
 * The order of requests is nobody's business: the guest's kernel waits for an answer where it
 * matters.
 *
 * Host system calls: setsid, prctl, close_range, setrlimit, open and fchdir of /proc/self/fd,
 * clone3; pause, and of the start write and sendmsg.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/memory/memory.h"
#include "handle.h"
#include "lib/clock.h"
#include "message.h"
#include "node.h"
#include "owner.h"
#include "seal.h"
#include "share.h"
#include "vitrine/util.h"

#define WORKERS 6
#define WORKER_STACK (256 * 1024)

static struct {
	struct channel *channel;
} server;

/* Make a request our own. Return: its slot, or -1 */
static int claim(_Atomic uint64_t *posted)
{
	for (unsigned word = 0; word < CHANNEL_WORDS; word++) {
		uint64_t bits = atomic_load_explicit(&posted[word], memory_order_relaxed);

		while (bits) {
			uint64_t bit = bits & -bits;

			if (atomic_fetch_and(&posted[word], ~bit) & bit)
				return (int)(word * 64 + __builtin_ctzll(bit));
			bits = atomic_load_explicit(&posted[word], memory_order_relaxed);
		}
	}
	return -1;
}

static void park(void)
{
	syscall(SEAL_PARK);
}

/*
 * @owed: a vCPU waits for what has just been answered. It is told by our being parked, and sees
 * itself what else there is to be done. @urgent: filled: somebody waits for the next one, too
 */
static int next_request(bool owed, bool *urgent)
{
	struct channel *ch = server.channel;
	int slot = owed ? -1 : claim(ch->posted);

	*urgent = true;
	while (slot < 0) {
		if (!owed) {
			slot = claim(ch->deferred);
			*urgent = slot < 0;
			if (slot >= 0)
				break;
		}
		atomic_fetch_add(&ch->parked, 1);
		slot = owed ? -1 : claim(ch->posted);
		owed = false;
		/* Who has taken us sends us an answer, which has to be fetched */
		if (slot < 0 || !channel_take(ch))
			park();
		if (slot < 0)
			slot = claim(ch->posted);
	}
	return slot;
}

/* Return: whether a vCPU waits for it */
static bool answer(unsigned slot, bool urgent)
{
	struct channel *ch = server.channel;

	atomic_fetch_or(&ch->done[slot / 64], 1ULL << slot % 64);
	return urgent && atomic_load(&ch->watching);
}

/* Copied once: whoever has the supervisor may change a slot while we look at it */
static void copy_slot(struct channel_slot *to, const volatile struct channel_slot *from)
{
	to->nout = from->nout;
	to->nin = from->nin;
	if (to->nout > CHANNEL_BUFFERS || to->nin > CHANNEL_BUFFERS - to->nout)
		to->nout = to->nin = 0;
	for (unsigned i = 0; i < to->nout + to->nin; i++) {
		to->buffers[i].address = from->buffers[i].address;
		to->buffers[i].len = from->buffers[i].len;
	}
}

static void serve(struct message *m, unsigned number)
{
	struct channel_slot *shared = &server.channel->slots[number], slot;

	copy_slot(&slot, shared);
	shared->written = message_serve(m, &slot);
	shared->operation = slot.operation;
}

/* Do what is deferred now: it may be closed files. Return: whether there was any */
static bool serve_deferred(struct message *m)
{
	bool any = false;
	int number;

	while ((number = claim(server.channel->deferred)) >= 0) {
		serve(m, number);
		answer(number, false);
		any = true;
	}
	return any;
}

static void *worker(void *arg)
{
	struct message *m = arg;
	bool owed = false, urgent;

	for (;;) {
		const int number = next_request(owed, &urgent);

		/*
		 * A directory goes when what is in it has gone, and Linux has whoever removes it
		 * wait for that without sleeping. So what was closed is closed before.
		 */
		if (urgent && message_removes(&server.channel->slots[number]))
			serve_deferred(m);
		serve(m, number);
		/* There is room when what the guest has closed is closed */
		if (m->error == -ENFILE && urgent && serve_deferred(m))
			serve(m, number);
		owed = answer(number, urgent);
	}
	return NULL;
}

static int start_workers(struct error *err)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret = 0, count = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	/* this thread is the first */
	for (; count < WORKERS - 1 && !ret; count++) {
		struct message *m = malloc(sizeof(*m));

		ret = m ? pthread_create(&thread, &attr, worker, m) : ENOMEM;
	}
	pthread_attr_destroy(&attr);
	/* fewer are slower, none is fatal */
	return count ? 0 : error_set(err, ret, "cannot start a thread");
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close everything but what is ours, and allow ourselves as many descriptors as we may have */
static void keep_files(const struct server_ends *ends)
{
	const struct rlimit no_core = { 0, 0 };
	int kept[SANDBOX_SHARES_MAX + 2], from = STDERR_FILENO + 1;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned count = 0;
	struct rlimit limit;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(nothing, fd);
	kept[count++] = ends->alive;
	for (unsigned i = 0; i < folders.count; i++)
		kept[count++] = folders.folder[i].fd;
	qsort(kept, count, sizeof(kept[0]), by_number);
	for (unsigned i = 0; i < count; i++) {
		if (kept[i] > from)
			close_range(from, kept[i] - 1, 0);
		from = kept[i] + 1;
	}
	close_range(from, ~0U, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The names of descriptors, which lead to their files, become relative names */
static int enter_links(struct error *err)
{
	cleanup_close int links = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (links < 0 || fchdir(links))
		return error_set(err, errno, "/proc/self/fd");
	for (unsigned i = 0; i < folders.count; i++) {
		char name[12];
		ssize_t len;

		snprintf(name, sizeof(name), "%d", folders.folder[i].fd);
		len = readlinkat(AT_FDCWD, name, folders.folder[i].path, PATH_MAX - 1);
		if (len < 0)
			return error_set(err, errno, "/proc/self/fd/%s", name);
		folders.folder[i].path[len] = '\0';
	}
	return 0;
}

/* @listener: filled with what hears of parked workers */
static int prepare(const struct server_ends *ends, int *listener, struct error *err)
{
	unsigned open_files, known_files;
	int ret;

	setsid();
	prctl(PR_SET_NAME, "vitrine-share");
	umask(0);
	signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error of the guest's */
	signal(SIGPIPE, SIG_IGN);
	keep_files(ends);
	memory_no_code();
	server.channel = ends->channel;
	if (enter_links(err))
		return -1;
	owner_init(&ends->channel->uid, &ends->channel->gid);
	share_budget(&open_files, &known_files);
	ret = handles_init(open_files) ?: nodes_init(known_files);
	if (ret)
		return error_set(err, -ret, "%s",
				 ret == -EACCES
				     ? "a file system of the host's kernel cannot be shared"
				     : "no memory");
	return seal_files(err) || seal_park(listener, err) || start_workers(err) || seal_calls(err)
		   ? -1
		   : 0;
}

/* With the listener, which is the supervisor's from now on */
static bool tell_ready(int alive, int listener)
{
	char ready = '\0';
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { &ready, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &listener, sizeof(listener));
	return sendmsg(alive, &msg, MSG_NOSIGNAL) == 1;
}

void share_server_run(const struct server_ends *ends)
{
	struct error err = { 0 };
	struct message *m = malloc(sizeof(*m));
	int listener = -1;

	if (!m)
		error_set(&err, ENOMEM, "cannot start the file server");
	if (!m || prepare(ends, &listener, &err)) {
		(void)!write(ends->alive, err.text, strlen(err.text));
		_exit(1);
	}
	if (!tell_ready(ends->alive, listener))
		_exit(1);
	close(listener);
	worker(m);
	_exit(1);
}
