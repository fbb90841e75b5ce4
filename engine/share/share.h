/* SPDX-License-Identifier: GPL-2.0-only */
/* share.h - shared folders: the supervisor's side of the file server
 *
 * The server is a process of its own (server.c). Requests reach it through memory (channel.h).
 */
#ifndef ENGINE_SHARE_SHARE_H
#define ENGINE_SHARE_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include "channel.h"
#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * share_open() - Find the folders that are to be shared and start their server
 * @config: its shares; nothing is done when there are none
 * @err:    says which folder cannot be shared, and why
 *
 * Physical memory must be there. To be called while this process has one thread. Return: 0 or -1.
 */
int share_open(const struct sandbox_config *config, struct error *err);

/**
 * share_ready() - Wait until the server has confined itself
 *
 * Return: 0 or -1.
 */
int share_ready(struct error *err);

/**
 * share_start() - Begin to take requests
 * @complete: called with a number that was given to share_post() and the bytes that the server
 *            wrote, by any thread
 */
int share_start(void (*complete)(unsigned slot, uint32_t written), struct error *err);

/* Is there a server? */
bool share_exists(void);

/* Is what is shared a file? */
bool share_is_file(unsigned number);

/**
 * share_slot() - The slot that a request is to be described in
 * @slot: 0..CHANNEL_SLOTS - 1, not under way
 */
struct channel_slot *share_slot(unsigned slot);

/**
 * share_post() - Give a slot to the server
 * @urgent: somebody waits for the answer
 *
 * Never blocks. A server that is not there any more answers with nothing, at once.
 */
void share_post(unsigned slot, bool urgent);

/**
 * share_owner() - Whom the user's own files belong to in the guest
 */
void share_owner(uint32_t uid, uint32_t gid);

/**
 * share_mount() - Ask the guest's kernel to mount all shares, before anything else
 */
int share_mount(const struct sandbox_config *config, struct error *err);

/**
 * share_stop() - Finish what is under way, with patience, and end the server
 */
void share_stop(void);

/* Descriptors that the server of a sandbox takes at most, for open files and for what is known */
void share_budget(unsigned *open_files, unsigned *known_files);

#endif
