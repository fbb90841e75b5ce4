// SPDX-License-Identifier: GPL-2.0-only
/* collect.c - a command's whole output, for calls that answer at its end */
#include "collect.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "lib/clock.h"

static bool add(char **to, size_t *used, const struct piece *piece)
{
	char *larger;

	if (*used + piece->len > COLLECT_MAX)
		return false;
	larger = realloc(*to, *used + piece->len + 1);
	if (!larger)
		return false;
	memcpy(larger + *used, piece->data, piece->len);
	*used += piece->len;
	larger[*used] = '\0';
	*to = larger;
	return true;
}

int collect(struct process *process, struct reader *reader, int64_t timeout_ms, struct collected *c,
	    struct fault *fault)
{
	const uint64_t until = clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	struct piece *piece = malloc(sizeof(*piece));
	struct fault ignored;
	int ret = 1;

	*c = (struct collected){ 0 };
	if (!piece)
		return fault_set(fault, FAULT_BUSY, "no memory");
	while (ret > 0) {
		const uint64_t now = clock_now_ns();
		const int left = now < until ? (int)((until - now) / NS_PER_MS + 1) : 0;

		if (!left || log_read(reader, piece, left) == LOG_WAIT) {
			process_signal(process, SIGKILL, &ignored);
			ret = fault_set(fault, FAULT_TIMEOUT, "the command took too long");
			break;
		}
		switch (piece->kind) {
		case PIECE_EXIT:
			c->status = piece->status;
			ret = 0;
			break;
		case PIECE_CUT:
			ret = fault_set(fault, FAULT_SANDBOX_GONE,
					"the sandbox has ended, or was paused");
			break;
		case PIECE_STDERR:
			c->cut |= !add(&c->err, &c->err_len, piece);
			break;
		default:
			c->cut |= !add(&c->out, &c->out_len, piece);
		}
	}
	free(piece);
	return ret;
}

void collected_free(struct collected *c)
{
	free(c->out);
	free(c->err);
	*c = (struct collected){ 0 };
}

json_t *base64(const void *data, size_t len)
{
	unsigned char *text = malloc(len / 3 * 4 + 8);
	json_t *json;

	if (!text)
		return NULL;
	EVP_EncodeBlock(text, data, (int)len);
	json = json_string_nocheck((const char *)text);
	free(text);
	return json;
}

ssize_t base64_decode(const char *text, size_t len, void *out)
{
	size_t padding = 0;
	int n;

	if (len % 4 || len > INT32_MAX / 2)
		return -1;
	while (padding < 2 && len > padding && text[len - 1 - padding] == '=')
		padding++;
	/* EVP forgives blanks and more padding at the ends */
	if (memchr(text, '=', len - padding) || memchr(text, ' ', len) || memchr(text, '\n', len))
		return -1;
	if (!len)
		return 0;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	return n < 0 ? -1 : n - (ssize_t)padding;
}

void text_or_base64(const struct collected *c, json_t **out, json_t **err, const char **encoding)
{
	const char *o = c->out ? c->out : "", *e = c->err ? c->err : "";

	*encoding = "utf-8";
	*out = strlen(o) == c->out_len ? json_string(o) : NULL;
	*err = strlen(e) == c->err_len ? json_string(e) : NULL;
	if (*out && *err)
		return;
	json_decref(*out);
	json_decref(*err);
	*encoding = "base64";
	*out = base64(o, c->out_len);
	*err = base64(e, c->err_len);
}
