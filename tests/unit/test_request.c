// SPDX-License-Identifier: GPL-2.0-only
/* test_request.c - questions to a guest kernel that answers, answers late, or never looks */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "engine/vcpu/irq.h"
#include "engine/jobs/request.h"

static struct vt_host_ops ops;
static const struct vt_view_of head = { 1, 2, 3 };
static const struct question question = { QUESTION(VT_REQ_VIEW, &head), .rest = "data",
					  .rest_len = 4 };

static const struct patience endless = { 100, -1 };

void irq_raise(enum vt_irq irq)
{
	assert_int_equal(irq, VT_IRQ_REQUEST);
}

/* The guest kernel of these tests: fetches one request and answers it */
static void *kernel(void *unused)
{
	static uint8_t data[VT_REQ_DATA_MAX];
	struct vt_request req = { .data = data };
	const struct vt_view_of *got = (const void *)data;

	while (!ops.request_next(&req))
		;
	assert_int_equal(req.len, sizeof(*got) + 4);
	assert_memory_equal(got + 1, "data", 4);
	assert_int_equal(ops.request_done(req.id, got->pid, "text", 4), 1);
	return NULL;
}

static void an_answer_is_waited_for(void **state)
{
	struct reply reply;
	pthread_t thread;

	pthread_create(&thread, NULL, kernel, NULL);
	assert_int_equal(request_call(&question, &endless, &reply), 2);
	assert_int_equal(reply.len, 4);
	assert_memory_equal(reply.data, "text", 4);
	free(reply.data);
	pthread_join(thread, NULL);
}

static void a_request_that_nobody_fetched_is_withdrawn(void **state)
{
	struct vt_request req;
	struct reply reply;

	assert_int_equal(request_call(&question, &(struct patience){ 0, -1 }, &reply), -ETIMEDOUT);
	assert_null(reply.data);
	assert_int_equal(ops.request_next(&req), 0);
}

static void *fetch(void *id)
{
	static uint8_t data[VT_REQ_DATA_MAX];
	struct vt_request req = { .data = data };

	while (!ops.request_next(&req))
		;
	*(uint64_t *)id = req.id;
	return NULL;
}

static void an_answer_that_comes_too_late_is_nobodys(void **state)
{
	struct reply reply;
	pthread_t thread;
	uint64_t id = 0;

	pthread_create(&thread, NULL, fetch, &id);
	assert_int_equal(request_call(&question, &(struct patience){ 2, -1 }, &reply), -ETIMEDOUT);
	pthread_join(thread, NULL);
	assert_int_equal(ops.request_done(id, 5, "late", 4), 0);
	assert_null(reply.data);
	/* of an id that is not known any more */
	assert_int_equal(ops.request_done(id, 5, "again", 5), 0);
	an_answer_is_waited_for(state);
}

static void who_asked_and_died_is_not_waited_for(void **state)
{
	struct reply reply;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(request_call(&question, &(struct patience){ 100, pair[0] }, &reply),
			 -ECANCELED);
	close(pair[0]);
}

static void what_is_too_long_is_refused(void **state)
{
	static char data[VT_REQ_DATA_MAX];
	struct question longest = question;
	struct reply reply;

	longest.rest = data;
	longest.rest_len = sizeof(data);
	assert_int_equal(request_call(&longest, &endless, &reply), -E2BIG);
}

static void the_end_answers_everything(void **state)
{
	struct reply reply;

	request_stop();
	assert_int_equal(request_call(&question, &endless, &reply), -ESHUTDOWN);
	assert_int_equal(request_call(&question, &endless, &reply), -ESHUTDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_waited_for),
		cmocka_unit_test(a_request_that_nobody_fetched_is_withdrawn),
		cmocka_unit_test(an_answer_that_comes_too_late_is_nobodys),
		cmocka_unit_test(who_asked_and_died_is_not_waited_for),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(the_end_answers_everything),
	};

	request_ops_fill(&ops);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
