// SPDX-License-Identifier: GPL-2.0-only
/* suggest.c - "did you mean": the nearest name by edit distance
 *
 * Optimal string alignment distance (Damerau-Levenshtein with adjacent swaps), which counts the
 * usual slips of a keyboard as one: a letter missing, extra, wrong, or two swapped.
 */

#include <string.h>
#include "cli.h"
#include "vitrine/util.h"

#define WORD_MAX 32
#define LONG_WORD 6 /* from which on two slips are likely */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;

	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;

	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = min3(d[i][j], d[i - 2][j - 2] + 1, WORD_MAX);
		}
	}
	return d[la][lb];
}

const char *cli_suggest(const char *word, const void *candidates, size_t count, size_t stride)
{
	const unsigned most = strlen(word) < LONG_WORD ? 1 : 2;
	unsigned best = most + 1;
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *name = *(const char *const *)((const char *)candidates + i * stride);
		unsigned d = name ? distance(word, name) : WORD_MAX;

		/* Two slips leave the first letter alone, or it is another word */
		if (d < best && d < strlen(word) && (d < 2 || name[0] == word[0])) {
			best = d;
			found = name;
		}
	}
	return found;
}
