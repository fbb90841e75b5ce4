// SPDX-License-Identifier: GPL-2.0-only
/* process.c - run the programs that image building needs
 *
 * Theory of operation
 * A program gets no terminal input, and writes its messages to a log that is only shown when it
 * fails. Between it and us is a keeper, a process of ours whose only job is that nothing is left
 * when the program is over, or is told to end, or when we are: however we end (PR_SET_PDEATHSIG).
 * Package managers start daemons (faked of fakeroot, gpg-agent) that leave their process group and
 * their parent. The keeper inherits such orphans (PR_SET_CHILD_SUBREAPER), and ends its children
 * until there are none.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "images/process.h"
#include "lib/memfile.h"
#include "vitrine/util.h"
#include "vitrine/abi.h"

#define PAUSE_MAX_NS 50000000
#define GRACE 5	     /* seconds for a program to take its files away */
#define END_TRIES 50 /* times 20 ms for its daemons to end by themselves */

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t caught;

static void remember(int signal)
{
	caught = signal;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = remember }; /* no SA_RESTART: read() returns */

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaction(ending[i], &action, NULL);
}

int interrupt_caught(void)
{
	return caught;
}

/* Is there such a file in one of the directories that we may look into? */
static bool in_path(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	char file[4096];

	for (; dir; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - dir), dir, name);
		if (access(file, F_OK) == 0)
			return true;
	}
	return false;
}

static void __attribute__((noreturn)) program(char *const argv[], int out, int log, int failed)
{
	int null = open("/dev/null", O_RDONLY), code;
	const char *path = getenv("PATH");
	char longer[4096];
	sigset_t none;

	/* mmdebstrap signals its whole group when it gives up: that must not be ours */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		signal(ending[i], SIG_DFL);
	snprintf(longer, sizeof(longer), "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	setenv("PATH", longer, 1);
	setenv("LC_ALL", "C", 1);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(argv[0], argv);
	code = errno;
	/* Of a PATH with somebody else's directories that is said of any program which is nowhere
	 */
	if (code == EACCES && !strchr(argv[0], '/') && !in_path(argv[0]))
		code = ENOENT;
	if (write(failed, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* Signal all children; false when there are none, or it cannot be told */
static bool children_signal(int number)
{
	char path[64];
	cleanup_fclose FILE *list = NULL;
	bool any = false;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	list = fopen(path, "re");
	while (list && fscanf(list, "%d", &pid) == 1) {
		kill(pid, number);
		any = true;
	}
	return any;
}

/* Whatever the program has left, and whatever that leaves */
static void children_end(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	unsigned tries = 0;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		children_signal(tries++ < END_TRIES ? SIGTERM : SIGKILL);
		nanosleep(&pause, NULL);
	}
}

/* Wait for the end of the program, or to be told to end it */
static int keep(pid_t pid, const sigset_t *set)
{
	const struct timespec grace = { .tv_sec = GRACE };
	bool told = false;
	int status, number;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		number = sigtimedwait(set, NULL, told ? &grace : NULL);
		if (number == SIGCHLD || (number < 0 && errno == EINTR))
			continue;
		/* First it is asked, and takes its directories away; then it has to */
		kill(-pid, told ? SIGKILL : SIGTERM);
		told = true;
	}
	return status;
}

/* What our parent has open (and has locked) is not for us to hold */
static void close_others(int a, int b, int c)
{
	for (int fd = STDERR_FILENO + 1, next; fd >= 0; fd = next + 1) {
		next = INT_MAX;
		next = a >= fd && a < next ? a : next;
		next = b >= fd && b < next ? b : next;
		next = c >= fd && c < next ? c : next;
		if (next > fd)
			close_range(fd, next == INT_MAX ? ~0U : (unsigned)next - 1, 0);
		if (next == INT_MAX)
			return;
	}
}

static void __attribute__((noreturn))
keeper(char *const argv[], int out, int log, int failed, pid_t parent)
{
	sigset_t set;
	int status;
	pid_t pid;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCHLD, SIG_DFL);
	setpgid(0, 0); /* what the terminal sends is for our parent, which passes it on */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getppid() != parent)
		_exit(127);
	close_others(out, log, failed);
	pid = fork();
	if (pid == 0)
		program(argv, out, log, failed);
	close(failed);
	if (out != log)
		close(out); /* or its reader would wait for us */
	if (pid < 0)
		_exit(127);
	setpgid(pid, pid); /* whoever comes first */
	status = keep(pid, &set);
	kill(-pid, SIGTERM); /* the rest of its group */
	children_end();
	_exit((int)vt_exit_status((vt_u32)status));
}

