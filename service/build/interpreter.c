// SPDX-License-Identifier: GPL-2.0-only
/* interpreter.c - the template of E2B's code interpreter
 *
 * Its clients expect a server on port 49999 that runs code (interpreter.py, which is in the
 * program). An owner's first sandbox of the template has it built: from an image with Python, in
 * which the server is written and started, so that what goes on from there has an interpreter that
 * waits.
 */
#include "build.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "service/service.h"
#include "vitrine/util.h"

#define MEMORY_MB 512
#define DISK_MB 1024
#define PATIENCE_MS 120000
#define LOOK_MS 100

extern const char service_interpreter_begin[], service_interpreter_end[];

static const char prepare[] =
    "command -v python3 >/dev/null || { echo 'the image has no python3' >&2; exit 1; }\n"
    "mkdir -p /usr/local/lib/vitrine\n"
    "cat >/usr/local/lib/vitrine/interpreter.py <<'END-OF-THE-INTERPRETER'\n";
static const char start[] = "exec python3 /usr/local/lib/vitrine/interpreter.py";
static const char ready[] =
    "python3 -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:49999/contexts\")'";

bool interpreter_is(const char *name)
{
	return !strcmp(name, "code-interpreter-v1") || !strcmp(name, "code-interpreter");
}

static json_t *plan(void)
{
	const int len = (int)(service_interpreter_end - service_interpreter_begin);

	return json_pack("{s:[{s:s, s:[o, s]}], s:s, s:s}", "steps", "type", "RUN", "args",
			 json_sprintf("%s%.*s\nEND-OF-THE-INTERPRETER\n", prepare, len,
				      service_interpreter_begin),
			 "root", "startCmd", start, "readyCmd", ready);
}

/* Until it is over. Return: 0, or -1 with @fault */
static int await(const char *owner, const char *name, const char *id, struct fault *fault)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

	for (unsigned i = 0; i < PATIENCE_MS / LOOK_MS; i++) {
		json_t *status = build_status(owner, name, id, 0, fault), *last;
		const char *state = json_string_value(json_object_get(status, "state"));
		const bool is_ready = state && !strcmp(state, build_state_names[BUILD_READY]);
		const bool failed = state && !strcmp(state, build_state_names[BUILD_FAILED]);

		if (failed) {
			/* The messages end with why, in two ways; the first one is the program's */
			const json_t *log = json_object_get(status, "log");
			const size_t count = json_array_size(log);

			last = json_array_get(log, count > 1 ? count - 2 : 0);
			fault_set(fault, FAULT_UNAVAILABLE,
				  "the template %s cannot be made: %.200s (vitrined --interpreter "
				  "IMAGE)",
				  name, json_string_value(json_object_get(last, "text")) ?: "");
		}
		json_decref(status);
		if (!status || failed)
			return -1;
		if (is_ready)
			return 0;
		nanosleep(&look, NULL);
	}
	return fault_set(fault, FAULT_TIMEOUT, "the template %s is not ready yet", name);
}

static int build(struct service *service, const struct caller *caller, const char *name,
		 struct fault *fault)
{
	struct sandbox base = { .disk_mb = DISK_MB,
				.options = json_object(),
				.metadata = json_object() };
	const char *image = service->interpreter ?: service->base;
	json_t *steps = plan();
	char id[BUILD_ID_LEN + 1];
	int ret;

	snprintf(base.template, sizeof(base.template), "%s", image);
	snprintf(base.image, sizeof(base.image), "%s", image);
	ret = steps ? build_register(caller, name, 1, MEMORY_MB, id, fault)
		    : fault_set(fault, FAULT_BUSY, "no memory");
	if (!ret)
		ret = build_start(service, caller, name, id, &base, steps, fault);
	if (!ret)
		ret = await(caller->owner, name, id, fault);
	sandbox_free(&base);
	json_decref(steps);
	return ret;
}

int interpreter_make(struct service *service, const struct caller *caller, const char *name,
		     struct fault *fault)
{
	static pthread_mutex_t one_by_one = PTHREAD_MUTEX_INITIALIZER;
	struct sandbox found cleanup_sandbox = { 0 };
	int ret;

	pthread_mutex_lock(&one_by_one);
	/* Somebody may have been faster */
	ret = snapshot_wanted(service, caller->owner, name, &found, fault);
	if (ret && fault->code == FAULT_NOT_FOUND)
		ret = build(service, caller, name, fault);
	pthread_mutex_unlock(&one_by_one);
	return ret;
}
