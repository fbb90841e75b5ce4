/* SPDX-License-Identifier: GPL-2.0-only */
/* layers.h - physical memory as the files of its generations */
#ifndef ENGINE_SNAPSHOT_LAYERS_H
#define ENGINE_SNAPSHOT_LAYERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "engine/memory/hot.h"
#include "format.h"

/* A layer's file; and how a client says which one it has given a name, see layers_name() */
#define LAYERS_FILE "memory.%u-%u"
#define LAYERS_NAME_MAX 96

/**
 * struct layers_wish - what a client says about the generation that is to be written
 * @generation: its number, from 1 on
 * @names: of layers that have a name where it is written, NULL terminated; NULL for none
 */
struct layers_wish {
	uint32_t generation;
	const char *const *names;
};

/**
 * layers_name() - What a client calls a layer that it has given a name to
 * @file: its name, @st: its status
 *
 * Which file that is, too: two of one name may be of different sandboxes.
 */
void layers_name(char name[LAYERS_NAME_MAX], const char *file, const struct stat *st);

/** layers_named() - Is it among those that the client has named? */
bool layers_named(const struct layers_wish *wish, const char *file, int fd);

/**
 * layers_load() - Physical memory becomes that of a file's layers
 * @dir: has them
 * @hot: what of it is copied at once
 * @fds: or descriptors of all of them, in their order, and how many; they are closed
 *
 * Return: 0 or -1 with @err.
 */
int layers_load(const struct snapshot_file *file, int dir, int fds, unsigned nfds,
		const struct hot *hot, struct error *err);

/**
 * layers_save() - Write what no named layer has to a new one, and say where all is
 * @fd: an empty file, which is durable afterwards, if the caller makes it so
 *
 * Return: 0, or -1 with @err. The caller calls layers_end().
 */
int layers_save(struct snapshot_writer *writer, const struct layers_wish *wish, int fd,
		struct error *err);

/**
 * layers_end() - What was saved is whole
 * @fd: as layers_save() got it
 * @goes_on: memory is that of the layers from now on, or it never was: false
 */
void layers_end(int fd, bool goes_on);

/**
 * layers_freeze() - All of memory is in layers, and the sandbox goes on over them at once
 * @fd:  an empty memory file, which is the sandbox's memory from now on
 * @fds: gets the descriptors of the layers, which stay ours, in their order
 *
 * No byte of memory is copied or written. The layers have no names and never will: a later
 * generation writes what is in them.
 *
 * Return: how many layers there are, or 0: it cannot be done here.
 */
unsigned layers_freeze(struct snapshot_writer *writer, const struct layers_wish *wish, int fd,
		       int fds[SNAPSHOT_LAYERS_MAX]);

#endif
