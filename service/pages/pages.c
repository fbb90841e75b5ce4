// SPDX-License-Identifier: GPL-2.0-only
/* pages.c - the files of the pages
 *
 * They are in the program (lib/assets.h) and hold nothing of anybody's: what a page shows it asks
 * for, as any other client does. The policy lets it run its own scripts and use its own styles,
 * talk to this service and to nobody else, and be framed by nobody.
 */
#include "pages.h"

#include <string.h>

#include "lib/assets.h"
#include "vitrine/util.h"

static const struct {
	const char *name, *value;
} page_headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	{ "Cache-Control", "no-cache" },
	{ "Vary", "Accept-Encoding" },
};

static void answer(struct request *request, const struct asset *asset)
{
	const char *known = request_header(request, "If-None-Match");
	const char *accepted = request_header(request, "Accept-Encoding");
	const bool packed = asset->packed && accepted && strstr(accepted, "gzip");

	for (size_t i = 0; i < ARRAY_SIZE(page_headers); i++)
		answer_header(request, page_headers[i].name, page_headers[i].value);
	answer_header(request, "ETag", asset->etag);
	if (known && strstr(known, asset->etag)) {
		answer_empty(request, 304);
		return;
	}
	if (packed)
		answer_header(request, "Content-Encoding", "gzip");
	answer_constant(request, 200, asset->type, packed ? asset->packed : asset->plain,
			packed ? asset->packed_len : asset->plain_len);
}

void page_asset(struct request *request)
{
	struct fault fault;

	for (size_t i = 0; i < nassets; i++) {
		if (!strcmp(assets[i].path, request->path)) {
			answer(request, &assets[i]);
			return;
		}
	}
	fault_set(&fault, FAULT_NOT_FOUND, "there is nothing here");
	answer_fault(request, &fault);
}
