/* SPDX-License-Identifier: GPL-2.0-only */
/* net.h - vitrine run's options about networks */
#ifndef CLI_RUN_NET_H
#define CLI_RUN_NET_H

#include <stdbool.h>

#include "cli/common/options.h"
#include "vitrine/error.h"

struct run_options;

/**
 * struct run_net - what was said, word by word
 * @mode:    of --net, NULL when it was not given
 * @rules:   lines of a policy in the order of the options, owned
 * @lines:   all lines, those of files included: what the engine gets
 * @ports:   --publish, and the image's with @all_ports; those are owned
 * @secrets: as they were given; @placeholders: what the guest has in their place, owned
 * @trust:   --http-trust; @requests: there are rules about requests, or secrets
 */
struct run_net {
	const char *mode, *log;
	bool wanted, all_ports, trust, requests;
	struct string_list rules, files, ports, image_ports, resolvers, secrets, placeholders;
	const char **lines, **published;
	char *text;
};

/* field: struct run_options */
option_setter run_option_net, run_option_net_allow, run_option_net_deny, run_option_net_limit,
    run_option_http_allow, run_option_http_deny, run_option_publish, run_option_resolver;

/**
 * run_net_check() - Does what was said fit together?
 */
int run_net_check(const struct run_options *options, struct error *err);

/**
 * run_net_resolve() - Read policies and the image's ports; fill the engine's configuration
 */
int run_net_resolve(struct run_options *options, struct error *err);

void run_net_free(struct run_net *net);

#endif
