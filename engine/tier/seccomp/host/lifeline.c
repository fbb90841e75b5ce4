/* SPDX-License-Identifier: GPL-2.0-only */
/* lifeline.c - stub processes die with their supervisor, however it dies
 *
 * Theory of operation
 * A stub process asks the host for a signal when its parent dies. The host sends it after it has
 * taken the parent apart, which takes long for the memory of a sandbox. Until then guest code would
 * run on, with nobody to answer its calls. But the host releases the robust mutexes of a thread
 * that dies first of all. So the vCPU's thread holds one in the zygote's control page. A thread of
 * the zygote (stub.S) sleeps on its word, and kills all of the zygote's process group when the word
 * says that the owner is dead.
 *
 * Stub processes can only read the page. The mark that somebody sleeps there, without which the
 * host wakes nobody, is therefore set here.
 *
 * Host system calls: none.
 */
#include "lifeline.h"

#include <assert.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/tier/seccomp/stub/layout.h"

static_assert(offsetof(pthread_mutex_t, __data.__lock) == 0 &&
		  CONTROL_ALIVE + sizeof(pthread_mutex_t) <= CONTROL_SIZE,
	      "the stub finds the futex there");

int lifeline_hold(pthread_mutex_t *line, struct error *err)
{
	pthread_mutexattr_t attr;
	int ret;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ret = pthread_mutex_init(line, &attr) ?: pthread_mutex_lock(line);
	pthread_mutexattr_destroy(&attr);
	if (ret)
		return error_set(err, ret, "cannot hold the stubs' lifeline");
	__atomic_fetch_or((uint32_t *)&line->__data.__lock, FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	return 0;
}
