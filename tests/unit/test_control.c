// SPDX-License-Identifier: GPL-2.0-only
/* test_control.c - messages of the control socket and the run directory */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/control/message.h"
#include "engine/control/rundir.h"
#include "vitrine/abi.h"
#include "vitrine/telemetry.h"

static int parse(const char *text, struct message *msg, struct error *err)
{
	return message_parse(text, strlen(text), msg, err);
}

static void refused(const char *text, const char *why)
{
	struct message msg;
	struct error err = { 0 };

	if (parse(text, &msg, &err) == 0)
		fail_msg("accepted: %s", text);
	if (!strstr(err.text, why))
		fail_msg("%s: said '%s' instead of '%s'", text, err.text, why);
}

static void exec_is_taken_apart(void **state)
{
	struct message msg;
	struct error err;

	assert_int_equal(parse("{\"op\":\"exec\",\"argv\":[\"ls\",\"-l\"],\"env\":[\"A=b\"],"
			       "\"cwd\":\"/tmp\",\"user\":\"nobody\",\"tty\":true,\"rows\":24,"
			       "\"columns\":80,\"later\":1}",
			       &msg, &err),
			 0);
	assert_int_equal(msg.op, MESSAGE_EXEC);
	assert_string_equal(msg.argv[1], "-l");
	assert_null(msg.argv[2]);
	assert_string_equal(msg.env[0], "A=b");
	assert_string_equal(msg.cwd, "/tmp");
	assert_string_equal(msg.user, "nobody");
	assert_true(msg.tty);
	assert_int_equal(msg.rows, 24);
	assert_int_equal(msg.columns, 80);
	message_free(&msg);
}

static void observe_is_taken_apart(void **state)
{
	struct message msg;
	struct error err;

	assert_int_equal(
	    parse("{\"op\":\"observe\",\"events\":true,\"calls\":\"0a000000000000008f\","
		  "\"paths\":true}",
		  &msg, &err),
	    0);
	assert_true(msg.events && msg.paths);
	assert_false(msg.counters || msg.sampler);
	assert_true(msg.calls.present);
	assert_int_equal(msg.calls.words[0], 0x0a);
	assert_int_equal(msg.calls.words[1], 0x8f);
	assert_int_equal(msg.kinds, (1LL << VT_NR_EVENT_KINDS) - 1);
	assert_int_equal(msg.capture, VT_CAPTURE_DEFAULT);
	assert_int_equal(msg.interval_ms, 100);
	message_free(&msg);

	assert_int_equal(parse("{\"op\":\"view\",\"view\":\"task\",\"pid\":3}", &msg, &err), 0);
	assert_int_equal(msg.view, VT_VIEW_TASK);
	assert_int_equal(msg.pid, 3);
	message_free(&msg);

	assert_int_equal(parse("{\"op\":\"follow\",\"min_ns\":5}", &msg, &err), 0);
	assert_int_equal(msg.call, -1);
	assert_int_equal(msg.min_ns, 5);
	message_free(&msg);
}

static void bad_messages_are_refused(void **state)
{
	refused("", "not JSON");
	refused("x", "not JSON");
	refused("[]", "no such operation");
	refused("{}", "no such operation");
	refused("{\"op\":7}", "no such operation");
	refused("{\"op\":\"boom\"}", "no such operation");
	refused("{\"op\":\"ps\",\"op\":\"kill\"}", "not JSON");
	refused("{\"op\":\"exec\"}", "no argv");
	refused("{\"op\":\"exec\",\"argv\":[]}", "argv is empty");
	refused("{\"op\":\"exec\",\"argv\":\"ls\"}", "not an array");
	refused("{\"op\":\"exec\",\"argv\":[\"ls\",1]}", "not an array of strings");
	refused("{\"op\":\"exec\",\"argv\":[\"a\\u0000b\"]}", "not JSON");
	refused("{\"op\":\"exec\",\"argv\":[\"ls\"],\"rows\":65536}", "not a number from");
	refused("{\"op\":\"exec\",\"argv\":[\"ls\"],\"rows\":-1}", "not a number from");
	refused("{\"op\":\"exec\",\"argv\":[\"ls\"],\"rows\":1.5}", "not a number from");
	refused("{\"op\":\"exec\",\"argv\":[\"ls\"],\"tty\":1}", "neither true nor false");
	refused("{\"op\":\"signal\",\"signal\":65}", "not a number from");
	refused("{\"op\":\"read\",\"handle\":1,\"offset\":0,\"length\":1000000000}",
		"not a number from");
	refused("{\"op\":\"read\",\"handle\":0,\"offset\":0,\"length\":1}", "not a number from");
	refused("{\"op\":\"stat\"}", "no payload");
	refused("{\"op\":\"observe\",\"kinds\":-1}", "not a number from");
	refused("{\"op\":\"observe\",\"interval_ms\":1}", "not a number from");
	refused("{\"op\":\"observe\",\"calls\":7}", "not hexadecimal digits");
	refused("{\"op\":\"observe\",\"calls\":\"0\"}", "not hexadecimal digits");
	refused("{\"op\":\"observe\",\"calls\":\"0g\"}", "not hexadecimal digits");
	refused("{\"op\":\"view\"}", "no view");
	refused("{\"op\":\"view\",\"view\":\"?\"}", "no such view");
	refused("{\"op\":\"view\",\"view\":\"boot\"}", "no such view");
	refused("{\"op\":\"follow\",\"call\":512}", "not a number from");
}

