// SPDX-License-Identifier: GPL-2.0-only
/* test_site.c - what the server of the browser edition sends of a file, and what it says of an
 * image */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "browser/serve/site.h"
#include "vitrine/util.h"

static void test_ranges(void **state)
{
	static const struct {
		const char *header;
		int ret;
		uint64_t from, length;
	} cases[] = {
		{ NULL, 0 },
		{ "bytes=0-0", 1, 0, 1 },
		{ "bytes=0-999", 1, 0, 1000 },
		{ "bytes=0-1000", 1, 0, 1000 },
		{ "bytes=999-", 1, 999, 1 },
		{ "bytes=1000-", -1 },
		{ "bytes=-1", 1, 999, 1 },
		{ "bytes=-5000", 1, 0, 1000 },
		{ "bytes=-0", -1 },
		/* what is not understood is no range */
		{ "bytes=5-4", 0 },
		{ "bytes=0-1,5-6", 0 },
		{ "bytes=", 0 },
		{ "bytes=-", 0 },
		{ "bytes=a-b", 0 },
		{ "bytes= 1-2", 0 },
		{ "bytes=1-2 ", 0 },
		{ "bytes=+1-2", 0 },
		{ "items=1-2", 0 },
		{ "bytes=99999999999999999999-", 0 },
		{ "bytes=0-99999999999999999999", 0 },
		{ "bytes=18446744073709551615-", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t from = 0, length = 0;

		print_message("%s\n", cases[i].header ?: "none");
		assert_int_equal(site_range(cases[i].header, 1000, &from, &length), cases[i].ret);
		if (cases[i].ret != 1)
			continue;
		assert_int_equal(from, cases[i].from);
		assert_int_equal(length, cases[i].length);
	}
}

static void make_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_site(void **state)
{
	static const char *const names[] = { "index.html",   "page.js",	 "page.css",
					     "worker.js",    "icon.svg", "xterm-license.txt",
					     "machine.wasm", "kernel.gz" };
	char directory[] = "/tmp/vitrine-site-XXXXXX", image[64];
	const struct site_file *file;
	static struct site site;
	struct error err = { 0 };
	char *text;
	int fd;

	assert_non_null(mkdtemp(directory));
	snprintf(image, sizeof(image), "%s/disk", directory);
	assert_int_equal(site_open(&site, directory, image, &err), -1);
	assert_non_null(strstr(err.text, "make browser"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_file(directory, names[i], names[i]);
	assert_int_equal(site_open(&site, directory, image, &err), -1); /* no image */

	/* data in the third chunk; the last one is short */
	fd = open(image, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 3 * SITE_CHUNK + 4096), 0);
	assert_int_equal(pwrite(fd, "x", 1, 2 * SITE_CHUNK), 1);
	close(fd);
	assert_int_equal(site_open(&site, directory, image, &err), 0);

	file = site_find(&site, "/page.js");
	assert_non_null(file);
	assert_int_equal(file->size, strlen("page.js"));
	assert_memory_equal(file->data, "page.js", file->size);
	assert_int_equal(strlen(file->etag), 22);
	assert_null(site_find(&site, "/disk"));
	assert_null(site_find(&site, "/../disk"));
	file = site_find(&site, "/image/disk");
	assert_int_equal(file->size, 3 * SITE_CHUNK + 4096);
	assert_string_equal(file->etag, "");
	file = site_find(&site, "/image/disk.json");
	text = strndup((const char *)file->data, file->size);
	/* sha256 of "x" and 262143 zeros */
	assert_string_equal(text, "{\"size\":790528,\"chunk\":262144,\"chunks\":[\"\",\"\",\""
				  "253165877a6f132c79d2a9c309c69edcd895e2fc21ef926ca5feee98ee5cadf0"
				  "\",\"\"]}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
