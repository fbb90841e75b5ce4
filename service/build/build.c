// SPDX-License-Identifier: GPL-2.0-only
/* build.c - templates that clients build: a sandbox, steps in it, and a snapshot under a name
 *
 * Theory of operation
 * The sandbox is one of the client's like any other: it counts for his limits, he sees it, and it
 * ends by itself should the daemon die. When all steps are done and what goes on in it is ready, it
 * becomes a snapshot, which takes the template's name from the one of before in one transaction.
 * Sandboxes go on from there; what the steps have set (variables, user, directory) is kept in the
 * snapshot's row and becomes theirs.
 *
 * A build is remembered in memory, with what it said, until others push it out.
 */
#include "build.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "service/service.h"
#include "service/store/store.h"
#include "steps.h"
#include "vitrine/util.h"

#define BUILDS_MAX 128
#define RUNNING_MAX 4
#define LOG_MAX 2000
#define LOG_PAGE 100
#define LIFE_SECONDS (2 * 3600)

const char *const build_state_names[] = {
	[BUILD_WAITING] = "waiting",
	[BUILD_RUNNING] = "building",
	[BUILD_READY] = "ready",
	[BUILD_FAILED] = "error",
};
static_assert(ARRAY_SIZE(build_state_names) == BUILD_STATES, "build_state_names[]");

/**
 * struct build - one of them; under @lock
 * @log:  a list of {at_ms, level, text}
 * @step: that it failed in, counted from 1, or "base" and "finalize"
 */
struct build {
	char id[BUILD_ID_LEN + 1], name[65], owner[64];
	enum build_state state;
	int64_t vcpus, memory_mb, at_ms;
	json_t *log;
	char step[16], reason[300];
};

/**
 * struct work - one that is under way
 */
struct work {
	struct service *service;
	struct caller caller;
	char id[BUILD_ID_LEN + 1], name[65];
	struct sandbox sandbox;
	json_t *plan;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct build builds[BUILDS_MAX];

/* ---- the table; with the lock held ---- */

static struct build *find(const char *owner, const char *name, const char *id)
{
	for (size_t i = 0; i < BUILDS_MAX; i++) {
		if (!strcmp(builds[i].id, id) && id[0] && !strcmp(builds[i].owner, owner) &&
		    !strcmp(builds[i].name, name))
			return &builds[i];
	}
	return NULL;
}

static struct build *oldest(void)
{
	struct build *found = NULL;

	for (size_t i = 0; i < BUILDS_MAX; i++) {
		if (builds[i].state != BUILD_RUNNING && (!found || builds[i].at_ms < found->at_ms))
			found = &builds[i];
	}
	return found;
}

static unsigned running(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < BUILDS_MAX; i++)
		count += builds[i].id[0] && builds[i].state == BUILD_RUNNING;
	return count;
}

static void tell(struct build *build, const char *level, const char *text)
{
	if (json_array_size(build->log) < LOG_MAX)
		json_array_append_new(build->log,
				      json_pack("{s:I, s:s, s:o}", "at_ms", (json_int_t)now_ms(),
						"level", level, "text",
						json_string(text) ?: json_string("(no text)")));
}

int build_register(const struct caller *caller, const char *name, int64_t vcpus, int64_t memory_mb,
		   char *id, struct fault *fault)
{
	struct build *build;

	random_name(id, BUILD_ID_LEN);
	pthread_mutex_lock(&lock);
	build = oldest();
	if (build) {
		json_decref(build->log);
		*build = (struct build){ .vcpus = vcpus,
					 .memory_mb = memory_mb,
					 .at_ms = now_ms(),
					 .log = json_array() };
		strcpy(build->id, id);
		snprintf(build->name, sizeof(build->name), "%s", name);
		snprintf(build->owner, sizeof(build->owner), "%s", caller->owner);
	}
	pthread_mutex_unlock(&lock);
	return build ? 0 : fault_set(fault, FAULT_BUSY, "too many builds");
}

