// SPDX-License-Identifier: GPL-2.0-only
/* http_rule_parse.c - the text of rules about requests, and of secrets
 *
 * Theory of operation
 * What a rule names is written as it will be compared: a host in lower case, a path with nothing
 * escaped. What would never match, or match something else than it seems to, is a mistake.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/http_rule.h"
#include "lib/policy.h"
#include "vitrine/util.h"

#define PORT_HTTP 80
#define PORT_HTTPS 443
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A host, and perhaps a port. Return: the host, to be freed */
static char *parse_host(const char *text, size_t len, uint16_t *port, struct error *err)
{
	cleanup_free char *host = strndup(text, len);
	char *colon = host ? strchr(host, ':') : NULL;

	if (!host) {
		error_set(err, ENOMEM, "rule");
		return NULL;
	}
	if (colon) {
		char *end;
		unsigned long number = strtoul(colon + 1, &end, 10);

		*colon = '\0';
		if (!isdigit((unsigned char)colon[1]) || *end || !number || number > UINT16_MAX) {
			error_set(err, 0, "'%s' is no port", colon + 1);
			return NULL;
		}
		*port = (uint16_t)number;
	}
	for (char *c = host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!policy_name_valid(host) || !host[strspn(host, "0123456789.")]) {
		error_set(err, 0, "'%s' is no name of a host", host);
		return NULL;
	}
	return steal_ptr(host);
}

/* http:// or https://, which sets @plain and @port. Return: behind it, or NULL */
static const char *parse_scheme(const char *text, bool *plain, uint16_t *port)
{
	*plain = !strncmp(text, "http://", 7);
	*port = *plain ? PORT_HTTP : PORT_HTTPS;
	if (*plain)
		return text + 7;
	return strncmp(text, "https://", 8) ? NULL : text + 8;
}

static int parse_methods(struct http_rule *rule, const char *methods, struct error *err)
{
	if (strcmp(methods, "*")) {
		for (const char *word = methods;; word++) {
			const size_t len = strspn(word, TOKEN);

			if (!len || len > HTTP_METHOD_MAX || (word[len] && word[len] != ',') ||
			    memchr(word, '*', len))
				return error_set(err, 0, "'%s' are no methods: *, or GET,HEAD,...",
						 methods);
			for (size_t i = 0; i < len; i++) {
				if (islower((unsigned char)word[i]))
					return error_set(err, 0, "'%s': methods have capitals",
							 methods);
			}
			word += len;
			if (!*word)
				break;
		}
	}
	rule->methods = strdup(methods);
	return rule->methods ? 0 : error_set(err, ENOMEM, "rule");
}

static int check_path(const char *path, struct error *err)
{
	for (const char *c = path; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || strchr("?#%\\;", *c))
			return error_set(err, 0,
					 "'%s': a path is written without blanks, escapes, "
					 "parameters and query",
					 path);
	}
	if (strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../"))
		return error_set(err, 0, "'%s': no request has such a path", path);
	return 0;
}

static int parse_url(struct http_rule *rule, const char *url, struct error *err)
{
	const char *at = parse_scheme(url, &rule->plain, &rule->port), *slash;

	if (!at)
		return error_set(err, 0, "'%s' does not begin with https:// or http://", url);
	slash = strchr(at, '/');
	if (!slash)
		return error_set(err, 0, "'%s' has no path; %s/* is all of them", url, url);
	if (!strncmp(at, "*.", 2)) {
		rule->below = true;
		at += 2;
	}
	rule->host = parse_host(at, (size_t)(slash - at), &rule->port, err);
	if (!rule->host || check_path(slash, err))
		return -1;
	rule->path = strdup(slash);
	return rule->path ? 0 : error_set(err, ENOMEM, "rule");
}

