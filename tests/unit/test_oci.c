// SPDX-License-Identifier: GPL-2.0-only
/* test_oci.c - names of images, challenges of registries, documents */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "images/oci/challenge.h"
#include "images/oci/document.h"
#include "images/oci/reference.h"
#include "images/sealed.h"
#include "vitrine/util.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void references(void **state)
{
	static const struct {
		const char *text, *registry, *repository, *tag, *familiar;
	} good[] = {
		{ "debian", "docker.io", "library/debian", "latest", "debian" },
		{ "debian:12", "docker.io", "library/debian", "12", "debian:12" },
		{ "docker.io/library/debian:latest", "docker.io", "library/debian", "latest",
		  "debian" },
		{ "someone/thing", "docker.io", "someone/thing", "latest", "someone/thing" },
		{ "localhost/x", "localhost", "x", "latest", "localhost/x" },
		{ "h.example:5000/a/b__c-d.e:T_1.2-3", "h.example:5000", "a/b__c-d.e", "T_1.2-3",
		  "h.example:5000/a/b__c-d.e:T_1.2-3" },
		{ "[::1]:5000/a", "[::1]:5000", "a", "latest", "[::1]:5000/a" },
		{ "docker.io/l.io/x", "docker.io", "l.io/x", "latest", "docker.io/l.io/x" },
		{ "library/a/b", "docker.io", "library/a/b", "latest", "library/a/b" },
		{ "a@" DIGEST, "docker.io", "library/a", "", "a" },
	};
	static const char *const bad[] = {
		"",
		"/",
		"A",
		"a//b",
		"a/",
		"a:",
		"a:-x",
		"a..b",
		"a/../b",
		"a_/b",
		"h.x:99999999/a",
		"a@sha256:12",
		"a@sha512:" DIGEST,
		"a b",
		"../a",
		"a+b",
		"-h.x/a",
	};
	struct error err = { 0 };
	struct reference ref;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(reference_parse(good[i].text, &ref, &err), 0);
		assert_string_equal(ref.registry, good[i].registry);
		assert_string_equal(ref.repository, good[i].repository);
		assert_string_equal(ref.tag, good[i].tag);
		reference_text(&ref, text, sizeof(text));
		assert_string_equal(text, good[i].familiar);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		assert_int_equal(reference_parse(bad[i], &ref, &err), -1);
		assert_true(err.text[0]);
	}
	assert_int_equal(reference_familiar("My_Image-1.2", text, sizeof(text), &err), 0);
	assert_string_equal(text, "My_Image-1.2");
}

static void challenges(void **state)
{
	struct challenge c;

	assert_true(
	    challenge_parse("Bearer realm=\"https://a/t\",service=\"s\",scope=\"x,y\"", &c));
	assert_true(c.bearer);
	assert_string_equal(c.realm, "https://a/t");
	assert_string_equal(c.service, "s");
	assert_string_equal(c.scope, "x,y");
	assert_true(challenge_parse("Basic realm=\"x\"", &c));
	assert_false(c.bearer);
	assert_false(challenge_parse("Bearer realm=\"file:///etc/passwd\"", &c));
	assert_false(challenge_parse("Bearer realm=\"https://a", &c));
	assert_false(challenge_parse("Bearer service=\"s\"", &c));
	assert_false(challenge_parse("Negotiate", &c));
	assert_false(challenge_parse("", &c));
}

static void refused(document_reader *reader, const char *text, const char *why)
{
	struct error err = { 0 };
	json_t *result = reader(text, "linux/amd64", &err);

	assert_null(result);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
}

static void documents(void **state)
{
	struct error err = { 0 };
	json_t *result, *run;

	result = document_config(
	    "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":["
	    "\"" DIGEST "\"]},\"config\":{\"Cmd\":[\"a\"],\"Env\":[\"A=b\"],"
	    "\"ExposedPorts\":{\"80/tcp\":{}},\"User\":\"\"}}",
	    "linux/amd64", &err);
	assert_non_null(result);
	run = json_object_get(result, "run");
	assert_string_equal(json_string_value(json_array_get(json_object_get(run, "ports"), 0)),
			    "80/tcp");
	assert_null(json_object_get(run, "user"));
	json_decref(result);

	refused(document_config,
		"{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":{\"diff_ids\":[]}}",
		"for linux/arm64");
	refused(document_config, "{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Env\":[\"A\"]}}",
		"NAME=VALUE");
	refused(document_config, "{\"rootfs\":{\"diff_ids\":[\"md5:1\"]}}", "verified");
	refused(document_manifest, "{\"schemaVersion\":1}", "not in use any more");
	refused(document_manifest,
		"{\"schemaVersion\":2,\"config\":{\"digest\":\"" DIGEST "\",\"size\":-1}}", "size");
	refused(document_manifest, "[]", "not a JSON object");
	refused(document_manifest, "{\"a\":1,\"a\":2}", "not a JSON object");
	refused(document_docker, "[{\"Config\":\"../../etc/passwd\",\"Layers\":[]}]",
		"configuration");
	refused(document_index, "{\"manifests\":[]}", "no manifests");
}

static int open_file(void *context, int answer, struct error *err)
{
	int fd = open("/etc/passwd", O_RDONLY);

	dprintf(answer, "%d", fd);
	return 0;
}

static int start_program(void *context, int answer, struct error *err)
{
	execl("/bin/true", "true", NULL);
	return 0;
}

static int make_socket(void *context, int answer, struct error *err)
{
	dprintf(answer, "%d", socket(AF_INET, SOCK_STREAM, 0));
	return 0;
}

static int read_home(void *context, int answer, struct error *err)
{
	dprintf(answer, "%d", open(context, O_RDONLY));
	return 0;
}

static int say_why(void *context, int answer, struct error *err)
{
	return error_set(err, ENOENT, "the reason");
}

/* What the process that reads a stranger's data cannot do */
static void sealed_processes(void **state)
{
	struct sealed job = { .what = "test" };
	cleanup_free char *answer = NULL, *home = NULL;
	char path[] = "/tmp/vitrine-sealed-XXXXXX";
	struct error err = { 0 };
	int fd = mkstemp(path);

	job.work = open_file;
	assert_int_equal(sealed_run(&job, &answer, &err), 0);
	assert_string_equal(answer, "-1");
	free(steal_ptr(answer));
	job.work = make_socket;
	assert_int_equal(sealed_run(&job, &answer, &err), 0);
	assert_string_equal(answer, "-1");
	job.work = start_program;
	assert_int_equal(sealed_run(&job, NULL, &err), -1);
	assert_non_null(strstr(err.text, "its filter refuses"));
	job.work = say_why;
	assert_int_equal(sealed_run(&job, NULL, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.text, "the reason"));

	/* One that talks to a registry starts nothing either, and reads no file of the user's */
	job.network = true;
	job.work = start_program;
	assert_int_equal(sealed_run(&job, NULL, &err), -1);
	job.work = read_home;
	job.context = path;
	assert_int_equal(sealed_run(&job, &home, &err), 0);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0)
		assert_string_equal(home, "-1");
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references),
		cmocka_unit_test(challenges),
		cmocka_unit_test(documents),
		cmocka_unit_test(sealed_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
