// SPDX-License-Identifier: GPL-2.0-only
/* handle.c - files and directories that the guest has open
 *
 * Theory of operation
 * A number that the guest has is an index and, above it, how often the index was used. So a number
 * that is made up or closed is nobody's. A request holds the handle that it uses: one that is
 * closed meanwhile goes with its last user.
 *
 * There are as many as the budget says; beyond that the guest's open fails with ENFILE.
 *
 * Host system calls: close; futex.
 */
#include "handle.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vitrine/util.h"

static struct {
	pthread_mutex_t lock;
	unsigned budget, top, nspare;
	struct handle **by_id;
	uint32_t *uses, *spare;
} handles = { .lock = PTHREAD_MUTEX_INITIALIZER };

int handles_init(unsigned budget)
{
	handles.budget = budget;
	handles.by_id = calloc(budget, sizeof(*handles.by_id));
	handles.uses = calloc(budget, sizeof(*handles.uses));
	handles.spare = calloc(budget, sizeof(*handles.spare));
	return handles.by_id && handles.uses && handles.spare ? 0 : -ENOMEM;
}

/* With the lock held */
static int number(struct handle *handle)
{
	unsigned index;

	if (handles.nspare)
		index = handles.spare[--handles.nspare];
	else if (handles.top < handles.budget)
		index = handles.top++;
	else
		return -ENFILE;
	handles.by_id[index] = handle;
	handle->id = (uint64_t)handles.uses[index] << 32 | index;
	return 0;
}

bool handles_full(void)
{
	bool full;

	pthread_mutex_lock(&handles.lock);
	full = !handles.nspare && handles.top == handles.budget;
	pthread_mutex_unlock(&handles.lock);
	return full;
}

static void destroy(struct handle *handle)
{
	if (handle->fd >= 0)
		close(handle->fd);
	if (handle->listing) {
		pthread_mutex_destroy(&handle->listing->lock);
		free(handle->listing);
	}
	node_closed(handle->node);
	free(handle);
}

/* Take it out of the table when nobody uses it. With the lock held */
static struct handle *finish(struct handle *handle)
{
	const uint32_t index = (uint32_t)handle->id;

	if (!handle->closing || handle->users)
		return NULL;
	handles.by_id[index] = NULL;
	if (++handles.uses[index])
		handles.spare[handles.nspare++] = index;
	return handle;
}

int handle_new(struct node *node, int fd, uint32_t flags, bool directory, uint64_t *id)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int ret = -ENOMEM;

	if (handle && directory) {
		handle->listing = calloc(1, sizeof(*handle->listing));
		if (handle->listing)
			pthread_mutex_init(&handle->listing->lock, NULL);
	}
	if (handle && (!directory || handle->listing)) {
		handle->fd = fd;
		handle->flags = flags;
		handle->node = node;
		node_opened(node);
		pthread_mutex_lock(&handles.lock);
		ret = number(handle);
		if (!ret)
			*id = handle->id;
		pthread_mutex_unlock(&handles.lock);
		if (ret)
			destroy(handle); /* with the descriptor */
		return ret;
	}
	free(handle);
	if (fd >= 0)
		close(fd);
	return ret;
}

struct handle *handle_get(uint64_t id, bool directory)
{
	const uint32_t index = (uint32_t)id;
	struct handle *handle = NULL;

	pthread_mutex_lock(&handles.lock);
	if (index < handles.top)
		handle = handles.by_id[index];
	if (handle && (handle->id != id || handle->closing || !!handle->listing != directory))
		handle = NULL;
	if (handle)
		handle->users++;
	pthread_mutex_unlock(&handles.lock);
	return handle;
}

void handle_put(struct handle *handle)
{
	struct handle *last;

	pthread_mutex_lock(&handles.lock);
	handle->users--;
	last = finish(handle);
	pthread_mutex_unlock(&handles.lock);
	if (last)
		destroy(last);
}

int handle_close(uint64_t id, bool directory)
{
	struct handle *handle = handle_get(id, directory);

	if (!handle)
		return -EBADF;
	handle->closing = true;
	handle_put(handle);
	return 0;
}

void handles_close_all(void)
{
	for (unsigned i = 0; i < handles.budget; i++) {
		struct handle *handle, *last = NULL;

		pthread_mutex_lock(&handles.lock);
		handle = i < handles.top ? handles.by_id[i] : NULL;
		if (handle) {
			handle->closing = true;
			last = finish(handle);
		}
		pthread_mutex_unlock(&handles.lock);
		if (last)
			destroy(last);
	}
}
