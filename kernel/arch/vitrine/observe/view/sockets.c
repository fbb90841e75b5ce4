// SPDX-License-Identifier: GPL-2.0-only
/* sockets.c - sockets: what processes hold, and TCP's that nobody holds any more
 *
 * Theory of operation
 * The descriptors of all processes are gone through; a socket's figures are copied when it is first
 * met, further owners are added to it. Connections without a socket (time wait, orphans that still
 * send, requests that are not accepted yet) are found in TCP's own table, in pieces of a few
 * buckets. Everything is written afterwards, from the copies.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/request_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "view.h"
#include "socket.h"

#define SOCKETS_MAX 4096
#define BUCKETS_PER_PIECE 256

struct socket_list {
	struct vt_socket *sockets;
	unsigned int used, size, count;
	struct xarray by_inode; /* index + 1 */
};

/* Return: a new element, or NULL when there are too many */
static struct vt_socket *list_grow(struct socket_list *list)
{
	struct vt_socket *bigger;
	unsigned int size;

	list->count++;
	if (list->used == list->size) {
		size = min(max(2 * list->size, 64U), (unsigned int)SOCKETS_MAX);
		if (list->size == SOCKETS_MAX)
			return NULL;
		bigger = kvcalloc(size, sizeof(*bigger), GFP_KERNEL);
		if (!bigger)
			return NULL;
		if (list->used)
			memcpy(bigger, list->sockets, list->used * sizeof(*bigger));
		kvfree(list->sockets);
		list->sockets = bigger;
		list->size = size;
	}
	return &list->sockets[list->used++];
}

static void owner_add(struct vt_socket *socket, struct task_struct *task, unsigned int fd)
{
	struct vt_socket_owner *owner;

	if (socket->nowners == VT_SOCKET_OWNERS)
		return;
	owner = &socket->owners[socket->nowners++];
	owner->pid = task_tgid_nr(task);
	owner->fd = fd;
	get_task_comm(owner->comm, task);
}

static void socket_add(struct socket_list *list, struct socket *socket, struct task_struct *task,
		       unsigned int fd)
{
	unsigned long inode = SOCK_INODE(socket)->i_ino;
	unsigned long index = xa_to_value(xa_load(&list->by_inode, inode) ?: xa_mk_value(0));
	struct vt_socket *figures;

	if (index) {
		owner_add(&list->sockets[index - 1], task, fd);
		return;
	}
	figures = list_grow(list);
	if (!figures)
		return;
	xa_store(&list->by_inode, inode, xa_mk_value(list->used), GFP_KERNEL);
	vt_socket_read(figures, socket);
	owner_add(figures, task, fd);
}

static void descriptors_read(struct socket_list *list)
{
	struct task_struct *task;
	struct file *file;
	pid_t nr = 1;

	while ((task = vt_task_from(&nr))) {
		for (unsigned int fd = 0; (file = vt_file_next(task, &fd, NULL)); fd++) {
			struct socket *socket = sock_from_file(file);

			if (socket)
				socket_add(list, socket, task, fd);
			fput(file);
		}
		put_task_struct(task);
		cond_resched();
	}
}

static bool has_no_owner(const struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_TIME_WAIT:
	case TCP_NEW_SYN_RECV:
		return true;
	}
	return !sk->sk_socket;
}

/*
 * Elements of TCP's table are freed after a grace period and reused within it, so what is copied is
 * looked at in one go. Return: bucket to go on at
 */
static unsigned int buckets_read(struct socket_list *list, struct vt_socket *found,
				 unsigned int room, unsigned int bucket, unsigned int *used)
{
	struct inet_hashinfo *table = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned int end = min(bucket + BUCKETS_PER_PIECE, table->ehash_mask + 1);
	struct hlist_nulls_node *node;
	struct sock *sk;

	rcu_read_lock();
	for (; bucket < end; bucket++) {
		sk_nulls_for_each_rcu(sk, node, &table->ehash[bucket].chain)
		{
			if (has_no_owner(sk) && *used < room)
				vt_socket_read_tcp(&found[(*used)++], sk);
		}
	}
	rcu_read_unlock();
	return bucket;
}

static void connections_read(struct socket_list *list)
{
	struct inet_hashinfo *table = init_net.ipv4.tcp_death_row.hashinfo;
	struct vt_socket *found = kvcalloc(BUCKETS_PER_PIECE, sizeof(*found), GFP_KERNEL);
	unsigned int bucket = 0, used;

	while (found && bucket <= table->ehash_mask) {
		used = 0;
		bucket = buckets_read(list, found, BUCKETS_PER_PIECE, bucket, &used);
		for (unsigned int i = 0; i < used; i++) {
			struct vt_socket *figures = list_grow(list);

			if (figures)
				*figures = found[i];
		}
		cond_resched();
	}
	kvfree(found);
}

/**
 * vt_view_sockets() - View: sockets
 */
int vt_view_sockets(struct vt_json *json, const struct vt_view_args *args)
{
	struct socket_list list = { 0 };

	xa_init(&list.by_inode);
	descriptors_read(&list);
	connections_read(&list);
	xa_destroy(&list.by_inode);
	vt_json_array(json, "sockets");
	for (unsigned int i = 0; i < list.used && !json->full; i++)
		vt_json_socket(json, &list.sockets[i]);
	vt_json_end(json);
	vt_json_int(json, "sockets_count", list.count);
	kvfree(list.sockets);
	return 0;
}
