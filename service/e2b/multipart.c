// SPDX-License-Identifier: GPL-2.0-only
/* multipart.c - multipart/form-data (RFC 7578) as it comes, piece by piece
 *
 * What may be the beginning of a boundary is kept until it is decided, so the bytes of a part are
 * handed on in large pieces, and a boundary may be cut anywhere.
 */
#include "multipart.h"

#include <string.h>
#include <strings.h>

int multipart_open(struct multipart *m, const char *type, const struct multipart_events *events)
{
	const char *boundary = type ? strcasestr(type, "boundary=") : NULL;
	size_t len;

	if (!boundary || strncasecmp(type, "multipart/form-data", 19) != 0)
		return -1;
	boundary += 9;
	if (*boundary == '"')
		len = strcspn(++boundary, "\"");
	else
		len = strcspn(boundary, "; \t");
	if (!len || len > MULTIPART_BOUNDARY_MAX)
		return -1;
	*m = (struct multipart){ .events = events };
	memcpy(m->mark, "\r\n--", 4);
	memcpy(m->mark + 4, boundary, len);
	m->mark_len = len + 4;
	/* The first boundary has no line before it */
	memcpy(m->kept, "\r\n", 2);
	m->nkept = 2;
	return 0;
}

/* The value of a parameter: name="value", with \" and \\ in it, or %22 as browsers write */
static void parameter(const char *line, const char *name, char out[MULTIPART_NAME_MAX])
{
	const size_t len = strlen(name);
	size_t used = 0;

	out[0] = '\0';
	for (const char *at = line; (at = strcasestr(at, name)); at += len) {
		const char *value = at + len;

		if ((at[-1] != ' ' && at[-1] != ';') || value[0] != '=' || value[1] != '"')
			continue;
		for (value += 2; *value && *value != '"' && used < MULTIPART_NAME_MAX - 1;
		     value++) {
			if (*value == '\\' && (value[1] == '"' || value[1] == '\\'))
				value++;
			else if (!strncmp(value, "%22", 3)) {
				out[used++] = '"';
				value += 2;
				continue;
			}
			out[used++] = *value;
		}
		out[used] = '\0';
		return;
	}
}

static int head_done(struct multipart *m, char *head)
{
	char name[MULTIPART_NAME_MAX] = "", filename[MULTIPART_NAME_MAX] = "";

	for (char *line = head, *end; *line; line = end) {
		end = strstr(line, "\r\n");
		if (!end)
			break;
		*end = '\0';
		end += 2;
		if (!strncasecmp(line, "content-disposition:", 20)) {
			parameter(line, "name", name);
			parameter(line, "filename", filename);
		}
	}
	m->state = MULTIPART_DATA;
	return m->events->begin(m->events->context, name, filename);
}

/* Return: how many of the kept bytes were used, 0 when more are needed, or -1 */
static long head_take(struct multipart *m)
{
	char *end;

	/* Right behind a boundary: "--" ends it all, the rest of a line is left out */
	if (m->nkept < 2)
		return 0;
	if (!memcmp(m->kept, "--", 2)) {
		m->state = MULTIPART_OVER;
		return (long)m->nkept;
	}
	if (memcmp(m->kept, "\r\n", 2) != 0)
		return -1;
	end = memmem(m->kept, m->nkept, "\r\n\r\n", 4);
	if (!end)
		return m->nkept == MULTIPART_HEAD_MAX - 1 ? -1 : 0;
	if (memchr(m->kept, '\0', (size_t)(end - m->kept)))
		return -1;
	end[2] = '\0';
	return head_done(m, m->kept + 2) ? -1 : end + 4 - m->kept;
}

/* Bytes of a part, up to what may be a boundary. Return: used, 0 when more are needed, or -1 */
static long data_take(struct multipart *m)
{
	const char *at = memmem(m->kept, m->nkept, m->mark, m->mark_len);
	const bool part = m->state == MULTIPART_DATA;
	size_t safe;

	if (at) {
		safe = (size_t)(at - m->kept);
		if (part && safe && m->events->data(m->events->context, m->kept, safe))
			return -1;
		if (part && m->events->end(m->events->context))
			return -1;
		m->state = MULTIPART_HEAD;
		return (long)(safe + m->mark_len);
	}
	if (m->nkept < m->mark_len)
		return 0;
	safe = m->nkept - m->mark_len + 1;
	if (part && m->events->data(m->events->context, m->kept, safe))
		return -1;
	return (long)safe;
}

int multipart_take(struct multipart *m, const char *data, size_t len)
{
	while (len || m->nkept) {
		size_t room = sizeof(m->kept) - 1 - m->nkept, n = len < room ? len : room;
		long used;

		memcpy(m->kept + m->nkept, data, n);
		m->nkept += n;
		data += n;
		len -= n;
		if (m->state == MULTIPART_OVER) {
			m->nkept = 0; /* an epilogue */
			continue;
		}
		used = m->state == MULTIPART_HEAD ? head_take(m) : data_take(m);
		if (used < 0)
			return -1;
		m->nkept -= (size_t)used;
		memmove(m->kept, m->kept + used, m->nkept);
		if (!used && !len)
			return 0;
	}
	return 0;
}

bool multipart_over(const struct multipart *m)
{
	return m->state == MULTIPART_OVER;
}
