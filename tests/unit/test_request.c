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
#include "engine/vcpu/irq.h"
#include "engine/jobs/request.h"

static struct vt_host_ops ops;
static const uint64_t args[4] = { 1, 2, 3, 4 };

void irq_raise(enum vt_irq irq)
{
	assert_int_equal(irq, VT_IRQ_REQUEST);
}

/* The guest kernel of these tests: fetches one request and answers it */
static void *kernel(void *unused)
{
	struct vt_request req;

	while (!ops.request_next(&req))
		;
	ops.request_done(req.id, (int64_t)req.args[1], "text", 4);
	return NULL;
}

static void an_answer_is_waited_for(void **state)
{
	struct reply reply;
	pthread_t thread;

	pthread_create(&thread, NULL, kernel, NULL);
	assert_int_equal(request_call_within(VT_REQ_VIEW, args, NULL, 0, 100, &reply), 2);
	assert_int_equal(reply.len, 4);
	assert_memory_equal(reply.data, "text", 4);
	free(reply.data);
	pthread_join(thread, NULL);
}

static void a_request_that_nobody_fetched_is_withdrawn(void **state)
{
	struct vt_request req;
	struct reply reply;

	assert_int_equal(request_call_within(VT_REQ_VIEW, args, "data", 4, 0, &reply), -ETIMEDOUT);
	assert_null(reply.data);
	assert_int_equal(ops.request_next(&req), 0);
}

static void *fetch(void *id)
{
	struct vt_request req;

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
	assert_int_equal(request_call_within(VT_REQ_VIEW, args, NULL, 0, 2, &reply), -ETIMEDOUT);
	pthread_join(thread, NULL);
	ops.request_done(id, 5, "late", 4);
	assert_null(reply.data);
	ops.request_done(id, 5, "again", 5); /* of an id that is not known any more */
	an_answer_is_waited_for(state);
}

static void the_end_answers_everything(void **state)
{
	struct reply reply;

	request_stop();
	assert_int_equal(request_call_within(VT_REQ_VIEW, args, NULL, 0, 100, &reply), -ESHUTDOWN);
	assert_int_equal(request_call(VT_REQ_VIEW, args, NULL, 0, &reply), -ESHUTDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_waited_for),
		cmocka_unit_test(a_request_that_nobody_fetched_is_withdrawn),
		cmocka_unit_test(an_answer_that_comes_too_late_is_nobodys),
		cmocka_unit_test(the_end_answers_everything),
	};

	request_ops_fill(&ops);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
