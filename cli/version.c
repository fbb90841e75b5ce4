// SPDX-License-Identifier: GPL-2.0-only
/* version.c - vitrine version: the program's version and the guest kernel's
 *
 * The kernel's is read from the image itself (the "Linux version" banner in its read-only data),
 * so it tells what would boot and not what was once built.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/paths.h"
#include "vitrine/abi.h"
#include "lib/plain.h"
#include "vitrine/util.h"

#define BANNER_MAX 256

static void print_line(const char *text, size_t len)
{
	char shown[4 * BANNER_MAX + 1];

	plain_copy(shown, sizeof(shown), text, len < BANNER_MAX ? len : BANNER_MAX);
	puts(shown);
}

static void print_banner(const char *path)
{
	static const char marker[] = "Linux version 6.";
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *image, *banner, *end;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_size == 0)
		return;
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		return;
	banner = memmem(image, st.st_size, marker, sizeof(marker) - 1);
	if (banner) {
		end = memchr(banner, '\n', image + st.st_size - banner);
		if (end)
			print_line(banner, end - banner);
	}
	munmap((void *)image, st.st_size);
}

int cmd_version(int argc, char **argv)
{
	static const struct option_set options = { "version", "Show versions.", NULL, 0 };
	cleanup_free char *kernel = NULL;
	struct error err = { 0 };
	int first = options_parse(&options, NULL, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);

	printf("vitrine %s, boot ABI %d%s\n", VITRINE_VERSION, VT_ABI_VERSION,
	       VITRINE_DEBUGGER ? ", debug build" : "");
	kernel = paths_kernel(&err);
	if (!kernel) {
		printf("kernel: %s\n", err.text);
		return 0;
	}
	printf("kernel: %s\n", kernel);
	print_banner(kernel);
	return 0;
}
