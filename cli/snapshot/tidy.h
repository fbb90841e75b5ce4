/* SPDX-License-Identifier: GPL-2.0-only */
/* tidy.h - what is done with a snapshot when nobody waits any more */
#ifndef CLI_SNAPSHOT_TIDY_H
#define CLI_SNAPSHOT_TIDY_H

/**
 * tidy_later() - In a process of its own: checksums, and collapse of chains
 * @path: of the directory
 *
 * Return: at once.
 */
void tidy_later(const char *path);

#endif
