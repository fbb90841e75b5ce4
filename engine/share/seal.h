/* SPDX-License-Identifier: GPL-2.0-only */
/* seal.h - what the file server takes from itself; private to it */
#ifndef ENGINE_SHARE_SEAL_H
#define ENGINE_SHARE_SEAL_H

#include <sys/syscall.h>
#include "vitrine/error.h"

/* Before there is a second thread: privileges, and with Landlock all files but the folders' */
int seal_files(struct error *err);

/* A worker that makes this call is parked until who hears of it says otherwise */
#define SEAL_PARK SYS_pause

/* Before there is a second thread. @listener: filled with what hears of it */
int seal_park(int *listener, struct error *err);

/* When all threads run: every system call that is not on the list */
int seal_calls(struct error *err);

#endif
