// SPDX-License-Identifier: GPL-2.0-only
/* client.c - connect to a running sandbox and watch it
 *
 * Theory of operation
 * One connection to the control socket (engine/control/message.h), on which we ask and are
 * answered. The first answer to `observe` brings the region's descriptor, which is mapped and
 * closed. The connection stays open for as long as we watch: its end is what switches things off in
 * the kernel, and what tells us that the sandbox is over.
 */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "engine/control/message.h"
#include "engine/control/rundir.h"
#include "lib/patience.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define VIEW_MAX (32UL << 20) /* twice what the kernel makes */

struct observer {
	int fd;
	char name[RUNDIR_NAME_MAX + 1];
	struct region region;
	char packet[MESSAGE_MAX];
};

/**
 * struct answer - a message from the sandbox
 * @json: owned
 * @payload: @len bytes in the observer's packet
 * @fd:   descriptor that came with it, or -1; owned
 */
struct answer {
	json_t *json;
	const uint8_t *payload;
	size_t len;
	int fd;
};

static void answer_free(struct answer *answer)
{
	json_decref(answer->json);
	cleanup_close_fn(&answer->fd);
}
#define cleanup_answer __attribute__((cleanup(answer_free)))

struct observer *observer_connect(const char *name, struct error *err)
{
	char found[RUNDIR_NAME_MAX + 1];
	struct observer *observer;
	int fd = rundir_find(name, found, err);

	if (fd < 0)
		return NULL;
	observer = calloc(1, sizeof(*observer));
	if (!observer) {
		close(fd);
		error_set(err, ENOMEM, "observer");
		return NULL;
	}
	observer->fd = fd;
	observer_patience(observer, patience_seconds());
	snprintf(observer->name, sizeof(observer->name), "%s", found);
	return observer;
}

void observer_patience(const struct observer *observer, unsigned seconds)
{
	patience_limit(observer->fd, seconds);
}

void observer_close(struct observer *observer)
{
	if (!observer)
		return;
	region_unmap(&observer->region);
	close(observer->fd);
	free(observer);
}

int observer_only(char *name, struct error *err)
{
	int fd = rundir_open(err);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned found = 0;
	struct dirent *entry;

	if (!dir)
		return fd < 0 ? -1 : error_set(err, errno, "run directory");
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(RUNDIR_SUFFIX);

		if (len <= suffix || strcmp(entry->d_name + len - suffix, RUNDIR_SUFFIX))
			continue;
		entry->d_name[len - suffix] = '\0';
		cleanup_close int live = rundir_name_valid(entry->d_name)
					     ? rundir_connect(dirfd(dir), entry->d_name, NULL)
					     : -1;
		if (live >= 0 && !found++)
			snprintf(name, RUNDIR_NAME_MAX + 1, "%.*s", RUNDIR_NAME_MAX, entry->d_name);
	}
	closedir(dir);
	if (!found)
		return error_set(err, 0, "no sandbox is running");
	if (found > 1)
		return error_set(err, 0, "%u sandboxes are running: say which one (vitrine ps)",
				 found);
	return 0;
}

/* Nobody answers. What came later would be taken for the answer to something else */
static int silent(struct observer *observer, struct error *err)
{
	shutdown(observer->fd, SHUT_RDWR);
	return error_set(err, 0, "the sandbox %s does not answer", observer->name);
}

static int send_message(struct observer *observer, json_t *json, const void *payload, size_t len,
			struct error *err)
{
	if (message_send(observer->fd, json, payload, len, NULL, 0) == 0)
		return 0;
	if (errno == EAGAIN)
		return silent(observer, err);
	return error_set(err, errno == EPIPE ? 0 : errno, "the sandbox %s has ended",
			 observer->name);
}

static int receive_message(struct observer *observer, struct answer *answer, struct error *err)
{
	int fds[MESSAGE_FDS];
	size_t nfds, json_len;
	const char *why;
	ssize_t len =
	    message_receive(observer->fd, observer->packet, sizeof(observer->packet), fds, &nfds);

	*answer = (struct answer){ .fd = -1 };
	if (nfds)
		answer->fd = fds[0];
	while (nfds > 1)
		close(fds[--nfds]);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		return error_set(err, 0, "the sandbox %s has ended", observer->name);
	if (len < 0 && errno == EAGAIN)
		return silent(observer, err);
	if (len < 0)
		return error_set(err, errno, "cannot reach the sandbox %s", observer->name);
	answer->payload = message_split(observer->packet, len, &json_len);
	answer->len = answer->payload ? len - json_len - 1 : 0;
	answer->json = json_loadb(observer->packet, json_len, 0, NULL);
	if (!answer->json)
		return error_set(err, 0, "the sandbox %s sent a malformed answer", observer->name);
	why = json_string_value(json_object_get(answer->json, "error"));
	if (!why)
		return 0;
	error_set(err, 0, "%s", why);
	if (err)
		err->code = (int)json_integer_value(json_object_get(answer->json, "errno"));
	return -1;
}

