// SPDX-License-Identifier: GPL-2.0-only
/* session.c - who has signed in with a browser
 *
 * Theory of operation
 * A browser is everybody's agent: any page makes it send requests here, with the cookies that it
 * has for this host. SameSite=Strict keeps other sites from that, but ports are not sites: what a
 * sandbox serves at another port of this machine is of the same site, and is sent the same cookies.
 * So a session is two halves, and neither is anything without the other:
 *
 *   the cookie   no script reads it (HttpOnly), so a fault in a page does not give it away; other
 *                ports of this host get to see it;
 *   the header   X-Vitrine-Session, which the page takes from its origin's own storage: no other
 *                port reads that, and no browser sends it by itself.
 *
 * Forging a request takes the second, which a foreign page neither has nor may send: the header is
 * not a simple one, and nobody here answers a preflight. What cannot have headers, a WebSocket and
 * a download, takes a ticket instead: for one GET of one path, half a minute long, with the cookie.
 * On top of it a browser that says where a request comes from (Sec-Fetch-Site, Origin) has to say:
 * from here.
 *
 * The key itself is shown once and kept nowhere in the browser. A session has the key's hash, and
 * each request looks for it among the keys, so that one which is revoked ends its sessions. Secrets
 * are kept as hashes, and found by them. Sessions end with the daemon.
 *
 * Host system calls: getrandom.
 */
#include "session.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "service/service.h"
#include "vitrine/util.h"

#define SESSIONS 512
#define SESSIONS_OF_A_KEY 32
#define TICKETS 8
#define PATH_MAX_LEN 256
#define IDLE_NS (12ULL * 3600 * NS_PER_SECOND)
#define WHOLE_NS ((uint64_t)SESSION_SECONDS * NS_PER_SECOND)
#define TICKET_NS (30 * NS_PER_SECOND)
#define COOKIE_NAME_MAX 24

/**
 * struct ticket - one GET of @path until @until_ns; no @hash: none
 */
struct ticket {
	char hash[DIGEST_LEN + 1], path[PATH_MAX_LEN];
	uint64_t until_ns;
};

/**
 * struct session - one browser that has signed in; no @cookie: a free place
 * @cookie, @page: hashes of its halves; @key: of its key
 * @next: ticket that is made next
 */
struct session {
	char cookie[DIGEST_LEN + 1], page[DIGEST_LEN + 1], key[DIGEST_LEN + 1];
	uint64_t began_ns, seen_ns;
	struct ticket tickets[TICKETS];
	unsigned next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session sessions[SESSIONS];

static bool is_over(const struct session *s, uint64_t now)
{
	return now - s->seen_ns > IDLE_NS || now - s->began_ns > WHOLE_NS;
}

/* With the lock held; NULL when there is none, or it is over */
static struct session *find(const char *secret)
{
	const uint64_t now = clock_now_ns();
	char hash[DIGEST_LEN + 1];

	digest_hex(secret, strlen(secret), hash);
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *s = &sessions[i];

		if (strcmp(s->cookie, hash) != 0)
			continue;
		if (!is_over(s, now))
			return s;
		*s = (struct session){ 0 };
	}
	return NULL;
}

/* A free place; without one that of the session nobody has used for longest, its own key's first */
static struct session *place(const char *key)
{
	const uint64_t now = clock_now_ns();
	struct session *own = NULL, *any = &sessions[0];
	unsigned of_key = 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *s = &sessions[i];

		if (!s->cookie[0] || is_over(s, now)) {
			any = s;
			s->seen_ns = 0;
			continue;
		}
		if (s->seen_ns < any->seen_ns)
			any = s;
		if (strcmp(s->key, key) != 0)
			continue;
		of_key++;
		if (!own || s->seen_ns < own->seen_ns)
			own = s;
	}
	return of_key >= SESSIONS_OF_A_KEY ? own : any;
}

void session_begin(const char *hash, char *cookie, char *page)
{
	struct session *s;

	random_hex(cookie, SESSION_SECRET_LEN);
	random_hex(page, SESSION_SECRET_LEN);
	pthread_mutex_lock(&lock);
	s = place(hash);
	*s = (struct session){ .began_ns = clock_now_ns(), .seen_ns = clock_now_ns() };
	digest_hex(cookie, SESSION_SECRET_LEN, s->cookie);
	digest_hex(page, SESSION_SECRET_LEN, s->page);
	snprintf(s->key, sizeof(s->key), "%s", hash);
	pthread_mutex_unlock(&lock);
}

/* Cookies know no ports: each daemon of a host has a name of its own */
static void cookie_name(const struct request *request, char name[COOKIE_NAME_MAX])
{
	snprintf(name, COOKIE_NAME_MAX, "vitrined_%u", request->service->port);
}

