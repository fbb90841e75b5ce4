/* SPDX-License-Identifier: GPL-2.0-only */
/* identity.h - what a clone has of its own beside its name */
#ifndef CLI_SNAPSHOT_IDENTITY_H
#define CLI_SNAPSHOT_IDENTITY_H

#include "vitrine/error.h"

/**
 * identity_renew() - A clone that runs gets a machine-id of its own, if its template wants that
 *
 * Return: 0 or -1 with @err.
 */
int identity_renew(const char *snapshot, const char *name, struct error *err);

#endif
