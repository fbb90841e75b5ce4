// SPDX-License-Identifier: GPL-2.0-only
/* copies.c - snapshots of sandboxes, and what goes on from them
 *
 * A snapshot has a name of its owner's and one among vitrine's own, which is made up, so that no
 * client's text becomes a path. Its row is written before its files, as "writing", and it is one
 * when the row says "ready": what a killed daemon leaves half-done is removed by keeper.c.
 *
 * Snapshots are a tree. A sandbox's row says which of them it went on from last, and that is the
 * parent of the next one. When one is removed, what came from it comes from its parent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "keeper.h"
#include "sandbox.h"
#include "service/caller.h"
#include "service/service.h"
#include "service/starter/order.h"
#include "service/starter/starter.h"
#include "service/store/store.h"
#include "vitrine/util.h"

static int order(struct service *service, const char *op, const char *name, const char *snapshot,
		 struct fault *fault)
{
	char text[STARTER_TEXT_MAX];
	struct error err;
	json_t *json = json_pack("{s:s, s:s, s:s*}", "op", op, "name", name, "snapshot", snapshot);
	int status = starter_order(service->starter, json, text, &err);

	if (status < 0)
		return fault_error(fault, FAULT_INTERNAL, &err);
	return status ? fault_set(fault, FAULT_UNAVAILABLE, "vitrine failed (%d): %.300s", status,
				  text)
		      : 0;
}

/* What a sandbox goes on from now */
static void stand_at(struct service *service, const char *id, const char *snapshot)
{
	store_run(service->store, NULL, NULL, "UPDATE sandbox SET snapshot = $1 WHERE id = $2",
		  "ss", snapshot, id);
}

static void forget_row(struct service *service, const char *id)
{
	static const char *const heirs[] = {
		"UPDATE snapshot SET parent = (SELECT s.parent FROM snapshot s WHERE s.id = $1) "
		"WHERE parent = $1",
		"UPDATE sandbox SET snapshot = (SELECT s.parent FROM snapshot s WHERE s.id = $1) "
		"WHERE snapshot = $1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(heirs); i++)
		store_run(service->store, NULL, NULL, heirs[i], "s", id);
	store_run(service->store, NULL, NULL, "DELETE FROM snapshot WHERE id = $1", "s", id);
}

/* Variables, user and directory: what a snapshot's own sandboxes begin with */
static const char *const kept[] = { "env", "user", "cwd" };

static char *settings_of(const struct sandbox *s)
{
	json_t *json = json_object();
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		json_t *value = json_object_get(s->options, kept[i]);

		if (value)
			json_object_set(json, kept[i], value);
	}
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/* What is wanted comes after what the snapshot has */
static void settings_take(const char *text, struct sandbox *wanted)
{
	json_t *json = json_loads(text, 0, NULL), *env = json_object_get(json, "env");

	if (!wanted->options)
		wanted->options = json_object();
	if (json_array_size(env)) {
		json_array_extend(env, json_object_get(wanted->options, "env"));
		json_object_set(wanted->options, "env", env);
	}
	for (size_t i = 1; i < ARRAY_SIZE(kept); i++) {
		json_t *value = json_object_get(json, kept[i]);

		if (json_string_length(value) && !json_object_get(wanted->options, kept[i]))
			json_object_set(wanted->options, kept[i], value);
	}
	json_decref(json);
}

int sandbox_snapshot(struct service *service, const char *owner, const char *id, const char *name,
		     char *snapshot, struct fault *fault)
{
	char sandbox[SANDBOX_NAME_LEN + 1], made[SANDBOX_ID_LEN + 1];
	struct sandbox s cleanup_sandbox = { 0 };
	cleanup_free char *settings = NULL;
	struct error err;

	if (sandbox_load(service, owner, id, &s, fault))
		return -1;
	if (s.state != STATE_RUNNING)
		return fault_set(fault, FAULT_CONFLICT, "the sandbox %s does not run", id);
	random_name(made, SANDBOX_ID_LEN);
	sandbox_name(service, made, snapshot);
	settings = settings_of(&s);
	if (store_run(service->store, NULL, &err,
		      "INSERT INTO snapshot (owner, name, id, sandbox_id, template, image, vcpus, "
		      "memory_mb, disk_mb, state, created_ms, settings, parent) "
		      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'writing', $10, $11, $12)",
		      "ssssssiiiiss", s.owner, name ? name : made, snapshot, s.id, s.template,
		      s.image, s.vcpus, s.memory_mb, s.disk_mb, now_ms(), settings,
		      s.snapshot[0] ? s.snapshot : NULL))
		return err.code == EEXIST
			   ? fault_set(fault, FAULT_EXISTS, "there is a snapshot %s", name)
			   : fault_error(fault, FAULT_INTERNAL, &err);
	sandbox_name(service, id, sandbox);
	if (order(service, "snapshot", sandbox, snapshot, fault)) {
		forget_row(service, snapshot);
		return -1;
	}
	if (store_run(service->store, NULL, &err,
		      "UPDATE snapshot SET state = 'ready' WHERE id = $1", "s", snapshot))
		return fault_error(fault, FAULT_INTERNAL, &err);
	stand_at(service, s.id, snapshot);
	events_tell(service, s.owner, "snapshot.created", name ? name : made);
	return 0;
}

