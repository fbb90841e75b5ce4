// SPDX-License-Identifier: GPL-2.0-only
/* steps.c - what happens to a sandbox: every step is written down before and after
 *
 * Theory of operation
 *
 *	creating --> running --> pausing --> paused --> resuming --> running
 *	    |           |  \--> rolling --> running        |
 *	    v           v                     |            v
 *	 (no row)     ending --> ended <------+---------- paused
 *
 * A step moves the row from one state to one that says what is being done, with a compare and
 * exchange, so that of two who want the same one does it. Then it is done; then the row moves on,
 * or back. A daemon that was killed in between finds the row there, and sandbox_settle() asks the
 * host what has become of it: a sandbox that answers runs, one whose files are complete is paused,
 * and one that is neither has ended. A sandbox that was still being created has been told to
 *nobody: it is ended, and its row goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/saved.h"
#include "engine/control/rundir.h"
#include "events.h"
#include "keeper.h"
#include "sandbox.h"
#include "service/caller.h"
#include "service/service.h"
#include "service/starter/starter.h"
#include "service/store/store.h"
#include "warm.h"
#include "vitrine/util.h"

#define EXIT_NONE 125 /* vitrine itself failed */

enum running sandbox_runs(const struct service *service, const char *id)
{
	char name[SANDBOX_NAME_LEN + 1];
	struct error err = { 0 };
	int dir = rundir_open(&err), fd;

	if (dir < 0)
		return RUNNING_UNKNOWN;
	sandbox_name(service, id, name);
	fd = rundir_connect(dir, name, &err);
	close(dir);
	if (fd >= 0)
		close(fd);
	if (fd >= 0)
		return RUNNING_YES;
	return err.code == ENOENT || err.code == ECONNREFUSED ? RUNNING_NO : RUNNING_UNKNOWN;
}

static bool is_saved(const struct service *service, const char *id)
{
	char name[SANDBOX_NAME_LEN + 1];

	sandbox_name(service, id, name);
	return saved_exists(SAVED_PAUSED, name);
}

/* Give an order about a sandbox. Return: 0, or -1 with why vitrine did not do it */
static int order(struct service *service, json_t *json, const char *id, struct fault *fault)
{
	char name[SANDBOX_NAME_LEN + 1], text[STARTER_TEXT_MAX];
	struct error err;
	int status;

	sandbox_name(service, id, name);
	if (json)
		json_object_set_new(json, "name", json_string(name));
	status = starter_order(service->starter, json, text, &err);
	if (status < 0)
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (status)
		return fault_set(fault, FAULT_UNAVAILABLE, "vitrine failed (%d): %.300s", status,
				 text);
	return 0;
}

static void end_it(struct service *service, const char *id)
{
	struct fault ignored;

	order(service, json_pack("{s:s}", "op", "end"), id, &ignored);
}

static void row_remove(struct service *service, const char *id)
{
	static const char *const statements[] = {
		"DELETE FROM idempotency WHERE sandbox_id = $1",
		"DELETE FROM sandbox_metadata WHERE sandbox_id = $1",
		"DELETE FROM sandbox WHERE id = $1",
	};
	struct change change;

	if (change_begin(&change, service->store, NULL))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		change_run(&change, NULL, NULL, statements[i], "s", id);
	change_end(&change, true, NULL);
}

/* What this owner has, against what the key allows */
static int within_limits(struct change *change, const struct caller *caller,
			 const struct sandbox *s, struct fault *fault)
{
	const struct {
		const char *what;
		int64_t more, most;
	} limits[] = {
		{ "sandboxes", 1, caller->max_sandboxes },
		{ "vcpus", s->vcpus, caller->max_vcpus },
		{ "memory_mb", s->memory_mb, caller->max_memory_mb },
		{ "disk_mb", s->disk_mb, caller->max_disk_mb },
	};
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	/* Others who create with this key wait here until our row counts */
	if (change_run(change, NULL, &err, "UPDATE api_key SET name = name WHERE id = $1", "s",
		       caller->key) ||
	    change_run(change, &rows, &err,
		       "SELECT count(*), coalesce(sum(vcpus), 0), coalesce(sum(memory_mb), 0), "
		       "coalesce(sum(disk_mb), 0) FROM sandbox WHERE key_id = $1 AND state <> $2",
		       "ss", caller->key, state_names[STATE_ENDED]))
		return fault_error(fault, FAULT_INTERNAL, &err);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].most && rows_number(&rows, 0, i) + limits[i].more > limits[i].most)
			return fault_set(fault, FAULT_LIMIT, "this key may have %s: %lld",
					 limits[i].what, (long long)limits[i].most);
	}
	return 0;
}

