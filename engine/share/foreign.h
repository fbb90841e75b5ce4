/* SPDX-License-Identifier: GPL-2.0-only */
/* foreign.h - file systems that are mounted inside of a folder; private to the file server */
#ifndef ENGINE_SHARE_FOREIGN_H
#define ENGINE_SHARE_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * foreign_check() - May files of this device be shared?
 * @fd:  one of them
 * @dev: number of the device, as in struct node
 *
 * Return: 0, or -EACCES: its files are no files but doors to the host's kernel.
 */
int foreign_check(int fd, uint64_t dev);

/* A file's number for the guest, which sees one device */
uint64_t foreign_ino(uint64_t dev, uint64_t ino);

/* Is it on another machine, or another program's? */
bool foreign_remote(int fd);

#endif
