// SPDX-License-Identifier: GPL-2.0-only
/* auth.c - who asks: API keys, and browsers that have signed in with one (pages/session.h)
 *
 * Theory of operation
 * All keys are held in memory, by their hashes, and read again when one was changed here, when one
 * comes that is not known (once in a second at most, or strangers would keep the store busy), and
 * after some seconds, for what another daemon with the same store has changed. So a request costs
 * one SHA-256.
 */
#include "auth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "service/digest.h"
#include "service/pages/session.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define FRESH_NS (5 * NS_PER_SECOND)
#define AGAIN_NS (1 * NS_PER_SECOND)
#define PREFIX "e2b_"

/**
 * struct entry - a key in memory
 * @tokens: requests that it may make now, times 1000; filled by max_requests in a second
 */
struct entry {
	char hash[DIGEST_LEN + 1];
	struct caller caller;
	uint64_t at_ns;
	double tokens;
};

static struct entry *entries;
static size_t nentries;
static uint64_t read_ns;
static _Atomic bool changed = true;

void auth_changed(void)
{
	changed = true;
}

static struct entry *find(const char *hash)
{
	for (size_t i = 0; i < nentries; i++) {
		if (!strcmp(entries[i].hash, hash))
			return &entries[i];
	}
	return NULL;
}

static void entry_take(const struct rows *rows, size_t row, struct entry *entry)
{
	struct caller *caller = &entry->caller;
	const struct entry *old;

	*entry = (struct entry){ .at_ns = clock_now_ns() };
	snprintf(entry->hash, sizeof(entry->hash), "%s", rows_text(rows, row, 0));
	snprintf(caller->key, sizeof(caller->key), "%s", rows_text(rows, row, 1));
	snprintf(caller->owner, sizeof(caller->owner), "%s", rows_text(rows, row, 2));
	caller->scopes = (unsigned)rows_number(rows, row, 3);
	caller->max_sandboxes = rows_number(rows, row, 4);
	caller->max_vcpus = rows_number(rows, row, 5);
	caller->max_memory_mb = rows_number(rows, row, 6);
	caller->max_disk_mb = rows_number(rows, row, 7);
	caller->max_requests = rows_number(rows, row, 8);
	entry->tokens = (double)caller->max_requests;
	old = find(entry->hash);
	if (old) {
		entry->at_ns = old->at_ns;
		entry->tokens = old->tokens;
	}
}

static void reload(struct service *service)
{
	struct rows rows cleanup_rows = { 0 };
	struct entry *fresh;

	read_ns = clock_now_ns();
	if (store_run(service->store, &rows, NULL,
		      "SELECT hash, id, owner, scopes, max_sandboxes, max_vcpus, max_memory_mb, "
		      "max_disk_mb, max_requests FROM api_key",
		      ""))
		return;
	fresh = calloc(rows.count + 1, sizeof(*fresh));
	if (!fresh)
		return;
	for (size_t i = 0; i < rows.count; i++)
		entry_take(&rows, i, &fresh[i]);
	free(entries);
	entries = fresh;
	nentries = rows.count;
}

static struct entry *look_up(struct service *service, const char *hash)
{
	const uint64_t now = clock_now_ns();
	struct entry *entry;

	if (atomic_exchange(&changed, false) || now - read_ns > FRESH_NS)
		reload(service);
	entry = find(hash);
	if (!entry && now - read_ns > AGAIN_NS) {
		reload(service);
		entry = find(hash);
	}
	return entry;
}

/* A bucket of tokens, as many as a second's requests */
static bool within_rate(struct entry *entry)
{
	const double most = (double)entry->caller.max_requests;
	const uint64_t now = clock_now_ns();

	if (!entry->caller.max_requests)
		return true;
	entry->tokens += (double)(now - entry->at_ns) / NS_PER_SECOND * most;
	entry->at_ns = now;
	if (entry->tokens > most)
		entry->tokens = most;
	if (entry->tokens < 1)
		return false;
	entry->tokens -= 1;
	return true;
}

static const char *key_of(const struct request *request)
{
	static const char bearer[] = "Bearer ";
	const char *key = request_header(request, "X-API-Key");
	const char *authorization = request_header(request, "Authorization");

	if (!key && authorization && !strncasecmp(authorization, bearer, strlen(bearer)))
		key = authorization + strlen(bearer);
	return key;
}

