// SPDX-License-Identifier: GPL-2.0-only
/* side.c - one end of a relay: bytes in, bytes out, with TLS or without
 *
 * Theory of operation
 * Nothing waits. Who calls tries everything that could be done whenever an event of either side has
 * come, until nothing changes any more; so whatever TLS wants to read or write in between is read
 * or written as well.
 *
 * Host system calls: read, write, shutdown, epoll_ctl, close.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "proxy.h"
#include "vitrine/util.h"

#define FIRST_SIZE 4096
#define BUFFER_MAX (1 << 20) /* a head with every secret in it is smaller */

static bool bytes_room(struct bytes *buffer, size_t len)
{
	size_t size = buffer->size ?: FIRST_SIZE;
	char *data;

	if (buffer->start && (buffer->start == buffer->end || buffer->end + len > buffer->size)) {
		memmove(buffer->data, buffer->data + buffer->start, bytes_len(buffer));
		buffer->end -= buffer->start;
		buffer->start = 0;
	}
	if (buffer->end + len <= buffer->size)
		return true;
	while (size < buffer->end + len)
		size *= 2;
	data = size <= BUFFER_MAX ? realloc(buffer->data, size) : NULL;
	if (!data)
		return false;
	buffer->data = data;
	buffer->size = size;
	return true;
}

bool bytes_add(struct bytes *buffer, const void *data, size_t len)
{
	if (!bytes_room(buffer, len))
		return false;
	memcpy(buffer->data + buffer->end, data, len);
	buffer->end += len;
	return true;
}

void bytes_take(struct bytes *buffer, size_t len)
{
	buffer->start += len;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

void bytes_free(struct bytes *buffer)
{
	/* A secret may have been in it */
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->size);
	free(buffer->data);
	*buffer = (struct bytes){ NULL };
}

/* Read or write. Return: bytes, 0 for the end, -1 for later, -2 for never */
static ssize_t transfer(struct side *side, void *data, size_t len, bool out)
{
	ssize_t n;

	if (side->ssl) {
		ERR_clear_error();
		n = out ? SSL_write(side->ssl, data, (int)len)
			: SSL_read(side->ssl, data, (int)len);
		if (n > 0)
			return n;
		switch (SSL_get_error(side->ssl, (int)n)) {
		case SSL_ERROR_WANT_READ:
		case SSL_ERROR_WANT_WRITE:
			return -1;
		case SSL_ERROR_ZERO_RETURN:
			return out ? -2 : 0;
		default:
			return -2;
		}
	}
	do
		n = out ? write(side->fd, data, len) : read(side->fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? -1 : -2;
}

bool side_fill(struct side *side)
{
	const size_t held = bytes_len(&side->in);
	ssize_t n;

	if (side->eof || side->broken || held >= HTTP_HEAD_MAX ||
	    !bytes_room(&side->in, held ? FIRST_SIZE : FIRST_SIZE * 4))
		return false;
	n = transfer(side, side->in.data + side->in.end, side->in.size - side->in.end, false);
	if (n == -1)
		return false;
	if (n > 0)
		side->in.end += (size_t)n;
	side->eof = n <= 0;
	side->broken = n < 0;
	return true;
}

bool side_flush(struct side *side)
{
	ssize_t n;

	if (side->broken || !bytes_len(&side->out))
		return false;
	n = transfer(side, side->out.data + side->out.start, bytes_len(&side->out), true);
	if (n == -1)
		return false;
	if (n > 0)
		bytes_take(&side->out, (size_t)n);
	else
		side->broken = side->eof = true;
	return true;
}

void side_shut(struct side *side)
{
	if (side->shut)
		return;
	side->shut = true;
	if (side->ssl && SSL_is_init_finished(side->ssl)) {
		ERR_clear_error();
		SSL_shutdown(side->ssl);
	}
	shutdown(side->fd, SHUT_WR);
}

void side_close(struct side *side)
{
	if (side->fd >= 0) {
		/* The gate has the peer's socket, too: closing it here ends neither it nor its
		 * events */
		epoll_ctl(side->epoll, EPOLL_CTL_DEL, side->fd, NULL);
		shutdown(side->fd, SHUT_RDWR);
		close(steal_fd(side->fd));
	}
	SSL_free(steal_ptr(side->ssl));
	bytes_free(&side->in);
	bytes_free(&side->out);
}

int side_handshake(struct side *side, bool accept)
{
	int ret;

	ERR_clear_error();
	ret = accept ? SSL_accept(side->ssl) : SSL_connect(side->ssl);
	if (ret == 1)
		return 1;
	switch (SSL_get_error(side->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	default:
		return -1;
	}
}
