// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - WatchDir and watchers of E2B: what changes in a directory
 *
 * Theory of operation
 * Nothing in the sandbox tells us of changes, so a directory is looked at several times in a second
 * and compared with what it was. A file that comes and goes between two looks is not seen, and
 * several writes are one. A name that is gone while another one of the same file appears was
 * renamed.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "e2b.h"
#include "entry.h"
#include "lib/clock.h"
#include "service/service.h"
#include "vitrine/util.h"

#define LOOK_MS 200
#define KEEPALIVE_SECONDS 90
#define NAMES_MAX 5000
#define WATCHERS_MAX 64
#define EVENTS_MAX 4096
#define UNUSED_MS (10 * 60 * 1000)

/**
 * struct seen - a file, as it was
 */
struct seen {
	char *path;
	uint64_t size;
	int64_t mtime, mtime_ns;
	uint32_t mode;
};

/**
 * struct picture - a directory, as it was; sorted by path
 */
struct picture {
	struct seen *files;
	size_t count, room;
};

static void picture_free(struct picture *picture)
{
	for (size_t i = 0; i < picture->count; i++)
		free(picture->files[i].path);
	free(picture->files);
	*picture = (struct picture){ 0 };
}

static int add(const struct entry *e, void *context)
{
	struct picture *p = context;

	if (p->count == NAMES_MAX)
		return 0;
	if (p->count == p->room) {
		const size_t room = p->room ? 2 * p->room : 64;
		struct seen *files = realloc(p->files, room * sizeof(*files));

		if (!files)
			return -1;
		p->files = files;
		p->room = room;
	}
	p->files[p->count] =
	    (struct seen){ strdup(e->path), e->size, e->mtime, e->mtime_ns, e->mode };
	if (!p->files[p->count].path)
		return -1;
	p->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->path, ((const struct seen *)b)->path);
}

static int picture_take(struct guest *guest, const char *path, bool deep, struct picture *p,
			struct fault *fault)
{
	*p = (struct picture){ 0 };
	if (guest_list(guest, path, deep ? GUEST_DEPTH_MAX : 1, add, p, fault)) {
		picture_free(p);
		return -1;
	}
	qsort(p->files, p->count, sizeof(*p->files), compare);
	return 0;
}

/**
 * struct watch - a directory that is looked at
 * @tell: what to do with an event; returns -1 when nobody listens any more
 */
struct watch {
	char path[GUEST_PATH_MAX];
	bool deep;
	struct picture picture;
	int (*tell)(struct watch *watch, const char *type, const char *path);
	void *context;
};

/* Of files that are gone and new, those that are one, by all that a rename keeps */
static bool same_file(const struct seen *a, const struct seen *b)
{
	return a->size == b->size && a->mtime == b->mtime && a->mtime_ns == b->mtime_ns &&
	       a->mode == b->mode;
}

static bool was_renamed(const struct seen *gone, const struct picture *old,
			const struct picture *new)
{
	for (size_t i = 0; i < new->count; i++) {
		if (same_file(gone, &new->files[i]) &&
		    !bsearch(&new->files[i], old->files, old->count, sizeof(*old->files), compare))
			return true;
	}
	return false;
}

static int difference(struct watch *w, const struct picture *old, const struct picture *new)
{
	size_t i = 0, k = 0;
	int ret = 0;

	while (!ret && (i < old->count || k < new->count)) {
		const struct seen *a = i < old->count ? &old->files[i] : NULL;
		const struct seen *b = k < new->count ? &new->files[k] : NULL;
		const int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);

		if (order < 0) {
			ret = w->tell(
			    w, was_renamed(a, old, new) ? "EVENT_TYPE_RENAME" : "EVENT_TYPE_REMOVE",
			    a->path);
			i++;
		} else if (order > 0) {
			ret = w->tell(w, "EVENT_TYPE_CREATE", b->path);
			if (!ret && S_ISREG(b->mode) && b->size)
				ret = w->tell(w, "EVENT_TYPE_WRITE", b->path);
			k++;
		} else {
			if (S_ISREG(b->mode) && (a->size != b->size || a->mtime != b->mtime ||
						 a->mtime_ns != b->mtime_ns))
				ret = w->tell(w, "EVENT_TYPE_WRITE", b->path);
			else if (a->mode != b->mode)
				ret = w->tell(w, "EVENT_TYPE_CHMOD", b->path);
			i++;
			k++;
		}
	}
	return ret;
}

