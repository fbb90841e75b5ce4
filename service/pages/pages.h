/* SPDX-License-Identifier: GPL-2.0-only */
/* pages.h - what browsers are shown: the dashboard at /, the reference at /docs */
#ifndef SERVICE_PAGES_PAGES_H
#define SERVICE_PAGES_PAGES_H

#include "service/http/request.h"

/** page_asset() - A file of the pages, which are the same for everybody and need no key */
request_handler page_asset;

#endif
