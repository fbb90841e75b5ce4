/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.h - what is left to the daemon, which talks to strangers */
#ifndef SERVICE_CONFINE_H
#define SERVICE_CONFINE_H

#include <stdbool.h>
#include "vitrine/error.h"

/**
 * service_confine() - Give everything else up; before the first thread
 * @paths:   directories that files are still opened in, NULL at the end
 * @way:     one more directory, which is opened on the way to others
 * @network: the store is reached through the network
 */
int service_confine(const char *const *paths, const char *way, bool network, struct error *err);

#endif
