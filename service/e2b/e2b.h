/* SPDX-License-Identifier: GPL-2.0-only */
/* e2b.h - the protocol of E2B's SDKs: its control plane, and what runs in each sandbox there
 *
 * docs/e2b.md says which methods of the SDK work, differ or are missing.
 */
#ifndef SERVICE_E2B_E2B_H
#define SERVICE_E2B_E2B_H

#include "service/files/guest.h"
#include "service/http/request.h"
#include "service/life/sandbox.h"

#define E2B_ENVD_VERSION "0.6.2"
#define E2B_DEFAULT_TIMEOUT 300

/* The control plane */
request_handler e2b_create, e2b_connect, e2b_list, e2b_get, e2b_kill, e2b_timeout, e2b_refresh,
    e2b_pause, e2b_resume, e2b_fork, e2b_snapshot, e2b_snapshots, e2b_metrics, e2b_logs;
request_handler e2b_templates, e2b_template_delete, e2b_template_request, e2b_template_files,
    e2b_template_upload, e2b_template_build, e2b_template_status, e2b_template_alias, e2b_teams;

/** e2b_template_find() - What a template's or a snapshot's name stands for: image or snapshot is
 * set */
int e2b_template_find(struct request *request, const char *name, struct sandbox *wanted,
		      struct fault *fault);

/* What answers inside of a sandbox there, and outside of it here */
request_handler e2b_health, e2b_file_get, e2b_file_post;
request_handler e2b_process_start, e2b_process_connect, e2b_process_list, e2b_process_input,
    e2b_process_close, e2b_process_signal, e2b_process_update;
request_handler e2b_fs_stat, e2b_fs_list, e2b_fs_mkdir, e2b_fs_move, e2b_fs_remove, e2b_fs_watch,
    e2b_fs_watcher_create, e2b_fs_watcher_events, e2b_fs_watcher_remove;

/**
 * struct envd - a call to a sandbox
 * @user: that the call is made as; "" when it does not say
 */
struct envd {
	struct sandbox sandbox;
	char user[64];
};

/**
 * envd_begin() - Which sandbox is it about, and may this client?
 * @op: "read" or "write" of a file that a signature in the query is about, with @path; or NULL
 *
 * A paused sandbox that wants to is resumed. Answered when it fails.
 *
 * Return: 0, and envd_end() is to be called; or -1.
 */
int envd_begin(struct request *request, struct envd *envd, const char *op, const char *path);
void envd_end(struct request *request, struct envd *envd);

/** envd_user() - The user to run as in the sandbox: NULL for root */
const char *envd_user(struct guest *guest, const struct envd *envd);

/** envd_signature() - "v1_..." of a file, 64 bytes; @expires NULL for never */
void envd_signature(const char *path, const char *op, const char *user, const char *token,
		    const char *expires, char *signature);

/* ---- the Connect protocol (connect.c) ---- */

/** connect_body() - The message of a call, in an envelope if it is a stream's. Or NULL, answered */
json_t *connect_body(struct request *request, bool stream);

/** connect_begin() - Begin a stream of messages */
int connect_begin(struct request *request);

/** connect_send() - One message; consumed. Return: 0, or -1 when the client has gone */
int connect_send(struct request *request, json_t *json);

/** connect_end() - The last message: with an error, or without */
void connect_end(struct request *request, const struct fault *fault);

#endif
