// SPDX-License-Identifier: GPL-2.0-only
/* connect.c - connections from the supervisor to servers in the guest
 *
 * Theory of operation
 * A client of the supervisor wants to talk to a server that listens in the guest, perhaps on its
 * loopback address only, perhaps in a sandbox without a network. The connection is made here, by a
 * process that runs no program: its socket takes the place of the pipes that a command has, and the
 * pumps (stream.c) do the rest. The process waits, so that the connection is seen, and ended, like
 * any command; it ends when the server has said all.
 *
 * A server that does not accept connections holds the process, and nothing else.
 */
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include "job.h"

static int connect_to(int family, void *address, int len, struct socket **sock)
{
	int ret = sock_create(family, SOCK_STREAM, IPPROTO_TCP, sock);

	if (ret)
		return ret;
	ret = kernel_connect(*sock, address, len, 0);
	if (ret)
		sock_release(*sock);
	else
		tcp_sock_set_nodelay((*sock)->sk);
	return ret;
}

/* Who listens on "localhost" listens on one of the two, and it depends on the program on which */
static int connect_local(u16 port, struct socket **sock)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int ret = connect_to(AF_INET, &v4, sizeof(v4), sock);

	if (ret != -ECONNREFUSED)
		return ret;
	return connect_to(AF_INET6, &v6, sizeof(v6), sock) ? ret : 0;
}

/**
 * vt_connect() - Connect, and make the connection a job's streams
 * @port: as text
 *
 * Context: the job's process.
 * Return: 0 or a negative errno.
 */
int vt_connect(struct vt_job *job, const char *port)
{
	struct socket *sock;
	struct file *file;
	u16 number;
	int ret;

	if (kstrtou16(port, 10, &number) || !number)
		return -EINVAL;
	ret = connect_local(number, &sock);
	if (ret)
		return ret;
	file = sock_alloc_file(sock, O_NONBLOCK, NULL); /* releases the socket when it fails */
	if (IS_ERR(file))
		return PTR_ERR(file);
	vt_stream_set(job, 0, get_file(file), sk_sleep(sock->sk));
	vt_stream_set(job, 1, file, sk_sleep(sock->sk));
	return 0;
}
