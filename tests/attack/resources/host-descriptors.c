// SPDX-License-Identifier: GPL-2.0-only
/* host-descriptors - read whatever the supervisor was started with, by number and by name */
#include "tests/attack/attack.h"

#include <dirent.h>
#include <fcntl.h>

static const char *const paths[] = {
	"/proc/1/environ", "/proc/self/environ",
	"/proc/1/cmdline", "/proc/kcore",
	"/dev/mem",	   "/dev/kmem",
	"/dev/port",	   "/proc/1/root/etc/passwd",
	"/proc/1/maps",	   "/proc/sysrq-trigger",
	"/proc/cmdline",   "/proc/1/cwd/canary",
	"/proc/iomem",	   "/sys/firmware/acpi/tables/DSDT",
	"/proc/mounts",
};

static unsigned canaries;

static void look(int fd)
{
	static char buffer[1 << 16];
	ssize_t n = read(fd, buffer, sizeof(buffer) - 1);

	if (n > 0)
		canaries += memmem(buffer, n, "HOST-CANARY", 11) != NULL;
}

static void walk(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd >= 0) {
			look(fd);
			close(fd);
		}
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	unsigned open_ones = 0, memory = 0;

	for (int fd = 3; fd < 4096; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) {
			open_ones++;
			look(fd);
		}
		memory += mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED;
	}
	for (unsigned i = 0; i < COUNT(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK);

		if (fd >= 0) {
			look(fd);
			close(fd);
		}
	}
	walk("/proc/self/fd");
	walk("/proc/1/fd");
	walk("/proc/1/map_files");
	walk("/dev");
	walk("/tmp");
	if (argc > 1) { /* a file of the host, by its path there */
		int fd = open(argv[1], O_RDONLY);

		if (fd >= 0)
			look(fd);
		printf("the host's file: %s\n", fd < 0 ? strerror(errno) : "OPEN");
	}
	printf("%u descriptors, %u of them memory, %u canaries\n", open_ones, memory, canaries);
	printf("/dev/mem %d, /proc/kcore %d\n", access("/dev/mem", F_OK),
	       access("/proc/kcore", F_OK));
	return over();
}
