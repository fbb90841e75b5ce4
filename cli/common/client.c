// SPDX-License-Identifier: GPL-2.0-only
/* client.c - talk to a running sandbox over its control socket */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "client.h"
#include "engine/control/rundir.h"
#include "lib/clock.h"
#include "lib/patience.h"
#include "lib/say.h"
#include "saved.h"
#include "vitrine/util.h"

#define POLL_MS 100
#define END_PATIENCE 15
#define LINGER_MS 2000

int client_open(struct client *client, const char *name, struct error *err)
{
	client->fd = rundir_find(name, client->name, err);
	if (client->fd >= 0) {
		patience_limit(client->fd, patience_seconds());
		return 0;
	}
	if (saved_exists(SAVED_PAUSED, name))
		error_set(err, 0, "the sandbox %s is paused; vitrine resume %s", name, name);
	return -1;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

void client_timeout(struct client *client, unsigned seconds)
{
	patience_limit(client->fd, patience_at_most(seconds));
}

static int silent(const struct client *client, struct error *err)
{
	return error_set(err, 0, "the sandbox %s does not answer", client->name);
}

int client_await(const struct client *client, struct error *err)
{
	return patience_await(client->fd, client_pid(client)) ? 0 : silent(client, err);
}

/* Nothing more to read, now or ever; what can be read is read away */
static bool is_over(int fd)
{
	char c;
	ssize_t n;

	do
		n = recv(fd, &c, 1, MSG_DONTWAIT);
	while (n > 0);
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

/*
 * The connection ends before the process does, which may still write what is kept of a detached
 * sandbox, or wait for who reads its output: not for long
 */
static void await_process(int process)
{
	struct pollfd fd = { .fd = process, .events = POLLIN };

	if (process >= 0)
		poll(&fd, 1, LINGER_MS);
}

/* The end of a connection is not the sandbox's when somebody serves its name: try the new one */
static bool serves_still(struct client *client)
{
	char name[RUNDIR_NAME_MAX + 1];
	int fd = rundir_find(client->name, name, NULL);

	if (fd < 0)
		return false;
	close(client->fd);
	client->fd = fd;
	patience_limit(fd, patience_seconds());
	return true;
}

bool client_await_end(struct client *client, unsigned ms)
{
	cleanup_close int process = (int)syscall(SYS_pidfd_open, client_pid(client), 0);
	const uint64_t until = clock_now_ns() + ms * NS_PER_MS;

	do {
		struct pollfd fd = { .fd = client->fd, .events = POLLIN };

		if (poll(&fd, 1, POLL_MS) > 0 && is_over(client->fd) && !serves_still(client)) {
			await_process(process);
			return true;
		}
	} while (clock_now_ns() < until);
	return false;
}

int client_end(struct client *client, struct error *err)
{
	const unsigned ms = patience_at_most(END_PATIENCE) * 1000;
	const pid_t pid = client_pid(client);

	/* It answers, or it ends at once, or it hangs */
	client_send(client, json_pack("{s:s}", "op", "kill"), NULL, 0, NULL);
	if (client_await_end(client, ms))
		return 0;
	if (pid <= 0)
		return error_set(err, 0, "the sandbox %s does not end", client->name);
	say("the sandbox %s does not end in order; killing process %d", client->name, pid);
	if (kill(pid, SIGKILL) < 0 && errno != ESRCH)
		return error_set(err, errno, "process %d", pid);
	if (!client_await_end(client, ms))
		return error_set(err, 0, "the sandbox %s does not end", client->name);
	return 0;
}

pid_t client_pid(const struct client *client)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}

static int send_all(struct client *client, json_t *json, const void *payload, size_t len,
		    const int *fds, size_t nfds, struct error *err)
{
	if (!json)
		return error_set(err, 0, "an argument is not UTF-8");
	if (message_send(client->fd, json, payload, len, fds, nfds) == 0)
		return 0;
	if (errno == EAGAIN)
		return silent(client, err);
	if (errno == EMSGSIZE)
		return error_set(err, 0, "the arguments exceed %d KiB", MESSAGE_MAX / 1024);
	return error_set(err, errno, "cannot reach the sandbox %s", client->name);
}

int client_send(struct client *client, json_t *json, const void *payload, size_t len,
		struct error *err)
{
	return send_all(client, json, payload, len, NULL, 0, err);
}

int client_send_fds(struct client *client, json_t *json, const int *fds, size_t nfds,
		    struct error *err)
{
	return send_all(client, json, NULL, 0, fds, nfds, err);
}

int client_receive(struct client *client, struct answer *answer, struct error *err)
{
	int fds[MESSAGE_FDS], ret;
	size_t nfds = 0;

	ret = client_receive_fds(client, answer, fds, &nfds, err);
	while (nfds)
		close(fds[--nfds]);
	return ret;
}

int client_receive_fds(struct client *client, struct answer *answer, int fds[MESSAGE_FDS],
		       size_t *nfds, struct error *err)
{
	const char *why;
	size_t json_len;
	ssize_t len;

	*answer = (struct answer){ 0 };
	len = message_receive(client->fd, client->packet, sizeof(client->packet), fds, nfds);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		return 0;
	if (len < 0 && errno == EAGAIN)
		return silent(client, err);
	if (len < 0)
		return error_set(err, errno, "cannot reach the sandbox %s", client->name);
	answer->payload = message_split(client->packet, len, &json_len);
	answer->len = answer->payload ? len - json_len - 1 : 0;
	answer->json = json_loadb(client->packet, json_len, 0, NULL);
	if (!answer->json)
		return error_set(err, 0, "the sandbox %s sent a malformed answer", client->name);
	why = json_string_value(json_object_get(answer->json, "error"));
	if (why) {
		int code = json_integer_value(json_object_get(answer->json, "errno"));

		error_set(err, 0, "%s", why);
		if (err)
			err->code = code;
		json_decref(steal_ptr(answer->json));
		return -1;
	}
	return 1;
}

int client_call(struct client *client, json_t *json, const void *payload, size_t len,
		struct answer *answer, struct error *err)
{
	int ret;

	if (client_send(client, json, payload, len, err) < 0)
		return -1;
	ret = client_receive(client, answer, err);
	if (ret == 0)
		return error_set(err, 0, "the sandbox %s has ended", client->name);
	return ret < 0 ? -1 : 0;
}
