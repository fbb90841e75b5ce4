/* SPDX-License-Identifier: GPL-2.0-only */
/* http.h - HTTP/1 messages, read by somebody who stands between two others
 *
 * Whoever lets a request pass must have understood it as its receiver will. So only what can be
 * understood in one way is taken (RFC 9112, without what it allows for the sake of old programs):
 * lines end with CR LF, a body has one length, a name has one spelling. What passes is to be
 * written anew from what was understood.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 65536
#define HTTP_FIELDS_MAX 128
#define HTTP_METHOD_MAX 24
#define HTTP_TARGET_MAX 8192
#define HTTP_TRAILER_MAX 16384

/* Part of a message */
struct http_text {
	const char *at;
	size_t len;
};

struct http_field {
	struct http_text name, value;
};

enum http_body { HTTP_EMPTY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

enum http_upgrade { HTTP_NO_UPGRADE, HTTP_WEBSOCKET, HTTP_OTHER_UPGRADE };

/**
 * struct http_head - a request or an answer up to its body; points into what was parsed
 * @method, @target: of a request
 * @host:      of a request: the only field of that name, as it stands there
 * @status:    of an answer
 * @old:       it is HTTP/1.0
 * @body:      how the body's end is known; @length: with HTTP_LENGTH
 * @sized:     it has a Content-Length, which an answer to HEAD has without a body
 * @close:     nothing follows on this connection
 * @upgrade:   it asks for, or agrees to, another protocol
 * @expects:   the request wants to hear "100 Continue" before its body
 */
struct http_head {
	struct http_text method, target, host;
	unsigned status;
	bool old, close, expects, sized;
	enum http_body body;
	enum http_upgrade upgrade;
	uint64_t length;
	struct http_field fields[HTTP_FIELDS_MAX];
	unsigned nfields;
};

/**
 * struct http_fault - why a message is not taken
 * @status: what a server says then
 */
struct http_fault {
	unsigned status;
	const char *why;
};

/**
 * http_head_size() - Is the head all there?
 * @fault: filled when it can never be
 *
 * Return: its size, empty line included; 0 when more is needed; -1 with @fault.
 */
long http_head_size(const char *data, size_t len, struct http_fault *fault);

/**
 * http_request_parse() - Take a request's head apart
 * @data: @len bytes, as http_head_size() says
 *
 * Return: false with @fault filled.
 */
bool http_request_parse(const char *data, size_t len, struct http_head *head,
			struct http_fault *fault);

/**
 * http_answer_parse() - Take an answer's head apart
 * @no_body: it answers HEAD
 */
bool http_answer_parse(const char *data, size_t len, bool no_body, struct http_head *head,
		       struct http_fault *fault);

/**
 * http_hop() - Is a field for the next hop only, to be left out of what is passed on?
 */
bool http_hop(const struct http_field *field);

/**
 * http_is() - Is this that word, in whatever case?
 */
bool http_is(struct http_text text, const char *word);

/**
 * http_find() - The first field of a name, or NULL
 */
const struct http_field *http_find(const struct http_head *head, const char *name);

enum http_chunk_state {
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_EXTENSION,
	HTTP_CHUNK_SIZE_LF,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_CR,
	HTTP_CHUNK_LF,
	HTTP_CHUNK_TRAILER,
	HTTP_CHUNK_END,
};

/**
 * struct http_chunks - a chunked body, as far as it was read; begins as zeros
 * @answer: of an answer, whose extensions and trailer fields are left out; a request has none
 * @left:   bytes of this chunk, or its size as far as it was read
 * @digits: of the size
 * @line:   bytes of a trailer's line; @trailer: of all of them
 */
struct http_chunks {
	enum http_chunk_state state;
	bool answer, cr;
	uint64_t left;
	unsigned digits, line, trailer;
};

/**
 * http_chunks_take() - Read on
 * @used:  filled with how many of the bytes were looked at
 * @data:  filled with the part of them that is the body's; may be empty
 * @fault: filled when the body is malformed
 *
 * Return: false with @fault. The body has ended when chunks->state is HTTP_CHUNK_END.
 */
bool http_chunks_take(struct http_chunks *chunks, const char *bytes, size_t len, size_t *used,
		      struct http_text *data, struct http_fault *fault);

#endif
