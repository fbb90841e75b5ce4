/* SPDX-License-Identifier: GPL-2.0-only */
/* complete.h - what a shell offers when a word is completed */
#ifndef CLI_COMMON_COMPLETE_H
#define CLI_COMMON_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * complete_words() - Offer the words of a table, when a word is being completed at this place
 * @argc:  words of a command, the one that is completed among them
 * @words: the table; element i is at @words + i * @stride bytes
 *
 * For commands that choose a part of themselves by their first word.
 *
 * Return: whether that was it.
 */
bool complete_words(int argc, const void *words, size_t count, size_t stride);

#endif
