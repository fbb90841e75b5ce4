/* SPDX-License-Identifier: GPL-2.0-only */
/* activity.h - who is busy, for the keeper */
#ifndef SERVICE_LIFE_ACTIVITY_H
#define SERVICE_LIFE_ACTIVITY_H

#include <stdbool.h>

/** activity_now() - Is something going on with it? */
bool activity_now(const char *id);

/** activity_forget() - It does not run any more */
void activity_forget(const char *id);

#endif
