// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_options.c - vitrine run's command line, one word a line
 *
 * Lines behind an empty one are an environment file.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/run/options.h"
#include "vitrine/util.h"

#define WORDS_MAX 64

static void read_environment(const char *text)
{
	int fd = memfd_create("env", MFD_CLOEXEC);
	struct environment env = { 0 };
	char path[64];

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	environment_read(&env, path, NULL);
	environment_free(&env);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char run[] = "run", *argv[WORDS_MAX + 2] = { run }, *word, *rest;
	cleanup_free char *text = malloc(size + 1);
	struct run_options options;
	struct error err = { 0 };
	int argc = 1, parsed;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';

	for (rest = text; argc <= WORDS_MAX && (word = strsep(&rest, "\n")) && *word;) {
		if (strcmp(word, "--help") && strcmp(word, "-h"))
			argv[argc++] = word;
	}
	argv[argc] = NULL;
	parsed = run_options_parse(&options, argc, argv, &err);
	assert(parsed == OPTIONS_HELP || parsed == 1 || (parsed == -1 && err.text[0]));
	run_options_free(&options);
	if (rest)
		read_environment(rest);
	return 0;
}