/* What vitrine calls an owner's snapshot, by its name or by that */
static int snapshot_find(struct service *service, const char *owner, const char *name,
			 char found[SANDBOX_NAME_LEN + 1], struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (!order_name_valid(name))
		return fault_set(fault, FAULT_NOT_FOUND, "there is no such snapshot");
	if (store_run(service->store, &rows, &err,
		      "SELECT id FROM snapshot WHERE owner = $1 AND (name = $2 OR id = $2) AND "
		      "state = 'ready'",
		      "ss", owner, name))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (!rows.count)
		return fault_set(fault, FAULT_NOT_FOUND, "there is no snapshot %s", name);
	snprintf(found, SANDBOX_NAME_LEN + 1, "%s", rows_text(&rows, 0, 0));
	return 0;
}

int snapshot_wanted(struct service *service, const char *owner, const char *name,
		    struct sandbox *wanted, struct fault *fault)
{
	char found[SANDBOX_NAME_LEN + 1];
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (snapshot_find(service, owner, name, found, fault))
		return -1;
	if (store_run(service->store, &rows, &err,
		      "SELECT template, image, vcpus, memory_mb, disk_mb, settings FROM snapshot "
		      "WHERE id = $1",
		      "s", found))
		return fault_error(fault, FAULT_INTERNAL, &err);
	snprintf(wanted->template, sizeof(wanted->template), "%s", rows_text(&rows, 0, 0));
	snprintf(wanted->image, sizeof(wanted->image), "%s", rows_text(&rows, 0, 1));
	snprintf(wanted->snapshot, sizeof(wanted->snapshot), "%s", found);
	wanted->vcpus = rows_number(&rows, 0, 2);
	wanted->memory_mb = rows_number(&rows, 0, 3);
	wanted->disk_mb = rows_number(&rows, 0, 4);
	settings_take(rows_text(&rows, 0, 5), wanted);
	return 0;
}

int snapshot_forget(struct service *service, const char *owner, const char *name,
		    struct fault *fault)
{
	char found[SANDBOX_NAME_LEN + 1];

	if (snapshot_find(service, owner, name, found, fault) ||
	    order(service, "forget", found, NULL, fault))
		return -1;
	forget_row(service, found);
	events_tell(service, owner, "snapshot.deleted", name);
	return 0;
}

int sandbox_rollback(struct service *service, const char *owner, const char *id, const char *name,
		     struct fault *fault)
{
	char sandbox[SANDBOX_NAME_LEN + 1], snapshot[SANDBOX_NAME_LEN + 1];
	struct sandbox s cleanup_sandbox = { 0 };

	if (sandbox_load(service, owner, id, &s, fault) ||
	    snapshot_find(service, owner, name, snapshot, fault) ||
	    state_move(service, id, STATE_RUNNING, STATE_RUNNING, STATE_ROLLING, NULL, fault))
		return -1;
	sandbox_name(service, id, sandbox);
	if (order(service, "rollback", sandbox, snapshot, fault)) {
		s.state = STATE_ROLLING;
		sandbox_settle(service, &s); /* it runs still, or it has ended */
		return -1;
	}
	if (state_move(service, id, STATE_ROLLING, STATE_ROLLING, STATE_RUNNING, NULL, fault))
		return -1;
	stand_at(service, id, snapshot);
	keeper_watch(service, id);
	events_tell(service, s.owner, "sandbox.rolled_back", id);
	return 0;
}

int sandbox_fork(struct service *service, const struct caller *caller, const char *id,
		 int64_t timeout_sec, struct sandbox *made, struct fault *fault)
{
	struct sandbox s cleanup_sandbox = { 0 };
	char snapshot[SANDBOX_NAME_LEN + 1];
	struct fault ignored;
	bool repeated;
	int ret;

	if (sandbox_load(service, caller->owner, id, &s, fault) ||
	    sandbox_snapshot(service, caller->owner, id, NULL, snapshot, fault))
		return -1;
	*made = s;
	made->options = json_deep_copy(s.options);
	made->metadata = json_deep_copy(s.metadata);
	if (timeout_sec >= 0)
		made->timeout_sec = timeout_sec;
	snprintf(made->snapshot, sizeof(made->snapshot), "%s", snapshot);
	ret = sandbox_create(service, caller, made, NULL, NULL, &repeated, fault);
	snapshot_forget(service, caller->owner, snapshot, &ignored);
	if (ret)
		sandbox_free(made);
	return ret;
}
