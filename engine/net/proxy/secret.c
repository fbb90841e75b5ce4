// SPDX-License-Identifier: GPL-2.0-only
/* secret.c - values that the guest does not have, put in on the way
 *
 * Theory of operation
 * The guest has a placeholder, which is random and worth nothing. In the field that the secret is
 * for, on the way to the host that it is for, the value is written where the placeholder stands.
 * `Authorization: Basic` hides it in base64, so that is undone and done again. Nothing else that
 * the guest sends is looked at, and nothing that comes back.
 *
 * Host system calls: openat, read (before the process is confined).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "proxy.h"
#include "vitrine/util.h"

#define BASIC "Basic "

static int read_file(struct secret *secret, struct error *err)
{
	cleanup_close int fd = open(secret->what.file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;

	secret->value = malloc(HTTP_SECRET_MAX + 2);
	if (!secret->value)
		return error_set(err, ENOMEM, "secret");
	while (fd >= 0 && secret->len <= HTTP_SECRET_MAX + 1) {
		n = read(fd, secret->value + secret->len, HTTP_SECRET_MAX + 2 - secret->len);
		if (n <= 0)
			break;
		secret->len += (size_t)n;
	}
	if (fd < 0 || n < 0)
		return error_set(err, errno, "secret %s: cannot read %s", secret->what.name,
				 secret->what.file);
	if (secret->len && secret->value[secret->len - 1] == '\n')
		secret->len--;
	if (secret->len && secret->value[secret->len - 1] == '\r')
		secret->len--;
	return 0;
}

static int read_variable(struct secret *secret, struct error *err)
{
	const char *value = getenv(secret->what.env);

	if (!value)
		return error_set(err, 0, "secret %s: there is no variable %s", secret->what.name,
				 secret->what.env);
	secret->value = strdup(value);
	if (!secret->value)
		return error_set(err, ENOMEM, "secret");
	secret->len = strlen(value);
	return 0;
}

int secret_begin(struct proxy *proxy, const char *text, const char *placeholder, struct error *err)
{
	struct secret *secret = &proxy->secrets[proxy->nsecrets];

	if (proxy->nsecrets == HTTP_SECRETS_MAX)
		return error_set(err, 0, "more than %d secrets", HTTP_SECRETS_MAX);
	if (http_secret_parse(&secret->what, text, err))
		return -1;
	proxy->nsecrets++;
	secret->placeholder = placeholder;
	if (secret->what.file ? read_file(secret, err) : read_variable(secret, err))
		return -1;
	return http_secret_check(&secret->what, secret->value, secret->len, err);
}

static bool goes_to(const struct http_secret *secret, const char *host, uint16_t port, bool plain)
{
	return secret->plain == plain && secret->port == port && !strcmp(secret->host, host);
}

bool secret_concerns(const struct proxy *proxy, const char *host, uint16_t port, bool plain)
{
	for (unsigned i = 0; i < proxy->nsecrets; i++) {
		if (goes_to(&proxy->secrets[i].what, host, port, plain))
			return true;
	}
	return false;
}

/* Copy a text with placeholders replaced. Return: whether all of it is there */
static bool fill_in(const struct proxy *proxy, const struct relay *relay, struct http_text name,
		    struct http_text text, struct bytes *out)
{
	const char *end = text.at + text.len, *at = text.at;

	while (at < end) {
		const struct secret *found = NULL;
		const char *first = end;

		for (unsigned i = 0; i < proxy->nsecrets; i++) {
			const struct secret *secret = &proxy->secrets[i];
			const char *here;

			if (!goes_to(&secret->what, relay->host, relay->what.port, !relay->tls) ||
			    !http_is(name, secret->what.field))
				continue;
			here = memmem(at, (size_t)(end - at), secret->placeholder,
				      strlen(secret->placeholder));
			if (here && here < first) {
				first = here;
				found = secret;
			}
		}
		if (!bytes_add(out, at, (size_t)(first - at)) ||
		    (found && !bytes_add(out, found->value, found->len)))
			return false;
		at = first + (found ? strlen(found->placeholder) : 0);
	}
	return true;
}

/* Return: 1 when it was written, 0 when it is nothing of that kind, -1 when it failed */
static int fill_basic(const struct proxy *proxy, const struct relay *relay,
		      const struct http_field *field, struct bytes *out)
{
	const size_t skip = sizeof(BASIC) - 1, len = field->value.len - skip;
	struct bytes plain = { NULL };
	cleanup_free unsigned char *text = NULL;
	int n, ret = -1;

	if (field->value.len <= skip || len > HTTP_SECRET_MAX || len % 4 ||
	    !http_is((struct http_text){ field->value.at, skip }, BASIC) ||
	    !http_is(field->name, "Authorization"))
		return 0;
	text = malloc(len + 4);
	n = text ? EVP_DecodeBlock(text, (const unsigned char *)field->value.at + skip, (int)len)
		 : -1;
	if (n < 0)
		return 0;
	for (size_t i = 1; i <= 2 && field->value.at[field->value.len - i] == '='; i++)
		n--;
	if (fill_in(proxy, relay, field->name, (struct http_text){ (char *)text, (size_t)n },
		    &plain)) {
		const size_t size = (bytes_len(&plain) + 2) / 3 * 4;
		unsigned char *coded = malloc(size + 1);

		if (coded) {
			EVP_EncodeBlock(coded, (const unsigned char *)bytes_at(&plain),
					(int)bytes_len(&plain));
			if (bytes_add(out, BASIC, skip) && bytes_add(out, coded, size))
				ret = 1;
			explicit_bzero(coded, size);
			free(coded);
		}
	}
	bytes_free(&plain);
	return ret;
}

bool secret_fill(const struct proxy *proxy, const struct relay *relay,
		 const struct http_field *field, struct bytes *out)
{
	int basic;

	if (!secret_concerns(proxy, relay->host, relay->what.port, !relay->tls))
		return bytes_add(out, field->value.at, field->value.len);
	basic = fill_basic(proxy, relay, field, out);
	return basic ? basic > 0 : fill_in(proxy, relay, field->name, field->value, out);
}