static int call(struct observer *observer, json_t *json, struct answer *answer, struct error *err)
{
	*answer = (struct answer){ .fd = -1 };
	if (send_message(observer, json, NULL, 0, err) < 0)
		return -1;
	return receive_message(observer, answer, err);
}

/* As FIELD_BITMAP of engine/control/message.c wants it */
static json_t *bitmap_pack(const uint64_t *words)
{
	char text[VT_TELEMETRY_CALLS / 4 + 1];

	for (size_t i = 0; i < VT_TELEMETRY_CALLS / 8; i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned)(words[i / 8] >> (i % 8 * 8)) & 0xff);
	return json_string(text);
}

static json_t *wishes_pack(const struct observe_wishes *wishes)
{
	json_t *json = json_pack("{s:s, s:b, s:b, s:b, s:b}", "op", "observe", "counters",
				 (int)wishes->counters, "events", (int)wishes->events, "sampler",
				 (int)wishes->sampler, "paths", (int)wishes->paths);

	if (wishes->kinds)
		json_object_set_new(json, "kinds", json_integer((json_int_t)wishes->kinds));
	if (wishes->calls)
		json_object_set_new(json, "calls", bitmap_pack(wishes->calls));
	if (wishes->capture >= 0)
		json_object_set_new(json, "capture", json_integer(wishes->capture));
	if (wishes->interval_ms)
		json_object_set_new(json, "interval_ms", json_integer(wishes->interval_ms));
	return json;
}

int observer_wish(struct observer *observer, const struct observe_wishes *wishes, struct error *err)
{
	cleanup_answer struct answer answer = { .fd = -1 };

	if (call(observer, wishes_pack(wishes), &answer, err) < 0)
		return -1;
	if (observer->region.memory)
		return 0;
	if (answer.fd < 0)
		return error_set(err, 0, "the sandbox %s sent no telemetry region", observer->name);
	return region_map(&observer->region, answer.fd, err);
}

const struct region *observer_region(const struct observer *observer)
{
	return observer->region.memory ? &observer->region : NULL;
}

json_t *observer_info(struct observer *observer, struct error *err)
{
	cleanup_answer struct answer answer = { .fd = -1 };

	if (call(observer, json_pack("{s:s}", "op", "info"), &answer, err) < 0)
		return NULL;
	return json_incref(answer.json);
}

json_t *observer_network(struct observer *observer, struct error *err)
{
	cleanup_answer struct answer answer = { .fd = -1 };

	if (call(observer, json_pack("{s:s, s:s}", "op", "net", "what", "list"), &answer, err) < 0)
		return NULL;
	return json_incref(answer.json);
}

char *observer_view(struct observer *observer, enum vt_view view, uint64_t pid, uint64_t arg,
		    const char *path, size_t *len, struct error *err)
{
	cleanup_free char *text = NULL;
	bool more = true;

	*len = 0;
	if (send_message(observer,
			 json_pack("{s:s, s:s, s:I, s:I}", "op", "view", "view",
				   name_of(NAMES_VIEW, view), "pid", (json_int_t)pid, "arg",
				   (json_int_t)arg),
			 path, path ? strlen(path) : 0, err) < 0)
		return NULL;
	while (more) {
		cleanup_answer struct answer answer = { .fd = -1 };
		char *larger;

		if (receive_message(observer, &answer, err) < 0)
			return NULL;
		larger =
		    *len + answer.len <= VIEW_MAX ? realloc(text, *len + answer.len + 1) : NULL;
		if (!larger) {
			shutdown(observer->fd, SHUT_RDWR); /* the rest would be taken for answers */
			error_set(err, 0, "the view of %s is too large", observer->name);
			return NULL;
		}
		text = larger;
		if (answer.len)
			memcpy(text + *len, answer.payload, answer.len);
		*len += answer.len;
		text[*len] = '\0';
		more = json_is_true(json_object_get(answer.json, "more"));
	}
	return steal_ptr(text);
}

int observer_follow(struct observer *observer, int nr, uint64_t pid, uint64_t min_ns,
		    struct error *err)
{
	cleanup_answer struct answer answer = { .fd = -1 };

	return call(observer,
		    json_pack("{s:s, s:i, s:I, s:I}", "op", "follow", "call", nr, "pid",
			      (json_int_t)pid, "min_ns", (json_int_t)min_ns),
		    &answer, err);
}

bool observer_ended(const struct observer *observer)
{
	struct pollfd server = { .fd = observer->fd, .events = POLLIN | POLLRDHUP };
	struct region_head head = { 0 };

	if (observer->region.memory)
		region_head(&observer->region, &head);
	/* It says nothing that it was not asked: what can be read is the end */
	return head.state == VT_TELEMETRY_ENDED || poll(&server, 1, 0) > 0;
}

int observer_fd(const struct observer *observer)
{
	return observer->fd;
}

const char *observer_name(const struct observer *observer)
{
	return observer->name;
}

int observer_pid(const struct observer *observer)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	getsockopt(observer->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}
