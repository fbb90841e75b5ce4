// SPDX-License-Identifier: GPL-2.0-only
/* client.c - the supervisor's side of the file server
 *
 * Theory of operation
 * The folders are opened first, so that what is wrong with one is said before anything starts. Then
 * the server is forked (server.c), while this process has one thread and no disk.
 *
 * A vCPU posts a request, wakes a worker for it and goes on. When it has nothing else to do, it
 * looks what is answered, and waits for a worker to be parked again, which is how it learns that
 * there may be more. For guests that are never idle a thread looks every TICK, as long as there are
 * requests. So nobody but who has nothing to do ever waits for the host's file system.
 *
 * Receiving a notification has no way not to wait. So who wakes a worker receives one itself only
 * when no vCPU waits for one; otherwise that vCPU gets it, and hands it over.
 *
 * What the guest forgets or closes wakes nobody: it is done when a worker runs anyway, or when the
 * guest has nothing else to do.
 *
 * When the server is gone, its end of a socket is, and whatever is under way or comes later is
 * completed with no bytes written: the device makes an I/O error of that.
 *
 * Nothing that the server says is believed but the contents of files: a slot counts as answered
 * when it was posted, once.
 *
 * Host system calls: openat, fstat, faccessat2, mmap, eventfd2, socketpair, fork, recvmsg, clone3;
 * ioctl, poll, read, kill, futex, clock_gettime.
 */
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/net/net.h"
#include "engine/confine/confine.h"
#include "engine/vcpu/vcpu.h"
#include "figures.h"
#include "folder.h"
#include "foreign.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "server.h"
#include "vitrine/util.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

#define WORKERS_MAX 32
#define DEFERRED_MAX 64	 /* until a worker is woken for that alone */
#define PARKS_MS 100	 /* until a worker that said so is parked; a busy host takes its time */
#define TICK_NS 500000L	 /* between two looks at what is answered */
#define TICKS_MORE 40	 /* without a request, before the thread sleeps */
#define PATIENCE_MS 3000 /* for what is under way at the end */
#define THREAD_STACK (64 * 1024)
#define FILES_MIN 64 /* descriptors of the server for itself */
#define KNOWN_MAX 65536

static struct {
	struct channel *channel;
	pid_t pid;
	int wake, alive, listener;
	atomic_bool gone, stopping, ticking;
	atomic_bool under_way[CHANNEL_SLOTS];
	atomic_uint outstanding, asked; /* asked: without what is deferred */
	uint64_t posted_ns[CHANNEL_SLOTS];
	void (*complete)(unsigned slot, uint32_t written);
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock; /* of who is known to be parked, and who waits for it */
	uint64_t parked[WORKERS_MAX];
	unsigned nparked, receivers;
	pthread_cond_t came; /* one may be known, or nobody waits for one any more */
	atomic_uint ndeferred;
	bool deferred[CHANNEL_SLOTS];
} client = { .wake = -1,
	     .alive = -1,
	     .listener = -1,
	     .lock = PTHREAD_MUTEX_INITIALIZER,
	     .came = PTHREAD_COND_INITIALIZER };

bool share_exists(void)
{
	return client.channel;
}

bool share_is_file(unsigned number)
{
	return number < folders.count && folders.folder[number].single;
}

struct channel_slot *share_slot(unsigned slot)
{
	return &client.channel->slots[slot];
}

void share_owner(uint32_t uid, uint32_t gid)
{
	if (!client.channel)
		return;
	atomic_store(&client.channel->uid, uid);
	atomic_store(&client.channel->gid, gid);
}

void share_budget(unsigned *open_files, unsigned *known_files)
{
	struct rlimit limit = { 1024, 1024 };
	rlim_t files;

	getrlimit(RLIMIT_NOFILE, &limit);
	files = limit.rlim_max > 4 * KNOWN_MAX ? 4 * KNOWN_MAX : limit.rlim_max;
	files = files > 4 * FILES_MIN ? files - FILES_MIN - SANDBOX_SHARES_MAX : FILES_MIN;
	*open_files = files / 4;
	*known_files = files / 2 > KNOWN_MAX ? KNOWN_MAX : files / 2;
}