static int insert(struct change *change, const struct sandbox *s, struct error *err)
{
	cleanup_free char *options = json_dumps(s->options, JSON_COMPACT);
	cleanup_free char *metadata = json_dumps(s->metadata, JSON_COMPACT);
	const char *name;
	json_t *value;

	if (!options || !metadata)
		return error_set(err, ENOMEM, "sandbox");
	if (change_run(change, NULL, err,
		       "INSERT INTO sandbox (" SANDBOX_COLUMNS ", changed_ms) VALUES ($1, $2, $3, "
		       "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
		       "$20, $21, $22, $23)",
		       "ssssssssiiiiisiissiiisi", s->id, s->owner, s->key, s->template, s->image,
		       s->token, state_names[STATE_CREATING], (const char *)NULL, s->vcpus,
		       s->memory_mb, s->disk_mb, s->timeout_sec, s->idle_timeout_sec,
		       s->pauses ? "pause" : "kill", s->deadline_ms, s->idle_ms, options, metadata,
		       s->created_ms, s->started_ms, (int64_t)0, s->snapshot, s->created_ms))
		return -1;
	json_object_foreach(s->metadata, name, value)
	{
		if (change_run(change, NULL, err,
			       "INSERT INTO sandbox_metadata (sandbox_id, name, value) "
			       "VALUES ($1, $2, $3)",
			       "sss", s->id, name, json_string_value(value)))
			return -1;
	}
	return 0;
}

/* Return: 1 when an earlier request of this token has made one, which is loaded */
static int find_earlier(struct service *service, struct change *change, struct sandbox *s,
			const char *token, const char *digest, char earlier[SANDBOX_ID_LEN + 1],
			struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (change_run(change, &rows, &err,
		       "SELECT sandbox_id, digest FROM idempotency WHERE owner = $1 AND token = $2",
		       "ss", s->owner, token))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (rows.count && strcmp(rows_text(&rows, 0, 1), digest) != 0)
		return fault_set(fault, FAULT_CONFLICT,
				 "this Idempotency-Key was used for another request");
	if (rows.count) {
		snprintf(earlier, SANDBOX_ID_LEN + 1, "%s", rows_text(&rows, 0, 0));
		return 1;
	}
	if (change_run(change, NULL, &err,
		       "INSERT INTO idempotency (owner, token, digest, sandbox_id, created_ms) "
		       "VALUES ($1, $2, $3, $4, $5)",
		       "ssssi", s->owner, token, digest, s->id, s->created_ms))
		return fault_error(fault, FAULT_INTERNAL, &err);
	return 0;
}

/* The row, in one transaction with what it depends on. Return: 1: see find_earlier() */
static int register_it(struct service *service, const struct caller *caller, struct sandbox *s,
		       const char *token, const char *digest, char earlier[SANDBOX_ID_LEN + 1],
		       struct fault *fault)
{
	struct change change;
	struct error err;
	int ret = 0;

	if (change_begin(&change, service->store, &err))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (token)
		ret = find_earlier(service, &change, s, token, digest, earlier, fault);
	if (!ret)
		ret = within_limits(&change, caller, s, fault);
	if (!ret && insert(&change, s, &err))
		ret = fault_error(fault, FAULT_INTERNAL, &err);
	if (change_end(&change, ret == 0, &err) && !ret)
		ret = fault_error(fault, FAULT_INTERNAL, &err);
	return ret;
}

