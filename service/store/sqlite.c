// SPDX-License-Identifier: GPL-2.0-only
/* sqlite.c - a store in a file
 *
 * Statements are prepared once and kept by their text. The log is written ahead (WAL) and synced at
 * checkpoints: a killed program loses nothing, a host that loses its power the last moments, and
 * with them the sandboxes that ran.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "vitrine/util.h"

#define KEPT 128
#define PATIENCE_MS 10000

struct sqlite_link {
	struct link link;
	sqlite3 *database;
	struct {
		char *sql;
		sqlite3_stmt *statement;
	} kept[KEPT];
};

static int fail(struct sqlite_link *s, int code, struct error *err)
{
	const int extended = sqlite3_extended_errcode(s->database);
	const bool unique =
	    extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY;

	error_set(err, 0, "store: %s", s->database ? sqlite3_errmsg(s->database) : "no memory");
	if (err)
		err->code = unique ? EEXIST : 0;
	return -1;
}

static void sqlite_close(struct link *link)
{
	struct sqlite_link *s = container_of(link, struct sqlite_link, link);

	for (size_t i = 0; i < KEPT; i++) {
		sqlite3_finalize(s->kept[i].statement);
		free(s->kept[i].sql);
	}
	sqlite3_close(s->database);
	free(s);
}

static struct link *sqlite_open(const char *url, struct error *err)
{
	static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				       "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";
	struct sqlite_link *s = calloc(1, sizeof(*s));
	const char *path = url + strlen(link_sqlite.scheme);

	if (!s) {
		error_set(err, ENOMEM, "store");
		return NULL;
	}
	s->link.kind = &link_sqlite;
	if (sqlite3_open_v2(path, &s->database,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK ||
	    sqlite3_extended_result_codes(s->database, 1) != SQLITE_OK ||
	    sqlite3_busy_timeout(s->database, PATIENCE_MS) != SQLITE_OK ||
	    sqlite3_exec(s->database, settings, NULL, NULL, NULL) != SQLITE_OK) {
		error_set(err, 0, "cannot open the store %s: %s", path,
			  s->database ? sqlite3_errmsg(s->database) : "no memory");
		sqlite_close(&s->link);
		return NULL;
	}
	return &s->link;
}

/* The statement of a text, prepared before or now */
static sqlite3_stmt *statement_of(struct sqlite_link *s, const char *sql)
{
	uint32_t hash = 2166136261u;
	size_t at;

	for (const char *c = sql; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	at = hash % KEPT;
	if (s->kept[at].sql && !strcmp(s->kept[at].sql, sql))
		return s->kept[at].statement;
	sqlite3_finalize(s->kept[at].statement);
	free(s->kept[at].sql);
	s->kept[at].statement = NULL;
	s->kept[at].sql = strdup(sql);
	if (s->kept[at].sql)
		sqlite3_prepare_v3(s->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
				   &s->kept[at].statement, NULL);
	if (!s->kept[at].statement) {
		free(s->kept[at].sql);
		s->kept[at].sql = NULL;
	}
	return s->kept[at].statement;
}

static int bind(sqlite3_stmt *statement, const struct argument *args, size_t nargs)
{
	for (size_t i = 0; i < nargs; i++) {
		char name[8];
		int at, code;

		snprintf(name, sizeof(name), "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(statement, name);
		if (!at)
			continue;
		if (args[i].is_number)
			code = sqlite3_bind_int64(statement, at, args[i].number);
		else if (args[i].text)
			code = sqlite3_bind_text(statement, at, args[i].text, -1, SQLITE_STATIC);
		else
			code = sqlite3_bind_null(statement, at);
		if (code != SQLITE_OK)
			return -1;
	}
	return 0;
}

static int row_take(sqlite3_stmt *statement, struct rows *rows, size_t *room)
{
	if (rows->count == *room) {
		size_t wanted = *room ? *room * 2 : 8;
		char **cells = realloc(rows->cells, wanted * rows->columns * sizeof(*cells));

		if (!cells)
			return -1;
		rows->cells = cells;
		*room = wanted;
	}
	for (size_t i = 0; i < rows->columns; i++) {
		const unsigned char *text = sqlite3_column_text(statement, (int)i);

		rows->cells[rows->count * rows->columns + i] =
		    text ? strdup((const char *)text) : NULL;
	}
	rows->count++;
	return 0;
}

static int sqlite_run(struct link *link, struct rows *rows, const char *sql,
		      const struct argument *args, size_t nargs, struct error *err)
{
	struct sqlite_link *s = container_of(link, struct sqlite_link, link);
	sqlite3_stmt *statement = statement_of(s, sql);
	size_t room = 0;
	int code;

	if (!statement || bind(statement, args, nargs))
		return fail(s, SQLITE_ERROR, err);
	*rows = (struct rows){ .columns = (size_t)sqlite3_column_count(statement) };
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		if (row_take(statement, rows, &room))
			break;
	}
	if (code != SQLITE_DONE)
		fail(s, code, err);
	rows->changed = sqlite3_changes(s->database);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return code == SQLITE_DONE ? 0 : -1;
}

const struct link_kind link_sqlite = {
	.scheme = "sqlite:",
	.links = 1,
	.begin = "BEGIN IMMEDIATE",
	.tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
	.open = sqlite_open,
	.close = sqlite_close,
	.run = sqlite_run,
};
