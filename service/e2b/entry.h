/* SPDX-License-Identifier: GPL-2.0-only */
/* entry.h - a file, as E2B's EntryInfo */
#ifndef SERVICE_E2B_ENTRY_H
#define SERVICE_E2B_ENTRY_H

#include "service/files/guest.h"

/** entry_info() - Return: an object, or NULL: its name is not UTF-8 */
json_t *entry_info(struct guest *guest, const struct entry *entry);

#endif
