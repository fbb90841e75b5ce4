/* SPDX-License-Identifier: GPL-2.0-only */
/* security.h - who may ask the observatory's server */
#ifndef OBSERVE_HTTP_SECURITY_H
#define OBSERVE_HTTP_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include "vitrine/error.h"

#define SECURITY_TOKEN_MAX 33  /* 128 bits in hexadecimal */
#define SECURITY_COOKIE_MAX 24 /* "vitrine_PORT" */
#define SECURITY_ADDRESS_MAX 64
#define SECURITY_NAMES_MAX 8

/**
 * struct security - the server's rules; constant once it serves
 * @address:    that it is bound to, without brackets
 * @any:        that is "all addresses": any literal address may be in Host
 * @loopback:   only this machine reaches it
 * @closed:     a token is needed: always, but on loopback
 * @token:      what a client has to know; @session: what its cookie says then
 * @cookie:     the cookie's name, one for each port, because cookies know no ports
 * @names:      more names that may be in Host, borrowed
 */
struct security {
	char address[SECURITY_ADDRESS_MAX];
	bool any, loopback, closed;
	char token[SECURITY_TOKEN_MAX], session[SECURITY_TOKEN_MAX];
	char cookie[SECURITY_COOKIE_MAX];
	const char *names[SECURITY_NAMES_MAX];
	size_t nnames;
};

/**
 * struct request_head - what of a request is judged; a missing header is NULL
 * @open:   needs no token
 * @page:   a document that may be navigated to from anywhere
 * @cookie: value of the server's cookie; @token: of the query's token
 */
struct request_head {
	bool post, open, page;
	const char *host, *origin, *fetch_site, *fetch_mode;
	const char *authorization, *cookie, *token;
	const char *content_type;
};

enum verdict {
	VERDICT_ALLOWED,
	VERDICT_HOST,	  /* not a name of this server: somebody rebinds DNS */
	VERDICT_SITE,	  /* another site's page asks */
	VERDICT_TYPE,	  /* a POST that a form could have made */
	VERDICT_TOKEN,	  /* no token, or a wrong one */
	VERDICT_EXCHANGE, /* the query has the token: set the cookie, go there without it */
	VERDICT_COUNT,
};

/**
 * struct verdict_text - what the answer to a verdict is
 */
extern const struct verdict_text {
	unsigned status;
	const char *text;
} verdict_texts[VERDICT_COUNT];

/**
 * security_init() - Make the rules of a server
 * @security: filled
 * @address:  numeric address that it is bound to
 * @port:     likewise
 * @err:      filled on failure: @address is none, or there are no random numbers
 *
 * Return: 0 or -1.
 */
int security_init(struct security *security, const char *address, unsigned port, struct error *err);

/**
 * security_name() - Allow one more name in Host
 *
 * Return: 0, or -1 when @name cannot be one or there are too many.
 */
int security_name(struct security *security, const char *name, struct error *err);

/**
 * security_judge() - Decide on a request
 *
 * Every header is the client's text. Takes time that does not depend on how much of a token is
 * right.
 */
enum verdict security_judge(const struct security *security, const struct request_head *head);

/**
 * struct security_header - a header of every answer
 */
struct security_header {
	const char *name, *value;
};
extern const struct security_header security_headers[];
extern const size_t security_nheaders;

#endif
