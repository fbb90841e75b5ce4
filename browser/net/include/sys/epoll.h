/* SPDX-License-Identifier: GPL-2.0-only */
/* epoll.h - for C libraries that have none: what flows are told */
#ifndef BROWSER_NET_EPOLL_H
#define BROWSER_NET_EPOLL_H

#include <stdint.h>

#define EPOLLIN 0x001u
#define EPOLLOUT 0x004u
#define EPOLLERR 0x008u
#define EPOLLHUP 0x010u
#define EPOLLRDHUP 0x2000u
#define EPOLLET (1u << 31)
#define EPOLL_CTL_ADD 1

struct epoll_event {
	uint32_t events;
	union {
		uint64_t u64;
	} data;
};

#endif