static json_t *run_order(const struct sandbox *s)
{
	static const char *const passed[] = { "env", "network", "allow", "deny", "syscall_mode" };
	json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "op", "run", "image", s->image, "vcpus",
				 (json_int_t)s->vcpus, "memory_mb", (json_int_t)s->memory_mb);

	for (size_t i = 0; json && i < ARRAY_SIZE(passed); i++) {
		json_t *value = json_object_get(s->options, passed[i]);

		if (value)
			json_object_set(json, passed[i], value);
	}
	return json;
}

static void identify(struct sandbox *s, const struct caller *caller)
{
	random_name(s->id, SANDBOX_ID_LEN);
	random_hex(s->token, SANDBOX_TOKEN_LEN);
	snprintf(s->owner, sizeof(s->owner), "%s", caller->owner);
	snprintf(s->key, sizeof(s->key), "%s", caller->key);
	s->created_ms = s->started_ms = s->idle_ms = now_ms();
	s->deadline_ms = s->timeout_sec ? s->created_ms + s->timeout_sec * 1000 : 0;
	s->state = STATE_CREATING;
}

static int clone(struct service *service, const char *snapshot, const char *id, struct fault *fault)
{
	return order(service, json_pack("{s:s, s:s}", "op", "clone", "snapshot", snapshot), id,
		     fault);
}

/* From a template that is ready, if there is one that will do */
static int start_it(struct service *service, const struct sandbox *s, struct fault *fault)
{
	char warm[SANDBOX_NAME_LEN + 1];
	bool tried = false;
	int ret;

	if (s->snapshot[0])
		return clone(service, s->snapshot, s->id, fault);
	if (warm_find(service, s, warm)) {
		if (!clone(service, warm, s->id, fault))
			return 0;
		tried = true;
		end_it(service, s->id);
	}
	ret = order(service, run_order(s), s->id, fault);
	if (tried && !ret)
		warm_drop(service, warm); /* of another version of ours, or damaged */
	return ret;
}

/* Start what a row describes */
static int bring_up(struct service *service, struct sandbox *s, struct fault *fault)
{
	if (start_it(service, s, fault) || state_move(service, s->id, STATE_CREATING,
						      STATE_CREATING, STATE_RUNNING, NULL, fault)) {
		end_it(service, s->id);
		row_remove(service, s->id);
		return -1;
	}
	s->state = STATE_RUNNING;
	keeper_watch(service, s->id);
	events_tell(service, s->owner, "sandbox.created", s->id);
	return 0;
}

int sandbox_create(struct service *service, const struct caller *caller, struct sandbox *s,
		   const char *token, const char *digest, bool *repeated, struct fault *fault)
{
	char earlier[SANDBOX_ID_LEN + 1];
	int ret;

	*repeated = false;
	identify(s, caller);
	ret = register_it(service, caller, s, token, digest, earlier, fault);
	if (ret < 0)
		return -1;
	if (ret > 0) {
		*repeated = true;
		sandbox_free(s);
		return sandbox_await(service, caller->owner, earlier, s, fault);
	}
	return bring_up(service, s, fault);
}

int sandbox_end(struct service *service, const char *owner, const char *id, const char *reason,
		struct fault *fault)
{
	struct sandbox s cleanup_sandbox = { 0 };

	if (sandbox_await(service, owner, id, &s, fault))
		return -1;
	if (state_move(service, id, STATE_RUNNING, STATE_PAUSED, STATE_ENDING, reason, fault))
		return -1;
	end_it(service, id);
	if (sandbox_runs(service, id) != RUNNING_NO)
		return fault_set(fault, FAULT_INTERNAL, "the sandbox %s does not end", id);
	if (state_move(service, id, STATE_ENDING, STATE_ENDING, STATE_ENDED, reason, fault))
		return -1;
	events_tell(service, s.owner, "sandbox.ended", id);
	return 0;
}

