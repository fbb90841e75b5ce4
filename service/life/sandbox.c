// SPDX-License-Identifier: GPL-2.0-only
/* sandbox.c - sandboxes as rows */
#include "sandbox.h"

#include <string.h>
#include <time.h>

#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define STEP_MS 20
#define STEPS_MAX 1500

const char *const state_names[] = {
	[STATE_CREATING] = "creating", [STATE_RUNNING] = "running",   [STATE_PAUSING] = "pausing",
	[STATE_PAUSED] = "paused",     [STATE_RESUMING] = "resuming", [STATE_ROLLING] = "rolling",
	[STATE_ENDING] = "ending",     [STATE_ENDED] = "ended",
};
static_assert(ARRAY_SIZE(state_names) == STATE_COUNT, "state_names[]");

void sandbox_free(struct sandbox *sandbox)
{
	json_decref(sandbox->options);
	json_decref(sandbox->metadata);
	sandbox->options = sandbox->metadata = NULL;
}

void sandbox_name(const struct service *service, const char *id, char *name)
{
	snprintf(name, SANDBOX_NAME_LEN + 1, "vd-%s-%s", service->instance, id);
}

bool sandbox_id_valid(const char *id)
{
	return strlen(id) == SANDBOX_ID_LEN &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") == SANDBOX_ID_LEN;
}

static enum state state_of(const char *name)
{
	for (size_t i = 0; i < STATE_COUNT; i++) {
		if (!strcmp(state_names[i], name))
			return (enum state)i;
	}
	return STATE_ENDED;
}

#define TEXT(to, column) snprintf(to, sizeof(to), "%s", rows_text(rows, row, column))

int sandbox_take(const struct rows *rows, size_t row, struct sandbox *s)
{
	*s = (struct sandbox){
		.state = state_of(rows_text(rows, row, 6)),
		.vcpus = rows_number(rows, row, 8),
		.memory_mb = rows_number(rows, row, 9),
		.disk_mb = rows_number(rows, row, 10),
		.timeout_sec = rows_number(rows, row, 11),
		.idle_timeout_sec = rows_number(rows, row, 12),
		.pauses = !strcmp(rows_text(rows, row, 13), "pause"),
		.deadline_ms = rows_number(rows, row, 14),
		.idle_ms = rows_number(rows, row, 15),
		.options = json_loads(rows_text(rows, row, 16), 0, NULL),
		.metadata = json_loads(rows_text(rows, row, 17), 0, NULL),
		.created_ms = rows_number(rows, row, 18),
		.started_ms = rows_number(rows, row, 19),
		.ended_ms = rows_number(rows, row, 20),
	};
	TEXT(s->id, 0);
	TEXT(s->owner, 1);
	TEXT(s->key, 2);
	TEXT(s->template, 3);
	TEXT(s->image, 4);
	TEXT(s->token, 5);
	TEXT(s->reason, 7);
	TEXT(s->snapshot, 21);
	if (s->options && s->metadata)
		return 0;
	sandbox_free(s);
	return -1;
}

int sandbox_load(struct service *service, const char *owner, const char *id,
		 struct sandbox *sandbox, struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	*sandbox = (struct sandbox){ 0 };
	if (!sandbox_id_valid(id))
		return fault_set(fault, FAULT_NOT_FOUND, "there is no such sandbox");
	if (store_run(service->store, &rows, &err,
		      "SELECT " SANDBOX_COLUMNS " FROM sandbox WHERE id = $1", "s", id))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (!rows.count || (owner && strcmp(rows_text(&rows, 0, 1), owner) != 0))
		return fault_set(fault, FAULT_NOT_FOUND, "there is no sandbox %s", id);
	if (sandbox_take(&rows, 0, sandbox))
		return fault_set(fault, FAULT_INTERNAL, "the row of sandbox %s is damaged", id);
	if (owner && sandbox->state == STATE_ENDED) {
		sandbox_free(sandbox);
		return fault_set(fault, FAULT_NOT_FOUND, "the sandbox %s has ended", id);
	}
	return 0;
}

static bool settled(enum state state)
{
	return state == STATE_RUNNING || state == STATE_PAUSED || state == STATE_ENDED;
}

int sandbox_await(struct service *service, const char *owner, const char *id,
		  struct sandbox *sandbox, struct fault *fault)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (unsigned i = 0;; i++) {
		if (sandbox_load(service, owner, id, sandbox, fault))
			return -1;
		if (settled(sandbox->state) || i == STEPS_MAX)
			return 0;
		sandbox_free(sandbox);
		nanosleep(&step, NULL);
	}
}

int state_move(struct service *service, const char *id, enum state from, enum state from2,
	       enum state to, const char *reason, struct fault *fault)
{
	const int64_t now = now_ms();
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (store_run(service->store, &rows, &err,
		      "UPDATE sandbox SET state = $1, reason = $2, changed_ms = $3, ended_ms = $4 "
		      "WHERE id = $5 AND state IN ($6, $7)",
		      "ssiisss", state_names[to], reason, now, to == STATE_ENDED ? now : (int64_t)0,
		      id, state_names[from], state_names[from2]))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (!rows.changed)
		return fault_set(fault, FAULT_CONFLICT, "the sandbox %s is not %s", id,
				 state_names[from]);
	return 0;
}

void audit(struct service *service, const char *owner, const char *key, const char *action,
	   const char *object, const char *outcome)
{
	store_run(service->store, NULL, NULL,
		  "INSERT INTO audit (at_ms, owner, key_id, action, object, outcome) "
		  "VALUES ($1, $2, $3, $4, $5, $6)",
		  "isssss", now_ms(), owner, key, action, object, outcome);
}
