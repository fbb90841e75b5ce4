// SPDX-License-Identifier: GPL-2.0-only
/* test_parsers.c - what the service understands of strangers' words */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "service/api/fields.h"
#include "service/config.h"
#include "service/e2b/envelope.h"
#include "service/e2b/multipart.h"
#include "service/files/range.h"
#include "service/http/match.h"
#include "service/metrics/proc.h"
#include "service/metrics/series.h"
#include "service/starter/order.h"
#include "vitrine/util.h"

static void names_are_no_paths(void **state)
{
	static const char *const good[] = { "a", "0", "a.b-c_d", "A..b", "vd-1" };
	static const char *const bad[] = { "",	  "-a", ".a",  "_a",	  "a/b",
					   "a b", "..", "a\n", "\303\251" };
	char most[67];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(order_name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(order_name_valid(bad[i]));
	assert_false(order_name_valid(NULL));
	memset(most, 'x', sizeof(most));
	most[64] = '\0';
	assert_true(order_name_valid(most));
	most[64] = 'x';
	most[65] = '\0';
	assert_false(order_name_valid(most));
}

/* The words of an order, with a blank between two; or why it is none */
static char *words_of(const char *text)
{
	static char line[4096];
	json_t *json = json_loads(text, 0, NULL);
	struct error err = { 0 };
	struct order order;

	line[0] = '\0';
	if (order_parse(json, "vitrine", &order, &err)) {
		snprintf(line, sizeof(line), "refused: %s", err.text);
	} else {
		for (unsigned i = 0; i < order.nwords; i++) {
			strcat(line, i ? " " : "");
			strcat(line, order.words[i]);
		}
	}
	order_free(&order);
	json_decref(json);
	return line;
}

static void orders_become_command_lines(void **state)
{
	assert_string_equal(words_of("{'op':'pause','name':'vd-a'}"), "refused: an order needs op "
								      "and the name of a sandbox");
	assert_string_equal(words_of("{\"op\":\"pause\",\"name\":\"vd-a\"}"), "vitrine pause vd-a");
	assert_string_equal(words_of("{\"op\":\"end\",\"name\":\"vd-a\"}"),
			    "vitrine rm --force vd-a");
	assert_string_equal(
	    words_of("{\"op\":\"rollback\",\"name\":\"vd-a\",\"snapshot\":\"vd-b\"}"),
	    "vitrine rollback vd-a vd-b");
	assert_string_equal(
	    words_of("{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"mini\",\"vcpus\":2,"
		     "\"memory_mb\":256,\"env\":[\"A=-b c\"],\"network\":\"rules\","
		     "\"allow\":[\"example.com:443\"]}"),
	    "vitrine run --detach --ephemeral --rm --name vd-a --memory=256M --cpus=2 -e A=-b c "
	    "--net=rules --net-allow example.com:443 mini -- sleep infinity");
}

static void orders_that_could_be_options_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"op\":\"explode\",\"name\":\"vd-a\"}",
		"{\"op\":\"end\",\"name\":\"--all\"}",
		"{\"op\":\"end\",\"name\":\"web\"}", /* somebody's own sandbox */
		"{\"op\":\"forget\",\"name\":\"../x\"}",
		"{\"op\":\"snapshot\",\"name\":\"vd-a\",\"snapshot\":\"mine\"}",
		"{\"op\":\"clone\",\"name\":\"vd-a\"}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"-v/:/"
		"\",\"vcpus\":1,\"memory_mb\":64}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"/"
		"etc\",\"vcpus\":1,\"memory_mb\":64}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":0,\"memory_mb\":64}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":1}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":64,"
		"\"env\":[\"HOME\"]}", /* the host's value */
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":64,"
		"\"env\":[3]}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":64,"
		"\"network\":\"rules\",\"allow\":[\"-x\"]}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":64,"
		"\"network\":\"host\"}",
		"{\"op\":\"run\",\"name\":\"vd-a\",\"image\":\"m\",\"vcpus\":1,\"memory_mb\":64,"
		"\"syscall_mode\":\"x\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (strncmp(words_of(bad[i]), "refused: ", 9) != 0)
			fail_msg("%s: %s", bad[i], words_of(bad[i]));
	}
}

static void patterns_fit_whole_paths(void **state)
{
	char params[MATCH_PARAMS][MATCH_PARAM_MAX];

	assert_true(match_path("/a/{}/c", "/a/b/c", params));
	assert_string_equal(params[0], "b");
	assert_true(match_path("/{}/{}", "/x/..", params));
	assert_string_equal(params[1], "..");
	assert_false(match_path("/a/{}/c", "/a//c", params));
	assert_false(match_path("/a/{}", "/a/b/c", params));
	assert_false(match_path("/a/{}", "/a/", params));
	assert_false(match_path("/a", "/a/", params));
	assert_false(match_path("/a/b", "/a", params));
}

