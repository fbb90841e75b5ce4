/* SPDX-License-Identifier: GPL-2.0-only */
/* sandbox.h - a sandbox of the service: what is known of it, and what can happen to it
 *
 * All functions return 0, or -1 with the fault filled. A sandbox of another owner is one that there
 * is not.
 */
#ifndef SERVICE_LIFE_SANDBOX_H
#define SERVICE_LIFE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "service/fault.h"

#define SANDBOX_ID_LEN 20
#define SANDBOX_NAME_LEN 64
#define SANDBOX_TOKEN_LEN 32

struct service;
struct caller;

enum state {
	STATE_CREATING,
	STATE_RUNNING,
	STATE_PAUSING,
	STATE_PAUSED,
	STATE_RESUMING,
	STATE_ROLLING, /* back to a snapshot */
	STATE_ENDING,
	STATE_ENDED, /* its row stays for its figures, and nobody else sees it */
	STATE_COUNT,
};

extern const char *const state_names[STATE_COUNT];

/**
 * struct sandbox - a row
 * @id:          what clients call it
 * @token:       what lets them talk to it alone
 * @options:     network, env, syscall_mode, isolation, e2b: an object, owned
 * @metadata:    an object of texts, owned
 * @deadline_ms: when @on_timeout happens; 0 for never
 * @idle_ms:     last activity
 */
struct sandbox {
	char id[SANDBOX_ID_LEN + 1], owner[64], key[32], template[65], image[65];
	char token[SANDBOX_TOKEN_LEN + 1], reason[256], snapshot[65];
	enum state state;
	int64_t vcpus, memory_mb, disk_mb, timeout_sec, idle_timeout_sec;
	int64_t deadline_ms, idle_ms, created_ms, started_ms, ended_ms;
	bool pauses; /* on_timeout */
	json_t *options, *metadata;
};

void sandbox_free(struct sandbox *sandbox);
#define cleanup_sandbox __attribute__((cleanup(sandbox_free)))

/** sandbox_name() - Of vitrine's sandbox, SANDBOX_NAME_LEN + 1 bytes */
void sandbox_name(const struct service *service, const char *id, char *name);

/** sandbox_id_valid() - Can this be one? */
bool sandbox_id_valid(const char *id);

/**
 * sandbox_load() - Find one
 * @owner: whose; NULL for anybody's
 */
int sandbox_load(struct service *service, const char *owner, const char *id,
		 struct sandbox *sandbox, struct fault *fault);

struct rows;
/** sandbox_take() - One out of rows of SANDBOX_COLUMNS */
int sandbox_take(const struct rows *rows, size_t row, struct sandbox *sandbox);

#define SANDBOX_COLUMNS                                                                            \
	"id, owner, key_id, template, image, token, state, reason, vcpus, memory_mb, disk_mb, "    \
	"timeout_sec, idle_timeout_sec, on_timeout, deadline_ms, idle_ms, options, metadata, "     \
	"created_ms, started_ms, ended_ms, snapshot"

/**
 * sandbox_create() - Start one
 * @wanted: template, vcpus and so on are set, id, state and moments are not; completed
 * @token:  of idempotency, NULL for none; @digest: of the request
 * @repeated: set when an earlier request of that token has made it
 */
int sandbox_create(struct service *service, const struct caller *caller, struct sandbox *wanted,
		   const char *token, const char *digest, bool *repeated, struct fault *fault);

int sandbox_end(struct service *service, const char *owner, const char *id, const char *reason,
		struct fault *fault);
int sandbox_pause(struct service *service, const char *owner, const char *id, struct fault *fault);

/**
 * sandbox_resume() - Let a paused one go on
 * @timeout_sec: for a new deadline; negative for that of its timeout
 */
int sandbox_resume(struct service *service, const char *owner, const char *id, int64_t timeout_sec,
		   struct fault *fault);

/**
 * sandbox_snapshot() - Write a running one down under a name
 * @name: NULL for one that is made up
 * @id:   65 bytes, set to what the snapshot is called by
 */
int sandbox_snapshot(struct service *service, const char *owner, const char *id, const char *name,
		     char *snapshot, struct fault *fault);
int sandbox_rollback(struct service *service, const char *owner, const char *id, const char *name,
		     struct fault *fault);

/**
 * sandbox_fork() - A copy of a running one
 * @made: filled; release with sandbox_free()
 */
int sandbox_fork(struct service *service, const struct caller *caller, const char *id,
		 int64_t timeout_sec, struct sandbox *made, struct fault *fault);
int snapshot_forget(struct service *service, const char *owner, const char *name,
		    struct fault *fault);

/** snapshot_wanted() - A sandbox that is to go on from a snapshot */
int snapshot_wanted(struct service *service, const char *owner, const char *name,
		    struct sandbox *wanted, struct fault *fault);

/** template_image() - The image of a template of this owner, 65 bytes */
int template_image(struct service *service, const char *owner, const char *name, char *image,
		   struct fault *fault);

/**
 * template_find() - What a new sandbox of a template begins with: its image, or its snapshot
 * @name: of a template, of one that was built, or of a snapshot
 */
int template_find(struct service *service, const char *owner, const char *name,
		  struct sandbox *wanted, struct fault *fault);

/** sandbox_await() - Load it when nothing is just being done to it, or after half a minute */
int sandbox_await(struct service *service, const char *owner, const char *id,
		  struct sandbox *sandbox, struct fault *fault);

/**
 * sandbox_wake() - Let one go on that is paused and was made to be resumed by whoever needs it
 * @sandbox: from sandbox_await(); loaded anew when it went on, released on failure
 *
 * Return: 0 when it runs, or -1.
 */
int sandbox_wake(struct service *service, struct sandbox *sandbox);

/**
 * state_move() - One step of a sandbox's life, if it is where it is thought to be
 * @from: may be two states that are equal
 *
 * Return: 0, or -1: somebody else was faster (FAULT_CONFLICT), or the store fails.
 */
int state_move(struct service *service, const char *id, enum state from, enum state from2,
	       enum state to, const char *reason, struct fault *fault);

/** sandbox_settle() - Bring a sandbox that is found in the middle of a step to one of its ends */
void sandbox_settle(struct service *service, const struct sandbox *sandbox);

/** sandbox_runs() - Does it answer, on this host, now? */
enum running { RUNNING_NO, RUNNING_YES, RUNNING_UNKNOWN };
enum running sandbox_runs(const struct service *service, const char *id);

/** audit() - Write down who did what */
void audit(struct service *service, const char *owner, const char *key, const char *action,
	   const char *object, const char *outcome);

#endif