/* Return: 0, 1 when nobody listens any more, or -1 with @fault */
static int look(struct watch *w, struct guest *guest, struct fault *fault)
{
	struct picture now;
	int ret;

	if (picture_take(guest, w->path, w->deep, &now, fault)) {
		if (fault->code != FAULT_NOT_FOUND)
			return -1;
		now = (struct picture){ 0 }; /* the directory itself is gone */
	}
	ret = difference(w, &w->picture, &now);
	picture_free(&w->picture);
	w->picture = now;
	return ret ? 1 : 0;
}

/* Below the directory: that is the name which is told */
static const char *name_below(const struct watch *w, const char *path)
{
	const size_t len = strlen(w->path);

	return len > 1 ? path + len + 1 : path + 1;
}

static int watch_begin(struct watch *w, struct guest *guest, const struct envd *envd,
		       const json_t *body, struct fault *fault)
{
	struct entry e;

	w->deep = json_is_true(json_object_get(body, "recursive"));
	if (guest_path(guest, json_string_value(json_object_get(body, "path")),
		       envd_user(guest, envd), w->path, fault) ||
	    guest_follow(guest, w->path, &e, fault))
		return -1;
	if (!S_ISDIR(e.mode))
		return fault_set(fault, FAULT_BAD_REQUEST, "path %.300s is not a directory",
				 w->path);
	return picture_take(guest, w->path, w->deep, &w->picture, fault);
}

/* ---- WatchDir ---- */

static int tell_stream(struct watch *w, const char *type, const char *path)
{
	json_t *name = json_string(name_below(w, path));

	if (!name)
		return 0;
	return connect_send(w->context,
			    json_pack("{s:{s:o, s:s}}", "filesystem", "name", name, "type", type));
}

static void stream(struct request *request, struct watch *w, struct guest *guest)
{
	const struct timespec step = { .tv_nsec = LOOK_MS * 1000000L };
	uint64_t said = clock_now_ns();
	struct fault fault;
	int ret = connect_send(request, json_pack("{s:{}}", "start"));

	while (!ret) {
		nanosleep(&step, NULL);
		ret = look(w, guest, &fault);
		if (!ret && clock_now_ns() - said > KEEPALIVE_SECONDS * NS_PER_SECOND / 2) {
			said = clock_now_ns();
			ret = connect_send(request, json_pack("{s:{}}", "keepalive"));
		}
		if (!ret && request_gone(request))
			ret = 1;
	}
	if (ret < 0)
		connect_end(request, &fault);
	else
		answer_end(request, true);
}

void e2b_fs_watch(struct request *request)
{
	struct guest guest cleanup_guest = { 0 };
	struct watch *w;
	struct fault fault;
	struct envd envd;
	json_t *body;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, true);
	w = calloc(1, sizeof(*w));
	if (body && w) {
		w->tell = tell_stream;
		w->context = request;
		if (guest_open(request->service, envd.sandbox.id, &guest, &fault) ||
		    watch_begin(w, &guest, &envd, body, &fault)) {
			if (!connect_begin(request))
				connect_end(request, &fault);
		} else if (!connect_begin(request)) {
			stream(request, w, &guest);
		}
		picture_free(&w->picture);
	}
	free(w);
	json_decref(body);
	envd_end(request, &envd);
}

/* ---- watchers: looked at when they are asked ---- */

struct watcher {
	struct watcher *next;
	char id[20], sandbox[SANDBOX_ID_LEN + 1];
	struct watch watch;
	json_t *events;
	int64_t asked_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watcher *watchers;
static unsigned nwatchers;

static void watcher_free(struct watcher *watcher)
{
	picture_free(&watcher->watch.picture);
	json_decref(watcher->events);
	free(watcher);
}

/* With the lock held: unlink it */
static struct watcher *take_out(const char *sandbox, const char *id)
{
	const int64_t old = now_ms() - UNUSED_MS;
	struct watcher **at = &watchers, *found = NULL;

