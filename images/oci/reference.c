// SPDX-License-Identifier: GPL-2.0-only
/* reference.c - names of images as people write them
 *
 * The grammar is that of the distribution specification (and of docker's reference package): the
 * first component is a registry when it looks like a host, that is when it has a dot or a port or
 * is "localhost".
 */

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "images/oci/reference.h"
#include "vitrine/util.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_MAX_ 200 /* a file is named like this, with an ending */

/* Words of lower case letters and digits, with ".", "_", "__" or any number of "-" in between */
static bool component_valid(const char *text, size_t length)
{
	size_t at = 0;

	for (;;) {
		size_t word = strspn(text + at, LOWER), between;

		if (at + word > length)
			word = length - at;
		if (!word)
			return false;
		at += word;
		if (at == length)
			return true;
		between = strspn(text + at, "-");
		if (!between && text[at] == '_')
			between = text[at + 1] == '_' ? 2 : 1;
		if (!between && text[at] == '.')
			between = 1;
		if (!between || at + between >= length)
			return false;
		at += between;
	}
}

static bool repository_valid(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "/");

		if (!component_valid(text, length))
			return false;
		text += length;
		if (*text == '/' && !*++text)
			return false;
	}
	return true;
}

static bool tag_valid(const char *text)
{
	if (!*text || strlen(text) > 128 || *text == '.' || *text == '-')
		return false;
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	}
	return true;
}

static bool registry_valid(const char *text)
{
	const char *port = strrchr(text, ':');
	size_t length = port ? (size_t)(port - text) : strlen(text);

	if (!length || *text == '-' || *text == '.')
		return false;
	if (*text == '[') { /* an IPv6 address */
		length = strspn(text + 1, "0123456789abcdefABCDEF:") + 1;
		if (text[length] != ']')
			return false;
		port = text[++length] == ':' ? text + length : NULL;
		if (!port && text[length])
			return false;
	} else {
		for (size_t i = 0; i < length; i++) {
			if (!isalnum((unsigned char)text[i]) && text[i] != '.' && text[i] != '-')
				return false;
		}
	}
	return !port || (port[1] && strlen(port + 1) <= 5 &&
			 strspn(port + 1, "0123456789") == strlen(port + 1));
}

static bool is_registry(const char *text, size_t length)
{
	return memchr(text, '.', length) || memchr(text, ':', length) ||
	       (length == 9 && !strncmp(text, "localhost", 9));
}

static int refuse(const char *text, const char *why, struct error *err)
{
	return error_set(err, 0, "'%.100s' is not the name of an image: %s", text, why);
}

int reference_parse(const char *text, struct reference *ref, struct error *err)
{
	char copy[512], *rest = copy, *at, *tag, *slash;

	memset(ref, 0, sizeof(*ref));
	if (strlen(text) >= sizeof(copy))
		return refuse(text, "it is too long", err);
	strcpy(copy, text);
	at = strchr(copy, '@');
	if (at) {
		*at++ = '\0';
		if (!digest_valid(at))
			return refuse(text, "behind '@' there must be sha256: and 64 digits", err);
		strcpy(ref->digest, at);
	}
	slash = strchr(copy, '/');
	if (slash && is_registry(copy, slash - copy)) {
		*slash = '\0';
		rest = slash + 1;
		if (!registry_valid(copy) || strlen(copy) >= sizeof(ref->registry))
			return refuse(text, "what is before the first '/' is not a host", err);
		strcpy(ref->registry, copy);
		if (!strcmp(copy, "index.docker.io") || !strcmp(copy, "registry-1.docker.io"))
			strcpy(ref->registry, REFERENCE_DOCKER);
	} else {
		strcpy(ref->registry, REFERENCE_DOCKER);
	}
	tag = strrchr(rest, ':');
	if (tag) {
		*tag++ = '\0';
		if (!tag_valid(tag))
			return refuse(text, "a tag has letters, digits, '_', '.' and '-'", err);
		strcpy(ref->tag, tag);
	} else if (!at) {
		strcpy(ref->tag, "latest");
	}
	if (!*rest || !repository_valid(rest))
		return refuse(text, "use lower case letters, digits, '.', '_', '-' and '/'", err);
	if (snprintf(ref->repository, sizeof(ref->repository), "%s%s",
		     !strcmp(ref->registry, REFERENCE_DOCKER) && !strchr(rest, '/') ? "library/"
										    : "",
		     rest) >= (int)sizeof(ref->repository))
		return refuse(text, "it is too long", err);
	return 0;
}

void reference_text(const struct reference *ref, char *text, size_t size)
{
	bool docker = !strcmp(ref->registry, REFERENCE_DOCKER);
	const char *repository = ref->repository;
	bool tagged = ref->tag[0] && strcmp(ref->tag, "latest");

	/* Not where what is left would be taken for something else */
	if (docker && !strncmp(repository, "library/", 8) && !strchr(repository + 8, '/'))
		repository += 8;
	else if (is_registry(repository, strcspn(repository, "/")))
		docker = false;
	snprintf(text, size, "%s%s%s%s%s", docker ? "" : ref->registry, docker ? "" : "/",
		 repository, tagged ? ":" : "", tagged ? ref->tag : "");
}

static bool simple(const char *text)
{
	if (!isalnum((unsigned char)*text) || strlen(text) > NAME_MAX_)
		return false;
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	}
	return true;
}

int reference_familiar(const char *given, char *text, size_t size, struct error *err)
{
	struct reference ref;

	if (simple(given)) {
		snprintf(text, size, "%s", given);
		return 0;
	}
	if (reference_parse(given, &ref, err))
		return -1;
	reference_text(&ref, text, size);
	if (strlen(text) > NAME_MAX_)
		return refuse(given, "it is too long", err);
	return 0;
}
