/* SPDX-License-Identifier: GPL-2.0-only */
/* mover.c - moves things in a shared folder, on the host, while walker.c looks for a way out of it
 *
 * Usage: mover DIRECTORY SECONDS CANARY. The folder is DIRECTORY/folder; what must not be seen is
 * put into DIRECTORY/outside, also into a directory of the folder's for as long as that is there.
 * Prints how many times something of the guest's came to it meanwhile: more than is on its way when
 * it is moved would be a way out.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define ON_ITS_WAY 8 /* one request of each worker may have been let through before */

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(name);
	close(fd);
}

static int entries(const char *name)
{
	DIR *dir = opendir(name);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* Changes of a directory show in its time */
static long changes(const char *name)
{
	struct timespec last = { 0 };
	long seen = 0;
	struct stat st;

	for (int i = 0; i < 40; i++) {
		usleep(100);
		if (stat(name, &st))
			break;
		seen +=
		    i && (st.st_mtim.tv_sec != last.tv_sec || st.st_mtim.tv_nsec != last.tv_nsec);
		last = st.st_mtim;
	}
	return seen;
}

int main(int argc, char **argv)
{
	const time_t end = time(NULL) + atoi(argv[2]);
	unsigned rounds = 0, harmed = 0;
	int before, after;

	if (chdir(argv[1]))
		return 1;
	mkdir("outside", 0755);
	mkdir("folder/swap", 0755);
	mkdir("folder/moving", 0755);
	symlink("../outside", "folder/other");
	put("outside/secret", argv[3]);
	put("folder/swap/secret", "harmless");
	put("folder/special", "a file");
	/* It has to hold a directory before that is moved */
	while (access("folder/ready", F_OK) && time(NULL) < end)
		usleep(10000);
	for (; time(NULL) < end; rounds++) {
		renameat2(AT_FDCWD, "folder/swap", AT_FDCWD, "folder/other", RENAME_EXCHANGE);
		if (rounds % 3)
			continue;
		unlink("folder/special");
		if (rounds % 2)
			mkfifo("folder/special", 0666);
		else if (mknod("folder/special", S_IFCHR | 0666, makedev(1, 5)))
			put("folder/special", "a file");
		rename("folder/moving", "outside/moving");
		put("outside/moving/secret", argv[3]);
		usleep(2000);
		before = entries("outside/moving");
		harmed += changes("outside/moving") > ON_ITS_WAY;
		after = entries("outside/moving");
		harmed += after > before + ON_ITS_WAY || access("outside/moving/secret", F_OK);
		/* Not removed, which would leave it without a place, neither outside nor inside */
		rename("outside/moving/secret", "put-away");
		rename("outside/moving", "folder/moving");
	}
	printf("moved %s, %u times something came\n", rounds > 10 ? "often" : "hardly", harmed);
	return 0;
}
