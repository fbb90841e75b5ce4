/* SPDX-License-Identifier: GPL-2.0-only */
/* serve.h - the HTTP server of the browser edition: one page, one image */
#ifndef BROWSER_SERVE_SERVE_H
#define BROWSER_SERVE_SERVE_H

#include <stdbool.h>

#include "vitrine/error.h"

/**
 * struct serve_options - how to serve
 * @pages:   directory that `make browser` has made
 * @image:   disk image
 * @address: numeric; NULL: 127.0.0.1
 * @port:    0: any that is free
 * @relay:   ws:// or wss:// address of a relay for the page; NULL: no network
 * @quiet:   do not print the address
 */
struct serve_options {
	const char *pages, *image, *address, *relay;
	unsigned port;
	bool quiet;
};

/**
 * serve_run() - Serve until SIGINT or SIGTERM
 *
 * Return: 0, or -1 with @err filled.
 */
int serve_run(const struct serve_options *options, struct error *err);

#endif
