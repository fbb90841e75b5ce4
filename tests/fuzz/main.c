// SPDX-License-Identifier: GPL-2.0-only
/* main.c - run a fuzz target over files, for compilers without libFuzzer
 *
 * Usage: TARGET FILE|DIRECTORY...  Every regular file is one input. The corpora run like this in
 * the unit tests; with clang the same target is linked with -fsanitize=fuzzer and finds new ones.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "vitrine/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

static int run_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	cleanup_fclose FILE *f = NULL;
	cleanup_free uint8_t *data = NULL;
	size_t size;

	if (flag != FTW_F)
		return 0;
	f = fopen(path, "rbe");
	data = malloc(st->st_size ? (size_t)st->st_size : 1);
	if (!f || !data) {
		perror(path);
		return -1;
	}
	size = fread(data, 1, (size_t)st->st_size, f);
	LLVMFuzzerTestOneInput(data, size);
	inputs++;
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (nftw(argv[i], run_file, 8, FTW_PHYS)) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
	}
	printf("%u inputs\n", inputs);
	return inputs ? 0 : 1;
}
