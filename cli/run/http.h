/* SPDX-License-Identifier: GPL-2.0-only */
/* http.h - vitrine run's options about requests and secrets */
#ifndef CLI_RUN_HTTP_H
#define CLI_RUN_HTTP_H

#include "cli/common/options.h"
#include "vitrine/error.h"

struct run_options;

/* field: struct run_options */
option_setter run_option_secret;

/**
 * run_http_resolve() - Placeholders for secrets, and what the guest's environment needs
 * @lines: of the policy, NULL terminated
 *
 * Fills options->net.requests. The environment is filled otherwise.
 */
int run_http_resolve(struct run_options *options, const char *const *lines, struct error *err);

#endif
