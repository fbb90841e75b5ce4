/* SPDX-License-Identifier: GPL-2.0-only */
/* socket.h - one socket's figures, for sockets.c */
#ifndef VITRINE_OBSERVE_VIEW_SOCKET_H
#define VITRINE_OBSERVE_VIEW_SOCKET_H

#include <linux/sched.h>
#include <linux/types.h>
#include "json.h"

struct sock;
struct socket;

#define VT_SOCKET_OWNERS 8
#define VT_SOCKET_ADDRESS 112 /* a unix path has at most 108 bytes */

struct vt_socket_owner {
	pid_t pid;
	unsigned int fd;
	char comm[TASK_COMM_LEN];
};

/**
 * struct vt_socket - what a view shows of a socket
 * @inode: 0: no process can hold it
 * @local, @remote: @local_len and @remote_len bytes, 0: there is none
 * @backlog_limit: -1 unless it listens
 */
struct vt_socket {
	u64 inode;
	u16 family, type, protocol;
	u8 state;
	u8 local_len, remote_len, nowners;
	u32 uid, net;
	s64 receive_queue, send_queue, backlog, backlog_limit;
	char local[VT_SOCKET_ADDRESS], remote[VT_SOCKET_ADDRESS];
	struct vt_socket_owner owners[VT_SOCKET_OWNERS];
};

void vt_socket_read(struct vt_socket *to, struct socket *socket);
void vt_socket_read_tcp(struct vt_socket *to, struct sock *sk);
void vt_json_socket(struct vt_json *json, const struct vt_socket *socket);

#endif
