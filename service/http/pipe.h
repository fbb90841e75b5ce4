/* SPDX-License-Identifier: GPL-2.0-only */
/* pipe.h - bytes between a connection, which never waits, and a thread, which may
 *
 * The connection's side is libmicrohttpd's thread: when it can go on no further it suspends the
 * connection, and the other side lets it go on. That is what keeps both from running ahead.
 */
#ifndef SERVICE_HTTP_PIPE_H
#define SERVICE_HTTP_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <microhttpd.h>

#define PIPE_SIZE (256 * 1024)

struct pipe;

struct pipe *pipe_make(struct MHD_Connection *connection);
void pipe_free(struct pipe *pipe);

/* ---- the thread's side ---- */

/** pipe_write() - Wait until all is in it. Return: 0, or -1 when nobody reads any more */
int pipe_write(struct pipe *pipe, const void *data, size_t len);

/** pipe_read() - Wait for something. Return: bytes, 0 at the end, -1 when it was cut or @ms passed
 */
ssize_t pipe_read(struct pipe *pipe, void *data, size_t size, int ms);

/** pipe_end() - No more comes; @cut: and that is not as it should be */
void pipe_end(struct pipe *pipe, bool cut);

/* ---- the connection's side ---- */

/** pipe_put() - Return: how many bytes went in; the connection is suspended if not all did */
size_t pipe_put(struct pipe *pipe, const void *data, size_t len);

#define PIPE_END (-1)
#define PIPE_CUT (-2)

/** pipe_get() - Return: bytes, 0 when the connection was suspended, PIPE_END or PIPE_CUT */
ssize_t pipe_get(struct pipe *pipe, void *data, size_t size);

/** pipe_leave() - The connection is over: it is not to be touched again */
void pipe_leave(struct pipe *pipe);

#endif
