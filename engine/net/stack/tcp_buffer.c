// SPDX-License-Identifier: GPL-2.0-only
/* tcp_buffer.c - bytes on their way
 *
 * Theory of operation
 * A buffer is a ring that is made when something has to be held and given back when it is empty, so
 * that a thousand idle connections hold nothing. It begins small and doubles. When all connections
 * together hold much, none grows any more.
 *
 * Host system calls: readv, writev.
 */
#include <stdlib.h>
#include <sys/uio.h>

#include "tcp.h"

#define FIRST (64 * 1024)
#define HELD_MAX (96UL << 20)

static bool grow(struct stack *stack, struct tcp_buffer *buffer)
{
	const uint32_t size = buffer->size ? buffer->size * 2 : FIRST;
	uint8_t *data;

	if (size > TCP_WINDOW || (buffer->size && stack->held > HELD_MAX))
		return false;
	data = malloc(size);
	if (!data)
		return false;
	buffer_copy(buffer, 0, data, buffer->used);
	stack->held += size - buffer->size;
	free(buffer->data);
	*buffer = (struct tcp_buffer){ data, size, 0, buffer->used };
	return true;
}

size_t buffer_room(struct stack *stack, struct tcp_buffer *buffer)
{
	if (buffer->used == buffer->size)
		grow(stack, buffer);
	return buffer->size - buffer->used;
}

/* The free parts of the ring. Return: how many there are */
static int free_parts(const struct tcp_buffer *buffer, struct iovec parts[2])
{
	const uint32_t tail = (buffer->head + buffer->used) & (buffer->size - 1);
	const uint32_t room = buffer->size - buffer->used;
	const uint32_t first = room < buffer->size - tail ? room : buffer->size - tail;

	parts[0] = (struct iovec){ buffer->data + tail, first };
	parts[1] = (struct iovec){ buffer->data, room - first };
	return room > first ? 2 : 1;
}

size_t buffer_add(struct stack *stack, struct tcp_buffer *buffer, const uint8_t *data, size_t len)
{
	struct iovec parts[2];
	size_t done = 0;
	int count;

	while (buffer->size - buffer->used < len && grow(stack, buffer))
		;
	if (buffer->used == buffer->size)
		return 0;
	count = free_parts(buffer, parts);
	for (int i = 0; i < count; i++) {
		const size_t part = len - done < parts[i].iov_len ? len - done : parts[i].iov_len;

		memcpy(parts[i].iov_base, data + done, part);
		done += part;
	}
	buffer->used += (uint32_t)done;
	return done;
}

ssize_t buffer_read(struct stack *stack, struct tcp_buffer *buffer, int fd)
{
	struct iovec parts[2];
	const int count = free_parts(buffer, parts);
	const ssize_t n = readv(fd, parts, count);

	if (n > 0)
		buffer->used += (uint32_t)n;
	return n;
}

ssize_t buffer_write(struct stack *stack, struct tcp_buffer *buffer, int fd)
{
	const uint32_t first =
	    buffer->size - buffer->head < buffer->used ? buffer->size - buffer->head : buffer->used;
	const struct iovec parts[2] = { { buffer->data + buffer->head, first },
					{ buffer->data, buffer->used - first } };
	const ssize_t n = writev(fd, parts, buffer->used > first ? 2 : 1);

	if (n > 0)
		buffer_forget(stack, buffer, (size_t)n);
	return n;
}

void buffer_copy(const struct tcp_buffer *buffer, size_t offset, uint8_t *to, size_t len)
{
	size_t from, first;

	if (!len)
		return;
	from = (buffer->head + offset) & (buffer->size - 1);
	first = len < buffer->size - from ? len : buffer->size - from;
	memcpy(to, buffer->data + from, first);
	memcpy(to + first, buffer->data, len - first);
}

void buffer_forget(struct stack *stack, struct tcp_buffer *buffer, size_t len)
{
	buffer->head = (buffer->head + (uint32_t)len) & (buffer->size - 1);
	buffer->used -= (uint32_t)len;
	if (!buffer->used)
		buffer->head = 0;
}

void buffer_free(struct stack *stack, struct tcp_buffer *buffer)
{
	free(buffer->data);
	stack->held -= buffer->size;
	*buffer = (struct tcp_buffer){ NULL };
}
