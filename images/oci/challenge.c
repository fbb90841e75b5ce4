// SPDX-License-Identifier: GPL-2.0-only
/* challenge.c - the WWW-Authenticate header */

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "images/oci/challenge.h"
#include "vitrine/util.h"

static const char *skip(const char *p)
{
	return p + strspn(p, " \t,");
}

/* token or "quoted"; false when it does not end or does not fit */
static bool take_value(const char **at, char *value, size_t size)
{
	const char *p = *at;
	size_t used = 0;

	if (*p != '"') {
		used = strcspn(p, " \t,\"");
		if (!used || used >= size)
			return false;
		memcpy(value, p, used);
		value[used] = '\0';
		*at = p + used;
		return true;
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && !*++p)
			return false;
		if (used + 1 >= size || !isprint((unsigned char)*p))
			return false;
		value[used++] = *p;
	}
	if (*p != '"')
		return false;
	value[used] = '\0';
	*at = p + 1;
	return true;
}

bool challenge_parse(const char *value, struct challenge *c)
{
	char key[64], text[1024];
	const char *p = skip(value);

	memset(c, 0, sizeof(*c));
	if (!strncasecmp(p, "Basic", 5) && (!p[5] || strchr(" \t,", p[5])))
		return true;
	if (strncasecmp(p, "Bearer", 6) || !strchr(" \t", p[6]))
		return false;
	c->bearer = true;
	for (p = skip(p + 6); *p; p = skip(p)) {
		size_t length = strcspn(p, "= \t,\"");

		if (!length || length >= sizeof(key) || p[length] != '=')
			return false;
		memcpy(key, p, length);
		key[length] = '\0';
		p += length + 1;
		if (!take_value(&p, text, sizeof(text)))
			return false;
		if (!strcasecmp(key, "realm"))
			snprintf(c->realm, sizeof(c->realm), "%s", text);
		else if (!strcasecmp(key, "service"))
			snprintf(c->service, sizeof(c->service), "%s", text);
		else if (!strcasecmp(key, "scope"))
			snprintf(c->scope, sizeof(c->scope), "%s", text);
	}
	return !strncmp(c->realm, "https://", 8) || !strncmp(c->realm, "http://", 7);
}
