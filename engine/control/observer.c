// SPDX-License-Identifier: GPL-2.0-only
/* observer.c - the sandbox's own observer: a child process that serves what it sees
 *
 * Theory of operation
 * `vitrine run --web` is a sandbox and a `vitrine observe` beside it, so that no peer on a network
 * ever talks to the process that holds a guest kernel. The observer is our own program, started
 * anew before we give up the right to start any. It gets a listening socket, standard error and
 * nothing else of ours; it connects to the control socket like any other client and ends when that
 * does, or goes on to show what it has seen when it was told to linger. Then we wait for it, since
 * whoever started us waits for us: an exit gives the terminal back.
 *
 * The socket is made here, so that a port that is in use fails the command before the guest has
 * started, and so that a browser that is faster than the observer waits instead of being refused.
 * It is in a session of its own: what the terminal sends is for the sandbox.
 *
 * Host system calls: socket, setsockopt, bind, listen, clone, execve (in the child), wait4,
 * clock_nanosleep, kill, poll, read.
 */
#include "observer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "engine/jobs/signals.h"
#include "engine/jobs/terminal.h"
#include "lib/say.h"
#include "vitrine/util.h"

#define BACKLOG 64
#define LOOK_MS 100
#define PATIENCE_MS 3000 /* until an observer that does not end is killed */

static pid_t observer;

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int address_parse(const struct sandbox_web *web, union address *address, struct error *err)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, web->address, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(web->port);
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, web->address, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons(web->port);
		return sizeof(address->v6);
	}
	return error_set(err, 0, "'%s' is no numeric address", web->address);
}

static int listen_at(const struct sandbox_web *web, struct error *err)
{
	const int on = 1;
	union address address;
	int len = address_parse(web, &address, err);
	cleanup_close int fd = -1;

	if (len < 0)
		return -1;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, &address.any, len) || listen(fd, BACKLOG))
		return error_set(err, errno, "cannot listen at %s, port %u", web->address,
				 web->port);
	return steal_fd(fd);
}

static int spawn(const struct sandbox_web *web, int listener, struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, listener, SANDBOX_WEB_FD);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, SANDBOX_WEB_FD + 1);
	ret = posix_spawn(&observer, "/proc/self/exe", &actions, &attr, web->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (!ret)
		return 0;
	observer = 0;
	return error_set(err, ret, "cannot start the observer");
}

int observer_start(const struct sandbox_config *config, struct error *err)
{
	cleanup_close int listener = -1;

	if (!config->web.argv)
		return 0;
	listener = listen_at(&config->web, err);
	return listener < 0 ? -1 : spawn(&config->web, listener, err);
}

static bool gone(void)
{
	/* It may be gone, and taken away with the stubs (stub_reap) */
	return observer <= 0 || waitpid(observer, NULL, WNOHANG);
}

void observer_finish(const struct sandbox_config *config)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	if (config->web.lingers)
		return;
	for (int ms = 0; ms < PATIENCE_MS && !gone(); ms += 10)
		nanosleep(&pause, NULL);
	if (observer > 0 && !gone())
		kill(observer, SIGKILL);
}

void observer_linger(const struct sandbox_config *config)
{
	struct pollfd keys = { .fd = config->web.key ? STDIN_FILENO : -1, .events = POLLIN };
	char key;

	if (!config->web.lingers || gone())
		return;
	if (config->web.key)
		fputs(
		    "vitrine: the sandbox has ended; its dashboard stays until a key is pressed\n",
		    stderr);
	if (config->web.key)
		terminal_raw(STDIN_FILENO, NULL);
	signals_end();
	while (!gone() && poll(&keys, 1, LOOK_MS) <= 0)
		;
	if (keys.revents & POLLIN)
		(void)!read(STDIN_FILENO, &key, 1);
	terminal_restore();
	if (!gone())
		kill(observer, SIGKILL);
}
