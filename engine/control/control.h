/* SPDX-License-Identifier: GPL-2.0-only */
/* control.h - the control socket of a running sandbox */
#ifndef ENGINE_CONTROL_CONTROL_H
#define ENGINE_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include <stdint.h>
#include "engine/sandbox.h"
#include "vitrine/error.h"

/* Clients at a time, and how many more may ask who the sandbox is and end it */
#define CONTROL_CLIENTS 32
#define CONTROL_RESERVE 4

/**
 * control_init() - Claim the sandbox's name and make its control socket
 * @config: the sandbox; outlives it
 * @err:    filled on failure, also when a sandbox of that name runs
 *
 * Call it after jobs_init() and before the supervisor gives up its rights.
 *
 * Return: 0 or -1.
 */
int control_init(const struct sandbox_config *config, struct error *err);

/**
 * control_describe() - Say more about the sandbox to those who ask (the operation "info")
 * @describe: adds to what is said; any thread
 *
 * Call it before control_serve().
 */
void control_describe(void (*describe)(json_t *info));

/**
 * control_serve() - Begin to serve clients; those that came before wait until now
 *
 * Call it when the supervisor has given up its rights: a thread that is started while that happens
 * would keep them.
 */
void control_serve(void);

/**
 * control_stop() - Give the name back; may be called when control_init() was not
 *
 * Waits, for three seconds at the most, until who asked something has an answer. The guest's are no
 * longer waited for by then (request_stop()).
 */
void control_stop(void);

/**
 * control_await_observer() - Wait until a client has said what it wants to observe
 * @ms: give up after that time
 *
 * The kernel does not run yet, so the client's answer comes later.
 */
void control_await_observer(unsigned ms);

/**
 * control_await_answer() - Wait until the client that was awaited has the region
 * @ms: how long at the most; not at all when none came
 *
 * For a guest that ends before the connection's thread has answered.
 */
void control_await_answer(unsigned ms);

/**
 * observe_error() - Say why the kernel cannot be observed
 * @value: its answer, a negative errno; -ENOSYS is that of one without the observatory
 * @what:  was asked
 * @err:   filled
 *
 * Return: -1.
 */
int observe_error(int64_t value, const char *what, struct error *err);

#define PAUSE_LAYERS_MAX 16

/**
 * struct pause_wish - what a client says that wants the sandbox to be paused
 * @fds:   @nfds descriptors that came with the message; one that is set to -1 is taken over
 * @goes_on: it is a snapshot
 * @live:  ... of which nothing has to outlive the host: memory stays memory
 * @generation, @names: see struct layers_wish (engine/snapshot/layers.h)
 * @layers: set for @live: descriptors of @count layers, which stay the sandbox's
 * @stopped_ns: set: how long the guest stood still, and who asked waited
 */
struct pause_wish {
	int *fds;
	size_t nfds;
	bool goes_on, live;
	int64_t generation;
	const char *const *names;
	int layers[PAUSE_LAYERS_MAX];
	unsigned count;
	uint64_t stopped_ns;
};

/**
 * control_on_pause() - How the sandbox is paused when a client wants it
 * @pause: on success the process is about to end, unless the sandbox is to go on. Any connection's
 * thread. Return: 0, or -1 with the reason: the sandbox goes on in any case.
 */
void control_on_pause(int (*pause)(struct pause_wish *wish, struct error *err));

#endif
