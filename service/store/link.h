/* SPDX-License-Identifier: GPL-2.0-only */
/* link.h - one connection to a database; what differs between the two */
#ifndef SERVICE_STORE_LINK_H
#define SERVICE_STORE_LINK_H

#include "store.h"

/**
 * struct argument - a parameter of a statement
 * @text: NULL with @number false is SQL's NULL
 */
struct argument {
	bool is_number;
	int64_t number;
	const char *text;
};

/**
 * struct link - a connection; a database's own begins with it
 */
struct link {
	const struct link_kind *kind;
	struct link *next;
};

/**
 * struct link_kind - a database
 * @scheme: how its URLs begin
 * @links:  connections that the store keeps
 * @begin:  statement that begins a transaction which is going to write
 * @lock:   statement inside of a transaction that makes other migrations wait; NULL for none
 * @tables: query whose one cell is 1 when there is a table "meta"
 */
struct link_kind {
	const char *scheme;
	unsigned links;
	const char *begin, *lock, *tables;
	struct link *(*open)(const char *url, struct error *err);
	void (*close)(struct link *link);
	int (*run)(struct link *link, struct rows *rows, const char *sql,
		   const struct argument *args, size_t nargs, struct error *err);
};

extern const struct link_kind link_sqlite, link_postgres;

/** rows_make() - Room for an answer; what is in it comes later */
int rows_make(struct rows *rows, size_t count, size_t columns, struct error *err);

/**
 * migrate() - Bring the schema up to date
 *
 * Return: 0, or -1 with @err: the schema is newer than we are.
 */
int migrate(struct link *link, struct error *err);

#endif
