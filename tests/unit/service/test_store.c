// SPDX-License-Identifier: GPL-2.0-only
/* test_store.c - the service's store, in a file */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "service/store/store.h"
#include "vitrine/util.h"

static char url[512];

static struct store *open_store(const char *name)
{
	struct error err = { 0 };
	struct store *store;

	snprintf(url, sizeof(url), "sqlite:%s", scratch_path(name));
	store = store_open(url, &err);
	if (!store)
		fail_msg("%s", err.text);
	return store;
}

static int64_t count(struct store *store)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	assert_int_equal(store_run(store, &rows, &err, "SELECT count(*) FROM template", ""), 0);
	return rows_number(&rows, 0, 0);
}

static int add(struct store *store, const char *name, struct error *err)
{
	return store_run(store, NULL, err,
			 "INSERT INTO template (owner, name, image, created_ms) "
			 "VALUES ($1, $2, $1, $3)",
			 "ssi", "me", name, (int64_t)7);
}

static void what_is_there_stays(void **state)
{
	struct store *store = open_store("stays");
	struct rows rows cleanup_rows = { 0 };
	struct error err = { 0 };

	assert_int_equal(add(store, "a'b", &err), 0);
	assert_int_equal(add(store, "a'b", &err), -1);
	assert_int_equal(err.code, EEXIST);
	store_close(store);
	store = open_store("stays");
	assert_int_equal(store_run(store, &rows, &err,
				   "SELECT name, created_ms, NULL FROM template WHERE name = $1",
				   "s", "a'b"),
			 0);
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows_text(&rows, 0, 0), "a'b");
	assert_int_equal(rows_number(&rows, 0, 1), 7);
	assert_true(rows_null(&rows, 0, 2));
	assert_string_equal(rows_text(&rows, 5, 5), "");
	assert_int_equal(store_run(store, NULL, &err, "NONSENSE", ""), -1);
	assert_int_equal(count(store), 1);
	store_close(store);
}

static void all_or_nothing(void **state)
{
	struct store *store = open_store("changes");
	struct change change;
	struct error err = { 0 };

	assert_int_equal(change_begin(&change, store, &err), 0);
	assert_int_equal(change_run(&change, NULL, &err, "DELETE FROM template", ""), 0);
	assert_int_equal(
	    change_run(&change, NULL, &err, "INSERT INTO template VALUES ('a', 'b', 'c', 1)", ""),
	    0);
	assert_int_equal(change_end(&change, false, &err), 0);
	assert_int_equal(count(store), 0);
	assert_int_equal(change_begin(&change, store, &err), 0);
	change_run(&change, NULL, &err, "INSERT INTO template VALUES ('a', 'b', 'c', 1)", "");
	assert_int_equal(change_run(&change, NULL, &err, "NONSENSE", ""), -1);
	change_end(&change, true, &err); /* one has failed: so have all */
	assert_int_equal(count(store), 0);
	store_close(store);
}

static void *many(void *context)
{
	struct error err;

	for (unsigned i = 0; i < 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%lx-%u", (unsigned long)pthread_self(), i);
		if (add(context, name, &err))
			return (void *)1;
	}
	return NULL;
}

static void threads_take_turns(void **state)
{
	struct store *store = open_store("threads");
	pthread_t threads[4];
	void *failed;

	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many, store), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(count(store), 400);
	store_close(store);
}

static void a_newer_schema_is_refused(void **state)
{
	struct store *store = open_store("newer");
	struct error err = { 0 };

	store_run(store, NULL, &err, "UPDATE meta SET value = '1000' WHERE name = 'version'", "");
	store_close(store);
	assert_null(store_open(url, &err));
	assert_non_null(strstr(err.text, "schema 1000"));
	assert_null(store_open("file:x", &err));
	assert_null(store_open("sqlite:/nonexistent/x", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(threads_take_turns),
		cmocka_unit_test(a_newer_schema_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
