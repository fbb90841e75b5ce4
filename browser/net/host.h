/* SPDX-License-Identifier: GPL-2.0-only */
/* host.h - what the stack asks of its host, asked of channels (channel.c)
 *
 * The stack (engine/net/stack) and the cable (engine/net/link.c) are compiled with this header
 * before everything else, for machines: their sockets are channels, their gate is a function. So
 * there is one TCP, whose tests are those of sandboxes.
 */
#ifndef BROWSER_NET_HOST_H
#define BROWSER_NET_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t net_host_read(int fd, void *data, size_t len);
ssize_t net_host_readv(int fd, const struct iovec *parts, int count);
ssize_t net_host_write(int fd, const void *data, size_t len);
ssize_t net_host_writev(int fd, const struct iovec *parts, int count);
int net_host_shutdown(int fd);
int net_host_abort(int fd);
int net_host_close(int fd);
int net_host_watch(void);
ssize_t net_host_random(void *data, size_t len);

#define read(fd, data, len) net_host_read(fd, data, len)
#define readv(fd, parts, count) net_host_readv(fd, parts, count)
#define write(fd, data, len) net_host_write(fd, data, len)
#define writev(fd, parts, count) net_host_writev(fd, parts, count)
#define shutdown(fd, how) net_host_shutdown(fd)
/* the only option that it sets is that of an abort */
#define setsockopt(fd, level, name, value, len) ((void)(value), net_host_abort(fd))
#define close(fd) net_host_close(fd)
#define epoll_ctl(epoll, how, fd, event) ((void)(event), net_host_watch())
#define getrandom(data, len, flags) net_host_random(data, len)

#ifdef __wasi__
#define IPPROTO_ICMPV6 58
#define reallocarray(at, count, size) realloc(at, (count) * (size))
#endif

#endif
