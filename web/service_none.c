// SPDX-License-Identifier: GPL-2.0-only
/* service_none.c - what "GET /" answers in a vitrined that was built without its dashboard */
#include "lib/assets.h"

static const unsigned char page[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vitrine</title>"
    "<h1>Vitrine</h1><p>This service was built without its dashboard. Its calls are described by "
    "<a href=\"/openapi.yaml\">/openapi.yaml</a>.</p></html>";

const struct asset assets[] = {
	{ "/", "text/html; charset=utf-8", "\"plain\"", page, sizeof(page) - 1, NULL, 0 },
	{ "/docs", "text/html; charset=utf-8", "\"plain\"", page, sizeof(page) - 1, NULL, 0 },
};
const size_t nassets = 2;
