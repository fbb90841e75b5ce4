/* SPDX-License-Identifier: GPL-2.0-only */
/* store.h - what vitrined must not forget: one SQL text, for SQLite and for PostgreSQL
 *
 *	struct rows rows = { 0 };
 *	store_run(store, &rows, &err, "SELECT state FROM sandbox WHERE id = $1", "s", id);
 *	rows_text(&rows, 0, 0);
 *	rows_free(&rows);
 *
 * Parameters are $1, $2, ... in the order of the arguments; the word before them has a letter for
 * each: s for a text (const char *, NULL is SQL's NULL), i for a number (int64_t).
 */
#ifndef SERVICE_STORE_STORE_H
#define SERVICE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"

#define STORE_ARGS_MAX 32

struct store;

/**
 * struct rows - an answer
 * @cells:   count * columns texts; NULL is SQL's NULL
 * @changed: rows that a statement without an answer has changed
 */
struct rows {
	char **cells;
	size_t count, columns;
	int64_t changed;
};

void rows_free(struct rows *rows);
#define cleanup_rows __attribute__((cleanup(rows_free)))

/** rows_text() - A cell; "" for NULL and for one that there is not */
const char *rows_text(const struct rows *rows, size_t row, size_t column);

/** rows_number() - A cell as a number; 0 for NULL */
int64_t rows_number(const struct rows *rows, size_t row, size_t column);

/** rows_null() - Is a cell NULL? */
bool rows_null(const struct rows *rows, size_t row, size_t column);

/**
 * store_open() - Open a store, making it and bringing its schema up to date
 * @url: "sqlite:PATH" or "postgresql://..."
 *
 * Of several programs that open it at once, one brings the schema up to date. A schema that is
 * newer than this program is refused.
 *
 * Return: a store for store_close(), or NULL.
 */
struct store *store_open(const char *url, struct error *err);

void store_close(struct store *store);

/**
 * store_run() - Execute one statement; a transaction of its own
 * @rows:  filled; NULL when nobody wants it
 * @types: a letter for each argument that follows
 *
 * Context: any thread.
 *
 * Return: 0, or -1 with @err; err->code is EEXIST when a UNIQUE constraint says no.
 */
int store_run(struct store *store, struct rows *rows, struct error *err, const char *sql,
	      const char *types, ...);

/**
 * struct change - statements that happen together or not at all
 *
 * From change_begin() to change_end(), which is to be called in any case, the calling thread has
 * one of the store's connections.
 */
struct change {
	struct store *store;
	struct link *link;
	bool failed;
};

int change_begin(struct change *change, struct store *store, struct error *err);
int change_run(struct change *change, struct rows *rows, struct error *err, const char *sql,
	       const char *types, ...);

/**
 * change_end() - Commit, or take all of it back
 * @keep: false: take it back; also taken back when a statement has failed
 *
 * Return: 0, or -1 with @err when it could not be committed.
 */
int change_end(struct change *change, bool keep, struct error *err);

#endif
