// SPDX-License-Identifier: GPL-2.0-only
/* blobs.c - download layers, several at a time
 *
 * Theory of operation
 * libcurl's multi interface runs the transfers in one thread. Each has its own count of tries and
 * its own pause; a transfer that waits is not in the multi handle. What is in a file counts,
 * however it came there: whether it is right is for the digest to say, which the one who asked
 * looks at.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "images/oci/http.h"
#include "images/process.h"
#include "images/progress.h"
#include "vitrine/util.h"

#define AT_ONCE 4
#define POLL_MS 200

enum state { STATE_WAITING, STATE_RUNNING, STATE_DONE };

struct transfer {
	struct request request;
	enum state state;
	int64_t not_before; /* milliseconds of the monotonic clock */
	bool logged_in;	    /* since the last progress */
	uint64_t begun_at;
};

struct downloads {
	struct registry *registry;
	struct transfer *list;
	size_t count;
	CURLM *multi;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void prepare(struct downloads *d, struct transfer *t, struct registry_blob *blob)
{
	const char *registry = d->registry->ref.registry;
	struct stat st;

	t->request.registry = d->registry;
	t->request.authorized = true;
	t->request.blob = blob;
	snprintf(t->request.url, sizeof(t->request.url), "%s://%s/v2/%s/blobs/%s",
		 d->registry->scheme,
		 strcmp(registry, REFERENCE_DOCKER) ? registry : "registry-1.docker.io",
		 d->registry->ref.repository, blob->digest);
	if (!fstat(blob->fd, &st) && (uint64_t)st.st_size <= blob->size)
		t->request.offset = st.st_size;
	if (t->request.offset == blob->size)
		t->state = STATE_DONE;
}

static void show(const struct downloads *d)
{
	uint64_t done = 0;

	for (size_t i = 0; i < d->count; i++)
		done += d->list[i].request.offset;
	progress_bytes(done);
}

/* Start as many as may run. Return: how many are not done */
static size_t start_some(struct downloads *d, struct error *err)
{
	size_t running = 0, left = 0;

	for (size_t i = 0; i < d->count; i++)
		running += d->list[i].state == STATE_RUNNING;
	for (size_t i = 0; i < d->count; i++) {
		struct transfer *t = &d->list[i];

		left += t->state != STATE_DONE;
		if (t->state != STATE_WAITING || running == AT_ONCE || t->not_before > now_ms())
			continue;
		if (request_begin(&t->request, err) ||
		    curl_multi_add_handle(d->multi, t->request.curl))
			return SIZE_MAX;
		t->begun_at = t->request.offset;
		t->state = STATE_RUNNING;
		running++;
	}
	return left;
}

static int again(struct transfer *t)
{
	unsigned pause;

	/* Whoever has brought something is not given up */
	if (t->request.offset > t->begun_at)
		t->request.tries = 0;
	pause = request_pause(&t->request);
	t->state = STATE_WAITING;
	t->not_before = now_ms() + pause;
	return pause ? 0 : -1;
}

static int finish(struct downloads *d, struct transfer *t, CURLcode code, struct error *err)
{
	struct request *r = &t->request;
	struct error why = { 0 };
	enum verdict verdict = request_judge(r, code, &why);
	int ret = -1;

	curl_multi_remove_handle(d->multi, r->curl);
	if (verdict == VERDICT_GOOD && r->offset < r->blob->size) {
		error_set(&why, 0, "%s sends less than it said", d->registry->ref.registry);
		verdict = VERDICT_AGAIN;
	}
	if (verdict == VERDICT_GOOD) {
		t->state = STATE_DONE;
		ret = 0;
	} else if (verdict == VERDICT_UNAUTHORIZED && !t->logged_in) {
		/* Tokens live for minutes, downloads can take longer */
		t->logged_in = true;
		ret = registry_login(d->registry, r, &why);
		t->state = STATE_WAITING;
	} else if (verdict == VERDICT_AGAIN) {
		t->logged_in = false;
		ret = again(t);
	}
	request_end(r);
	return ret ? error_set(err, 0, "%s", why.text) : 0;
}

static int run(struct downloads *d, struct error *err)
{
	size_t left;
	int running;

	while ((left = start_some(d, err))) {
		CURLMsg *message;
		int pending;

		if (left == SIZE_MAX)
			return -1;
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (curl_multi_perform(d->multi, &running) ||
		    curl_multi_poll(d->multi, NULL, 0, POLL_MS, NULL))
			return error_set(err, 0, "the download cannot go on");
		show(d);
		while ((message = curl_multi_info_read(d->multi, &pending))) {
			struct request *r = NULL;

			if (message->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r);
			if (finish(d, (struct transfer *)r, message->data.result, err))
				return -1;
		}
	}
	return 0;
}

static_assert(offsetof(struct transfer, request) == 0, "a request is found by its handle");

int registry_blobs(struct registry *registry, struct registry_blob *blobs, size_t count,
		   struct error *err)
{
	struct downloads d = { .registry = registry, .count = count };
	int ret = -1;

	d.list = calloc(count, sizeof(*d.list));
	d.multi = curl_multi_init();
	if (!d.list || !d.multi) {
		error_set(err, ENOMEM, "download");
	} else {
		for (size_t i = 0; i < count; i++)
			prepare(&d, &d.list[i], &blobs[i]);
		ret = run(&d, err);
	}
	for (size_t i = 0; d.list && i < count; i++)
		request_end(&d.list[i].request);
	if (d.multi)
		curl_multi_cleanup(d.multi);
	free(d.list);
	return ret;
}
