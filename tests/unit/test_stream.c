// SPDX-License-Identifier: GPL-2.0-only
/* test_stream.c - streams: order, back-pressure, ends, and what a stopped stream leaves alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "engine/vcpu/irq.h"
#include "engine/jobs/stream.h"

#define TOTAL (4 * 1024 * 1024)

static struct vt_host_ops ops;
static pthread_mutex_t irq_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t irq_change = PTHREAD_COND_INITIALIZER;
static unsigned irq_count;

void irq_raise(enum vt_irq irq)
{
	pthread_mutex_lock(&irq_lock);
	irq_count++;
	pthread_cond_broadcast(&irq_change);
	pthread_mutex_unlock(&irq_lock);
}

/* As a pump does: sleep until VT_IRQ_STREAM has come after the attempt that failed */
static void pump_sleep(unsigned seen)
{
	pthread_mutex_lock(&irq_lock);
	while (irq_count == seen)
		pthread_cond_wait(&irq_change, &irq_lock);
	pthread_mutex_unlock(&irq_lock);
}

static uint8_t pattern(size_t at)
{
	return at * 7 + at / 251;
}

static vt_s64 guest_read(uint32_t id, void *buf, vt_u32 len)
{
	for (;;) {
		unsigned seen = irq_count;
		vt_s64 n = ops.stream_read(id, buf, len);

		if (n != -EAGAIN)
			return n;
		pump_sleep(seen);
	}
}

static void *host_writer(void *arg)
{
	int fd = *(int *)arg;
	uint8_t buf[777];

	for (size_t at = 0; at < TOTAL;) {
		size_t len = TOTAL - at < sizeof(buf) ? TOTAL - at : sizeof(buf);

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(at + i);
		assert_int_equal(write(fd, buf, len), len);
		at += len;
	}
	close(fd);
	return NULL;
}

static void input_keeps_order_and_ends(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_GUEST };
	static uint8_t buf[10000];
	struct error err;
	pthread_t thread;
	size_t at = 0;
	int fds[2];
	vt_s64 n;

	assert_int_equal(pipe(fds), 0);
	config.fd = fds[0];
	assert_int_equal(stream_open(4, &config, &err), 0);
	pthread_create(&thread, NULL, host_writer, &fds[1]);
	while ((n = guest_read(4, buf, sizeof(buf))) > 0) {
		for (vt_s64 i = 0; i < n; i++, at++)
			assert_int_equal(buf[i], pattern(at));
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, TOTAL);
	pthread_join(thread, NULL);
	stream_release(4);
	close(fds[0]);
}

static void *guest_writer(void *arg)
{
	static uint8_t buf[70000];

	for (size_t at = 0; at < TOTAL;) {
		size_t len = TOTAL - at < sizeof(buf) ? TOTAL - at : sizeof(buf);
		unsigned seen = irq_count;
		vt_s64 n;

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(at + i);
		n = ops.stream_write(5, buf, len);
		if (n == -EAGAIN)
			pump_sleep(seen);
		else
			at += n;
	}
	ops.stream_close(5);
	return NULL;
}

static void output_keeps_order_against_a_slow_reader(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_HOST };
	static uint8_t buf[30000];
	struct error err;
	pthread_t thread;
	size_t at = 0;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	config.fd = fds[1];
	assert_int_equal(stream_open(5, &config, &err), 0);
	pthread_create(&thread, NULL, guest_writer, NULL);
	usleep(20000);
	assert_false(stream_flush(5, 10));
	while (at < TOTAL) {
		ssize_t n = read(fds[0], buf, sizeof(buf));

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++, at++)
			assert_int_equal(buf[i], pattern(at));
	}
	assert_true(stream_flush(5, -1));
	pthread_join(thread, NULL);
	stream_release(5);
	close(fds[0]);
	close(fds[1]);
}

static void closed_reader_is_epipe(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_HOST };
	struct error err;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	config.fd = fds[1];
	assert_int_equal(stream_open(5, &config, &err), 0);
	close(fds[0]);
	for (int i = 0; i < 1000 && ops.stream_write(5, "x", 1) != -EPIPE; i++)
		usleep(1000);
	assert_int_equal(ops.stream_write(5, "x", 1), -EPIPE);
	assert_true(stream_flush(5, -1));
	stream_release(5);
	close(fds[1]);
}

/* The terminal belongs to the shell again once `vitrine exec` is over */
static void stopped_input_swallows_nothing(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_GUEST };
	struct pollfd ready = { .events = POLLIN };
	struct error err;
	char c = 0;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	config.fd = ready.fd = fds[0];
	assert_int_equal(stream_open(4, &config, &err), 0);
	usleep(10000);
	ops.stream_close(4);
	stream_release(4);
	assert_int_equal(write(fds[1], "k", 1), 1);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'k');
	close(fds[0]);
	close(fds[1]);
}

static void flags_of_the_descriptor_stay(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_HOST };
	struct error err;
	int fds[2];
	int flags;

	assert_int_equal(pipe(fds), 0);
	flags = fcntl(fds[1], F_GETFL);
	config.fd = fds[1];
	assert_int_equal(stream_open(5, &config, &err), 0);
	assert_int_equal(ops.stream_write(5, "x", 1), 1);
	assert_int_equal(fcntl(fds[1], F_GETFL), flags);
	stream_release(5);
	close(fds[0]);
	close(fds[1]);
}

static void no_descriptor(void **state)
{
	struct stream_config input = { .direction = STREAM_TO_GUEST, .fd = -1 };
	struct stream_config silent = { .direction = STREAM_TO_GUEST, .fd = -1, .tty = true };
	struct stream_config output = { .direction = STREAM_TO_HOST, .fd = -1 };
	struct error err;
	char c;

	assert_int_equal(stream_open(4, &input, &err), 0);
	assert_int_equal(ops.stream_read(4, &c, 1), 0);
	stream_release(4);
	assert_int_equal(stream_open(4, &silent, &err), 0);
	assert_int_equal(ops.stream_read(4, &c, 1), -EAGAIN);
	stream_release(4);
	assert_int_equal(stream_open(5, &output, &err), 0);
	assert_int_equal(ops.stream_write(5, "abc", 3), 3);
	stream_release(5);
}

static void file_end_on_a_guest_terminal_is_control_d(void **state)
{
	struct stream_config config = { .direction = STREAM_TO_GUEST, .tty = true };
	struct error err;
	char buf[8];

	config.fd = open("/dev/null", O_RDONLY);
	assert_int_equal(stream_open(4, &config, &err), 0);
	assert_int_equal(guest_read(4, buf, sizeof(buf)), 1);
	assert_int_equal(buf[0], 4);
	assert_int_equal(ops.stream_read(4, buf, sizeof(buf)), -EAGAIN);
	stream_release(4);
	close(config.fd);
}

static void numbers_out_of_range(void **state)
{
	char c;

	assert_int_equal(ops.stream_read(STREAM_MAX, &c, 1), 0);
	assert_int_equal(ops.stream_write(UINT32_MAX, &c, 1), -EPIPE);
	ops.stream_close(UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_keeps_order_and_ends),
		cmocka_unit_test(output_keeps_order_against_a_slow_reader),
		cmocka_unit_test(closed_reader_is_epipe),
		cmocka_unit_test(stopped_input_swallows_nothing),
		cmocka_unit_test(flags_of_the_descriptor_stay),
		cmocka_unit_test(no_descriptor),
		cmocka_unit_test(file_end_on_a_guest_terminal_is_control_d),
		cmocka_unit_test(numbers_out_of_range),
	};

	signal(SIGPIPE, SIG_IGN);
	stream_ops_fill(&ops);
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
