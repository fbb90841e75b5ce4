/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper.h - deadlines, deaths, and what an earlier daemon has left in the middle */
#ifndef SERVICE_LIFE_KEEPER_H
#define SERVICE_LIFE_KEEPER_H

#include "vitrine/error.h"

struct service;

/**
 * keeper_start() - Bring what is in the store and what is on the host together, and keep it so
 *
 * Call it when no other daemon of this store does anything any more. Return: 0 or -1.
 */
int keeper_start(struct service *service, struct error *err);

void keeper_stop(void);

/** keeper_watch() - A sandbox runs now: notice when it ends */
void keeper_watch(struct service *service, const char *id);

/** activity_begin(), activity_end() - Something is done with a sandbox: it is not idle meanwhile */
void activity_begin(const char *id);
void activity_end(struct service *service, const char *id);

#endif