int http_rule_parse(struct http_rule *rule, bool allow, const char *methods, const char *url,
		    struct error *err)
{
	*rule = (struct http_rule){ .allow = allow };
	if (asprintf(&rule->text, "%s %s %s", allow ? "http-allow" : "http-deny", methods, url) <
	    0) {
		rule->text = NULL;
		return error_set(err, ENOMEM, "rule");
	}
	if (!parse_methods(rule, methods, err) && !parse_url(rule, url, err))
		return 0;
	http_rule_free(rule);
	return -1;
}

void http_rule_free(struct http_rule *rule)
{
	free(rule->host);
	free(rule->methods);
	free(rule->path);
	free(rule->text);
	*rule = (struct http_rule){ 0 };
}

/* A field that says where a message goes, or ends, is nobody's secret */
static int check_field(const char *name, size_t len, struct error *err)
{
	const struct http_field field = { .name = { name, len } };

	if (!len || strspn(name, TOKEN) < len)
		return error_set(err, 0, "'%.*s' is no name of a header field", (int)len, name);
	if (http_hop(&field))
		return error_set(err, 0, "%.*s is a field of the connection, not of a request",
				 (int)len, name);
	return 0;
}

/* ,env=VARIABLE or ,file=PATH; nothing is the variable of the same name */
static int parse_source(struct http_secret *secret, const char *text, struct error *err)
{
	if (!*text)
		secret->env = strdup(secret->name);
	else if (!strncmp(text, ",env=", 5) && text[5])
		secret->env = strdup(text + 5);
	else if (!strncmp(text, ",file=", 6) && text[6])
		secret->file = strdup(text + 6);
	else
		return error_set(err, 0, "'%s' is neither ,env=VARIABLE nor ,file=PATH", text);
	return secret->env || secret->file ? 0 : error_set(err, ENOMEM, "secret");
}

static int parse_secret(struct http_secret *secret, const char *text, struct error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	const char *equals = strchr(text, '='), *field, *at, *host, *end;

	field = equals ? equals + 1 : "";
	at = strchr(field, '@');
	if (!at || strncmp(field, "header:", 7))
		return error_set(err, 0,
				 "a secret is NAME=header:FIELD@HOST[,env=VARIABLE|,file=PATH]; "
				 "its value stands in a variable or a file");
	if (equals == text || !strchr(letters, *text) ||
	    (size_t)(equals - text) != strspn(text, "0123456789"
						    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						    "abcdefghijklmnopqrstuvwxyz_"))
		return error_set(err, 0, "'%.*s' is no name of a variable", (int)(equals - text),
				 text);
	field += 7;
	if (check_field(field, (size_t)(at - field), err))
		return -1;
	host = parse_scheme(at + 1, &secret->plain, &secret->port) ?: at + 1;
	end = host + strcspn(host, ",");
	secret->name = strndup(text, (size_t)(equals - text));
	secret->field = strndup(field, (size_t)(at - field));
	if (!secret->name || !secret->field)
		return error_set(err, ENOMEM, "secret");
	secret->host = parse_host(host, (size_t)(end - host), &secret->port, err);
	return secret->host ? parse_source(secret, end, err) : -1;
}

int http_secret_parse(struct http_secret *secret, const char *text, struct error *err)
{
	*secret = (struct http_secret){ 0 };
	if (!parse_secret(secret, text, err))
		return 0;
	http_secret_free(secret);
	return -1;
}

void http_secret_free(struct http_secret *secret)
{
	free(secret->name);
	free(secret->field);
	free(secret->host);
	free(secret->env);
	free(secret->file);
	*secret = (struct http_secret){ 0 };
}

int http_secret_check(const struct http_secret *secret, const char *value, size_t len,
		      struct error *err)
{
	if (!len)
		return error_set(err, 0, "secret %s: the value is empty", secret->name);
	if (len > HTTP_SECRET_MAX)
		return error_set(err, 0, "secret %s: the value is longer than %d bytes",
				 secret->name, HTTP_SECRET_MAX);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return error_set(err, 0,
					 "secret %s: the value has an end of a line or another "
					 "control character in it",
					 secret->name);
	}
	return 0;
}
