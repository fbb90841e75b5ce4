// SPDX-License-Identifier: GPL-2.0-only
/* upgrade.c - a connection that is taken over from the HTTP server */
#include "upgrade.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HANDSHAKE_SECONDS 10

/**
 * struct upgrade - a connection
 * @lock:  of handing over
 * @extra: what had come behind the request's head
 * @abandoned: nobody waits for the socket any more
 */
struct upgrade {
	pthread_mutex_t lock;
	pthread_cond_t there;
	struct MHD_UpgradeResponseHandle *handle;
	int fd;
	char *extra;
	size_t extra_len, extra_at;
	bool abandoned, promised;
};

struct upgrade *upgrade_make(void)
{
	struct upgrade *up = calloc(1, sizeof(*up));

	if (!up)
		return NULL;
	pthread_mutex_init(&up->lock, NULL);
	pthread_cond_init(&up->there, NULL);
	up->fd = -1;
	return up;
}

static void on_upgrade(void *context, struct MHD_Connection *connection, void *request,
		       const char *extra, size_t extra_len, MHD_socket fd,
		       struct MHD_UpgradeResponseHandle *handle)
{
	struct upgrade *up = context;

	pthread_mutex_lock(&up->lock);
	if (up->abandoned) {
		pthread_mutex_unlock(&up->lock);
		MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
		return;
	}
	up->extra = malloc(extra_len + 1);
	if (up->extra) {
		memcpy(up->extra, extra, extra_len);
		up->extra_len = extra_len;
	}
	up->handle = handle;
	up->fd = fd;
	pthread_cond_broadcast(&up->there);
	pthread_mutex_unlock(&up->lock);
}

struct MHD_Response *upgrade_response(struct upgrade *up)
{
	return MHD_create_response_for_upgrade(on_upgrade, up);
}

int upgrade_take(struct upgrade *up, struct request *request, struct MHD_Response *response)
{
	struct timespec until = { .tv_sec = time(NULL) + HANDSHAKE_SECONDS };
	int fd;

	request->response = response;
	request->status = MHD_HTTP_SWITCHING_PROTOCOLS;
	request->streams = true;
	up->promised = true;
	request_publish(request);
	pthread_mutex_lock(&up->lock);
	while (!up->handle && !request_gone(request) &&
	       !pthread_cond_timedwait(&up->there, &up->lock, &until))
		;
	fd = up->handle ? up->fd : -1;
	pthread_mutex_unlock(&up->lock);
	return fd;
}

size_t upgrade_extra(struct upgrade *up, void *data, size_t size)
{
	const size_t left = up->extra_len - up->extra_at, n = size < left ? size : left;

	if (n)
		memcpy(data, up->extra + up->extra_at, n);
	up->extra_at += n;
	return n;
}

void upgrade_free(struct upgrade *up)
{
	bool late;

	pthread_mutex_lock(&up->lock);
	/* The socket may still come: then it is closed there, and this little is not given back */
	late = up->promised && !up->handle;
	up->abandoned = true;
	pthread_mutex_unlock(&up->lock);
	if (late)
		return;
	if (up->handle)
		MHD_upgrade_action(up->handle, MHD_UPGRADE_ACTION_CLOSE);
	free(up->extra);
	free(up);
}
