/* SPDX-License-Identifier: GPL-2.0-only */
/* control.h - sandboxes in E2B's words */
#ifndef SERVICE_E2B_CONTROL_H
#define SERVICE_E2B_CONTROL_H

#include "e2b.h"

/** e2b_moment() - RFC 3339 */
json_t *e2b_moment(int64_t ms);

/** e2b_detail() - All that E2B tells of a sandbox */
json_t *e2b_detail(const struct request *request, const struct sandbox *sandbox);

#endif
