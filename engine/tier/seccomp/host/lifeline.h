/* SPDX-License-Identifier: GPL-2.0-only */
/* lifeline.h - stub processes die with their supervisor, however it dies */
#ifndef ENGINE_TIER_SECCOMP_HOST_LIFELINE_H
#define ENGINE_TIER_SECCOMP_HOST_LIFELINE_H

#include <pthread.h>
#include "vitrine/error.h"

/**
 * lifeline_hold() - Hold it for as long as the calling thread lives
 * @line: in the zygote's control page, at CONTROL_ALIVE; before there is a zygote
 * @err:  filled on failure
 *
 * Return: 0 or -1.
 */
int lifeline_hold(pthread_mutex_t *line, struct error *err);

#endif
