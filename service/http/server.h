/* SPDX-License-Identifier: GPL-2.0-only */
/* server.h - the HTTP server of vitrined: connections, and threads that work on requests */
#ifndef SERVICE_HTTP_SERVER_H
#define SERVICE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "request.h"
#include "vitrine/error.h"

/**
 * struct server_limits - bounds
 * @connections: at a time
 * @idle:        seconds without a byte
 */
struct server_limits {
	unsigned connections, idle;
};

/**
 * server_start() - Serve on a listening socket
 * @fd: listening; closed by server_stop()
 * @judge: who may ask
 *
 * Return: 0 or -1.
 */
int server_start(struct service *service, int fd, const struct server_limits *limits,
		 request_judge *judge, struct error *err);

/**
 * server_stop() - Take no more connections, let what runs end for some seconds, close all
 *
 * Return: whether all has ended; otherwise there are threads that still use everything.
 */
bool server_stop(unsigned patience);

/**
 * server_sweep() - Close connections that have been sending one request's head for too long
 *
 * To be called every second or so.
 */
void server_sweep(void);

/** server_connections() - How many there are */
unsigned server_connections(void);

/** server_stopping() - Does the daemon end? Then what could go on for ever ends, too */
bool server_stopping(void);

/** server_forget_body() - So many bytes of requests are not kept any more */
void server_forget_body(size_t len);

/** work_give() - Have a request worked on. Return: 0, or -1 when there is too much to do */
int work_give(struct request *request);

/** work_stop() - Wait until nothing is worked on, for @patience seconds */
void work_stop(unsigned patience);
unsigned work_count(void);

#endif
