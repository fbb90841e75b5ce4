/* SPDX-License-Identifier: GPL-2.0-only */
/* mhd.h - libmicrohttpd, loaded when it is needed */
#ifndef OBSERVE_HTTP_MHD_H
#define OBSERVE_HTTP_MHD_H

#include "vitrine/error.h"

/**
 * mhd_load() - Load the library; no function of it may be called before
 *
 * Call it while files can be opened. Return: 0, or -1 with @err filled when it is not installed.
 */
int mhd_load(struct error *err);

#endif
