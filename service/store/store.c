// SPDX-License-Identifier: GPL-2.0-only
/* store.c - what vitrined must not forget
 *
 * Theory of operation
 * A store has a few connections, and whoever wants something done waits for one. SQLite has one:
 * its writers exclude each other anyway, and a statement takes microseconds. Everything comes back
 * as text, which is what both databases can give without a conversion that differs.
 */
#include "store.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "vitrine/util.h"

struct store {
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	struct link *idle;
};

static const struct link_kind *const kinds[] = { &link_sqlite, &link_postgres };

void rows_free(struct rows *rows)
{
	for (size_t i = 0; rows->cells && i < rows->count * rows->columns; i++)
		free(rows->cells[i]);
	free(rows->cells);
	*rows = (struct rows){ 0 };
}

int rows_make(struct rows *rows, size_t count, size_t columns, struct error *err)
{
	*rows = (struct rows){ .count = count, .columns = columns };
	if (!count || !columns)
		return 0;
	rows->cells = calloc(count * columns, sizeof(*rows->cells));
	return rows->cells ? 0 : error_set(err, ENOMEM, "rows");
}

bool rows_null(const struct rows *rows, size_t row, size_t column)
{
	return row >= rows->count || column >= rows->columns ||
	       !rows->cells[row * rows->columns + column];
}

const char *rows_text(const struct rows *rows, size_t row, size_t column)
{
	return rows_null(rows, row, column) ? "" : rows->cells[row * rows->columns + column];
}

int64_t rows_number(const struct rows *rows, size_t row, size_t column)
{
	return strtoll(rows_text(rows, row, column), NULL, 10);
}

static struct link *link_take(struct store *store)
{
	struct link *link;

	pthread_mutex_lock(&store->lock);
	while (!store->idle)
		pthread_cond_wait(&store->given_back, &store->lock);
	link = store->idle;
	store->idle = link->next;
	pthread_mutex_unlock(&store->lock);
	return link;
}

static void link_give(struct store *store, struct link *link)
{
	pthread_mutex_lock(&store->lock);
	link->next = store->idle;
	store->idle = link;
	pthread_cond_signal(&store->given_back);
	pthread_mutex_unlock(&store->lock);
}

struct store *store_open(const char *url, struct error *err)
{
	const struct link_kind *kind = NULL;
	struct store *store;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strncmp(url, kinds[i]->scheme, strlen(kinds[i]->scheme)))
			kind = kinds[i];
	}
	if (!kind) {
		error_set(err, 0, "'%s' is no store: sqlite:PATH or postgresql://...", url);
		return NULL;
	}
	store = calloc(1, sizeof(*store));
	if (!store) {
		error_set(err, ENOMEM, "store");
		return NULL;
	}
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->given_back, NULL);
	for (unsigned i = 0; i < kind->links; i++) {
		struct link *link = kind->open(url, err);

		if (!link || (i == 0 && migrate(link, err))) {
			if (link)
				kind->close(link);
			store_close(store);
			return NULL;
		}
		link_give(store, link);
	}
	return store;
}

void store_close(struct store *store)
{
	struct link *link, *next;

	if (!store)
		return;
	for (link = store->idle; link; link = next) {
		next = link->next;
		link->kind->close(link);
	}
	free(store);
}

static int run(struct link *link, struct rows *rows, const char *sql, const char *types,
	       va_list list, struct error *err)
{
	struct argument args[STORE_ARGS_MAX];
	struct rows unwanted = { 0 };
	size_t nargs = 0;
	int ret;

	for (; types[nargs]; nargs++) {
		if (nargs == STORE_ARGS_MAX)
			return error_set(err, 0, "too many arguments of a statement");
		args[nargs] = (struct argument){ .is_number = types[nargs] == 'i' };
		if (args[nargs].is_number)
			args[nargs].number = va_arg(list, int64_t);
		else
			args[nargs].text = va_arg(list, const char *);
	}
	ret = link->kind->run(link, rows ? rows : &unwanted, sql, args, nargs, err);
	if (ret && rows)
		rows_free(rows);
	rows_free(&unwanted);
	return ret;
}

int store_run(struct store *store, struct rows *rows, struct error *err, const char *sql,
	      const char *types, ...)
{
	struct link *link = link_take(store);
	va_list list;
	int ret;

	va_start(list, types);
	ret = run(link, rows, sql, types, list, err);
	va_end(list);
	link_give(store, link);
	return ret;
}

int change_begin(struct change *change, struct store *store, struct error *err)
{
	struct link *link = link_take(store);
	struct rows rows = { 0 };

	*change = (struct change){ .store = store, .link = link };
	if (link->kind->run(link, &rows, link->kind->begin, NULL, 0, err)) {
		link_give(store, link);
		change->link = NULL;
		return -1;
	}
	rows_free(&rows);
	return 0;
}

int change_run(struct change *change, struct rows *rows, struct error *err, const char *sql,
	       const char *types, ...)
{
	va_list list;
	int ret;

	va_start(list, types);
	ret = run(change->link, rows, sql, types, list, err);
	va_end(list);
	change->failed |= ret != 0;
	return ret;
}

int change_end(struct change *change, bool keep, struct error *err)
{
	struct link *link = change->link;
	struct rows rows = { 0 };
	int ret = 0;

	if (!link)
		return 0;
	keep &= !change->failed;
	ret = link->kind->run(link, &rows, keep ? "COMMIT" : "ROLLBACK", NULL, 0, err);
	if (ret && keep)
		link->kind->run(link, &rows, "ROLLBACK", NULL, 0, NULL);
	link_give(change->store, link);
	change->link = NULL;
	return keep ? ret : 0;
}
