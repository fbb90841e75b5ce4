// SPDX-License-Identifier: GPL-2.0-only
/* migrate.c - the schema, step by step
 *
 * Theory of operation
 * Step n brings a store from version n to n + 1, and is never changed once it was released. All
 * that are missing happen in one transaction, under a lock, so that of several programs that start
 * at once one does it, and a killed one has done nothing. The text is what both databases
 * understand: TEXT and BIGINT, moments in milliseconds since 1970.
 */
#include <inttypes.h>
#include <string.h>

#include "link.h"
#include "vitrine/util.h"

static const char *const step0[] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
	"CREATE TABLE api_key (id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, "
	"hash TEXT NOT NULL UNIQUE, scopes BIGINT NOT NULL, created_ms BIGINT NOT NULL, "
	"max_sandboxes BIGINT NOT NULL, max_vcpus BIGINT NOT NULL, max_memory_mb BIGINT NOT NULL, "
	"max_disk_mb BIGINT NOT NULL, max_requests BIGINT NOT NULL)",
	"CREATE TABLE template (owner TEXT NOT NULL, name TEXT NOT NULL, image TEXT NOT NULL, "
	"created_ms BIGINT NOT NULL, PRIMARY KEY (owner, name))",
	"CREATE TABLE sandbox (id TEXT PRIMARY KEY, owner TEXT NOT NULL, key_id TEXT NOT NULL, "
	"template TEXT NOT NULL, image TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, "
	"token TEXT NOT NULL, vcpus BIGINT NOT NULL, memory_mb BIGINT NOT NULL, "
	"disk_mb BIGINT NOT NULL, timeout_sec BIGINT NOT NULL, idle_timeout_sec BIGINT NOT NULL, "
	"on_timeout TEXT NOT NULL, deadline_ms BIGINT NOT NULL, idle_ms BIGINT NOT NULL, options "
	"TEXT NOT NULL, "
	"metadata TEXT NOT NULL, created_ms BIGINT NOT NULL, started_ms BIGINT NOT NULL, "
	"changed_ms BIGINT NOT NULL, ended_ms BIGINT NOT NULL, snapshot TEXT)",
	"CREATE INDEX sandbox_owner ON sandbox (owner, created_ms, id)",
	"CREATE INDEX sandbox_state ON sandbox (state)",
	"CREATE TABLE sandbox_metadata (sandbox_id TEXT NOT NULL, name TEXT NOT NULL, "
	"value TEXT NOT NULL, PRIMARY KEY (sandbox_id, name))",
	"CREATE INDEX metadata_value ON sandbox_metadata (name, value)",
	"CREATE TABLE idempotency (owner TEXT NOT NULL, token TEXT NOT NULL, digest TEXT NOT NULL, "
	"sandbox_id TEXT NOT NULL, created_ms BIGINT NOT NULL, PRIMARY KEY (owner, token))",
	"CREATE TABLE snapshot (owner TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL UNIQUE, "
	"sandbox_id TEXT NOT NULL, template TEXT NOT NULL, image TEXT NOT NULL, "
	"vcpus BIGINT NOT NULL, memory_mb BIGINT NOT NULL, disk_mb BIGINT NOT NULL, "
	"state TEXT NOT NULL, created_ms BIGINT NOT NULL, PRIMARY KEY (owner, name))",
	"CREATE TABLE audit (at_ms BIGINT NOT NULL, owner TEXT NOT NULL, key_id TEXT NOT NULL, "
	"action TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL)",
	"CREATE INDEX audit_time ON audit (at_ms)",
	"CREATE TABLE point (sandbox_id TEXT NOT NULL, step_ms BIGINT NOT NULL, "
	"at_ms BIGINT NOT NULL, cpu_millis BIGINT NOT NULL, mem_bytes BIGINT NOT NULL, "
	"disk_bytes BIGINT NOT NULL, net_bytes BIGINT NOT NULL, "
	"PRIMARY KEY (sandbox_id, step_ms, at_ms))",
	NULL,
};

/* What a template's steps have set */
static const char *const step1[] = {
	"ALTER TABLE snapshot ADD COLUMN settings TEXT",
	NULL,
};

/* Snapshots are a tree: what a sandbox went on from when it was written down */
static const char *const step2[] = {
	"ALTER TABLE snapshot ADD COLUMN parent TEXT",
	NULL,
};

static const char *const *const steps[] = { step0, step1, step2 };

static int version_of(struct link *link, int64_t *version, struct error *err)
{
	struct rows rows cleanup_rows = { 0 };

	*version = 0;
	if (link->kind->run(link, &rows, link->kind->tables, NULL, 0, err))
		return -1;
	if (!rows_number(&rows, 0, 0))
		return 0;
	rows_free(&rows);
	if (link->kind->run(link, &rows, "SELECT value FROM meta WHERE name = 'version'", NULL, 0,
			    err))
		return -1;
	*version = rows_number(&rows, 0, 0);
	return 0;
}

static int statement(struct link *link, const char *sql, struct error *err)
{
	struct rows rows cleanup_rows = { 0 };

	return link->kind->run(link, &rows, sql, NULL, 0, err);
}

static int upgrade(struct link *link, struct error *err)
{
	char number[24];
	const struct argument arg = { .text = number };
	struct rows rows cleanup_rows = { 0 };
	int64_t version;

	if (link->kind->lock && statement(link, link->kind->lock, err))
		return -1;
	if (version_of(link, &version, err))
		return -1;
	if (version < 0 || version > (int64_t)ARRAY_SIZE(steps))
		return error_set(err, 0,
				 "the store has schema %" PRId64
				 ", of a newer vitrined; this one knows up to %zu",
				 version, ARRAY_SIZE(steps));
	if (version == (int64_t)ARRAY_SIZE(steps))
		return 0;
	for (; version < (int64_t)ARRAY_SIZE(steps); version++) {
		for (const char *const *sql = steps[version]; *sql; sql++) {
			if (statement(link, *sql, err))
				return -1;
		}
	}
	snprintf(number, sizeof(number), "%" PRId64, version);
	return link->kind->run(link, &rows,
			       "INSERT INTO meta (name, value) VALUES ('version', $1) "
			       "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			       &arg, 1, err);
}

int migrate(struct link *link, struct error *err)
{
	if (statement(link, link->kind->begin, err))
		return -1;
	if (upgrade(link, err)) {
		statement(link, "ROLLBACK", NULL);
		return -1;
	}
	return statement(link, "COMMIT", err);
}
