// SPDX-License-Identifier: GPL-2.0-only
/* warm.c - templates that are ready: what a sandbox of theirs goes on from
 *
 * Theory of operation
 * To boot a sandbox takes several times as long as to let one go on from a snapshot. So the first
 * that is wanted of an image, with so much memory and so many CPUs, is booted, and meanwhile
 * another one like it is prepared: it boots, runs a shell once, and is frozen. Those that are
 * wanted from then on go on from there. That of the template "base" is made when the daemon starts.
 *
 * A warm snapshot's name has a digest of all that makes a difference, the state of the image's
 * files included. So nothing has to be remembered about it: it is there under the right name, or it
 * is not, also for a daemon that was killed, and one of an image that has changed since is not
 * found any more. What nobody has asked for since a day goes.
 *
 * A sandbox with rules about its network, which a snapshot would keep, is always booted.
 */
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/saved.h"
#include "service/digest.h"
#include "service/service.h"
#include "service/starter/starter.h"
#include "vitrine/util.h"

#define MARK "warm0000" /* what the id of one begins with; a random one never does */
#define KINDS_MAX 32
#define DAY_MS (24 * 3600 * 1000LL)
#define RETRY_MS (5 * 60 * 1000LL)
#define STOP_SECONDS 20

enum warm_state { WARM_NONE, WARM_MAKING, WARM_READY, WARM_FAILED };

/**
 * struct kind - sandboxes that are equal when they have just been started
 * @at_ms: of the failure, or of the last use
 */
struct kind {
	char name[SANDBOX_NAME_LEN + 1];
	enum warm_state state;
	int64_t at_ms;
};

/**
 * struct maker - one that is being made
 */
