// SPDX-License-Identifier: GPL-2.0-only
/* routes.c - who answers what */
#include "api/handlers.h"
#include "e2b/e2b.h"
#include "pages/pages.h"
#include "proxy/proxy.h"
#include "vitrine/util.h"

#define SANDBOX "/v1/sandboxes/{}"

/* clang-format off */
const struct route routes[] = {
	{ "GET",    "/",                   ROUTE_OPEN, 0,           page_asset,           DIALECT_OURS },
	{ "GET",    "/docs",               ROUTE_OPEN, 0,           page_asset,           DIALECT_OURS },
	{ "GET",    "/assets/{}",          ROUTE_OPEN, 0,           page_asset,           DIALECT_OURS },

	{ "GET",    "/health",             ROUTE_OPEN, 0,           api_health,           DIALECT_OURS },
	{ "GET",    "/openapi.yaml",       ROUTE_OPEN, 0,           api_openapi,          DIALECT_OURS },
	{ "GET",    "/metrics",            0,          SCOPE_READ,  api_metrics,          DIALECT_OURS },

	{ "POST",   "/v1/sandboxes",       0,          SCOPE_EXEC,  api_sandbox_create,   DIALECT_OURS },
	{ "GET",    "/v1/sandboxes",       0,          SCOPE_READ,  api_sandbox_list,     DIALECT_OURS },
	{ "GET",    SANDBOX,               0,          SCOPE_READ,  api_sandbox_get,      DIALECT_OURS },
	{ "PATCH",  SANDBOX,               0,          SCOPE_EXEC,  api_sandbox_patch,    DIALECT_OURS },
	{ "DELETE", SANDBOX,               0,          SCOPE_EXEC,  api_sandbox_delete,   DIALECT_OURS },
	{ "POST",   SANDBOX "/pause",      0,          SCOPE_EXEC,  api_sandbox_pause,    DIALECT_OURS },
	{ "POST",   SANDBOX "/resume",     0,          SCOPE_EXEC,  api_sandbox_resume,   DIALECT_OURS },
	{ "POST",   SANDBOX "/fork",       0,          SCOPE_EXEC,  api_sandbox_fork,     DIALECT_OURS },
	{ "POST",   SANDBOX "/ping",       0,          SCOPE_EXEC,  api_sandbox_ping,     DIALECT_OURS },
	{ "POST",   SANDBOX "/snapshot",   0,          SCOPE_EXEC,  api_sandbox_snapshot, DIALECT_OURS },
	{ "POST",   SANDBOX "/rollback",   0,          SCOPE_EXEC,  api_sandbox_rollback, DIALECT_OURS },

	{ "POST",   SANDBOX "/exec",       0,          SCOPE_EXEC,  api_exec,             DIALECT_OURS },
	{ "GET",    SANDBOX "/exec/stream", 0,         SCOPE_EXEC,  api_exec_stream,      DIALECT_OURS },
	{ "GET",    SANDBOX "/pty",        0,          SCOPE_EXEC,  api_pty,              DIALECT_OURS },
	{ "GET",    SANDBOX "/processes",  0,          SCOPE_READ,  api_processes,        DIALECT_OURS },
	{ "POST",   SANDBOX "/processes/{}/signal", 0, SCOPE_EXEC,  api_process_signal,   DIALECT_OURS },
	{ "GET",    SANDBOX "/files",      0,          SCOPE_EXEC,  api_file_read,        DIALECT_OURS },
	{ "PUT",    SANDBOX "/files",      ROUTE_STREAM, SCOPE_EXEC, api_file_write,      DIALECT_OURS },
	{ "DELETE", SANDBOX "/files",      0,          SCOPE_EXEC,  api_file_delete,      DIALECT_OURS },
	{ "GET",    SANDBOX "/files/stat", 0,          SCOPE_EXEC,  api_file_stat,        DIALECT_OURS },
	{ "GET",    SANDBOX "/files/list", 0,          SCOPE_EXEC,  api_file_list,        DIALECT_OURS },
	{ "POST",   SANDBOX "/files/mkdir", 0,         SCOPE_EXEC,  api_file_mkdir,       DIALECT_OURS },
	{ "POST",   SANDBOX "/files/rename", 0,        SCOPE_EXEC,  api_file_rename,      DIALECT_OURS },

	{ "GET",    SANDBOX "/metrics",    0,          SCOPE_READ,  api_sandbox_metrics,  DIALECT_OURS },

	{ "POST",   "/v1/templates",       0,          SCOPE_ADMIN, api_template_create,  DIALECT_OURS },
	{ "GET",    "/v1/templates",       0,          SCOPE_READ,  api_template_list,    DIALECT_OURS },
	{ "DELETE", "/v1/templates/{}",    0,          SCOPE_ADMIN, api_template_delete,  DIALECT_OURS },
	{ "POST",   "/v1/snapshots",       0,          SCOPE_EXEC,  api_snapshot_create,  DIALECT_OURS },
	{ "GET",    "/v1/snapshots",       0,          SCOPE_READ,  api_snapshot_list,    DIALECT_OURS },
	{ "DELETE", "/v1/snapshots/{}",    0,          SCOPE_EXEC,  api_snapshot_delete,  DIALECT_OURS },
	{ "POST",   "/v1/keys",            0,          SCOPE_ADMIN, api_key_create,       DIALECT_OURS },
	{ "GET",    "/v1/keys",            0,          SCOPE_ADMIN, api_key_list,         DIALECT_OURS },
	{ "DELETE", "/v1/keys/{}",         0,          SCOPE_ADMIN, api_key_delete,       DIALECT_OURS },
	{ "GET",    "/v1/audit",           0,          SCOPE_ADMIN, api_audit,            DIALECT_OURS },
	{ "GET",    "/v1/figures",         0,          SCOPE_READ,  api_figures,          DIALECT_OURS },
	{ "POST",   "/v1/session",         0,          SCOPE_READ,  api_session_create,   DIALECT_OURS },
	{ "GET",    "/v1/session",         0,          SCOPE_READ,  api_session_get,      DIALECT_OURS },
	{ "DELETE", "/v1/session",         0,          SCOPE_READ,  api_session_delete,   DIALECT_OURS },
	{ "POST",   "/v1/session/ticket",  0,          SCOPE_READ,  api_session_ticket,   DIALECT_OURS },
	{ "GET",    "/v1/events",          0,          SCOPE_READ,  api_events,           DIALECT_OURS },

	{ "POST", "/sandboxes", 0, SCOPE_EXEC, e2b_create, DIALECT_E2B },
	{ "GET", "/sandboxes", 0, SCOPE_READ, e2b_list, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/connect", 0, SCOPE_EXEC, e2b_connect, DIALECT_E2B },
	{ "GET", "/sandboxes/{}/logs", 0, SCOPE_READ, e2b_logs, DIALECT_E2B },
	{ "POST", "/v2/sandboxes", 0, SCOPE_EXEC, e2b_create, DIALECT_E2B },
	{ "GET", "/v2/sandboxes", 0, SCOPE_READ, e2b_list, DIALECT_E2B },
	{ "POST", "/v2/sandboxes/{}/connect", 0, SCOPE_EXEC, e2b_connect, DIALECT_E2B },
	{ "GET", "/v2/sandboxes/{}/logs", 0, SCOPE_READ, e2b_logs, DIALECT_E2B },
	{ "GET", "/sandboxes/{}", 0, SCOPE_READ, e2b_get, DIALECT_E2B },
	{ "DELETE", "/sandboxes/{}", 0, SCOPE_EXEC, e2b_kill, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/timeout", 0, SCOPE_EXEC, e2b_timeout, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/refreshes", 0, SCOPE_EXEC, e2b_refresh, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/pause", 0, SCOPE_EXEC, e2b_pause, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/resume", 0, SCOPE_EXEC, e2b_resume, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/fork", 0, SCOPE_EXEC, e2b_fork, DIALECT_E2B },
	{ "POST", "/sandboxes/{}/snapshots", 0, SCOPE_EXEC, e2b_snapshot, DIALECT_E2B },
	{ "GET", "/sandboxes/{}/metrics", 0, SCOPE_READ, e2b_metrics, DIALECT_E2B },
	{ "GET", "/snapshots", 0, SCOPE_READ, e2b_snapshots, DIALECT_E2B },
	{ "GET", "/templates", 0, SCOPE_READ, e2b_templates, DIALECT_E2B },
	{ "DELETE", "/templates/{}", 0, SCOPE_EXEC, e2b_template_delete, DIALECT_E2B },
	{ "POST", "/v3/templates", 0, SCOPE_EXEC, e2b_template_request, DIALECT_E2B },
	{ "GET", "/templates/{}/files/{}", 0, SCOPE_EXEC, e2b_template_files, DIALECT_E2B },
	{ "PUT", "/templates/{}/files/{}", ROUTE_OPEN | ROUTE_STREAM, 0, e2b_template_upload, DIALECT_E2B },
	{ "POST", "/v2/templates/{}/builds/{}", 0, SCOPE_EXEC, e2b_template_build, DIALECT_E2B },
	{ "GET", "/templates/{}/builds/{}/status", 0, SCOPE_READ, e2b_template_status, DIALECT_E2B },
	{ "GET", "/templates/aliases/{}", 0, SCOPE_READ, e2b_template_alias, DIALECT_E2B },
	{ "GET", "/teams", 0, SCOPE_READ, e2b_teams, DIALECT_E2B },
	{ "GET", "/files", ROUTE_OPEN, 0, e2b_file_get, DIALECT_E2B },
	{ "POST", "/files", ROUTE_OPEN | ROUTE_STREAM, 0, e2b_file_post, DIALECT_E2B },
	{ "POST", "/process.Process/Start", ROUTE_OPEN, 0, e2b_process_start, DIALECT_CONNECT },
	{ "POST", "/process.Process/Connect", ROUTE_OPEN, 0, e2b_process_connect, DIALECT_CONNECT },
	{ "POST", "/process.Process/List", ROUTE_OPEN, 0, e2b_process_list, DIALECT_CONNECT },
	{ "POST", "/process.Process/SendInput", ROUTE_OPEN, 0, e2b_process_input, DIALECT_CONNECT },
	{ "POST", "/process.Process/CloseStdin", ROUTE_OPEN, 0, e2b_process_close, DIALECT_CONNECT },
	{ "POST", "/process.Process/SendSignal", ROUTE_OPEN, 0, e2b_process_signal, DIALECT_CONNECT },
	{ "POST", "/process.Process/Update", ROUTE_OPEN, 0, e2b_process_update, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/Stat", ROUTE_OPEN, 0, e2b_fs_stat, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/ListDir", ROUTE_OPEN, 0, e2b_fs_list, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/MakeDir", ROUTE_OPEN, 0, e2b_fs_mkdir, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/Move", ROUTE_OPEN, 0, e2b_fs_move, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/Remove", ROUTE_OPEN, 0, e2b_fs_remove, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/WatchDir", ROUTE_OPEN, 0, e2b_fs_watch, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/CreateWatcher", ROUTE_OPEN, 0, e2b_fs_watcher_create, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/GetWatcherEvents", ROUTE_OPEN, 0, e2b_fs_watcher_events, DIALECT_CONNECT },
	{ "POST", "/filesystem.Filesystem/RemoveWatcher", ROUTE_OPEN, 0, e2b_fs_watcher_remove, DIALECT_CONNECT },
};
/* clang-format on */
const size_t nroutes = ARRAY_SIZE(routes);

const struct route *route_special(const struct request *request)
{
	return proxy_route(request);
}
