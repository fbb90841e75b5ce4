// SPDX-License-Identifier: GPL-2.0-only
/* tokens.c - who may use the relay, where not everybody may
 *
 * Theory of operation
 * A line of the file is a name, which log lines show, and a token, which nothing ever shows. Only
 * digests are kept, so that comparing them tells nobody how much of a guess was right.
 *
 * Host system calls: openat, read (before the process is confined).
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "vitrine/util.h"

#define TOKEN_LEAST 16 /* characters: a guess must not be worth it */

static int add(struct relay *relay, const char *name, const char *text, struct error *err)
{
	struct token *more, *token;

	if (strlen(name) > TOKEN_NAME_MAX)
		return error_set(err, 0, "a token's name has at most %d characters",
				 TOKEN_NAME_MAX);
	if (strlen(text) < TOKEN_LEAST || strlen(text) > WISP_SECRET_MAX)
		return error_set(err, 0, "the token '%s' needs %d to %d characters", name,
				 TOKEN_LEAST, WISP_SECRET_MAX);
	more = reallocarray(relay->tokens, relay->ntokens + 1, sizeof(*more));
	if (!more)
		return error_set(err, ENOMEM, "tokens");
	relay->tokens = more;
	token = &more[relay->ntokens++];
	snprintf(token->name, sizeof(token->name), "%s", name);
	SHA256((const unsigned char *)text, strlen(text), token->digest);
	return 0;
}

int tokens_read(struct relay *relay, const char *path, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	char line[1024];

	if (!file)
		return error_set(err, errno, "cannot read the tokens in %s", path);
	for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
		char *rest = line, *name, *text = NULL;

		line[strcspn(line, "#\r\n")] = '\0';
		while ((name = strsep(&rest, " \t")) && !*name)
			;
		while (name && (text = strsep(&rest, " \t")) && !*text)
			;
		if (!name)
			continue;
		if (!text || (rest && rest[strspn(rest, " \t")]))
			return error_set(err, 0, "%s, line %u is not of the form NAME TOKEN", path,
					 number);
		if (add(relay, name, text, err))
			return -1;
	}
	return relay->ntokens ? 0 : error_set(err, 0, "there is no token in %s", path);
}

const char *token_find(const struct relay *relay, const char *text)
{
	const char *found = NULL;
	uint8_t digest[32];

	SHA256((const unsigned char *)text, strlen(text), digest);
	for (size_t i = 0; i < relay->ntokens; i++) {
		if (!CRYPTO_memcmp(digest, relay->tokens[i].digest, sizeof(digest)))
			found = relay->tokens[i].name;
	}
	return found;
}
