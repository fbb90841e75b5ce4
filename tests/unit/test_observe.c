// SPDX-License-Identifier: GPL-2.0-only
/* test_observe.c - what clients hear of a kernel that cannot be observed
 *
 * control/observe.c as a client of the control socket meets it. The guest's side,
 * request_call(), is a kernel that was built without the observatory, hangs, or is ending.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "engine/control/control.h"
#include "engine/control/operations.h"
#include "engine/jobs/request.h"
#include "engine/telemetry/telemetry.h"
#include "vitrine/util.h"

static const char missing[] =
    "this guest kernel was built without the observatory: build it with `make`";

static int64_t kernel_says;
static unsigned asked;
static struct error heard;

int64_t request_call(const struct question *question, const struct patience *patience,
		     struct reply *reply)
{
	assert_in_range(question->kind, VT_REQ_OBSERVE, VT_REQ_FOLLOW);
	asked++;
	*reply = (struct reply){ .value = kernel_says };
	return kernel_says;
}

int64_t connection_ask(struct connection *conn, const struct question *question,
		       struct reply *reply)
{
	return request_call(question, &(struct patience){ 0 }, reply);
}

static int region = -1;

int telemetry_fd(void)
{
	return region;
}

int connection_error(struct connection *conn, const struct error *err)
{
	heard = *err;
	return 0;
}

int connection_send(struct connection *conn, json_t *json, const void *payload, size_t len,
		    const int *fds, size_t nfds)
{
	return message_send(conn->fd, json, payload, len, fds, nfds);
}

int connection_answer(struct connection *conn, json_t *json)
{
	json_decref(json);
	fail_msg("the client was told that all is well");
	return -1;
}

static void ask(connection_op *op, const char *text, int64_t value)
{
	static const struct sandbox_config config;
	static struct connection conn;
	struct message msg;
	struct error err;

	conn = (struct connection){ .fd = -1, .config = &config };
	kernel_says = value;
	asked = 0;
	heard = (struct error){ 0 };
	assert_int_equal(message_parse(text, strlen(text), &msg, &err), 0);
	assert_int_equal(op(&conn, &msg), 0);
	assert_int_equal(asked, 1);
	kernel_says = 0;
	control_observe_close(&conn);
	/* nothing was switched on, so nothing is switched off; unless nobody knows */
	assert_int_equal(asked, value == -ETIMEDOUT && op == control_observe ? 2 : 1);
	message_free(&msg);
}

static const struct {
	connection_op *op;
	const char *text;
} questions[] = {
	{ control_observe, "{\"op\":\"observe\",\"counters\":true}" },
	{ control_observe, "{\"op\":\"observe\",\"counters\":true,\"events\":true}" },
	{ control_view, "{\"op\":\"view\",\"view\":\"scheduler\"}" },
	{ control_follow, "{\"op\":\"follow\"}" },
};

static void a_kernel_without_it_is_told_in_one_line(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		ask(questions[i].op, questions[i].text, -ENOSYS);
		assert_string_equal(heard.text, missing);
		assert_int_equal(heard.code, ENOSYS);
	}
}

static void other_failures_are_not_taken_for_it(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		ask(questions[i].op, questions[i].text, -ETIMEDOUT);
		assert_non_null(strstr(heard.text, "the guest's kernel does not answer"));
		ask(questions[i].op, questions[i].text, -ESHUTDOWN);
		assert_non_null(strstr(heard.text, "the sandbox is ending"));
		ask(questions[i].op, questions[i].text, -ENOMEM);
		assert_non_null(strstr(heard.text, strerror(ENOMEM)));
	}
}

/* Is there a descriptor with what the client gets? */
static bool gets_region(int client)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char text[512];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *head;

	if (recvmsg(client, &message, MSG_DONTWAIT) <= 0)
		return false;
	head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_type != SCM_RIGHTS)
		return false;
	close(*(const int *)CMSG_DATA(head));
	return true;
}

/* Its kernel has ended when the answer is due; what it did is in the region */
static void a_traced_guest_that_was_quick_can_be_read(void **state)
{
	static const struct sandbox_config config = { .traced = true };
	struct connection conn = { .config = &config };
	struct message msg;
	struct error err;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	region = dup(ends[1]);
	conn.fd = ends[0];
	kernel_says = -ESHUTDOWN;
	assert_int_equal(message_parse(questions[0].text, strlen(questions[0].text), &msg, &err),
			 0);
	assert_int_equal(control_observe(&conn, &msg), 0);
	assert_true(gets_region(ends[1]));
	kernel_says = 0;
	control_observe_close(&conn);
	message_free(&msg);
	close(region);
	region = -1;
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_without_it_is_told_in_one_line),
		cmocka_unit_test(other_failures_are_not_taken_for_it),
		cmocka_unit_test(a_traced_guest_that_was_quick_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
