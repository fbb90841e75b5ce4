/* SPDX-License-Identifier: GPL-2.0-only */
/* handlers.h - what answers the calls of REST v1; the table is in routes.c */
#ifndef SERVICE_API_HANDLERS_H
#define SERVICE_API_HANDLERS_H

#include "service/http/request.h"
#include "service/life/sandbox.h"

request_handler api_health, api_metrics, api_openapi;
request_handler api_sandbox_create, api_sandbox_list, api_sandbox_get, api_sandbox_patch,
    api_sandbox_delete;
request_handler api_sandbox_pause, api_sandbox_resume, api_sandbox_fork, api_sandbox_ping,
    api_sandbox_snapshot, api_sandbox_rollback;
request_handler api_key_create, api_key_list, api_key_delete;
request_handler api_template_create, api_template_list, api_template_delete;
request_handler api_snapshot_create, api_snapshot_list, api_snapshot_delete;
request_handler api_sandbox_metrics;
request_handler api_exec, api_exec_stream, api_pty, api_processes, api_process_signal;
request_handler api_file_read, api_file_write, api_file_delete, api_file_stat, api_file_list,
    api_file_mkdir, api_file_rename;
request_handler api_events, api_audit, api_figures;
request_handler api_session_create, api_session_get, api_session_delete, api_session_ticket;

/** api_sandbox_json() - What clients see of a sandbox */
json_t *api_sandbox_json(const struct sandbox *sandbox);

/** api_sandbox_answer() - Load a sandbox and answer with it */
void api_sandbox_answer(struct request *request, unsigned status, const char *id);

/**
 * api_wanted() - What a body asks for, checked
 * @wanted: completed with what the body does not say; owns options and metadata also on failure
 */
int api_wanted(struct request *request, const json_t *body, struct sandbox *wanted,
	       struct fault *fault);

#endif
