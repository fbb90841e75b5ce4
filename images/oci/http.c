// SPDX-License-Identifier: GPL-2.0-only
/* http.c - one request to a registry, and whether it is worth a second try
 *
 * Theory of operation
 * A server that is busy (429, 503 and the other 5xx), a connection that breaks and a name that does
 * not resolve for the moment are tried again, five times, after a pause that doubles or as long
 * as Retry-After says. What broke in the middle of a blob goes on from there (Range). Anything else
 * is an answer. What we are is not told to another host that a redirect leads to.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/random.h>
#include <time.h>
#include "images/oci/document.h"
#include "images/oci/http.h"
#include "images/process.h"
#include "vitrine/util.h"

#define TRIES_MAX 5
#define TRIES_UNREACHABLE 2 /* a name that does not exist will not exist in a minute */
#define PAUSE_MS 500
#define PAUSE_MAX_MS 60000
#define STALL_SECONDS 30
#define CONNECT_SECONDS 30

static size_t take_body(char *data, size_t one, size_t count, void *context)
{
	struct request *r = context;
	size_t len = one * count;
	char *more;

	if (r->blob) {
		size_t done = 0;

		/* An error page is not the blob */
		if (r->status != 200 && r->status != 206)
			return len;
		if (len > r->blob->size - r->offset) {
			r->too_long = true;
			return 0;
		}
		while (done < len) {
			ssize_t n =
			    pwrite(r->blob->fd, data + done, len - done, (off_t)(r->offset + done));

			if (n <= 0) {
				r->write_failed = true;
				r->write_errno = n ? errno : ENOSPC;
				return 0;
			}
			done += n;
		}
		r->offset += len;
		return len;
	}
	if (r->length + len > DOCUMENT_MAX) {
		r->too_long = true;
		return 0;
	}
	more = realloc(r->text, r->length + len + 1);
	if (!more)
		return 0;
	memcpy(more + r->length, data, len);
	r->text = more;
	r->length += len;
	more[r->length] = '\0';
	return len;
}

/* The value of a header when it is @name, else NULL */
static const char *header_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) || line[length] != ':')
		return NULL;
	return line + length + 1 + strspn(line + length + 1, " \t");
}

static size_t take_header(char *data, size_t one, size_t count, void *context)
{
	struct request *r = context;
	size_t len = one * count;
	char line[2048];
	const char *value;

	if (len >= sizeof(line))
		return len;
	memcpy(line, data, len);
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (!strncmp(line, "HTTP/", 5)) {
		const char *space = strchr(line, ' ');

		r->status = space ? strtol(space, NULL, 10) : 0;
		r->wait_ms = 0;
		r->challenge[0] = '\0';
		/* The server does not know of ranges: everything comes again */
		if (r->status == 200 && r->blob)
			r->offset = 0;
	}
	value = header_value(line, "WWW-Authenticate");
	if (value)
		snprintf(r->challenge, sizeof(r->challenge), "%s", value);
	value = header_value(line, "Retry-After");
	if (value && *value >= '0' && *value <= '9') {
		unsigned long seconds = strtoul(value, NULL, 10);

		r->wait_ms = seconds > PAUSE_MAX_MS / 1000 ? PAUSE_MAX_MS : seconds * 1000;
		if (!r->wait_ms)
			r->wait_ms = 1;
	}
	return len;
}

static int stop_when_interrupted(void *context, curl_off_t a, curl_off_t b, curl_off_t c,
				 curl_off_t d)
{
	return interrupt_caught() != 0;
}

static void add_header(struct request *r, const char *name, const char *value)
{
	cleanup_free char *line = NULL;

	if (asprintf(&line, "%s: %s", name, value) >= 0)
		r->headers = curl_slist_append(r->headers, line);
}

