/* SPDX-License-Identifier: GPL-2.0-only */
/* survive.c - the table of what must survive, and who asks for it
 *
 * Usage: survive [CASE]...
 *
 * Writes "ready N" when all cases have set their states up. With SIGUSR1 they look at them, and it
 * writes "round N: all", or what was wrong; then they begin again, each in a new process.
 */
#include "survive.h"
#include <sys/prctl.h>

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name##_case                                                                 \
	}

static const struct {
	const char *name;
	survive_case *run;
} cases[] = {
	CASE(nanosleep),
	CASE(poll),
	CASE(select),
	CASE(epoll_wait),
	CASE(futex),
	CASE(futex_pi),
	CASE(read_pipe),
	CASE(write_pipe),
	CASE(read_tty),
	CASE(read_socket),
	CASE(accept),
	CASE(wait4),
	CASE(sigsuspend),
	CASE(pause),
	CASE(sigtimedwait),
	CASE(vfork),
	CASE(msgrcv),
	CASE(semop),
	CASE(open_fifo),
	CASE(flock_wait),
	CASE(signalfd),
	CASE(fault),
	CASE(restart),
	/* processes */
	CASE(stopped),
	CASE(zombie),
	CASE(leader),
	CASE(traced),
	CASE(queued),
	CASE(order),
	CASE(namespaces),
	CASE(cgroup),
	CASE(frozen),
	CASE(seccomp),
	CASE(credentials),
	CASE(robust),
	/* registers */
	CASE(vectors),
	CASE(vectors_in_call),
	CASE(x87),
	CASE(segments),
	CASE(breakpoint),
	/* timers */
	CASE(itimers),
	CASE(posix_timer),
	CASE(monotonic),
	CASE(realtime),
	CASE(boottime),
	CASE(timerfd),
	CASE(cancel),
	CASE(cpu_timer),
	/* streams */
	CASE(pipe),
	CASE(packets),
	CASE(unix),
	CASE(passed),
	CASE(tcp),
	CASE(half_closed),
	CASE(backlog),
	CASE(udp),
	CASE(netlink),
	CASE(pty),
	CASE(raw_pty),
	CASE(session),
	/* between processes */
	CASE(sysv_sem),
	CASE(sysv_msg),
	CASE(sysv_shm),
	CASE(mqueue),
	CASE(eventfd),
	CASE(epoll),
	CASE(inotify),
	CASE(fanotify),
	CASE(uring),
	CASE(aio),
	CASE(pidfd),
	/* files */
	CASE(posix_lock),
	CASE(ofd_lock),
	CASE(flock),
	CASE(lease),
	CASE(deleted),
	CASE(tmpfile),
	CASE(dirty),
	CASE(tmpfs),
	CASE(overlay),
	CASE(loop),
	CASE(splice),
	CASE(offset),
	/* memory */
	CASE(memfd),
	CASE(secret),
	CASE(swap),
	CASE(huge),
	CASE(hugetlb),
	CASE(mapping),
	CASE(private),
	CASE(protection),
	CASE(mlock),
	CASE(shared),
};
#define CASES (int)(sizeof(cases) / sizeof(cases[0]))

/* Between a case and main(): 'r' when it is ready, then what was wrong, and its end */
static struct running {
	pid_t pid;
	int tells, hears;
	int ready;
	char said[200];
} running[CASES];

static int my_tells, my_hears;

void hold(void)
{
	char go;

	if (write(my_tells, "r", 1) != 1 || read(my_hears, &go, 1) != 1)
		_exit(1);
}

const char *wrong(const char *what)
{
	static char text[190];
	const char *slash = strrchr(what, '/');

	snprintf(text, sizeof(text), "%s (%s)", slash ? slash + 1 : what, strerror(errno));
	return text;
}

static void start(int i)
{
	struct running *r = &running[i];
	int tells[2], hears[2];
	const char *said;

	if (pipe2(tells, O_CLOEXEC) || pipe2(hears, O_CLOEXEC))
		exit(2);
	fflush(stdout);
	*r = (struct running){ .pid = fork(), .tells = tells[0], .hears = hears[1] };
	if (r->pid) {
		close(tells[1]);
		close(hears[0]);
		return;
	}
	setpgid(0, 0);
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &(sigset_t){ 0 }, NULL);
	my_tells = tells[1], my_hears = hears[0];
	prctl(PR_SET_NAME, cases[i].name);
	said = cases[i].run();
	if (said && write(my_tells, said, strlen(said)) < 0)
		_exit(1);
	_exit(0);
}

/* Return: whether it is ready. Otherwise it has ended, and what it said is @said */
static int await_ready(struct running *r)
{
	char c;

	if (r->ready)
		return 1;
	if (read(r->tells, &c, 1) != 1)
		snprintf(r->said, sizeof(r->said), "ended");
	else if (c == 'r')
		r->ready = 1;
	else if (read(r->tells, r->said, sizeof(r->said) - 1) < 0)
		r->said[0] = 0;
	return r->ready;
}

/* Children of a case may have its descriptors for longer than it lives */
static void await_end(struct running *r)
{
	struct pollfd fd = { .fd = r->tells, .events = POLLIN };
	int at = 0, status = 0, ended = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (poll(&fd, 1, ended ? 0 : 20) > 0) {
			n = read(r->tells, r->said + at, sizeof(r->said) - 1 - at);
			at += n > 0 ? (int)n : 0;
		} else if (ended) {
			break;
		} else {
			ended = waitpid(r->pid, &status, WNOHANG) == r->pid;
		}
	}
	if (!ended)
		waitpid(r->pid, &status, 0);
	r->said[at] = 0;
	if (!at && status)
		snprintf(r->said, sizeof(r->said), "status %#x", status);
}

static void finish(struct running *r)
{
	close(r->hears);
	close(r->tells);
	kill(-r->pid, SIGKILL);
	kill(-r->pid, SIGCONT);
}

int main(int argc, char **argv)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int round = 1;; round++) {
		int bad = 0;

		for (int i = 0; i < CASES; i++) {
			int chosen = argc == 1;

			for (int j = 1; j < argc; j++)
				chosen |= !strcmp(argv[j], cases[i].name);
			running[i].pid = 0;
			if (!chosen)
				continue;
			start(i);
			if (!await_ready(&running[i]))
				printf("%s is not set up: %s\n", cases[i].name, running[i].said);
		}
		printf("ready %d\n", round);
		fflush(stdout);
		if (sigwait(&set, &sig))
			return 1;
		for (int i = 0; i < CASES; i++) {
			if (running[i].pid && running[i].ready &&
			    write(running[i].hears, "g", 1) != 1)
				return 1;
		}
		for (int i = 0; i < CASES; i++) {
			struct running *r = &running[i];

			if (!r->pid)
				continue;
			if (r->ready)
				await_end(r);
			finish(r);
			if (!r->said[0])
				continue;
			printf("round %d: %s: %s\n", round, cases[i].name, r->said);
			bad++;
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		printf("round %d: %s\n", round, bad ? "see above" : "all");
		fflush(stdout);
	}
}
