/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.h - vitrined doctor */
#ifndef SERVICE_DOCTOR_H
#define SERVICE_DOCTOR_H

#include "config.h"

/** doctor() - Say what would work here. Return: exit status */
int doctor(const struct config *config, const char *vitrine, const char *store, const char *lock);

#endif