/* The hash of the key that a request comes with. Return: 0, or -1 with @fault */
static int hash_of(struct request *request, char *hash, struct fault *fault)
{
	const char *key = key_of(request);
	int ret;

	if (!key) {
		ret = session_judge(request, hash, fault);
		return ret ? (ret < 0 ? -1 : 0)
			   : fault_set(fault, FAULT_UNAUTHENTICATED,
				       "an API key is needed, in the header X-API-Key");
	}
	if (strlen(key) != KEY_LEN || strncmp(key, PREFIX, strlen(PREFIX)) != 0)
		return fault_set(fault, FAULT_UNAUTHENTICATED, "this API key is not known");
	digest_hex(key, KEY_LEN, hash);
	return 0;
}

int auth_judge(struct request *request, struct fault *fault)
{
	char hash[DIGEST_LEN + 1];
	struct entry *entry;

	if (hash_of(request, hash, fault))
		return -1;
	entry = look_up(request->service, hash);
	if (!entry)
		return fault_set(fault, FAULT_UNAUTHENTICATED, "this API key is not known");
	if (!within_rate(entry))
		return fault_set(fault, FAULT_LIMIT,
				 "this key may make %" PRId64 " requests in a second",
				 entry->caller.max_requests);
	if (!(entry->caller.scopes & (request->route->scope | SCOPE_ADMIN)))
		return fault_set(fault, FAULT_FORBIDDEN, "this key lacks the scope");
	request->caller = entry->caller;
	return 0;
}

/* In a transaction of the caller's */
static int key_insert(struct change *change, const struct caller *wanted, const char *name,
		      char *id, char *key, struct error *err)
{
	char hash[DIGEST_LEN + 1];

	random_name(id, 16);
	memcpy(key, PREFIX, strlen(PREFIX));
	random_hex(key + strlen(PREFIX), KEY_LEN - strlen(PREFIX));
	digest_hex(key, KEY_LEN, hash);
	return change_run(
	    change, NULL, err,
	    "INSERT INTO api_key (id, name, owner, hash, scopes, created_ms, max_sandboxes, "
	    "max_vcpus, max_memory_mb, max_disk_mb, max_requests) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	    "ssssiiiiiii", id, name, wanted->owner, hash, (int64_t)wanted->scopes, now_ms(),
	    wanted->max_sandboxes, wanted->max_vcpus, wanted->max_memory_mb, wanted->max_disk_mb,
	    wanted->max_requests);
}

int key_make(struct service *service, const struct caller *wanted, const char *name, char *id,
	     char *key, struct fault *fault)
{
	struct change change;
	struct error err;
	int ret = change_begin(&change, service->store, &err);

	if (!ret) {
		ret = key_insert(&change, wanted, name, id, key, &err);
		ret |= change_end(&change, !ret, &err);
	}
	if (ret)
		return fault_error(fault, FAULT_INTERNAL, &err);
	auth_changed();
	return 0;
}

/* Of daemons that start at once with a new store, the one that writes the mark makes the key */
static int first_insert(struct change *change, char *key, struct error *err)
{
	const struct caller wanted = { .owner = "default",
				       .scopes = SCOPE_READ | SCOPE_EXEC | SCOPE_ADMIN };
	struct rows rows cleanup_rows = { 0 };
	char id[32];

	if (change_run(change, &rows, err,
		       "INSERT INTO meta (name, value) VALUES ('first_key', $1) "
		       "ON CONFLICT (name) DO NOTHING",
		       "s", "made"))
		return -1;
	if (!rows.changed)
		return 0;
	return key_insert(change, &wanted, "first", id, key, err) ? -1 : 1;
}

int auth_first(struct service *service, char *key, struct fault *fault)
{
	struct change change;
	struct error err;
	int ret;

	if (change_begin(&change, service->store, &err))
		return fault_error(fault, FAULT_INTERNAL, &err);
	ret = first_insert(&change, key, &err);
	if (change_end(&change, ret > 0, &err) && ret > 0)
		ret = -1;
	return ret < 0 ? fault_error(fault, FAULT_INTERNAL, &err) : ret;
}
