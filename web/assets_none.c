/* SPDX-License-Identifier: GPL-2.0-only */
/* assets_none.c - what "GET /" answers in a program that was built without its dashboard */
#include "lib/assets.h"

static const unsigned char page[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vitrine</title>"
    "<h1>Vitrine</h1><p>This program was built without its dashboard. The data is there: "
    "<a href=\"/api/snapshot\">/api/snapshot</a>, <a href=\"/stats\">/stats</a>, "
    "<a href=\"/metrics\">/metrics</a>, described by "
    "<a href=\"/openapi.yaml\">/openapi.yaml</a>.</p></html>";

const struct asset assets[] = {
	{ "/", "text/html; charset=utf-8", "\"plain\"", page, sizeof(page) - 1, NULL, 0 },
};
const size_t nassets = 1;