json_t *build_status(const char *owner, const char *name, const char *id, size_t from,
		     struct fault *fault)
{
	json_t *log = json_array(), *json = NULL;
	const struct build *build;

	pthread_mutex_lock(&lock);
	build = find(owner, name, id);
	for (size_t i = 0; build && i < LOG_PAGE && from + i < json_array_size(build->log); i++)
		json_array_append(log, json_array_get(build->log, from + i));
	if (build)
		json = json_pack("{s:s, s:s, s:s, s:O}", "state", build_state_names[build->state],
				 "step", build->step, "reason", build->reason, "log", log);
	pthread_mutex_unlock(&lock);
	json_decref(log);
	if (!build)
		fault_set(fault, FAULT_NOT_FOUND, "there is no such build");
	return json;
}

/* ---- the work ---- */

static void say(void *context, const char *level, const char *text)
{
	const struct work *w = context;
	struct build *build;

	pthread_mutex_lock(&lock);
	build = find(w->caller.owner, w->name, w->id);
	if (build)
		tell(build, level, text);
	pthread_mutex_unlock(&lock);
}

static void finish(const struct work *w, const char *step, const struct fault *fault)
{
	struct build *build;

	pthread_mutex_lock(&lock);
	build = find(w->caller.owner, w->name, w->id);
	if (build && fault) {
		tell(build, "error", fault->text);
		snprintf(build->step, sizeof(build->step), "%s", step);
		snprintf(build->reason, sizeof(build->reason), "%s", fault->text);
	}
	if (build)
		build->state = fault ? BUILD_FAILED : BUILD_READY;
	pthread_mutex_unlock(&lock);
}

/* The name goes from the snapshot that had it to the one that is new */
static int take_name(const struct work *w, const char *snapshot, const char *settings, char *former,
		     struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct change change;
	struct error err;
	int ret;

	former[0] = '\0';
	if (change_begin(&change, w->service->store, &err))
		return fault_error(fault, FAULT_INTERNAL, &err);
	ret = change_run(&change, &rows, &err,
			 "SELECT id FROM snapshot WHERE owner = $1 AND name = $2", "ss",
			 w->caller.owner, w->name);
	if (!ret && rows.count) {
		snprintf(former, SANDBOX_NAME_LEN + 1, "%s", rows_text(&rows, 0, 0));
		ret = change_run(&change, NULL, &err,
				 "UPDATE snapshot SET name = id WHERE owner = $1 AND name = $2",
				 "ss", w->caller.owner, w->name);
	}
	if (!ret)
		ret = change_run(&change, NULL, &err,
				 "UPDATE snapshot SET name = $1, settings = $2, template = $1, "
				 "sandbox_id = '' WHERE id = $3",
				 "sss", w->name, settings, snapshot);
	if (change_end(&change, !ret, &err) || ret)
		return fault_error(fault, FAULT_INTERNAL, &err);
	return 0;
}

static int freeze(const struct work *w, const struct steps *steps, struct fault *fault)
{
	char snapshot[SANDBOX_NAME_LEN + 1], former[SANDBOX_NAME_LEN + 1];
	json_t *json =
	    json_pack("{s:O, s:s, s:s}", "env", steps->env, "user", steps->user, "cwd", steps->cwd);
	cleanup_free char *settings = json_dumps(json, JSON_COMPACT);
	struct fault ignored;

	json_decref(json);
	if (!settings)
		return fault_set(fault, FAULT_BUSY, "no memory");
	if (sandbox_snapshot(w->service, w->caller.owner, w->sandbox.id, NULL, snapshot, fault))
		return -1;
	if (take_name(w, snapshot, settings, former, fault)) {
		snapshot_forget(w->service, w->caller.owner, snapshot, &ignored);
		return -1;
	}
	if (former[0])
		snapshot_forget(w->service, w->caller.owner, former, &ignored);
	return 0;
}

