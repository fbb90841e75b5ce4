/* SPDX-License-Identifier: GPL-2.0-only */
/* http_rule.h - which requests a sandbox may make, and with whose secrets
 *
 *	http-allow|http-deny METHODS http[s]://HOST[:PORT]/PATH
 *
 * METHODS is * or GET,HEAD,...; WEBSOCKET, which * does not include, is the change to that
 *protocol. HOST is a name, or *.NAME for all below it. In PATH * stands for anything but '/', and
 *at its end for anything. The first rule that matches decides; what none allows is refused.
 *
 * A path can be read in several ways: as it is written, or with its escapes undone, its slashes
 * merged, its parameters cut off. A rule allows what it matches in every reading, and refuses what
 * it matches in any.
 */
#ifndef LIB_HTTP_RULE_H
#define LIB_HTTP_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/http.h"
#include "vitrine/error.h"

#define HTTP_RULES_MAX 256
#define HTTP_SECRETS_MAX 32
#define HTTP_SECRET_MAX 8192
#define HTTP_PLACEHOLDER_MAX 64

/**
 * struct http_rule - one line
 * @below: names below @host, and not itself
 * @plain: http, not https
 * @methods: with commas between them, or "*"
 * @path:  begins with '/'
 * @text:  as it was written
 */
struct http_rule {
	bool allow, below, plain;
	uint16_t port;
	char *host, *methods, *path, *text;
};

/**
 * struct http_secret - a value that is put into a field on the way to one host
 *
 * NAME=header:FIELD@[http[s]://]HOST[:PORT][,env=VARIABLE|,file=PATH]
 *
 * @name:  of the variable that holds its placeholder in the guest
 * @plain: it may go there without TLS
 * @env, @file: where its value is, one of them NULL
 */
struct http_secret {
	bool plain;
	uint16_t port;
	char *name, *field, *host, *env, *file;
};

/**
 * http_rule_parse() - From its words
 *
 * Return: 0, or -1 with @err and nothing to free.
 */
int http_rule_parse(struct http_rule *rule, bool allow, const char *methods, const char *url,
		    struct error *err);
void http_rule_free(struct http_rule *rule);

/**
 * http_secret_parse() - From its text; http_secret_free() afterwards, unless it failed
 */
int http_secret_parse(struct http_secret *secret, const char *text, struct error *err);
void http_secret_free(struct http_secret *secret);

/**
 * http_secret_check() - Can this be a field's value? NUL, ends of lines and the like cannot
 */
int http_secret_check(const struct http_secret *secret, const char *value, size_t len,
		      struct error *err);

/**
 * http_rule_concerns() - Is it about this host, in lower case, and port?
 */
bool http_rule_concerns(const struct http_rule *rule, const char *host, uint16_t port);

/**
 * http_target_valid() - Is it an absolute path, with or without a query?
 */
bool http_target_valid(struct http_text target, struct http_fault *fault);

/**
 * http_decide() - May this request be made?
 * @host:   in lower case, without a port
 * @plain:  without TLS
 * @method: or "WEBSOCKET"
 * @why:    filled with the rule's text, or why there is none
 */
bool http_decide(const struct http_rule *rules, size_t count, const char *host, uint16_t port,
		 bool plain, struct http_text method, struct http_text target, const char **why);

#endif
