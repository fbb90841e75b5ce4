// SPDX-License-Identifier: GPL-2.0-only
/* routes.c - the server's paths, and the files that are in the program
 *
 * The table is web/openapi.yaml's list of paths; tests/observe/schema.py asks for every one of
 * them.
 */
#include <string.h>

#include "answers.h"
#include "lib/assets.h"
#include "vitrine/telemetry.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

extern const char openapi_start[], openapi_end[];

static enum MHD_Result healthz(struct request *request)
{
	static char ok[] = "ok\n";
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(sizeof(ok) - 1, ok, MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, TYPE_TEXT);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return http_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result openapi(struct request *request)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    openapi_end - openapi_start, (void *)openapi_start, MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, "application/yaml");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	return http_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result asset_answer(struct request *request, const struct asset *asset)
{
	const char *accepted = http_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *known = http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const bool packed = asset->packed && accepted && strstr(accepted, "gzip");
	const bool same = known && strstr(known, asset->etag);
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    same     ? 0
	    : packed ? asset->packed_len
		     : asset->plain_len,
	    (void *)(packed ? asset->packed : asset->plain), MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, asset->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	if (packed && !same)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return http_answer(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static enum MHD_Result asset(struct request *request)
{
	for (size_t i = 0; i < nassets; i++) {
		if (!strcmp(assets[i].path, request->path))
			return asset_answer(request, &assets[i]);
	}
	return http_error(request, MHD_HTTP_NOT_FOUND, "there is nothing here");
}

/* The dashboard's files are found in assets[], behind everything else */
const struct route routes[] = {
	{ "/", ROUTE_PAGE, asset },
	{ "/healthz", ROUTE_OPEN, healthz },
	{ "/openapi.yaml", 0, openapi },
	{ "/stats", 0, answer_stats },
	{ "/metrics", 0, answer_metrics },
	{ "/api/snapshot", 0, answer_snapshot },
	{ "/api/syscalls", 0, answer_syscalls },
	{ "/api/enosys", 0, answer_enosys },
	{ "/api/history", 0, answer_history },
	{ "/api/events", 0, answer_events },
	{ "/api/control", ROUTE_POST, answer_control },
	{ "/api/follow", 0, answer_view, VT_VIEW_FOLLOW },
	{ "/api/follow", ROUTE_POST, answer_follow },
	{ "/api/processes", 0, answer_view, VT_VIEW_PROCESSES },
	{ "/api/task/", 0, answer_task },
	{ "/api/scheduler", 0, answer_view, VT_VIEW_SCHEDULER },
	{ "/api/memory", 0, answer_view, VT_VIEW_MEMORY },
	{ "/api/block", 0, answer_view, VT_VIEW_BLOCK },
	{ "/api/slab", 0, answer_view, VT_VIEW_SLAB },
	{ "/api/page-cache", 0, answer_page_cache, VT_VIEW_PAGE_CACHE },
	{ "/api/sockets", 0, answer_view, VT_VIEW_SOCKETS },
	{ "/api/mounts", 0, answer_view, VT_VIEW_MOUNTS },
	{ "/api/files", 0, answer_files },
	{ "/api/host", 0, answer_host },
	{ "*", 0, asset },
};
const size_t nroutes = ARRAY_SIZE(routes);
