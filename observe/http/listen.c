// SPDX-License-Identifier: GPL-2.0-only
/* listen.c - the server's socket: made here, or by the sandbox whose observer we are
 *
 * Host system calls: socket, setsockopt, getsockopt, getsockname, bind, listen, fcntl.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "server.h"
#include "vitrine/util.h"

#define BACKLOG 128

/* A socket that our parent has made, and listens already */
static int inherit(unsigned fd, struct sockaddr_storage *address, struct error *err)
{
	socklen_t len = sizeof(*address), size = sizeof(int);
	int listens = 0;

	*address = (struct sockaddr_storage){ 0 };
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens ||
	    getsockname((int)fd, (struct sockaddr *)address, &len) ||
	    fcntl((int)fd, F_SETFL, O_NONBLOCK) || fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		return error_set(err, errno, "descriptor %u is no listening socket", fd);
	return (int)fd;
}

int listen_on(const struct server_options *options, struct sockaddr_storage *address,
	      struct error *err)
{
	const char *text = options->address ? options->address : "127.0.0.1";
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	socklen_t len = sizeof(*four);
	cleanup_close int fd = -1;
	const int on = 1;

	if (options->listen_fd)
		return inherit(options->listen_fd, address, err);
	*address = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)options->port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)options->port);
		len = sizeof(*six);
	} else {
		return error_set(err, 0, "'%s' is not a numeric address", text);
	}
	fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)address, len) || listen(fd, BACKLOG))
		return error_set(err, errno, "cannot listen on %s port %u", text, options->port);
	getsockname(fd, (struct sockaddr *)address, &len);
	return steal_fd(fd);
}

unsigned listen_port(const struct sockaddr_storage *address)
{
	/* The port is at the same place in both */
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}