static void payload_follows_a_nul(void **state)
{
	static const char packet[] = "{\"op\":\"stat\"}\0/etc/\xff";
	struct message msg;
	struct error err;

	assert_int_equal(message_parse(packet, sizeof(packet) - 1, &msg, &err), 0);
	assert_int_equal(msg.payload_len, 6);
	assert_memory_equal(msg.payload, "/etc/\xff", 6);
	message_free(&msg);
}

static void oversized_payload_is_refused(void **state)
{
	static char packet[MESSAGE_MAX] = "{\"op\":\"stat\"}";
	struct message msg;
	struct error err;

	assert_int_equal(message_parse(packet, sizeof(packet), &msg, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
}

static size_t open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void packets_travel_with_descriptors(void **state)
{
	int pair[2], fds[MESSAGE_FDS], sent[MESSAGE_FDS] = { 0, 1, 2 };
	size_t before, nfds, json_len;
	const uint8_t *payload;
	char buf[256];
	ssize_t len;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	before = open_descriptors();
	assert_int_equal(message_send(pair[0], json_pack("{s:i}", "value", 7), "pay", 3, sent, 3),
			 0);
	len = message_receive(pair[1], buf, sizeof(buf), fds, &nfds);
	assert_int_equal(nfds, 3);
	payload = message_split(buf, len, &json_len);
	assert_memory_equal(buf, "{\"value\":7}", json_len);
	assert_memory_equal(payload, "pay", 3);
	while (nfds)
		close(fds[--nfds]);
	assert_int_equal(open_descriptors(), before);
	close(pair[0]);
	assert_int_equal(message_receive(pair[1], buf, sizeof(buf), fds, &nfds), 0);
	close(pair[1]);
}

/* A client that attaches more descriptors than it may must not leave them with us */
static void surplus_descriptors_are_closed(void **state)
{
	union {
		char space[CMSG_SPACE((MESSAGE_FDS + 2) * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { "{}", 2 };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space) };
	int pair[2], fds[MESSAGE_FDS], many[MESSAGE_FDS + 2] = { 0, 1, 2 };
	size_t before, nfds;
	char buf[64];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	before = open_descriptors();
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(many));
	memcpy(CMSG_DATA(&control.align), many, sizeof(many));
	assert_int_equal(sendmsg(pair[0], &header, 0), 2);
	assert_int_equal(message_receive(pair[1], buf, sizeof(buf), fds, &nfds), -1);
	assert_int_equal(nfds, 0);
	assert_int_equal(open_descriptors(), before);
	close(pair[0]);
	close(pair[1]);
}

static void packets_that_do_not_fit_are_refused(void **state)
{
	int pair[2], fds[MESSAGE_FDS];
	char buf[8];
	size_t nfds;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(send(pair[0], "0123456789", 10, 0), 10);
	assert_int_equal(message_receive(pair[1], buf, sizeof(buf), fds, &nfds), -1);
	assert_int_equal(errno, EMSGSIZE);
	close(pair[0]);
	close(pair[1]);
}

static void a_name_is_claimed_once(void **state)
{
	char base[] = "/tmp/vitrine-test-XXXXXX";
	struct error err = { 0 };
	int dir, first, client;

	assert_non_null(mkdtemp(base));
	setenv("XDG_RUNTIME_DIR", base, 1);
	dir = rundir_open(&err);
	assert_true(dir >= 0);
	assert_int_equal(rundir_connect(dir, "box", &err), -1);
	assert_string_equal(err.text, "no sandbox named box is running");
	first = rundir_listen(dir, "box", &err);
	assert_true(first >= 0);
	assert_int_equal(rundir_listen(dir, "box", &err), -1);
	assert_string_equal(err.text, "a sandbox named box is running already");
	client = rundir_connect(dir, "box", &err);
	assert_true(client >= 0);
	close(client);

	/* It dies; the next one takes its place, and a visitor clears up */
	close(first);
	first = rundir_listen(dir, "box", &err);
	assert_true(first >= 0);
	close(first);
	assert_int_equal(rundir_connect(dir, "box", &err), -1);
	assert_int_equal(faccessat(dir, "box.sock", F_OK, 0), -1);
	assert_int_equal(rundir_listen(dir, "../box", &err), -1);
	assert_int_equal(rundir_listen(dir, ".box", &err), -1);

	/* Somebody else could write there */
	fchmod(dir, 0777);
	assert_int_equal(rundir_open(&err), -1);
	assert_non_null(strstr(err.text, "not ours alone"));
	close(dir);
	rmdir(strcat(strcpy((char[64]){ 0 }, base), "/vitrine"));
	rmdir(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_is_taken_apart),
		cmocka_unit_test(observe_is_taken_apart),
		cmocka_unit_test(bad_messages_are_refused),
		cmocka_unit_test(payload_follows_a_nul),
		cmocka_unit_test(oversized_payload_is_refused),
		cmocka_unit_test(packets_travel_with_descriptors),
		cmocka_unit_test(surplus_descriptors_are_closed),
		cmocka_unit_test(packets_that_do_not_fit_are_refused),
		cmocka_unit_test(a_name_is_claimed_once),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
