/* SPDX-License-Identifier: GPL-2.0-only */
/* find.h - an owner's sandboxes, page by page */
#ifndef SERVICE_LIFE_FIND_H
#define SERVICE_LIFE_FIND_H

#include "sandbox.h"

#define FIND_PAIRS 8
#define FIND_TEXT 260
#define FIND_MAX 100

struct rows;

/**
 * struct find - which ones
 * @states: bit per enum state
 * @pairs:  metadata that they have: @npairs of name and value
 * @template: or ""
 * @after_ms: created after this moment; 0 for any
 * @rising: oldest first
 * @limit:  how many, FIND_MAX at most
 * @cursor_ms, @cursor_id: of the last one on the page before; an empty id for the first page
 */
struct find {
	unsigned states;
	char pairs[FIND_PAIRS][2][FIND_TEXT];
	size_t npairs;
	char template[65];
	int64_t after_ms;
	bool rising;
	int64_t limit, cursor_ms;
	char cursor_id[SANDBOX_ID_LEN + 1];
};

/**
 * find_run() - Find them
 * @rows: of SANDBOX_COLUMNS; one more than the limit when there is another page
 */
int find_run(struct service *service, const char *owner, const struct find *find, struct rows *rows,
	     struct fault *fault);

/** find_cursor() - Take "MS.ID" apart. Return: 0 or -1 */
int find_cursor(struct find *find, const char *text);

/** find_cursor_text() - The cursor of a sandbox: FIND_TEXT bytes */
void find_cursor_text(const struct sandbox *sandbox, char *text);

#endif
