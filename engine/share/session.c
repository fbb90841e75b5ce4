// SPDX-License-Identifier: GPL-2.0-only
/* session.c - the guest's kernel comes, forgets and goes
 *
 * Theory of operation
 * What guest and server agree on when the guest mounts:
 *
 * - Its page cache keeps what it read, and looks again whether it still holds when attributes have
 *   expired (FUSE_AUTO_INVAL_DATA). Writing goes through at once: a cache that holds writes back
 *   would believe its own sizes and times, and never see the host's.
 * - Locks are the guest's own.
 * - Set-user-id bits go away here, when a file is written or given away (owner.c).
 *
 * Host system calls: none.
 */
#include <errno.h>
#include <string.h>

#include "handle.h"
#include "operations.h"

#define WANTED                                                                                     \
	(FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_AUTO_INVAL_DATA |          \
	 FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS |     \
	 FUSE_ABORT_ERROR | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS | FUSE_HANDLE_KILLPRIV_V2)

#define MINOR_MIN 31 /* buffers of more than 32 pages, and what else is taken for granted */

int op_init(struct message *m)
{
	const struct fuse_init_in *in = m->arg;
	struct fuse_init_out *out = message_answer(m, sizeof(*out));

	if (!out)
		return -EINVAL;
	out->major = FUSE_KERNEL_VERSION;
	out->minor = FUSE_KERNEL_MINOR_VERSION;
	if (in->major > FUSE_KERNEL_VERSION)
		return 0; /* it will ask again */
	if (in->major < FUSE_KERNEL_VERSION || in->minor < MINOR_MIN)
		return -EPROTO;
	handles_close_all();
	nodes_forget_all();
	out->max_readahead = in->max_readahead;
	out->flags = in->flags & (uint32_t)WANTED;
	out->max_background = 192; /* among them closed files, which wait until there is time */
	out->congestion_threshold = 160;
	out->max_write = WRITE_MAX;
	out->max_pages = WRITE_MAX / 4096;
	out->time_gran = 1;
	return 0;
}

int op_destroy(struct message *m)
{
	handles_close_all();
	nodes_forget_all();
	return 0;
}

int op_forget(struct message *m)
{
	const struct fuse_forget_in *in = m->arg;

	node_forget(m->header.nodeid, in->nlookup);
	return 0;
}

int op_batch_forget(struct message *m)
{
	const struct fuse_batch_forget_in *in = m->arg;

	for (uint32_t i = 0; i < in->count; i++) {
		struct fuse_forget_one one;

		if (m->rest_len < (i + 1) * sizeof(one))
			return -EINVAL;
		memcpy(&one, m->rest + i * sizeof(one), sizeof(one));
		node_forget(one.nodeid, one.nlookup);
	}
	return 0;
}
