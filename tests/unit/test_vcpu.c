// SPDX-License-Identifier: GPL-2.0-only
/* test_vcpu.c - the vCPU's thread sleeps until something happens, whichever thread hears of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "engine/vcpu/irq.h"
#include "engine/vcpu/vcpu.h"

static struct vt_boot boot;
static uint32_t word;

static int setup(void **state)
{
	struct error err;

	boot.kernel.pending = &word;
	alarm(60); /* who sleeps for ever fails */
	return vcpu_init(&boot, &err);
}

static void *hears_of_a_death(void *arg)
{
	usleep(50000);
	pthread_kill(pthread_self(), SIGCHLD);
	return NULL;
}

static void a_death_wakes_it_from_another_thread(void **state)
{
	pthread_t thread;

	vcpu_child_died = 0;
	assert_int_equal(pthread_create(&thread, NULL, hears_of_a_death, NULL), 0);
	while (!vcpu_child_died)
		assert_int_equal(vcpu_wait_in(SYS_pause, 0, 0, NULL, &vcpu_child_died), -EINTR);
	pthread_join(thread, NULL);
	assert_true(word & 1U << VT_IRQ_LOST);
}

/* Between the look at the flag and the call there is no moment at which a signal is lost */
static void *raises(void *arg)
{
	for (unsigned i = 0; i < 2000; i++) {
		while (__atomic_load_n(&word, __ATOMIC_SEQ_CST))
			;
		irq_raise(VT_IRQ_STREAM);
	}
	return NULL;
}

static void no_interrupt_is_slept_through(void **state)
{
	pthread_t thread;

	word = 0;
	assert_int_equal(pthread_create(&thread, NULL, raises, NULL), 0);
	for (unsigned i = 0; i < 2000; i++) {
		while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST))
			vcpu_sleep();
		__atomic_store_n(&word, 0, __ATOMIC_SEQ_CST);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_wakes_it_from_another_thread),
		cmocka_unit_test(no_interrupt_is_slept_through),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
