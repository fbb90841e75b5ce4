// SPDX-License-Identifier: GPL-2.0-only
/* find.c - an owner's sandboxes, page by page
 *
 * The statement is put together from parts that are ours; what a client says is always an argument.
 * All arguments are passed every time, in places that do not change, so that equal questions are
 * equal texts and are prepared once.
 */
#include "find.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define SQL_MAX 4096

int find_cursor(struct find *find, const char *text)
{
	const char *dot = strchr(text, '.');
	char *end;

	find->cursor_ms = strtoll(text, &end, 10);
	if (!dot || end != dot || dot == text || dot - text > 16 || find->cursor_ms < 0 ||
	    !sandbox_id_valid(dot + 1))
		return -1;
	memcpy(find->cursor_id, dot + 1, sizeof(find->cursor_id));
	return 0;
}

void find_cursor_text(const struct sandbox *sandbox, char *text)
{
	snprintf(text, FIND_TEXT, "%" PRId64 ".%s", sandbox->created_ms, sandbox->id);
}

static void states_put(char *sql, unsigned states)
{
	const char *between = " AND state IN (";

	for (unsigned i = 0; i < STATE_COUNT; i++) {
		if (!(states & 1U << i))
			continue;
		strcat(strcat(strcat(strcat(sql, between), "'"), state_names[i]), "'");
		between = ", ";
	}
	strcat(sql, states ? ")" : " AND 1 = 0");
}

int find_run(struct service *service, const char *owner, const struct find *find, struct rows *rows,
	     struct fault *fault)
{
	char sql[SQL_MAX] = "SELECT " SANDBOX_COLUMNS " FROM sandbox WHERE owner = $1";
	const char(*p)[2][FIND_TEXT] = find->pairs;
	const int64_t from = find->cursor_id[0] ? find->cursor_ms : find->rising ? -1 : INT64_MAX;
	struct error err;
	size_t used;

	states_put(sql, find->states);
	if (find->template[0])
		strcat(sql, " AND template = $18");
	for (size_t i = 0; i < find->npairs; i++) {
		used = strlen(sql);
		snprintf(sql + used, SQL_MAX - used,
			 " AND EXISTS (SELECT 1 FROM sandbox_metadata m WHERE m.sandbox_id = "
			 "sandbox.id AND m.name = $%zu AND m.value = $%zu)",
			 2 + 2 * i, 3 + 2 * i);
	}
	strcat(sql, find->rising ? " AND (created_ms > $19 OR (created_ms = $19 AND id > $20))"
				 : " AND (created_ms < $19 OR (created_ms = $19 AND id < $20))");
	strcat(sql, find->rising ? " AND created_ms > $21 ORDER BY created_ms, id LIMIT $22"
				 : " AND created_ms > $21 ORDER BY created_ms DESC, id DESC "
				   "LIMIT $22");
	static_assert(FIND_PAIRS == 8, "the arguments below");
	if (store_run(service->store, rows, &err, sql, "ssssssssssssssssssisii", owner, p[0][0],
		      p[0][1], p[1][0], p[1][1], p[2][0], p[2][1], p[3][0], p[3][1], p[4][0],
		      p[4][1], p[5][0], p[5][1], p[6][0], p[6][1], p[7][0], p[7][1], find->template,
		      from, find->cursor_id, find->after_ms, find->limit + 1))
		return fault_error(fault, FAULT_INTERNAL, &err);
	return 0;
}
