// SPDX-License-Identifier: GPL-2.0-only
/* message.c - parts of messages that are written anew */
#include <inttypes.h>
#include <string.h>

#include "proxy.h"

bool message_copy(struct bytes *out, struct http_text text)
{
	return bytes_add(out, text.at, text.len);
}

bool message_field(struct bytes *out, const char *name, const char *value)
{
	return bytes_add(out, name, strlen(name)) && bytes_add(out, ": ", 2) &&
	       bytes_add(out, value, strlen(value)) && bytes_add(out, "\r\n", 2);
}

bool message_body(struct bytes *out, const struct http_head *head)
{
	char number[24];

	if (head->body == HTTP_CHUNKED)
		return message_field(out, "Transfer-Encoding", "chunked");
	if (!head->sized)
		return true;
	snprintf(number, sizeof(number), "%" PRIu64, head->length);
	return message_field(out, "Content-Length", number);
}
