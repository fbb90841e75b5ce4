// SPDX-License-Identifier: GPL-2.0-only
/* process.c - the network processes of a sandbox: their start, questions to them, their end
 *
 * Theory of operation
 * Copies of the supervisor are made before it has anything of a guest, and each keeps only the
 * descriptors that it needs: the stack, which has the guest's frames (stack/), the gate, which has
 * the policy and makes every connection (gate/), and, when there are rules about requests or
 * secrets, the proxy, which reads those connections (proxy/). The cable's memory is all that the
 * guest's kernel, the supervisor's thread and the stack share.
 *
 * The proxy is the first. It takes the secrets from their variables and files; then the variables
 * are wiped, before there is another process, so that no other has them.
 *
 * At the end in order the supervisor writes to a pipe, the stack's "life": the stack tells the gate
 * what its connections have carried, and ends; the gate writes its last lines, and ends. If the
 * supervisor dies in any other way, the host kills both.
 *
 * Host system calls: fork, socketpair, pipe2, close_range, dup2, openat, prctl, setsid, poll, send,
 * recv, wait4, kill.
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/http_rule.h"
#include "lib/say.h"
#include "roles.h"
#include "vitrine/util.h"
#include "wire.h"

#define START_MS 10000
#define ANSWER_MS 5000
#define END_MS 3000
#define FIRST_FD 10 /* descriptors of a network process are moved to 3, 4, ... by way of here */

static struct link cable = { .memory = -1, .supervisor = -1, .network = -1 };
static atomic_bool running;
static int control = -1, life = -1;
static char authority[1024]; /* its certificate */
static char kept[2048];	     /* ... and its key, while it is not in the config */
static bool trusted;
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

/* Keep standard error and @fds, which become 3, 4, ...; the rest is closed */
static int keep(int **fds, unsigned count)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, FIRST_FD + (int)count);
		if (*fds[i] < 0)
			return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		if (dup3(*fds[i], 3 + (int)i, O_CLOEXEC) < 0)
			return -1;
		*fds[i] = 3 + (int)i;
	}
	return close_range(3 + count, ~0U, 0);
}

/* Return: 0 in the new process, its id in ours, or -1 */
static pid_t begin(const char *name)
{
	const pid_t parent = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, name);
	setsid(); /* what the terminal sends is for the sandbox, and the tier's children are a group
		   */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void __attribute__((noreturn))
begin_gate(const struct sandbox_config *config, int stack, int supervisor, int proxy)
{
	int *fds[] = { &stack, &supervisor, &proxy };

	if (keep(fds, proxy < 0 ? 2 : 3))
		_exit(1);
	gate_run(config, stack, supervisor, proxy);
}

static void __attribute__((noreturn))
begin_proxy(const struct sandbox_config *config, int gate, int supervisor)
{
	int *fds[] = { &gate, &supervisor };

	if (keep(fds, ARRAY_SIZE(fds)))
		_exit(1);
	proxy_run(config, gate, supervisor);
}

static void __attribute__((noreturn)) begin_stack(int gate, int pipe)
{
	int *fds[] = { &gate, &pipe, &cable.memory, &cable.supervisor, &cable.network };

	if (keep(fds, ARRAY_SIZE(fds)))
		_exit(1);
	stack_run(&cable, gate, pipe);
}

/* The variables that secrets came from: here, and in what /proc shows of this process */
static void forget_secrets(const struct sandbox_net *net)
{
	struct http_secret secret;
	char *value;

	for (const char *const *text = net->secrets; text && *text; text++) {
		if (http_secret_parse(&secret, *text, NULL))
			continue;
		value = secret.env ? getenv(secret.env) : NULL;
		if (value) {
			explicit_bzero(value, strlen(value));
			unsetenv(secret.env);
		}
		http_secret_free(&secret);
	}
}

/* Start the proxy. Return: its socket, -1 when none is needed, -2 with @err */
static int start_proxy(const struct sandbox_config *config, struct error *err)
{
	int between[2], tell[2];
	ssize_t len;
	pid_t pid;

	if (!config->net.requests)
		return -1;
	trusted = config->net.trust;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, between) ||
	    pipe2(tell, O_CLOEXEC)) {
		error_set(err, errno, "cannot make the sockets of the network");
		return -2;
	}
	pid = begin("vitrine-proxy");
	if (!pid)
		begin_proxy(config, between[1], tell[1]);
	close(between[1]);
	close(tell[1]);
	do
		len = pid > 0 ? read(tell[0], kept, sizeof(kept) - 1) : -1;
	while (len < 0 && errno == EINTR);
	close(tell[0]);
	forget_secrets(&config->net);
	kept[len > 0 ? len : 0] = '\0';
	if (len > 0 && *kept != '-') {
		snprintf(authority, sizeof(authority), "%.*s", (int)strcspn(kept, " "), kept);
		return between[0];
	}
	error_set(err, 0, "%.400s",
		  len > 0 ? kept + 1 : "cannot start the process that reads requests");
	close(between[0]);
	return -2;
}

