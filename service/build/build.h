/* SPDX-License-Identifier: GPL-2.0-only */
/* build.h - templates that clients build: a sandbox, steps in it, and a snapshot under a name */
#ifndef SERVICE_BUILD_BUILD_H
#define SERVICE_BUILD_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "service/caller.h"
#include "service/fault.h"
#include "service/life/sandbox.h"

#define BUILD_ID_LEN 20
#define BUILD_HASH_MAX 128
#define BUILD_STEPS_MAX 256

struct request;

enum build_state { BUILD_WAITING, BUILD_RUNNING, BUILD_READY, BUILD_FAILED, BUILD_STATES };
extern const char *const build_state_names[BUILD_STATES];

/**
 * build_register() - Somebody wants a template of this name
 * @id: BUILD_ID_LEN + 1 bytes, of the build
 */
int build_register(const struct caller *caller, const char *name, int64_t vcpus, int64_t memory_mb,
		   char *id, struct fault *fault);

/**
 * build_start() - Build it, in the background
 * @base: image or snapshot is set, and options and metadata; taken over, also on failure
 * @plan: {steps: [{type, args, filesHash}], startCmd, readyCmd}
 *
 * Return: 0, or -1 with @fault: there is no such build, or it was started before.
 */
int build_start(struct service *service, const struct caller *caller, const char *name,
		const char *id, struct sandbox *base, const json_t *plan, struct fault *fault);

/**
 * build_status() - What has become of it
 * @from: first message that is wanted
 *
 * Return: {state, step, reason, log: [{at_ms, level, text}]}, or NULL with @fault.
 */
json_t *build_status(const char *owner, const char *name, const char *id, size_t from,
		     struct fault *fault);

/**
 * interpreter_make() - The template of E2B's code interpreter, for an owner who has none yet
 * @name: one that interpreter_is() knows
 *
 * Waits until it is built. Return: 0, or -1 with @fault.
 */
int interpreter_make(struct service *service, const struct caller *caller, const char *name,
		     struct fault *fault);
bool interpreter_is(const char *name);

/* ---- files that steps copy: archives that were sent before ---- */

/** upload_token() - What lets somebody send the files of this hash: 65 bytes */
void upload_token(const char *owner, const char *hash, char *token);

bool upload_valid(const char *hash);
bool upload_exists(const struct service *service, const char *owner, const char *hash);

/** upload_receive() - Keep the request's body */
int upload_receive(struct request *request, const char *owner, const char *hash,
		   struct fault *fault);

/** upload_open() - Return: a descriptor of the archive, or -1 with @fault */
int upload_open(const struct service *service, const char *owner, const char *hash,
		struct fault *fault);

/** upload_sweep() - Remove those that are older than a day */
void upload_sweep(const struct service *service);

#endif
