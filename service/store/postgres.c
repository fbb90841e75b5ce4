// SPDX-License-Identifier: GPL-2.0-only
/* postgres.c - a store in a PostgreSQL database
 *
 * Numbers are sent as text and their type is told, so that the same statements do for both. A
 * connection that is lost is made again once, at the beginning of a statement outside of any
 * transaction: what has failed in the middle may have happened, and is for the caller to look at.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "vitrine/util.h"

#define OID_INT8 20
#define OID_TEXT 25
#define UNIQUE_VIOLATION "23505"

struct postgres_link {
	struct link link;
	PGconn *connection;
};

static void postgres_close(struct link *link)
{
	struct postgres_link *p = container_of(link, struct postgres_link, link);

	PQfinish(p->connection);
	free(p);
}

/* What libpq says ends with a newline */
static int fail(const char *text, struct error *err)
{
	return error_set(err, 0, "store: %.*s", (int)strcspn(text, "\n"), text);
}

static void ignore(void *unused, const char *message)
{
}

static struct link *postgres_open(const char *url, struct error *err)
{
	struct postgres_link *p = calloc(1, sizeof(*p));

	if (!p) {
		error_set(err, ENOMEM, "store");
		return NULL;
	}
	p->link.kind = &link_postgres;
	p->connection = PQconnectdb(url);
	if (PQstatus(p->connection) != CONNECTION_OK) {
		fail(p->connection ? PQerrorMessage(p->connection) : "no memory", err);
		postgres_close(&p->link);
		return NULL;
	}
	PQsetNoticeProcessor(p->connection, ignore, NULL);
	return &p->link;
}

static int take(PGresult *result, struct rows *rows, struct error *err)
{
	const char *changed = PQcmdTuples(result);

	if (rows_make(rows, (size_t)PQntuples(result), (size_t)PQnfields(result), err))
		return -1;
	rows->changed = *changed ? strtoll(changed, NULL, 10) : 0;
	for (size_t row = 0; row < rows->count; row++) {
		for (size_t column = 0; column < rows->columns; column++) {
			if (!PQgetisnull(result, (int)row, (int)column))
				rows->cells[row * rows->columns + column] =
				    strdup(PQgetvalue(result, (int)row, (int)column));
		}
	}
	return 0;
}

static int postgres_run(struct link *link, struct rows *rows, const char *sql,
			const struct argument *args, size_t nargs, struct error *err)
{
	struct postgres_link *p = container_of(link, struct postgres_link, link);
	const char *values[STORE_ARGS_MAX], *state;
	char numbers[STORE_ARGS_MAX][24];
	Oid types[STORE_ARGS_MAX];
	PGresult *result;
	int ret = -1;

	if (PQstatus(p->connection) == CONNECTION_BAD)
		PQreset(p->connection);
	for (size_t i = 0; i < nargs; i++) {
		types[i] = args[i].is_number ? OID_INT8 : OID_TEXT;
		values[i] = args[i].is_number ? numbers[i] : args[i].text;
		snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, args[i].number);
	}
	result = PQexecParams(p->connection, sql, (int)nargs, types, values, NULL, NULL, 0);
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		ret = take(result, rows, err);
		break;
	default:
		fail(PQresultErrorMessage(result), err);
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (err)
			err->code = state && !strcmp(state, UNIQUE_VIOLATION) ? EEXIST : 0;
	}
	PQclear(result);
	return ret;
}

const struct link_kind link_postgres = {
	.scheme = "postgresql://",
	.links = 4,
	.begin = "BEGIN",
	.lock = "SELECT pg_advisory_xact_lock(7306944117)",
	.tables = "SELECT count(*) FROM information_schema.tables "
		  "WHERE table_schema = current_schema() AND table_name = 'meta'",
	.open = postgres_open,
	.close = postgres_close,
	.run = postgres_run,
};