	while (*at) {
		struct watcher *watcher = *at;

		if (!strcmp(watcher->id, id) && !strcmp(watcher->sandbox, sandbox)) {
			*at = watcher->next;
			nwatchers--;
			found = watcher;
		} else if (watcher->asked_ms < old) {
			*at = watcher->next;
			nwatchers--;
			watcher_free(watcher);
		} else {
			at = &watcher->next;
		}
	}
	return found;
}

static void put_in(struct watcher *watcher)
{
	pthread_mutex_lock(&lock);
	watcher->asked_ms = now_ms();
	watcher->next = watchers;
	watchers = watcher;
	nwatchers++;
	pthread_mutex_unlock(&lock);
}

static struct watcher *watcher_of(const struct envd *envd, const json_t *body, struct fault *fault)
{
	const char *id = json_string_value(json_object_get(body, "watcherId"));
	struct watcher *watcher;

	pthread_mutex_lock(&lock);
	watcher = take_out(envd->sandbox.id, id ? id : "");
	pthread_mutex_unlock(&lock);
	if (!watcher)
		fault_set(fault, FAULT_NOT_FOUND, "watcher with id %.40s not found", id ? id : "");
	return watcher;
}

static int tell_list(struct watch *w, const char *type, const char *path)
{
	json_t *name = json_string(name_below(w, path));

	if (!name || json_array_size(w->context) >= EVENTS_MAX) {
		json_decref(name);
		return 0;
	}
	return json_array_append_new(w->context,
				     json_pack("{s:o, s:s}", "name", name, "type", type));
}

static json_t *create(const struct envd *envd, struct guest *guest, const json_t *body,
		      struct fault *fault)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	json_t *answer;

	if (!watcher || nwatchers >= WATCHERS_MAX) {
		free(watcher);
		fault_set(fault, FAULT_BUSY, "too many watchers");
		return NULL;
	}
	watcher->watch.tell = tell_list;
	watcher->watch.context = watcher->events = json_array();
	random_name(watcher->id, sizeof(watcher->id) - 1);
	snprintf(watcher->sandbox, sizeof(watcher->sandbox), "%s", envd->sandbox.id);
	if (watch_begin(&watcher->watch, guest, envd, body, fault)) {
		watcher_free(watcher);
		return NULL;
	}
	answer = json_pack("{s:s}", "watcherId", watcher->id);
	put_in(watcher);
	return answer;
}

static json_t *events(const struct envd *envd, struct guest *guest, const json_t *body,
		      struct fault *fault)
{
	struct watcher *watcher = watcher_of(envd, body, fault);
	json_t *answer = NULL;

	if (!watcher)
		return NULL;
	if (look(&watcher->watch, guest, fault) >= 0) {
		answer = json_pack("{s:O}", "events", watcher->events);
		json_decref(watcher->events);
		watcher->watch.context = watcher->events = json_array();
	}
	put_in(watcher);
	return answer;
}

static json_t *forget(const struct envd *envd, struct guest *guest, const json_t *body,
		      struct fault *fault)
{
	struct watcher *watcher = watcher_of(envd, body, fault);

	if (!watcher)
		return NULL;
	watcher_free(watcher);
	return json_object();
}

static void unary(struct request *request,
		  json_t *(*function)(const struct envd *envd, struct guest *guest,
				      const json_t *body, struct fault *fault))
{
	struct guest guest cleanup_guest = { 0 };
	json_t *body, *answer = NULL;
	struct fault fault;
	struct envd envd;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, false);
	if (body) {
		if (!guest_open(request->service, envd.sandbox.id, &guest, &fault))
			answer = function(&envd, &guest, body, &fault);
		if (answer)
			answer_json(request, 200, answer);
		else
			answer_fault(request, &fault);
		json_decref(body);
	}
	envd_end(request, &envd);
}

void e2b_fs_watcher_create(struct request *request)
{
	unary(request, create);
}

void e2b_fs_watcher_events(struct request *request)
{
	unary(request, events);
}

void e2b_fs_watcher_remove(struct request *request)
{
	unary(request, forget);
}