struct maker {
	struct service *service;
	char id[SANDBOX_ID_LEN + 1], name[SANDBOX_NAME_LEN + 1];
	json_t *run;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kind kinds[KINDS_MAX];	  /* under @lock */
static char making[SANDBOX_NAME_LEN + 1]; /* one at a time; under @lock */

/* ---- names ---- */

static void stat_text(char *text, size_t size, int dir, const char *path)
{
	struct stat st;

	text[0] = '\0';
	if (!fstatat(dir, path, &st, 0))
		snprintf(text, size, "%" PRIu64 ".%" PRId64 ".%" PRId64 ".%ld", (uint64_t)st.st_ino,
			 (int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* What tells a state of the image from others: its file, or the list of those that have layers */
static void image_mark(const struct service *service, const char *image, char *text, size_t size)
{
	char file[128], store[128], path[80];

	snprintf(path, sizeof(path), "%s.ext4", image);
	stat_text(file, sizeof(file), service->images, path);
	stat_text(store, sizeof(store), service->images, "../store/images");
	snprintf(text, size, "%s %s", file, file[0] ? "" : store);
}

static bool simple(const struct sandbox *s)
{
	static const char *const rules[] = { "allow", "deny" };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (json_array_size(json_object_get(s->options, rules[i])))
			return false;
	}
	return s->image[0];
}

static const char *option(const struct sandbox *s, const char *name)
{
	return json_string_value(json_object_get(s->options, name)) ?: "";
}

static bool name_of(const struct service *service, const struct sandbox *s,
		    char id[SANDBOX_ID_LEN + 1], char name[SANDBOX_NAME_LEN + 1])
{
	cleanup_free char *text = NULL;
	char mark[256], digest[DIGEST_LEN + 1];

	if (!simple(s))
		return false;
	image_mark(service, s->image, mark, sizeof(mark));
	if (asprintf(&text, "%s\n%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s", s->image, mark, s->vcpus,
		     s->memory_mb, option(s, "network"), option(s, "syscall_mode")) < 0) {
		text = NULL;
		return false;
	}
	digest_hex(text, strlen(text), digest);
	snprintf(id, SANDBOX_ID_LEN + 1, MARK "%.12s", digest);
	sandbox_name(service, id, name);
	return true;
}

bool warm_is(const struct service *service, const char *name)
{
	char expected[SANDBOX_NAME_LEN + 1];

	sandbox_name(service, MARK, expected);
	return !strncmp(name, expected, strlen(expected));
}

bool warm_making(const char *name)
{
	bool same;

	pthread_mutex_lock(&lock);
	same = !strcmp(making, name);
	pthread_mutex_unlock(&lock);
	return same;
}

/* ---- the table; with the lock held ---- */

/* Its place, or that of whoever was not asked for the longest */
static struct kind *kind_of(const char *name)
{
	struct kind *oldest = NULL;

	for (size_t i = 0; i < KINDS_MAX; i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
		if (kinds[i].state != WARM_MAKING && (!oldest || kinds[i].at_ms < oldest->at_ms))
			oldest = &kinds[i];
	}
	*oldest = (struct kind){ 0 };
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

static void kind_set(const char *name, enum warm_state state)
{
	struct kind *kind;

	pthread_mutex_lock(&lock);
	kind = kind_of(name);
	kind->state = state;
	kind->at_ms = now_ms();
	pthread_mutex_unlock(&lock);
}

unsigned warm_count(void)
{
	unsigned count = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KINDS_MAX; i++)
		count += kinds[i].state == WARM_READY;
	pthread_mutex_unlock(&lock);
	return count;
}

/* ---- making one ---- */

static int order(struct service *service, json_t *json, const char *name, struct error *err)
{
	char text[STARTER_TEXT_MAX];
	int status;

	if (json)
		json_object_set_new(json, "name", json_string(name));
	status = starter_order(service->starter, json, text, err);
	return status > 0 ? error_set(err, 0, "vitrine failed (%d): %.300s", status, text) : status;
}

static void *make(void *context)
{
	struct maker *m = context;
	struct error err = { 0 };
	int ret = order(m->service, m->run, m->name, &err);

	if (!ret) {
		m->service->warm_up(m->service, m->id);
		ret = order(m->service,
			    json_pack("{s:s, s:s}", "op", "snapshot", "snapshot", m->name), m->name,
			    &err);
	}
	order(m->service, json_pack("{s:s}", "op", "end"), m->name, NULL);
	kind_set(m->name, ret ? WARM_FAILED : WARM_READY);
	pthread_mutex_lock(&lock);
	making[0] = '\0';
	pthread_mutex_unlock(&lock);
	free(m);
	return NULL;
}

static json_t *run_of(const struct sandbox *s)
{
	static const char *const passed[] = { "network", "syscall_mode" };
	json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "op", "run", "image", s->image, "vcpus",
				 (json_int_t)s->vcpus, "memory_mb", (json_int_t)s->memory_mb);

	for (size_t i = 0; json && i < ARRAY_SIZE(passed); i++) {
		json_t *value = json_object_get(s->options, passed[i]);

		if (value)
			json_object_set(json, passed[i], value);
	}
	return json;
}

static void begin(struct service *service, const struct sandbox *s, const char *id,
		  const char *name)
{
	struct maker *m = calloc(1, sizeof(*m));
	pthread_attr_t attr;
	pthread_t thread;

	if (m) {
		*m = (struct maker){ .service = service, .run = run_of(s) };
		snprintf(m->id, sizeof(m->id), "%s", id);
		snprintf(m->name, sizeof(m->name), "%s", name);
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		if (pthread_create(&thread, &attr, make, m)) {
			json_decref(m->run);
			free(m);
			m = NULL;
		}
		pthread_attr_destroy(&attr);
	}
	if (!m) {
		pthread_mutex_lock(&lock);
		making[0] = '\0';
		pthread_mutex_unlock(&lock);
		kind_set(name, WARM_FAILED);
	}
}

bool warm_find(struct service *service, const struct sandbox *s,
	       char snapshot[SANDBOX_NAME_LEN + 1])
{
	char id[SANDBOX_ID_LEN + 1];
	bool begins = false, ready;
	struct kind *kind;

	if (!service->warm || !name_of(service, s, id, snapshot))
		return false;
	pthread_mutex_lock(&lock);
	kind = kind_of(snapshot);
	if (kind->state == WARM_NONE && saved_exists(SAVED_SNAPSHOT, snapshot))
		kind->state = WARM_READY;
	ready = kind->state == WARM_READY;
	if (kind->state == WARM_FAILED && kind->at_ms < now_ms() - RETRY_MS)
		kind->state = WARM_NONE;
	if (kind->state == WARM_NONE && !making[0]) {
		begins = true;
		kind->state = WARM_MAKING;
		snprintf(making, sizeof(making), "%s", snapshot);
	}
	if (kind->state != WARM_FAILED)
		kind->at_ms = now_ms();
	pthread_mutex_unlock(&lock);
	if (begins)
		begin(service, s, id, snapshot);
	return ready;
}

void warm_drop(struct service *service, const char *snapshot)
{
	kind_set(snapshot, WARM_FAILED);
	order(service, json_pack("{s:s}", "op", "forget"), snapshot, NULL);
}

void warm_prepare(struct service *service)
{
	struct sandbox s = { .vcpus = 1, .memory_mb = 512 };
	char snapshot[SANDBOX_NAME_LEN + 1];

	snprintf(s.image, sizeof(s.image), "%s", service->base);
	s.options = json_object();
	warm_find(service, &s, snapshot);
	json_decref(s.options);
}

void warm_clean(struct service *service)
{
	json_t *all = saved_list(SAVED_SNAPSHOT, NULL), *one;
	const int64_t now = now_ms();
	size_t i;

	json_array_foreach(all, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "directory"));
		bool used = false;

		if (!name || !warm_is(service, name))
			continue;
		pthread_mutex_lock(&lock);
		for (size_t k = 0; k < KINDS_MAX; k++) {
			if (!strcmp(kinds[k].name, name))
				used = kinds[k].at_ms >= now - DAY_MS;
		}
		pthread_mutex_unlock(&lock);
		/* Those of before this daemon have a day from its start */
		if (!used && service->started_ms < now - DAY_MS)
			order(service, json_pack("{s:s}", "op", "forget"), name, NULL);
	}
	json_decref(all);
}

void warm_stop(void)
{
	const struct timespec step = { .tv_nsec = 100000000 };

	for (unsigned i = 0; i < STOP_SECONDS * 10; i++) {
		bool busy;

		pthread_mutex_lock(&lock);
		busy = making[0];
		pthread_mutex_unlock(&lock);
		if (!busy)
			return;
		nanosleep(&step, NULL);
	}
}