/* Return: the step that failed, or NULL */
static const char *do_all(struct work *w, struct fault *fault)
{
	struct steps steps = { .service = w->service,
			       .id = w->sandbox.id,
			       .owner = w->caller.owner,
			       .env = json_array(),
			       .say = say,
			       .context = w };
	static _Thread_local char failed[16];
	const json_t *list = json_object_get(w->plan, "steps"), *step;
	int ret = 0;
	size_t i;

	/* Of a template that this one is made from */
	json_array_extend(steps.env, json_object_get(w->sandbox.options, "env"));
	snprintf(steps.user, sizeof(steps.user), "%s",
		 json_string_value(json_object_get(w->sandbox.options, "user")) ?: "");
	snprintf(steps.cwd, sizeof(steps.cwd), "%s",
		 json_string_value(json_object_get(w->sandbox.options, "cwd")) ?: "");
	json_array_foreach(list, i, step)
	{
		if (step_do(&steps, step, fault)) {
			ret = -1;
			break;
		}
	}
	snprintf(failed, sizeof(failed), "%zu", i + 1);
	if (!ret) {
		strcpy(failed, "finalize");
		say(w, "info", "waiting until it is ready");
		ret = step_start(&steps, json_string_value(json_object_get(w->plan, "startCmd")),
				 json_string_value(json_object_get(w->plan, "readyCmd")), fault)
			  ?: freeze(w, &steps, fault);
	}
	json_decref(steps.env);
	return ret ? failed : NULL;
}

static void *work(void *context)
{
	struct work *w = context;
	struct fault fault, ignored;
	const char *failed = "base";
	bool repeated;

	if (!sandbox_create(w->service, &w->caller, &w->sandbox, NULL, NULL, &repeated, &fault)) {
		failed = do_all(w, &fault);
		sandbox_end(w->service, w->caller.owner, w->sandbox.id, "it was for a template",
			    &ignored);
	}
	finish(w, failed, failed ? &fault : NULL);
	sandbox_free(&w->sandbox);
	json_decref(w->plan);
	free(w);
	return NULL;
}

static int claim(struct work *w, struct fault *fault)
{
	struct build *build;
	int ret = 0;

	pthread_mutex_lock(&lock);
	build = find(w->caller.owner, w->name, w->id);
	if (!build)
		ret = fault_set(fault, FAULT_NOT_FOUND, "there is no such build");
	else if (build->state != BUILD_WAITING)
		ret = fault_set(fault, FAULT_CONFLICT, "this build was started before");
	else if (running() >= RUNNING_MAX)
		ret = fault_set(fault, FAULT_BUSY, "%d templates are being built already",
				RUNNING_MAX);
	if (!ret) {
		build->state = BUILD_RUNNING;
		if (!w->sandbox.snapshot[0]) {
			w->sandbox.vcpus = build->vcpus;
			w->sandbox.memory_mb = build->memory_mb;
		}
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

int build_start(struct service *service, const struct caller *caller, const char *name,
		const char *id, struct sandbox *base, const json_t *plan, struct fault *fault)
{
	struct work *w = calloc(1, sizeof(*w));
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	if (!w) {
		sandbox_free(base);
		return fault_set(fault, FAULT_BUSY, "no memory");
	}
	*w = (struct work){ .service = service,
			    .caller = *caller,
			    .sandbox = *base,
			    .plan = json_deep_copy(plan) };
	*base = (struct sandbox){ 0 };
	snprintf(w->id, sizeof(w->id), "%s", id);
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->sandbox.timeout_sec = LIFE_SECONDS;
	json_object_set_new(w->sandbox.metadata, "template", json_string(name));
	ret = claim(w, fault);
	if (!ret) {
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		if (pthread_create(&thread, &attr, work, w)) {
			ret = fault_set(fault, FAULT_BUSY, "no thread is left");
			finish(w, "base", fault);
		}
		pthread_attr_destroy(&attr);
	}
	if (ret) {
		sandbox_free(&w->sandbox);
		json_decref(w->plan);
		free(w);
	}
	return ret;
}
