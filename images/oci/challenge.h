/* SPDX-License-Identifier: GPL-2.0-only */
/* challenge.h - what a server wants before it answers: the WWW-Authenticate header */
#ifndef VITRINE_IMAGES_OCI_CHALLENGE_H
#define VITRINE_IMAGES_OCI_CHALLENGE_H

#include <stdbool.h>

/**
 * struct challenge - a way to be let in
 * @bearer:  with a token from @realm; else with a name and a password (Basic)
 * @realm:   URL of a token server
 */
struct challenge {
	bool bearer;
	char realm[1024], service[256], scope[1024];
};

/**
 * challenge_parse() - Read a header's value (RFC 7235, and the token specification of registries)
 *
 * Return: whether it is Bearer with a realm, or Basic.
 */
bool challenge_parse(const char *value, struct challenge *challenge);

#endif
