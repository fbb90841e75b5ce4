/* SPDX-License-Identifier: GPL-2.0-only */
/* warm.h - templates that are ready: what a sandbox of theirs goes on from */
#ifndef SERVICE_LIFE_WARM_H
#define SERVICE_LIFE_WARM_H

#include <stdbool.h>
#include "sandbox.h"

/**
 * warm_find() - What a new sandbox can go on from in place of being booted
 * @s:        image, vcpus, memory_mb and options are looked at
 * @snapshot: set to vitrine's name of it
 *
 * One that there is not is made in the background, for whoever comes next.
 *
 * Return: true when there is one.
 */
bool warm_find(struct service *service, const struct sandbox *s,
	       char snapshot[SANDBOX_NAME_LEN + 1]);

/** warm_drop() - It did not do: forget it, and make no other one for a while */
void warm_drop(struct service *service, const char *snapshot);

/** warm_prepare() - Make that of the template "base", in the background */
void warm_prepare(struct service *service);

/** warm_is() - Is this vitrine's name of one of this store's, as a snapshot or a sandbox? */
bool warm_is(const struct service *service, const char *name);

/** warm_making() - Is this the name of the sandbox that just becomes one? */
bool warm_making(const char *name);

/** warm_clean() - Forget those that nobody has asked for since a day */
void warm_clean(struct service *service);

/** warm_count() - How many are ready */
unsigned warm_count(void);

/** warm_stop() - Wait for what is being made */
void warm_stop(void);

#endif
