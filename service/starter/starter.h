/* SPDX-License-Identifier: GPL-2.0-only */
/* starter.h - the process that starts programs for the daemon, which may not */
#ifndef SERVICE_STARTER_STARTER_H
#define SERVICE_STARTER_STARTER_H

#include <jansson.h>
#include "vitrine/error.h"

#define STARTER_TEXT_MAX 4096

/**
 * starter_fork() - Start it; before any thread, and before the daemon confines itself
 * @program: of vitrine
 * @held:    a descriptor that stays open until nothing of the starter runs any more: whoever locks
 *           the same file waits for that
 *
 * It ends when the daemon does, however that ends; what it has begun to start it ends first.
 *
 * Return: a socket for starter_order(), which the caller closes; or -1.
 */
int starter_fork(const char *program, int held, struct error *err);

/**
 * starter_order() - Have something done, and wait for it
 * @starter: from starter_fork()
 * @order:   order.h; consumed
 * @text:    set to what the program said, without its end of line
 *
 * Context: any thread.
 *
 * Return: the program's exit status, or -1 with @err.
 */
int starter_order(int starter, json_t *order, char text[STARTER_TEXT_MAX], struct error *err);

#endif