/* The cookie's half, out of "a=b; c=d"; "" without it */
static void cookie_take(const struct request *request, char secret[SESSION_SECRET_LEN + 1])
{
	const char *at = request_header(request, "Cookie");
	char name[COOKIE_NAME_MAX];
	size_t len;

	secret[0] = '\0';
	cookie_name(request, name);
	len = strlen(name);
	while (at && *at) {
		at += strspn(at, "; ");
		if (!strncmp(at, name, len) && at[len] == '=' &&
		    strcspn(at + len + 1, ";") == SESSION_SECRET_LEN) {
			snprintf(secret, SESSION_SECRET_LEN + 1, "%s", at + len + 1);
			return;
		}
		at += strcspn(at, ";");
	}
}

void session_cookie(const struct request *request, const char *secret, char *header)
{
	const char *origin = request_header(request, "Origin");
	char name[COOKIE_NAME_MAX];

	cookie_name(request, name);
	snprintf(header, REQUEST_HEADER_MAX,
		 "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", name, secret,
		 *secret ? SESSION_SECONDS : 0,
		 origin && !strncasecmp(origin, "https://", 8) ? "; Secure" : "");
}

/* Is @origin where this request was sent to? Plain, or through a proxy with TLS */
static bool origin_own(const char *origin, const char *host)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; host && i < ARRAY_SIZE(schemes); i++) {
		const size_t len = strlen(schemes[i]);

		if (!strncasecmp(origin, schemes[i], len) && !strcasecmp(origin + len, host))
			return true;
	}
	return false;
}

static bool site_own(const struct request *request)
{
	const char *site = request_header(request, "Sec-Fetch-Site");
	const char *origin = request_header(request, "Origin");

	if (site && strcmp(site, "same-origin") != 0)
		return false;
	return !origin || origin_own(origin, request_header(request, "Host"));
}

/* Once; with the lock held */
static bool ticket_use(struct session *s, const struct request *request, const char *ticket)
{
	char hash[DIGEST_LEN + 1];

	digest_hex(ticket, strlen(ticket), hash);
	for (size_t i = 0; i < TICKETS; i++) {
		struct ticket *t = &s->tickets[i];
		const bool good = !strcmp(t->hash, hash) && !strcmp(t->path, request->path) &&
				  !strcmp(request->method, "GET") && clock_now_ns() < t->until_ns;

		if (!strcmp(t->hash, hash))
			*t = (struct ticket){ 0 };
		if (good)
			return true;
	}
	return false;
}

int session_judge(struct request *request, char *hash, struct fault *fault)
{
	const char *page = request_header(request, "X-Vitrine-Session");
	const char *ticket = request_query(request, "ticket");
	char secret[SESSION_SECRET_LEN + 1], half[DIGEST_LEN + 1];
	struct session *s;
	bool good = false;

	if (!page && !ticket)
		return 0;
	if (!site_own(request))
		return fault_set(fault, FAULT_FORBIDDEN, "a page of another origin asks");
	cookie_take(request, secret);
	digest_hex(page ? page : "", page ? strlen(page) : 0, half);
	pthread_mutex_lock(&lock);
	s = secret[0] ? find(secret) : NULL;
	if (s && (page ? !strcmp(s->page, half) : ticket_use(s, request, ticket))) {
		s->seen_ns = clock_now_ns();
		snprintf(hash, DIGEST_LEN + 1, "%s", s->key);
		good = true;
	}
	pthread_mutex_unlock(&lock);
	return good ? 1
		    : fault_set(fault, FAULT_UNAUTHENTICATED,
				"the session is over, or was never one: sign in");
}

int session_ticket(struct request *request, const char *path, char *ticket, struct fault *fault)
{
	char secret[SESSION_SECRET_LEN + 1];
	struct session *s;
	struct ticket *t;

	if (strlen(path) >= PATH_MAX_LEN)
		return fault_set(fault, FAULT_BAD_REQUEST, "path: too long");
	cookie_take(request, secret);
	random_hex(ticket, SESSION_SECRET_LEN);
	pthread_mutex_lock(&lock);
	s = secret[0] ? find(secret) : NULL;
	if (s) {
		t = &s->tickets[s->next++ % TICKETS];
		digest_hex(ticket, SESSION_SECRET_LEN, t->hash);
		snprintf(t->path, sizeof(t->path), "%s", path);
		t->until_ns = clock_now_ns() + TICKET_NS;
	}
	pthread_mutex_unlock(&lock);
	return s ? 0 : fault_set(fault, FAULT_CONFLICT, "this request is of no session");
}

bool session_end(struct request *request)
{
	char secret[SESSION_SECRET_LEN + 1];
	struct session *s;

	cookie_take(request, secret);
	pthread_mutex_lock(&lock);
	s = secret[0] ? find(secret) : NULL;
	if (s)
		*s = (struct session){ 0 };
	pthread_mutex_unlock(&lock);
	return s != NULL;
}
