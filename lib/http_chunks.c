// SPDX-License-Identifier: GPL-2.0-only
/* http_chunks.c - bodies in chunks (RFC 9112, section 7.1), read strictly
 *
 * Theory of operation
 * A machine that takes one byte at a time where it matters, and as much as there is where it does
 * not. A request's chunk has a size in hexadecimal digits and nothing else in its line; an answer's
 * may have an extension, and fields behind its last chunk, which are left out.
 */
#include "lib/http.h"

#include "vitrine/util.h"

#define DIGITS_MAX 15
#define EXTENSION_MAX 1024

static bool fail(struct http_fault *fault, const char *why)
{
	*fault = (struct http_fault){ 400, why };
	return false;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool take_size(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	const int value = digit(c);

	if (value >= 0) {
		if (chunks->digits == DIGITS_MAX)
			return fail(fault, "a chunk's size is too large");
		chunks->digits++;
		chunks->left = chunks->left << 4 | (unsigned)value;
		return true;
	}
	if (!chunks->digits)
		return fail(fault, "a chunk has no size");
	if (c == '\r')
		chunks->state = HTTP_CHUNK_SIZE_LF;
	else if (chunks->answer && (c == ';' || c == ' ' || c == '\t'))
		chunks->state = HTTP_CHUNK_EXTENSION;
	else
		return fail(fault, "a chunk's size is not a number");
	return true;
}

static bool take_extension(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	if (c == '\n' || ++chunks->line > EXTENSION_MAX)
		return fail(fault, "a chunk's extension has no end");
	if (c == '\r') {
		chunks->line = 0;
		chunks->state = HTTP_CHUNK_SIZE_LF;
	}
	return true;
}

static bool take_size_lf(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	if (c != '\n')
		return fail(fault, "a chunk's size has no end");
	chunks->digits = 0;
	chunks->state = chunks->left ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
	return true;
}

static bool take_cr(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	chunks->state = HTTP_CHUNK_LF;
	return c == '\r' || fail(fault, "a chunk is longer than it says");
}

static bool take_lf(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	chunks->state = HTTP_CHUNK_SIZE;
	return c == '\n' || fail(fault, "a chunk is longer than it says");
}

static bool take_trailer(struct http_chunks *chunks, char c, struct http_fault *fault)
{
	if (++chunks->trailer > HTTP_TRAILER_MAX)
		return fail(fault, "too many fields behind the last chunk");
	if (chunks->cr) {
		if (c != '\n')
			return fail(fault, "a line ends without LF");
		chunks->cr = false;
		if (!chunks->line)
			chunks->state = HTTP_CHUNK_END;
		chunks->line = 0;
		return true;
	}
	if (c == '\n')
		return fail(fault, "a line ends without CR");
	if (c == '\r') {
		chunks->cr = true;
		return true;
	}
	chunks->line++;
	return chunks->answer || fail(fault, "fields behind the last chunk");
}

static bool (*const take[])(struct http_chunks *, char, struct http_fault *) = {
	[HTTP_CHUNK_SIZE] = take_size,	     [HTTP_CHUNK_EXTENSION] = take_extension,
	[HTTP_CHUNK_SIZE_LF] = take_size_lf, [HTTP_CHUNK_CR] = take_cr,
	[HTTP_CHUNK_LF] = take_lf,	     [HTTP_CHUNK_TRAILER] = take_trailer,
};

bool http_chunks_take(struct http_chunks *chunks, const char *bytes, size_t len, size_t *used,
		      struct http_text *data, struct http_fault *fault)
{
	*data = (struct http_text){ bytes, 0 };
	for (*used = 0; *used < len && chunks->state != HTTP_CHUNK_END;) {
		if (chunks->state == HTTP_CHUNK_DATA) {
			const size_t rest = len - *used;
			const size_t part = rest < chunks->left ? rest : (size_t)chunks->left;

			*data = (struct http_text){ bytes + *used, part };
			*used += part;
			chunks->left -= part;
			if (!chunks->left)
				chunks->state = HTTP_CHUNK_CR;
			return true; /* one piece at a time */
		}
		if (!take[chunks->state](chunks, bytes[(*used)++], fault))
			return false;
	}
	return true;
}