/* ---- what is answered ---- */

static void finish(unsigned slot, bool answered)
{
	if (!atomic_exchange(&client.under_way[slot], false))
		return;
	atomic_fetch_sub(&client.outstanding, 1);
	if (!client.deferred[slot])
		atomic_fetch_sub(&client.asked, 1);
	if (answered)
		figures_count(client.channel->slots[slot].operation,
			      clock_now_ns() - client.posted_ns[slot]);
	client.complete(slot, answered ? client.channel->slots[slot].written : 0);
}

/* Complete what the server says is done */
static void harvest(void)
{
	for (unsigned word = 0; word < CHANNEL_WORDS; word++) {
		uint64_t bits =
		    atomic_load_explicit(&client.channel->done[word], memory_order_relaxed);

		if (bits)
			bits = atomic_exchange(&client.channel->done[word], 0);
		for (; bits; bits &= bits - 1)
			finish(word * 64 + __builtin_ctzll(bits), true);
	}
}

static void fail_all(void)
{
	for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++)
		finish(slot, false);
}

/* ---- what is asked ---- */

/* A notification that is there, for nobody else waits for one. With the lock held */
static bool receive_parked(uint64_t *worker)
{
	struct pollfd fd = { .fd = client.listener, .events = POLLIN };
	struct seccomp_notif event = { 0 };

	if (client.receivers || poll(&fd, 1, 0) <= 0 ||
	    ioctl(client.listener, SECCOMP_IOCTL_NOTIF_RECV, &event))
		return false;
	*worker = event.id;
	return true;
}

