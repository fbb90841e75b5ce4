// SPDX-License-Identifier: GPL-2.0-only
/* task.c - commands of this program, with their streams, for the server of tools
 *
 * Theory of operation
 * A command is over when its process is, and then all that it has said is in its streams. What it
 * leaves behind in the sandbox may still have one of them; nobody waits for that. A command that
 * takes too long is asked to end, which it passes on to what it runs in the sandbox, and killed two
 * seconds later.
 *
 * Host system calls: pipe2, posix_spawn, pidfd_open, read, write, kill, wait4.
 */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#define GRACE_NS 2000000000ULL

extern char **environ;

void task_step(struct task *task)
{
	if (task->nsteps == TASK_STEPS_MAX) {
		task->full = true;
		return;
	}
	task->nsteps++;
	task_word(task, "vitrine");
}

void task_word(struct task *task, const char *format, ...)
{
	struct task_step *step = &task->steps[task->nsteps - 1];
	va_list args;
	char *word;
	int len;

	va_start(args, format);
	len = vasprintf(&word, format, args);
	va_end(args);
	if (len < 0 || step->nwords == TASK_WORDS_MAX - 1) {
		task->full = true;
		if (len >= 0)
			free(word);
		return;
	}
	step->words[step->nwords++] = word;
}

/* What a command does not need it must not have: a sandbox would keep it */
static int streams_of(const struct task *task)
{
	return task->extra ? TASK_NSTREAMS : TASK_EXTRA;
}

static int pipe_of(int stream, int ends[2])
{
	int other;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	/* The first end is ours */
	if (stream == TASK_IN) {
		other = ends[0];
		ends[0] = ends[1];
		ends[1] = other;
	}
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/* Return: 0 or an errno value */
static int spawn(struct task *task, const int theirs[TASK_NSTREAMS])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int ret;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETPGROUP);
	for (int i = 0; i < streams_of(task); i++)
		posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
	ret = posix_spawn(&task->pid, "/proc/self/exe", &actions, &attr,
			  task->steps[task->step].words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

static int start_step(struct task *task, struct error *err)
{
	int theirs[TASK_NSTREAMS] = { -1, -1, -1, -1 }, ret = 0;

	for (int i = 0; i < streams_of(task) && !ret; i++) {
		int ends[2];

		if (pipe_of(i, ends)) {
			ret = errno;
			break;
		}
		task->streams[i].fd = ends[0];
		/* Numbers that the command is to have must not be in the way of each other */
		theirs[i] = fcntl(ends[1], F_DUPFD_CLOEXEC, TASK_NSTREAMS);
		ret = theirs[i] < 0 ? errno : 0;
		close(ends[1]);
	}
	if (!ret)
		ret = spawn(task, theirs);
	if (!ret)
		task->ended = (int)syscall(SYS_pidfd_open, task->pid, 0);
	for (int i = 0; i < TASK_NSTREAMS; i++) {
		cleanup_close_fn(&theirs[i]);
		if (ret && task->streams[i].fd >= 0) {
			close(task->streams[i].fd);
			task->streams[i].fd = -1;
		}
	}
	return ret ? error_set(err, ret, "cannot start a command") : 0;
}

int task_start(struct task *task, struct error *err)
{
	if (task->full)
		return error_set(err, 0, "the arguments are too many");
	if (task->timeout_ms)
		task->deadline_ns = clock_now_ns() + task->timeout_ms * NS_PER_MS;
	return start_step(task, err);
}

unsigned task_fds(const struct task *task, struct pollfd *fds)
{
	unsigned count = 0;

	if (task->ended >= 0)
		fds[count++] = (struct pollfd){ .fd = task->ended, .events = POLLIN };
	for (int i = 0; i < TASK_NSTREAMS; i++) {
		if (task->streams[i].fd >= 0)
			fds[count++] = (struct pollfd){ .fd = task->streams[i].fd,
							.events = i == TASK_IN ? POLLOUT : POLLIN };
	}
	return count;
}

static void stream_close(struct task_stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static void feed(struct task_stream *stream)
{
	while (stream->fd >= 0 && stream->at < stream->len) {
		ssize_t n = write(stream->fd, stream->data + stream->at, stream->len - stream->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* nobody reads it */
		stream->at += (size_t)n;
	}
	stream_close(stream);
}

/* Keep what there is room for */
static void keep(struct task_stream *stream, const char *data, size_t len)
{
	const size_t room = TASK_OUTPUT_MAX - stream->len;
	char *grown;

	stream->cut |= len > room;
	if (len > room)
		len = room;
	grown = len ? realloc(stream->data, stream->len + len + 1) : NULL;
	if (!grown)
		return;
	stream->data = grown;
	memcpy(stream->data + stream->len, data, len);
	stream->len += len;
	stream->data[stream->len] = '\0';
}

static void drain(struct task_stream *stream)
{
	char some[16384];

	while (stream->fd >= 0) {
		ssize_t n = read(stream->fd, some, sizeof(some));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			stream_close(stream);
		else
			keep(stream, some, (size_t)n);
	}
}

static void end_late(struct task *task)
{
	if (!task->deadline_ns || clock_now_ns() < task->deadline_ns)
		return;
	task->ended_late = !task->cancelled;
	kill(task->pid, task->signals++ ? SIGKILL : SIGTERM);
	task->deadline_ns = clock_now_ns() + GRACE_NS;
}

/* Return: whether the command has ended */
static bool reap(struct task *task)
{
	int status = 0;
	const pid_t pid = waitpid(task->pid, &status, WNOHANG);

	if (!pid || (pid < 0 && errno == EINTR))
		return false;
	task->status = (int)vt_exit_status((vt_u32)status);
	if (task->ended >= 0)
		close(task->ended);
	task->ended = -1;
	return true;
}

bool task_move(struct task *task)
{
	const bool ended = reap(task);

	feed(&task->streams[TASK_IN]);
	for (int i = TASK_OUT; i < TASK_NSTREAMS; i++)
		drain(&task->streams[i]);
	if (!ended) {
		end_late(task);
		return false;
	}
	for (int i = 0; i < TASK_NSTREAMS; i++)
		stream_close(&task->streams[i]);
	if (task->status || task->signals || ++task->step == task->nsteps)
		return true;
	return start_step(task, NULL) != 0;
}

int task_wait_ms(const struct task *task)
{
	const uint64_t now = clock_now_ns();

	/* A host without pidfds is asked ten times in a second */
	if (task->ended < 0)
		return 100;
	if (!task->deadline_ns)
		return -1;
	return now >= task->deadline_ns ? 0 : (int)((task->deadline_ns - now) / NS_PER_MS) + 1;
}

void task_end(struct task *task)
{
	task->cancelled = true;
	task->deadline_ns = clock_now_ns();
}

void task_free(struct task *task)
{
	for (int i = 0; i < TASK_NSTREAMS; i++) {
		stream_close(&task->streams[i]);
		free(task->streams[i].data);
	}
	for (unsigned i = 0; i < task->nsteps; i++) {
		for (unsigned j = 0; j < task->steps[i].nwords; j++)
			free(task->steps[i].words[j]);
	}
	if (task->ended >= 0)
		close(task->ended);
	json_decref(task->id);
	json_decref(task->arguments);
	free(task);
}
