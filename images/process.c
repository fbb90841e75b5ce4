// SPDX-License-Identifier: GPL-2.0-only
/* process.c - run the programs that image building needs
 *
 * A child gets no terminal input, writes its messages to a log that is only shown when it fails,
 * and is told to end when we do (PR_SET_PDEATHSIG), however we do.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "images/process.h"
#include "lib/memfile.h"
#include "vitrine/util.h"

static volatile sig_atomic_t caught;

static void remember(int signal)
{
	caught = signal;
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = remember }; /* no SA_RESTART: read() returns */

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

int interrupt_caught(void)
{
	return caught;
}

static void __attribute__((noreturn)) child(char *const argv[], int out, int log, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	const char *path = getenv("PATH");
	char longer[4096];

	/* mmdebstrap signals its whole group when it gives up: that must not be ours */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	snprintf(longer, sizeof(longer), "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	setenv("PATH", longer, 1);
	setenv("LC_ALL", "C", 1);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

static int start(struct process *p, char *const argv[], bool pipe_output, struct error *err)
{
	cleanup_close int log = memfile_create("log", 0, NULL);
	int ends[2] = { -1, -1 };
	pid_t parent = getpid(), pid;

	memset(p, 0, sizeof(*p));
	p->name = argv[0];
	p->out = p->log = -1;
	if (log < 0 || (pipe_output && pipe2(ends, O_CLOEXEC)))
		return error_set(err, errno, "%s", argv[0]);

	pid = fork();
	if (pid == 0)
		child(argv, pipe_output ? ends[1] : log, log, parent);
	if (pipe_output)
		close(ends[1]);
	if (pid < 0) {
		if (pipe_output)
			close(ends[0]);
		return error_set(err, errno, "cannot start %s", argv[0]);
	}
	setpgid(pid, pid); /* whoever comes first */
	p->pid = pid;
	p->out = ends[0];
	p->log = steal_fd(log);
	return 0;
}

#define TAIL 8192

static char *read_tail(int log, char *text)
{
	off_t end = lseek(log, 0, SEEK_END);
	off_t from = end > TAIL - 1 ? end - (TAIL - 1) : 0;
	ssize_t len = pread(log, text, TAIL - 1, from);

	while (len > 0 && strchr("\r\n\t ", text[len - 1]))
		len--;
	text[len > 0 ? len : 0] = '\0';
	return text;
}

void process_last_line(const struct process *p, char *line, size_t size)
{
	char text[TAIL], *begin = strrchr(read_tail(p->log, text), '\n');

	snprintf(line, size, "%s", begin ? begin + 1 : text);
}

/* The first complaint (apt and mmdebstrap mark them "E: "), else the last line, is the reason */
static void reason(const struct process *p, char *line, size_t size)
{
	char text[TAIL], *begin = strstr(read_tail(p->log, text), "E: ");

	if (!begin || (begin != text && begin[-1] != '\n'))
		process_last_line(p, line, size);
	else
		snprintf(line, size, "%.*s", (int)strcspn(begin + 3, "\n"), begin + 3);
}

static int reap(struct process *p, int *status)
{
	pid_t pid = p->pid;

	p->pid = 0;
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -1;
		if (caught)
			kill(-pid, SIGTERM);
	}
	return 0;
}

static void close_ends(struct process *p)
{
	if (p->out >= 0)
		close(p->out);
	if (p->log >= 0)
		close(p->log);
	p->out = p->log = -1;
}

int process_wait(struct process *p, int tolerated, struct error *err)
{
	char line[256];
	int status;

	if (p->out >= 0)
		close(p->out);
	p->out = -1;
	if (reap(p, &status))
		return error_set(err, errno, "%s", p->name);

	reason(p, line, sizeof(line));
	close_ends(p);
	if (caught)
		return error_set(err, 0, "interrupted");
	if (WIFEXITED(status) && WEXITSTATUS(status) <= tolerated)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, 0, "%s was ended by signal %d", p->name, WTERMSIG(status));
	return error_set(err, 0, "%s failed: %s", p->name, line[0] ? line : "without a message");
}

int process_start(struct process *p, char *const argv[], struct error *err)
{
	return start(p, argv, true, err);
}

int process_run(char *const argv[], int tolerated, struct error *err)
{
	struct process p;

	if (start(&p, argv, false, err))
		return -1;
	return process_wait(&p, tolerated, err);
}

void process_stop(struct process *p)
{
	int status;

	if (!p->pid)
		return;
	kill(-p->pid, SIGTERM);
	close_ends(p);
	reap(p, &status);
}
