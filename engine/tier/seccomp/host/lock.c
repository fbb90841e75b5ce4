/* SPDX-License-Identifier: GPL-2.0-only */
/* lock.c - the lock of all that the vCPUs share in the tier */
#include "lock.h"

pthread_mutex_t tier_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
