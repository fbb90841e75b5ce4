// SPDX-License-Identifier: GPL-2.0-only
/* routes.c - who answers what */
#include "handlers.h"
#include "vitrine/util.h"

#define SANDBOX "/v1/sandboxes/{}"

/* clang-format off */
const struct route routes[] = {
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
	{ "GET",    "/v1/events",          0,          SCOPE_READ,  api_events,           DIALECT_OURS },
};
/* clang-format on */
const size_t nroutes = ARRAY_SIZE(routes);