/* Until there may be another one; briefly. With the lock held */
static void await_parked(void)
{
	struct pollfd fd = { .fd = client.listener, .events = POLLIN };
	struct timespec until;

	if (!client.receivers) {
		pthread_mutex_unlock(&client.lock);
		poll(&fd, 1, 1);
		pthread_mutex_lock(&client.lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_clockwait(&client.came, &client.lock, CLOCK_MONOTONIC, &until);
}

/* Somebody who is parked, or will be at once. Return: whether there is one */
static bool find_parked(uint64_t *worker)
{
	const uint64_t end = clock_now_ns() + PARKS_MS * NS_PER_MS;
	bool found;

	pthread_mutex_lock(&client.lock);
	for (;;) {
		found = client.nparked;
		if (found)
			*worker = client.parked[--client.nparked];
		else
			found = receive_parked(worker);
		if (found || clock_now_ns() >= end)
			break;
		await_parked();
	}
	pthread_mutex_unlock(&client.lock);
	return found;
}

/* On a vCPU: wait for a worker to be parked, and keep it. Return: whether one was */
static bool wait_parked(volatile uint32_t *pending)
{
	struct seccomp_notif event = { 0 };
	long ret;

	pthread_mutex_lock(&client.lock);
	client.receivers++;
	pthread_mutex_unlock(&client.lock);
	ret = vcpu_wait(client.listener, SECCOMP_IOCTL_NOTIF_RECV, &event, pending);
	pthread_mutex_lock(&client.lock);
	client.receivers--;
	if (ret >= 0 && client.nparked < WORKERS_MAX)
		client.parked[client.nparked++] = event.id;
	pthread_cond_broadcast(&client.came);
	pthread_mutex_unlock(&client.lock);
	return ret >= 0;
}

/* Have a worker look for requests; those that are at work will look by themselves */
static void wake_worker(void)
{
	struct seccomp_notif_resp response = { 0 };

	if (!channel_take(client.channel))
		return;
	atomic_store(&client.ndeferred, 0);
	if (!find_parked((uint64_t *)&response.id)) {
		atomic_fetch_add(&client.channel->parked, 1);
		return;
	}
	ioctl(client.listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void server_gone(void)
{
	atomic_store(&client.gone, true);
	harvest();
	say("the file server of this sandbox has ended; its shared folders give I/O errors from "
	    "now "
	    "on");
	fail_all();
}

/* Is a request waiting that no worker has taken? */
static bool is_posted(void)
{
	uint64_t bits = 0;

	for (unsigned word = 0; word < CHANNEL_WORDS; word++)
		bits |= atomic_load_explicit(&client.channel->posted[word], memory_order_relaxed);
	return bits;
}

static void look(void)
{
	harvest();
	if (is_posted())
		wake_worker();
}

/* Sleep for a tick, or until there are requests again */
static int wait_tick(struct pollfd *fds, unsigned *quiet)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };

	*quiet = atomic_load(&client.asked) ? 0 : *quiet + 1;
	if (*quiet <= TICKS_MORE)
		return ppoll(fds, 2, &tick, NULL);
	/* Who posts looks whether we tick after it has counted its request */
	atomic_store(&client.ticking, false);
	if (atomic_load(&client.asked)) {
		atomic_store(&client.ticking, true);
		return 0;
	}
	return poll(fds, 2, -1);
}

static void *tick_thread(void *unused)
{
	struct pollfd fds[2] = { { .fd = client.wake, .events = POLLIN }, { .fd = client.alive } };
	unsigned quiet = 0;
	uint64_t count;

	while (!atomic_load(&client.stopping)) {
		const int events = wait_tick(fds, &quiet);

		if (events > 0 && fds[0].revents & POLLIN &&
		    read(client.wake, &count, sizeof(count)) > 0)
			quiet = 0;
		if (events > 0 && fds[1].revents && !atomic_load(&client.stopping)) {
			server_gone();
			return NULL;
		}
		look();
	}
	return NULL;
}

static void start_ticking(void)
{
	static const uint64_t one = 1;

	if (!atomic_load(&client.ticking) && !atomic_exchange(&client.ticking, true) &&
	    write(client.wake, &one, sizeof(one)) < 0)
		abort(); /* an eventfd of ours cannot be full */
}

void share_post(unsigned slot, bool urgent)
{
	struct channel *ch = client.channel;

	harvest(); /* what was answered while nobody waited */
	client.posted_ns[slot] = clock_now_ns();
	client.deferred[slot] = !urgent;
	atomic_fetch_add(&client.outstanding, 1);
	if (urgent)
		atomic_fetch_add(&client.asked, 1);
	atomic_store(&client.under_way[slot], true);
	atomic_fetch_or(urgent ? &ch->posted[slot / 64] : &ch->deferred[slot / 64],
			1ULL << slot % 64);
	if (atomic_load(&client.gone)) {
		finish(slot, false);
		return;
	}
	start_ticking();
	if (urgent || atomic_fetch_add(&client.ndeferred, 1) >= DEFERRED_MAX)
		wake_worker();
}

/* On a vCPU that has nothing to do. Return: whether it has now */
static bool wait_idle(void)
{
	struct channel *ch = client.channel;
	volatile uint32_t *pending = vcpu_pending();

	if (!atomic_load(&client.outstanding) || atomic_load(&client.gone))
		return false;
	/* Who serves a request looks for what is deferred, too, when it has answered it */
	if (atomic_load(&client.ndeferred) && !atomic_load(&client.asked))
		wake_worker();
	atomic_fetch_add(&ch->watching, 1);
	harvest();
	while (!*pending && atomic_load(&client.outstanding) && !atomic_load(&client.gone) &&
	       wait_parked(pending))
		look();
	atomic_fetch_sub(&ch->watching, 1);
	look(); /* what a worker has left to us because we waited */
	return *pending;
}

/* ---- beginning and end ---- */

static int open_folder(const struct sandbox_share *share, struct folder *folder, struct error *err)
{
	struct stat st;

	folder->read_only = share->read_only;
	folder->fd = open(share->path, O_PATH | O_CLOEXEC);
	if (folder->fd < 0 || fstat(folder->fd, &st))
		return error_set(err, errno, "cannot share %s", share->path);
	folder->single = S_ISREG(st.st_mode);
	if (!folder->single && !S_ISDIR(st.st_mode))
		return error_set(err, 0, "cannot share %s: it is neither a directory nor a file",
				 share->path);
	if (faccessat(AT_FDCWD, share->path, folder->single ? R_OK : R_OK | X_OK, AT_EACCESS))
		return error_set(err, errno, "cannot share %s", share->path);
	folder->remote = foreign_remote(folder->fd);
	return 0;
}

static void close_folders(void)
{
	for (unsigned i = 0; i < folders.count; i++)
		close(folders.folder[i].fd);
}

static int fork_server(struct error *err)
{
	const pid_t parent = getpid();
	struct server_ends ends = { .channel = client.channel };
	int alive[2];

	client.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (client.wake < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, alive))
		return error_set(err, errno, "cannot make a socket");
	client.alive = alive[0];
	ends.alive = alive[1];
	client.pid = fork();
	if (!client.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		net_leave();
		share_server_run(&ends);
	}
	close(ends.alive);
	return client.pid < 0 ? error_set(err, errno, "cannot start the file server") : 0;
}

int share_open(const struct sandbox_config *config, struct error *err)
{
	int ret = 0;

	if (!config->nshares)
		return 0;
	figures_begin(config);
	for (unsigned i = 0; i < config->nshares && !ret; i++) {
		ret = open_folder(&config->shares[i], &folders.folder[i], err);
		folders.count = i + 1;
	}
	if (!ret) {
		client.channel = mmap(NULL, sizeof(*client.channel), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (client.channel == MAP_FAILED)
			ret = error_set(err, errno, "cannot map memory");
	}
	if (!ret)
		ret = fork_server(err);
	close_folders();
	return ret;
}

int share_ready(struct error *err)
{
	char text[ERROR_TEXT_MAX];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *rights;
	ssize_t len;

	if (!client.channel)
		return 0;
	len = recvmsg(client.alive, &msg, MSG_CMSG_CLOEXEC);
	rights = CMSG_FIRSTHDR(&msg);
	if (len == 1 && !text[0] && rights && rights->cmsg_type == SCM_RIGHTS) {
		memcpy(&client.listener, CMSG_DATA(rights), sizeof(client.listener));
		/* both ends on one CPU: since Linux 6.6, an optimisation only */
		ioctl(client.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
		      SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
		return 0;
	}
	text[len > 0 ? len : 0] = '\0';
	return error_set(err, 0, "cannot serve shared folders: %s",
			 len > 0 ? text : "the file server did not start");
}

int share_start(void (*complete)(unsigned slot, uint32_t written), struct error *err)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int ret;

	client.complete = complete;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	sigdelset(&all, SIGSEGV); /* a write to what is still a layer: engine/memory/base.c */
	sigdelset(&all, CONFINE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&client.thread, &attr, tick_thread, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	client.threaded = !ret;
	vcpu_on_idle(wait_idle);
	return ret ? error_set(err, ret, "cannot start a thread") : 0;
}

void share_stop(void)
{
	static const uint64_t one = 1;
	const struct timespec pause = { .tv_nsec = 1000000 };

	if (!client.channel)
		return;
	for (int ms = 0; ms < PATIENCE_MS && atomic_load(&client.outstanding); ms++)
		nanosleep(&pause, NULL);
	atomic_store(&client.stopping, true);
	atomic_store(&client.gone, true);
	if (client.pid > 0)
		kill(client.pid, SIGKILL);
	if (client.threaded && write(client.wake, &one, sizeof(one)) > 0)
		pthread_join(client.thread, NULL);
	fail_all();
}
