/* SPDX-License-Identifier: GPL-2.0-only */
/* stream.h - byte streams between host descriptors and guest processes */
#ifndef ENGINE_JOBS_STREAM_H
#define ENGINE_JOBS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/abi.h"
#include "vitrine/error.h"

#define STREAM_MAX 256 /* at a time */
#define STREAM_RING (128 * 1024)

enum stream_direction { STREAM_TO_GUEST, STREAM_TO_HOST };

/**
 * struct stream_config - one stream
 * @fd:        host descriptor, not owned and never made non-blocking; -1: none (a stream to the
 * guest is at its end at once or, with @tty, silent; one to the host swallows everything)
 * @held:      without @fd: somebody may attach, so a stream to the guest is silent, not at its end
 * @preload, @preload_len: with @held: what is in the ring, bytes that one side has given and the
 *             other has not taken; at most STREAM_RING
 * @ended:     with @held: nothing more will come
 * @tty:       the guest's side is a terminal: the end of a file becomes a ^D, only the hang-up of
 *             a host terminal is an end
 * @tap:       called with everything that the guest writes; may be NULL. On the vCPU thread.
 */
struct stream_config {
	enum stream_direction direction;
	int fd;
	bool tty, held, ended;
	const void *preload;
	size_t preload_len;
	void (*tap)(const void *buf, uint32_t len);
};

/**
 * stream_open() - Connect a stream number to a host descriptor
 * @id:     job * 4 + {0, 1, 2}; its remainder by STREAM_MAX is not in use
 * @config: copied
 * @err:    filled on failure
 *
 * Return: 0 or -1. Starts one thread.
 */
int stream_open(uint32_t id, const struct stream_config *config, struct error *err);

/**
 * stream_attach() - Give a stream that has no descriptor one
 * @fd: not owned
 *
 * A stream that has ended is left alone, but what is left in it goes out.
 *
 * Return: 0, or -1 when it has one, or there is no memory.
 */
int stream_attach(uint32_t id, int fd, struct error *err);

/**
 * stream_detach() - Take the descriptor away again
 *
 * Input that the guest has not read stays, as does output that @fd has not taken. From then on
 * output is swallowed.
 */
void stream_detach(uint32_t id);

/**
 * stream_freeze() - Stop what moves between descriptor and ring
 * @timeout: milliseconds
 *
 * Return: whether nothing moves any more; it does when a reader keeps a write waiting.
 * stream_thaw() is to be called in any case.
 */
bool stream_freeze(uint32_t id, int timeout);

void stream_thaw(uint32_t id);

/**
 * stream_peek() - What is in the ring of a frozen stream
 * @buf, @size: destination, STREAM_RING bytes
 * @open:       more may come
 *
 * Return: its length.
 */
size_t stream_peek(uint32_t id, void *buf, size_t size, bool *open);

/**
 * stream_cut() - The other side is gone: what is buffered is dropped, the guest sees the end
 */
void stream_cut(uint32_t id);

/**
 * stream_flush() - Wait until everything that the guest wrote has reached the descriptor
 * @id:      a stream to the host
 * @timeout: milliseconds, -1 to wait as long as it takes
 *
 * Return: true when there is nothing left to write, or the stream is frozen.
 */
bool stream_flush(uint32_t id, int timeout);

/**
 * stream_error() - Why output was lost
 *
 * Return: an errno value, 0 when nothing was lost but what a reader who left did not want. Stays
 * until the number is used again.
 */
int stream_error(uint32_t id);

/**
 * stream_release() - End a stream and its thread
 *
 * The kernel may still have a pump for the number, which finds that nobody is at the other side.
 */
void stream_release(uint32_t id);

/**
 * stream_ops_fill() - Set stream_read, stream_write and stream_close
 */
void stream_ops_fill(struct vt_host_ops *ops);

#endif