static void fields_are_of_their_types(void **state)
{
	static const char *const bad[] = {
		"{\"n\":1.5}",
		"{\"n\":11}",
		"{\"n\":\"1\"}",
		"{\"t\":1}",
		"{\"t\":\"../x\"}",
		"{\"m\":[]}",
		"{\"m\":{\"a\":1}}",
		"{\"m\":{\"\":\"b\"}}",
		"{\"x\":1}",
		"{\"l\":[1]}",
		"{\"l\":[\"1\",\"2\",\"3\"]}",
		"{\"b\":1}",
	};
	const json_t *map = NULL, *list = NULL;
	const char *text = NULL;
	int64_t number = 5;
	bool flag = false;
	const struct field fields[] = {
		{ "n", FIELD_NUMBER, 0, 10, &number, false },
		{ "t", FIELD_NAME, 0, 0, &text, false },
		{ "m", FIELD_MAP, 0, 2, &map, false },
		{ "l", FIELD_TEXTS, 0, 2, &list, false },
		{ "b", FIELD_BOOL, 0, 0, &flag, false },
	};
	struct fault fault = { 0 };
	json_t *body;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		body = json_loads(bad[i], 0, NULL);
		assert_non_null(body);
		assert_int_equal(fields_take(body, fields, ARRAY_SIZE(fields), &fault), -1);
		assert_int_equal(fault.code, FAULT_BAD_REQUEST);
		json_decref(body);
	}
	body = json_loads("{\"n\":7,\"t\":\"x\",\"m\":{\"a\":\"b\"},\"l\":[\"y\"],\"b\":true}", 0,
			  NULL);
	assert_int_equal(fields_take(body, fields, ARRAY_SIZE(fields), &fault), 0);
	assert_int_equal(number, 7);
	assert_string_equal(text, "x");
	assert_true(flag);
	json_decref(body);
}

static void files_are_options(void **state)
{
	char text[] = "# none\n\n  listen = 1:2 \nstore=x=y\r\ndrain\n";
	char *words[4];
	struct error err;

	assert_int_equal(config_words(text, words, 4, &err), 3);
	assert_string_equal(words[0], "--listen=1:2");
	assert_string_equal(words[1], "--store=x=y");
	assert_string_equal(words[2], "--drain");
	for (unsigned i = 0; i < 3; i++)
		free(words[i]);
}

static void addresses_are_numbers(void **state)
{
	static const char *const bad[] = { "",	     ":",      "1.2.3.4",   "x:1", "1.2.3.4:65536",
					   "[::1]:", "::1:-1", "1.2.3.4: 1" };
	struct config config;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_listen(&config, bad[i], &err), -1);
	assert_int_equal(config_listen(&config, "80", &err), 0);
	assert_string_equal(config.address, "127.0.0.1");
	assert_int_equal(config.port, 80);
	assert_int_equal(config_listen(&config, "[::1]:81", &err), 0);
	assert_string_equal(config.address, "::1");
	assert_int_equal(config.port, 81);
}

static void ranges_are_within(void **state)
{
	uint64_t from, to;

	assert_int_equal(range_parse("bytes=0-", 10, &from, &to), 1);
	assert_int_equal(from, 0);
	assert_int_equal(to, 10);
	assert_int_equal(range_parse("bytes=5-99", 10, &from, &to), 1);
	assert_int_equal(from, 5);
	assert_int_equal(to, 10);
	assert_int_equal(range_parse("bytes=-3", 10, &from, &to), 1);
	assert_int_equal(from, 7);
	assert_int_equal(range_parse("bytes=-30", 10, &from, &to), 1);
	assert_int_equal(from, 0);
	assert_int_equal(range_parse("bytes=10-", 10, &from, &to), -1);
	assert_int_equal(range_parse("bytes=-0", 10, &from, &to), -1);
	assert_int_equal(range_parse("bytes=0-0", 0, &from, &to), -1);
	assert_int_equal(range_parse("bytes=1-2,4-5", 10, &from, &to), 0);
	assert_int_equal(range_parse("bytes=3-2", 10, &from, &to), 0);
	assert_int_equal(range_parse("lines=1-2", 10, &from, &to), 0);
	assert_int_equal(range_parse("bytes=99999999999999999999-", 10, &from, &to), 0);
}

static void envelopes_are_whole(void **state)
{
	const char *data = "\0\0\0\0\2{}", *longer = "\0\0\0\0\3{}", *zipped = "\1\0\0\0\2{}";
	unsigned char head[ENVELOPE_HEAD];
	size_t len = 7;

	assert_int_equal(envelope_open(&data, &len), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(data, "{}", 2);
	len = 7;
	assert_int_equal(envelope_open(&longer, &len), -1);
	len = 7;
	assert_int_equal(envelope_open(&zipped, &len), -1);
	len = 4;
	assert_int_equal(envelope_open(&zipped, &len), -1);
	envelope_head(head, ENVELOPE_END, 0x01020304);
	assert_memory_equal(head, "\2\1\2\3\4", 5);
}

static char told[4096];

static int tell_begin(void *context, const char *name, const char *filename)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "[%s|%s]", name, filename);
	return 0;
}