int net_start(const struct sandbox_config *config, struct error *err)
{
	int proxy = -1;
	int between[2] = { -1, -1 }, ask[2] = { -1, -1 }, pipe[2] = { -1, -1 };
	pid_t pid = -1;

	if (!config->net.enabled)
		return 0;
	proxy = start_proxy(config, err);
	if (proxy < -1 || link_create(&cable, err))
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, between) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ask) || pipe2(pipe, O_CLOEXEC)) {
		error_set(err, errno, "cannot make the sockets of the network");
	} else {
		pid = begin("vitrine-gate");
		if (!pid)
			begin_gate(config, between[1], ask[1], proxy);
		if (pid > 0)
			pid = begin("vitrine-stack");
		if (!pid)
			begin_stack(between[0], pipe[0]);
		if (pid < 0)
			error_set(err, errno, "cannot start the network processes");
	}
	const int unwanted[] = { between[0], between[1], ask[1], pipe[0], proxy };

	for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++) {
		if (unwanted[i] >= 0)
			close(unwanted[i]);
	}
	control = ask[0];
	life = pipe[1];
	running = pid > 0;
	return running ? 0 : -1;
}

/* One packet from the gate, as text. Return: its length, or -1 */
static ssize_t hear(char *text, size_t size, int ms)
{
	struct pollfd fd = { .fd = control, .events = POLLIN };
	struct iovec iov = { text, size - 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;
	int ret;

	do
		ret = poll(&fd, 1, ms);
	while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return -1;
	len = recvmsg(control, &message, 0);
	text[len > 0 ? len : 0] = '\0';
	return len;
}

/* The first character of an answer says whether what follows is the answer or why there is none */
static int judge(const char *text, ssize_t len, struct error *err)
{
	if (len <= 0)
		return error_set(err, 0, "the network process does not answer");
	if (text[0] == '+')
		return 0;
	return error_set(err, 0, "%.400s", text + 1);
}

int net_ready(struct error *err)
{
	char text[ERROR_TEXT_MAX];
	ssize_t len;

	if (!running)
		return 0;
	len = hear(text, sizeof(text), START_MS);
	return judge(text, len, err);
}

struct link *net_link(void)
{
	return running ? &cable : NULL;
}

int net_alive(void)
{
	return control;
}

const char *net_cmdline(void)
{
	static char text[256];

	if (running)
		snprintf(text, sizeof(text), " vitrine.net=%s/%d,%s,%s vitrine.net6=%s/%d,%s,%s",
			 NET_GUEST4, NET_BITS4, NET_GATEWAY4, NET_RESOLVER4, NET_GUEST6, NET_BITS6,
			 NET_GATEWAY6, NET_RESOLVER6);
	return text;
}

const char *net_authority_kept(void)
{
	return *kept ? kept : NULL;
}

void net_authority_forget(void)
{
	explicit_bzero(kept, sizeof(kept));
}

const char *net_authority(void)
{
	static char text[sizeof(authority) + 64];

	if (*authority)
		snprintf(text, sizeof(text), " vitrine.authority=%s%s", authority,
			 trusted ? " vitrine.trust" : "");
	return text;
}

static int ask_gate(const char *command, char *text, struct error *err)
{
	struct iovec iov = { (void *)command, strlen(command) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;

	while (recvmsg(control,
		       &(struct msghdr){ .msg_iov = &(struct iovec){ text, 1 }, .msg_iovlen = 1 },
		       MSG_DONTWAIT) > 0)
		; /* an answer that came too late for who asked */
	if (sendmsg(control, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return error_set(err, errno, "the network process does not answer");
	len = hear(text, NET_ANSWER_MAX, ANSWER_MS);
	return judge(text, len, err);
}

int net_ask(const char *command, char **answer, struct error *err)
{
	cleanup_free char *text = NULL;
	int ret;

	if (!running)
		return error_set(err, 0, "the sandbox has no network (vitrine run --net)");
	text = malloc(NET_ANSWER_MAX);
	if (!text)
		return error_set(err, ENOMEM, "network");
	pthread_mutex_lock(&asking);
	ret = ask_gate(command, text, err);
	pthread_mutex_unlock(&asking);
	if (ret)
		return -1;
	memmove(text, text + 1, strlen(text));
	*answer = steal_ptr(text);
	return 0;
}

void net_leave(void)
{
	if (!running)
		return;
	running = false;
	close(life);
	close(control);
	link_close(&cable);
}

void net_stop(void)
{
	char text[ERROR_TEXT_MAX];

	if (!running)
		return;
	pthread_mutex_lock(&asking);
	running = false;
	(void)!write(life, "",
		     1); /* a copy of it may be open elsewhere, so its end is not enough */
	close(steal_fd(life));
	/* Its end of the socket closes when it has ended */
	while (hear(text, sizeof(text), END_MS) > 0)
		;
	pthread_mutex_unlock(&asking);
}