/* Has it become the program? Otherwise why not */
static int await_exec(const char *name, int failed, struct error *err)
{
	int code;

	if (read(failed, &code, sizeof(code)) != sizeof(code))
		return 0;
	if (code == ENOENT && !strchr(name, '/'))
		return error_set(err, 0, "%s is not installed: it is in the package %s", name,
				 strcmp(name, "apt-get") ? name : "apt");
	return error_set(err, code, "cannot start %s", name);
}

static int start(struct process *p, char *const argv[], bool pipe_output, struct error *err)
{
	cleanup_close int log = memfile_create("log", 0, NULL);
	int ends[2] = { -1, -1 }, failed[2];
	pid_t parent = getpid(), pid;
	int ret, status;

	memset(p, 0, sizeof(*p));
	p->name = argv[0];
	p->out = p->log = -1;
	if (log < 0 || pipe2(failed, O_CLOEXEC))
		return error_set(err, errno, "%s", argv[0]);
	if (pipe_output && pipe2(ends, O_CLOEXEC)) {
		close(failed[0]);
		close(failed[1]);
		return error_set(err, errno, "%s", argv[0]);
	}
	pid = fork();
	if (pid == 0)
		keeper(argv, pipe_output ? ends[1] : log, log, failed[1], parent);
	close(failed[1]);
	if (pipe_output)
		close(ends[1]);
	ret = pid < 0 ? error_set(err, errno, "cannot start %s", argv[0])
		      : await_exec(argv[0], failed[0], err);
	close(failed[0]);
	if (ret) {
		if (pid > 0)
			waitpid(pid, &status, 0);
		if (pipe_output)
			close(ends[0]);
		return ret;
	}
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

static void last_line(const struct process *p, char *line, size_t size)
{
	char text[TAIL], *begin = strrchr(read_tail(p->log, text), '\n');

	snprintf(line, size, "%s", begin ? begin + 1 : text);
}

bool process_line(struct process *p, char *line, size_t size)
{
	ssize_t len = pread(p->log, line, size - 1, p->told);
	char *end = len > 0 ? memchr(line, '\n', len) : NULL;

	if (!end && len < (ssize_t)size - 1)
		return false; /* it is still being written */
	len = end ? end - line : len;
	line[len] = '\0';
	p->told += len + !!end;
	return true;
}

/* The first complaint (apt and mmdebstrap mark them "E: "), else the last line, is the reason */
static void reason(const struct process *p, char *line, size_t size)
{
	char text[TAIL], *begin = strstr(read_tail(p->log, text), "E: ");

	if (!begin || (begin != text && begin[-1] != '\n'))
		last_line(p, line, size);
	else
		snprintf(line, size, "%.*s", (int)strcspn(begin + 3, "\n"), begin + 3);
}

static int reap(struct process *p, int *status)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	pid_t pid = p->pid, ended;
	bool told = false;

	p->pid = 0;
	/* Not a wait: a signal that comes just before it would not end it */
	while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
		if (caught && !told)
			told = !kill(pid, SIGTERM);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return ended < 0 ? -1 : 0;
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
	if (WIFSIGNALED(status) || WEXITSTATUS(status) > 128)
		return error_set(err, 0, "%s was ended by signal %d", p->name,
				 WIFSIGNALED(status) ? WTERMSIG(status)
						     : WEXITSTATUS(status) - 128);
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
	kill(p->pid, SIGTERM); /* the keeper */
	close_ends(p);
	reap(p, &status);
}