static int tell_data(void *context, const char *data, size_t len)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%.*s", (int)len, data);
	return 0;
}

static int tell_end(void *context)
{
	strcat(told, ";");
	return 0;
}

static const struct multipart_events tellers = { tell_begin, tell_data, tell_end, NULL };

#define FORM "multipart/form-data; boundary=XX"

static void forms_are_read_wherever_they_are_cut(void **state)
{
	static const char body[] = "--XX\r\nContent-Disposition: form-data; name=\"file\"; "
				   "filename=\"/a/b \\\"c\"\r\nContent-Type: x\r\n\r\nfirst\r\n-"
				   "-X\r\n--XX\r\nContent-Disposition: form-data; name=\"other\""
				   "\r\n\r\n\r\n--XX--\r\n";
	static const char want[] = "[file|/a/b \"c]first\r\n--X;[other|];";
	struct multipart m;

	for (size_t step = 1; step < sizeof(body); step++) {
		told[0] = '\0';
		assert_int_equal(multipart_open(&m, FORM, &tellers), 0);
		for (size_t at = 0; at < sizeof(body) - 1; at += step) {
			const size_t left = sizeof(body) - 1 - at;

			assert_int_equal(multipart_take(&m, body + at, left < step ? left : step),
					 0);
		}
		assert_true(multipart_over(&m));
		assert_string_equal(told, want);
	}
}

static void forms_that_are_none(void **state)
{
	struct multipart m;

	assert_int_equal(multipart_open(&m, NULL, &tellers), -1);
	assert_int_equal(multipart_open(&m, "text/plain; boundary=X", &tellers), -1);
	assert_int_equal(multipart_open(&m, "multipart/form-data; boundary=", &tellers), -1);
	assert_int_equal(multipart_open(&m, FORM, &tellers), 0);
	assert_int_equal(multipart_take(&m, "--XXrubbish", 11), -1);
	assert_int_equal(multipart_open(&m, FORM, &tellers), 0);
	assert_int_equal(multipart_take(&m, "--XX\r\nA: b\r\n\r\nno end", 20), 0);
	assert_false(multipart_over(&m));
}

static void figures_of_proc(void **state)
{
	assert_int_equal(proc_busy("cpu  1 2 3 400 5 6 7 8\ncpu0 9"), 1 + 2 + 3 + 6 + 7);
	assert_int_equal(proc_busy("intr 1"), 0);
	assert_int_equal(proc_busy(""), 0);
	assert_int_equal(proc_memory("MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable:   40 kB\n"),
			 60 * 1024);
	assert_int_equal(proc_memory("MemTotal: 1 kB\nMemAvailable: 2 kB\n"), 0);
	assert_int_equal(proc_network("Inter-|   Receive\n face |bytes\n    lo: 5 0 0 0 0 0 0 0 5\n"
				      "  eth0: 10 1 0 0 0 0 0 0 20 1\n eth1:1 2\n"),
			 31);
	assert_int_equal(proc_network("x\ny:"), 0);
}

static void series_become_coarser(void **state)
{
	struct series *series = series_make(1000000);
	struct figures out[1300];
	unsigned rings = 0, middles = 0;

	for (unsigned i = 0; i < 1300; i++) {
		rings =
		    series_add(series, &(struct figures){ 1000000 + i * 500, i, i * 1024, 1024 });
		middles += rings & 1U << SERIES_MIDDLE ? 1 : 0;
	}
	assert_int_equal(middles, 1300 / 60);
	assert_int_equal(series_read(series, SERIES_FINE, 0, out, 1300), 1200);
	assert_int_equal(out[0].cpu_permille, 100);
	assert_int_equal(out[1199].at_ms, 1000000 + 1299 * 500);
	assert_int_equal(series_read(series, SERIES_FINE, out[1199].at_ms, out, 1300), 0);
	assert_int_equal(series_read(series, SERIES_MIDDLE, 0, out, 1300), 21);
	assert_int_equal(out[0].at_ms, 1000000 + 59 * 500);
	assert_int_equal(out[0].net_bytes, 60 * 1024);
	assert_int_equal(out[0].cpu_permille, 59 * 60 / 2 / 60);
	assert_int_equal(series_read(series, SERIES_COARSE, 0, out, 1300), 2);
	assert_int_equal(out[0].net_bytes, 600 * 1024);
	free(series);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_no_paths),
		cmocka_unit_test(orders_become_command_lines),
		cmocka_unit_test(orders_that_could_be_options_are_refused),
		cmocka_unit_test(patterns_fit_whole_paths),
		cmocka_unit_test(fields_are_of_their_types),
		cmocka_unit_test(files_are_options),
		cmocka_unit_test(addresses_are_numbers),
		cmocka_unit_test(figures_of_proc),
		cmocka_unit_test(series_become_coarser),
		cmocka_unit_test(ranges_are_within),
		cmocka_unit_test(envelopes_are_whole),
		cmocka_unit_test(forms_are_read_wherever_they_are_cut),
		cmocka_unit_test(forms_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
