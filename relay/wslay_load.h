/* SPDX-License-Identifier: GPL-2.0-only */
/* wslay_load.h - libwslay, loaded when it is needed: no other verb pays for it */
#ifndef RELAY_WSLAY_LOAD_H
#define RELAY_WSLAY_LOAD_H

#include "vitrine/error.h"

/**
 * wslay_load() - Load the library; no function of it may be called before
 *
 * Call it while files can be opened. Return: 0, or -1 with @err filled when it is not installed.
 */
int wslay_load(struct error *err);

#endif
