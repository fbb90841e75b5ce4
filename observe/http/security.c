// SPDX-License-Identifier: GPL-2.0-only
/* security.c - who may ask the observatory's server
 *
 * Theory of operation
 * The server shows everything that a guest does, and a browser on this machine is everybody's
 * agent: any page may make it send requests to loopback. So who reaches the port is not trusted.
 *
 *   Host       has to be a name of the server. A page whose own name an attacker has bound to
 *              127.0.0.1 (DNS rebinding) still says its own name here.
 *   Origin,    have to be the server's own site, when the browser sends them. A link that somebody
 *   Sec-Fetch  follows to the dashboard itself is the one exception: a document that cannot be
 *              framed tells the page that links to it nothing.
 *   POST       has to be JSON, which a form cannot send and a script of another site not without
 *              asking first; nobody answers that question.
 *   token      on any address but loopback. In the query it would stay in histories and Referer,
 *              so it is exchanged for a cookie that no script reads and no other site sends.
 *
 * Ports are not compared with the server's: through a tunnel it has another one.
 *
 * Host system calls: getrandom.
 */
#include "security.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "vitrine/util.h"

#define HOST_MAX 256

const struct verdict_text verdict_texts[] = {
	[VERDICT_ALLOWED] = { 200, "" },
	[VERDICT_HOST] = { 421, "Host is no name of this server (vitrine observe --host NAME)" },
	[VERDICT_SITE] = { 403, "a page of another site asks" },
	[VERDICT_TYPE] = { 415, "Content-Type has to be application/json" },
	[VERDICT_TOKEN] = { 401, "the token is missing or wrong" },
	[VERDICT_EXCHANGE] = { 303, "" },
};
static_assert(ARRAY_SIZE(verdict_texts) == VERDICT_COUNT, "verdict_texts[]");

const struct security_header security_headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	  "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
	  "form-action 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
};
const size_t security_nheaders = ARRAY_SIZE(security_headers);

static int random_token(char token[SECURITY_TOKEN_MAX], struct error *err)
{
	uint8_t bytes[(SECURITY_TOKEN_MAX - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_set(err, errno, "no random numbers for a token");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* The canonical text of a numeric address, so that equal ones are equal strings */
static bool address_normalise(const char *text, char out[SECURITY_ADDRESS_MAX])
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, out, SECURITY_ADDRESS_MAX);
	if (inet_pton(AF_INET6, text, &six) == 1)
		return inet_ntop(AF_INET6, &six, out, SECURITY_ADDRESS_MAX);
	return false;
}

int security_init(struct security *security, const char *address, unsigned port, struct error *err)
{
	*security = (struct security){ 0 };
	if (!address_normalise(address, security->address))
		return error_set(err, 0, "'%s' is not a numeric address", address);
	security->any = !strcmp(security->address, "0.0.0.0") || !strcmp(security->address, "::");
	security->loopback =
	    !strncmp(security->address, "127.", 4) || !strcmp(security->address, "::1");
	security->closed = !security->loopback;
	snprintf(security->cookie, sizeof(security->cookie), "vitrine_%u", port & 0xffff);
	if (random_token(security->token, err) || random_token(security->session, err))
		return -1;
	return 0;
}

/* Letters, digits, '-' and '.': whatever else stands in Host is no name */
static bool name_valid(const char *name)
{
	size_t len =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

	return len && len < HOST_MAX && !name[len];
}

int security_name(struct security *security, const char *name, struct error *err)
{
	if (!name_valid(name))
		return error_set(err, 0, "'%s' is not a host name", name);
	if (security->nnames == SECURITY_NAMES_MAX)
		return error_set(err, 0, "at most %d host names", SECURITY_NAMES_MAX);
	security->names[security->nnames++] = name;
	return 0;
}

/* "name", "name:port", "[address]", "[address]:port" without port and brackets */
static bool host_split(const char *host, char name[HOST_MAX])
{
	const char *end, *port;

	if (*host == '[') {
		end = strchr(++host, ']');
		port = end ? end + 1 : NULL;
	} else {
		end = host + strcspn(host, ":");
		port = end;
	}
	if (!end || end == host || end - host >= HOST_MAX)
		return false;
	if (*port && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1)))
		return false;
	memcpy(name, host, end - host);
	name[end - host] = 0;
	return true;
}

static bool host_allowed(const struct security *security, const char *host)
{
	char name[HOST_MAX], address[SECURITY_ADDRESS_MAX];

	if (!host || !host_split(host, name))
		return false;
	if (address_normalise(name, address))
		return security->any || !strcmp(address, security->address) ||
		       (security->loopback &&
			(!strcmp(address, "127.0.0.1") || !strcmp(address, "::1")));
	if (!strcasecmp(name, "localhost"))
		return security->loopback || security->any;
	for (size_t i = 0; i < security->nnames; i++) {
		if (!strcasecmp(name, security->names[i]))
			return true;
	}
	return false;
}

/* The origin of the server as this request reached it, plain or through a proxy with TLS */
static bool origin_own(const char *origin, const char *host)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (!strncasecmp(origin, schemes[i], len) && !strcasecmp(origin + len, host))
			return true;
	}
	return false;
}

static bool site_allowed(const struct request_head *head)
{
	const char *site = head->fetch_site;

	if (head->origin && !origin_own(head->origin, head->host))
		return false;
	if (!site || !strcmp(site, "same-origin") || !strcmp(site, "none"))
		return true;
	return head->page && !head->post && !head->origin && head->fetch_mode &&
	       !strcmp(head->fetch_mode, "navigate");
}

static bool json_type(const char *type)
{
	static const char json[] = "application/json";
	size_t len = sizeof(json) - 1;

	if (!type || strncasecmp(type, json, len))
		return false;
	return !type[len] || type[len] == ';' || type[len] == ' ';
}

/* Looks at every byte of the token whatever @text is */
static bool token_equal(const char *text, const char *token)
{
	size_t len = text ? strnlen(text, SECURITY_TOKEN_MAX) : 0;
	unsigned difference = len ^ (SECURITY_TOKEN_MAX - 1);

	for (size_t i = 0; i < SECURITY_TOKEN_MAX - 1; i++) {
		unsigned char c = i < len ? text[i] : 0;

		difference |= c ^ (unsigned char)token[i];
	}
	return !difference;
}

static const char *bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1))
		return NULL;
	return authorization + sizeof(scheme) - 1;
}

enum verdict security_judge(const struct security *security, const struct request_head *head)
{
	if (!host_allowed(security, head->host))
		return VERDICT_HOST;
	if (!site_allowed(head))
		return VERDICT_SITE;
	if (head->post && !json_type(head->content_type))
		return VERDICT_TYPE;
	if (!head->post && head->token && token_equal(head->token, security->token))
		return VERDICT_EXCHANGE;
	if (!security->closed || head->open)
		return VERDICT_ALLOWED;
	if (token_equal(bearer(head->authorization), security->token) ||
	    token_equal(head->cookie, security->session))
		return VERDICT_ALLOWED;
	return VERDICT_TOKEN;
}