int sandbox_pause(struct service *service, const char *owner, const char *id, struct fault *fault)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault ignored;

	if (sandbox_load(service, owner, id, &s, fault) ||
	    state_move(service, id, STATE_RUNNING, STATE_RUNNING, STATE_PAUSING, NULL, fault))
		return -1;
	if (order(service, json_pack("{s:s}", "op", "pause"), id, fault) &&
	    !is_saved(service, id)) {
		state_move(service, id, STATE_PAUSING, STATE_PAUSING, STATE_RUNNING, fault->text,
			   &ignored);
		events_tell(service, s.owner, "sandbox.pause_failed", id);
		return -1;
	}
	if (state_move(service, id, STATE_PAUSING, STATE_PAUSING, STATE_PAUSED, NULL, fault))
		return -1;
	events_tell(service, s.owner, "sandbox.paused", id);
	return 0;
}

int sandbox_resume(struct service *service, const char *owner, const char *id, int64_t timeout_sec,
		   struct fault *fault)
{
	struct sandbox s cleanup_sandbox = { 0 };
	const int64_t now = now_ms();
	struct fault ignored;
	struct error err;

	if (sandbox_load(service, owner, id, &s, fault) ||
	    state_move(service, id, STATE_PAUSED, STATE_PAUSED, STATE_RESUMING, NULL, fault))
		return -1;
	if (timeout_sec < 0)
		timeout_sec = s.timeout_sec;
	/* The deadline first: one that has passed would pause it again */
	if (store_run(service->store, NULL, &err,
		      "UPDATE sandbox SET deadline_ms = $1, idle_ms = $2, started_ms = $2 "
		      "WHERE id = $3",
		      "iis", timeout_sec ? now + timeout_sec * 1000 : (int64_t)0, now, id))
		fault_error(fault, FAULT_INTERNAL, &err);
	else if (order(service, json_pack("{s:s}", "op", "resume"), id, fault) == 0 ||
		 sandbox_runs(service, id) == RUNNING_YES) {
		if (state_move(service, id, STATE_RESUMING, STATE_RESUMING, STATE_RUNNING, NULL,
			       fault))
			return -1;
		keeper_watch(service, id);
		events_tell(service, s.owner, "sandbox.resumed", id);
		return 0;
	}
	state_move(service, id, STATE_RESUMING, STATE_RESUMING, STATE_PAUSED, fault->text,
		   &ignored);
	return -1;
}

int sandbox_wake(struct service *service, struct sandbox *s)
{
	char id[SANDBOX_ID_LEN + 1];
	struct fault fault;

	if (s->state == STATE_RUNNING)
		return 0;
	strcpy(id, s->id);
	if (s->state == STATE_PAUSED && json_is_true(json_object_get(s->options, "auto_resume"))) {
		sandbox_resume(service, NULL, id, -1, &fault);
		sandbox_free(s);
		if (!sandbox_await(service, NULL, id, s, &fault) && s->state == STATE_RUNNING)
			return 0;
	}
	sandbox_free(s);
	return -1;
}

void sandbox_settle(struct service *service, const struct sandbox *s)
{
	const enum running runs = sandbox_runs(service, s->id);
	const bool saved = is_saved(service, s->id);
	struct fault ignored;
	enum state now = runs == RUNNING_YES ? STATE_RUNNING : saved ? STATE_PAUSED : STATE_ENDED;

	/* Whoever cannot look must not say that it is gone */
	if (runs == RUNNING_UNKNOWN)
		return;
	switch (s->state) {
	case STATE_CREATING:
		end_it(service, s->id);
		row_remove(service, s->id);
		return;
	case STATE_ENDING:
		end_it(service, s->id);
		now = STATE_ENDED;
		break;
	case STATE_ENDED:
		return;
	default:
		break;
	}
	if (now == s->state)
		return;
	if (state_move(service, s->id, s->state, s->state, now,
		       now == STATE_ENDED ? "it ended by itself" : NULL, &ignored))
		return;
	if (now == STATE_ENDED) {
		end_it(service, s->id); /* what is kept of it */
		events_tell(service, s->owner, "sandbox.ended", s->id);
	}
}
