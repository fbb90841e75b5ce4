// SPDX-License-Identifier: GPL-2.0-only
/* listen.c - the daemon's socket */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "vitrine/util.h"

#define BACKLOG 512

int listen_at(const char *address, unsigned port, struct error *err)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
	struct sockaddr_in *four = (struct sockaddr_in *)&storage;
	socklen_t len = sizeof(*four);
	cleanup_close int fd = -1;
	const int on = 1;

	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		len = sizeof(*six);
	} else {
		return error_set(err, 0, "'%s' is not a numeric address", address);
	}
	fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&storage, len) || listen(fd, BACKLOG))
		return error_set(err, errno, "cannot listen on %s port %u", address, port);
	return steal_fd(fd);
}

unsigned listen_port_of(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &len);
	/* The port is at the same place in both */
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}
