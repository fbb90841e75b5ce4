/* SPDX-License-Identifier: GPL-2.0-only */
/* use.h - a sandbox that a call does something in */
#ifndef SERVICE_API_USE_H
#define SERVICE_API_USE_H

#include "service/http/request.h"
#include "service/life/sandbox.h"

/**
 * use_begin() - The sandbox that the path names, which runs
 *
 * It is not idle until use_end(), which is to be called when this has succeeded.
 */
int use_begin(struct request *request, struct sandbox *sandbox, struct fault *fault);
void use_end(struct request *request, struct sandbox *sandbox);

#endif
