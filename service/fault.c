// SPDX-License-Identifier: GPL-2.0-only
/* fault.c - why a request is not done */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "vitrine/util.h"

/* clang-format off */
const struct fault_kind fault_kinds[] = {
	[FAULT_INTERNAL]        = { 500, "internal",         "internal" },
	[FAULT_BAD_REQUEST]     = { 400, "bad_request",      "invalid_argument" },
	[FAULT_UNAUTHENTICATED] = { 401, "unauthenticated",  "unauthenticated" },
	[FAULT_FORBIDDEN]       = { 403, "forbidden",        "permission_denied" },
	[FAULT_NOT_FOUND]       = { 404, "not_found",        "not_found" },
	[FAULT_METHOD]          = { 405, "method_not_allowed", "unimplemented" },
	[FAULT_CONFLICT]        = { 409, "conflict",         "failed_precondition" },
	[FAULT_EXISTS]          = { 409, "already_exists",   "already_exists" },
	[FAULT_TOO_LARGE]       = { 413, "too_large",        "resource_exhausted" },
	[FAULT_LIMIT]           = { 429, "limit_reached",    "resource_exhausted" },
	[FAULT_BUSY]            = { 503, "busy",             "unavailable" },
	[FAULT_TIMEOUT]         = { 504, "timeout",          "deadline_exceeded" },
	[FAULT_SANDBOX_GONE]    = { 502, "sandbox_gone",     "unavailable" },
	[FAULT_UNAVAILABLE]     = { 503, "unavailable",      "unavailable" },
	[FAULT_UNSUPPORTED]     = { 501, "unsupported",      "unimplemented" },
	[FAULT_RANGE]           = { 416, "bad_range",        "out_of_range" },
	[FAULT_NO_SPACE]        = { 507, "no_space",         "resource_exhausted" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(fault_kinds) == FAULT_NCODES, "fault_kinds[]");

int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
	va_list args;

	fault->code = code;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return -1;
}

int fault_error(struct fault *fault, enum fault_code code, const struct error *err)
{
	return fault_set(fault, code, "%s", err->text);
}