int request_begin(struct request *r, struct error *err)
{
	const char *protocols = r->registry->plain ? "http,https" : "https";
	struct registry *registry = r->registry;
	char range[64];

	request_end(r);
	r->curl = curl_easy_init();
	if (!r->curl)
		return error_set(err, ENOMEM, "request");
	r->status = 0;
	r->length = 0;
	r->reason[0] = '\0';
	r->too_long = r->write_failed = false;
	curl_easy_setopt(r->curl, CURLOPT_URL, r->url);
	curl_easy_setopt(r->curl, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(r->curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	curl_easy_setopt(r->curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(r->curl, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(r->curl, CURLOPT_USERAGENT, "vitrine/" VITRINE_VERSION);
	curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(r->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(r->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(r->curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
	curl_easy_setopt(r->curl, CURLOPT_ERRORBUFFER, r->reason);
	curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(r->curl, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(r->curl, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(r->curl, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted);
	if (registry->authority) {
		struct curl_blob blob = { registry->authority, registry->authority_len,
					  CURL_BLOB_NOCOPY };

		curl_easy_setopt(r->curl, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (r->post)
		curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, r->post);
	if (r->accept)
		add_header(r, "Accept", r->accept);
	if (r->user) {
		curl_easy_setopt(r->curl, CURLOPT_USERPWD, r->user);
		curl_easy_setopt(r->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	} else if (r->authorized && registry->basic) {
		curl_easy_setopt(r->curl, CURLOPT_USERNAME, registry->credentials.user);
		curl_easy_setopt(r->curl, CURLOPT_PASSWORD, registry->credentials.password);
		curl_easy_setopt(r->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	} else if (r->authorized && registry->token[0]) {
		curl_easy_setopt(r->curl, CURLOPT_XOAUTH2_BEARER, registry->token);
		curl_easy_setopt(r->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
	}
	if (r->blob && r->offset) {
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)r->offset);
		curl_easy_setopt(r->curl, CURLOPT_RANGE, range);
	}
	curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, r->headers);
	return 0;
}

void request_end(struct request *r)
{
	if (r->curl)
		curl_easy_cleanup(r->curl);
	curl_slist_free_all(r->headers);
	r->curl = NULL;
	r->headers = NULL;
}

static bool passing(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_OPERATION_TIMEDOUT || code == CURLE_RECV_ERROR ||
	       code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
	       code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

unsigned request_pause(struct request *r)
{
	uint16_t random = 0;

	if (++r->tries >= (r->unreachable ? TRIES_UNREACHABLE : TRIES_MAX))
		return 0;
	if (r->wait_ms)
		return r->wait_ms;
	/* Not all at the same moment, when a server comes back */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return (PAUSE_MS << (r->tries - 1)) + random % PAUSE_MS;
}

static enum verdict judge_status(struct request *r, struct error *err)
{
	const char *host = r->registry->ref.registry, *what = r->registry->ref.repository;

	if (r->status == 200 || (r->status == 206 && r->blob))
		return VERDICT_GOOD;
	if (r->status == 401) {
		error_set(err, 0, "%s refuses %s: it wants a login (docker login or podman login)",
			  host, what);
		return VERDICT_UNAUTHORIZED;
	}
	if (r->status == 429 || r->status >= 500) {
		error_set(err, 0, "%s %s (status %ld); try again later", host,
			  r->status == 429 ? "says that it is asked too often" : "has trouble",
			  r->status);
		return VERDICT_AGAIN;
	}
	if (r->status == 416 && r->blob && r->offset) {
		r->offset = 0; /* there is more in the file than the blob has */
		error_set(err, 0, "%s does not have the rest of a layer", host);
		return VERDICT_AGAIN;
	}
	if (r->status == 404)
		error_set(err, 0, "%s has no such %s", host, what);
	else if (r->status == 403)
		error_set(err, 0, "%s refuses %s", host, what);
	else
		error_set(err, 0, "%s answers with status %ld", host, r->status);
	return VERDICT_FAILED;
}

enum verdict request_judge(struct request *r, CURLcode code, struct error *err)
{
	const char *host = r->registry->ref.registry;

	if (interrupt_caught()) {
		error_set(err, 0, "interrupted");
		return VERDICT_FAILED;
	}
	if (r->write_failed) {
		error_set(err, 0, "%s",
			  r->write_errno == ENOSPC ? "the disk that the images are on is full"
						   : strerror(r->write_errno));
		return VERDICT_FAILED;
	}
	if (r->too_long) {
		error_set(err, 0, "%s sends more than it said", host);
		return VERDICT_FAILED;
	}
	if (code == CURLE_OK) {
		r->registry->reached = true;
		return judge_status(r, err);
	}
	error_set(err, 0, "%s: %.200s", host, r->reason[0] ? r->reason : curl_easy_strerror(code));
	r->unreachable = !r->registry->reached &&
			 (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST);
	return passing(code) ? VERDICT_AGAIN : VERDICT_FAILED;
}

static void wait_ms(unsigned ms)
{
	while (ms && !interrupt_caught()) {
		unsigned part = ms < 100 ? ms : 100;
		struct timespec pause = { .tv_nsec = part * 1000000L };

		nanosleep(&pause, NULL);
		ms -= part;
	}
}

enum verdict request_run(struct request *r, struct error *err)
{
	for (;;) {
		enum verdict verdict;
		unsigned pause;

		if (request_begin(r, err))
			return VERDICT_FAILED;
		verdict = request_judge(r, curl_easy_perform(r->curl), err);
		if (verdict != VERDICT_AGAIN)
			return verdict;
		pause = request_pause(r);
		if (!pause)
			return VERDICT_FAILED;
		wait_ms(pause);
	}
}
