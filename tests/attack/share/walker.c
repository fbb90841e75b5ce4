/* SPDX-License-Identifier: GPL-2.0-only */
/* walker.c - looks for a way out of a shared folder while somebody on the host moves things in it
 *
 * Usage: walker FOLDER SECONDS, in a sandbox; mover.c is its accomplice on the host. Both try to
 * make the server step out of the folder between two of its looks: through a directory that becomes
 * a link, one that is moved away while it is held, a file that becomes a FIFO. Prints how often it
 * saw the canary, and how often it was busy.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANARY "HOST-CANARY"

static int seen, held;

static void look(int dir, const char *name)
{
	char text[256];
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text));
	seen += len > 0 && memmem(text, len, CANARY, strlen(CANARY));
	close(fd);
}

/* What lies outside may not even be told of; it is longer than what lies inside */
static void measure(int dir, const char *name)
{
	struct stat st;

	seen += !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
		st.st_size >= (off_t)strlen(CANARY) && S_ISREG(st.st_mode);
}

static void list(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		look(dir, entry->d_name);
	if (stream)
		closedir(stream);
}

/* A directory that is a link the next moment */
static void through_swapped(int top)
{
	look(top, "swap/secret");
	look(top, "other/secret");
	look(top, "swap/../../outside/secret");
}

/* A directory that is held while it is moved away: read it, and write to it */
static void into_moved(int top)
{
	char name[32];
	int fd;

	measure(held, "secret");
	look(held, "secret");
	list(held);
	snprintf(name, sizeof(name), "planted-%d", rand());
	fd = openat(held, name, O_CREAT | O_WRONLY, 0644);
	if (fd >= 0)
		close(fd);
	unlinkat(held, name, 0);
	mkdirat(held, name, 0755);
	unlinkat(held, name, AT_REMOVEDIR);
	unlinkat(held, "secret", 0);
	renameat(held, "secret", top, "stolen");
	linkat(held, "secret", top, "stolen", 0);
	look(top, "stolen");
	if (fchdir(held) == 0)
		look(AT_FDCWD, "../outside/secret");
	look(held, "../secret");
	look(held, "../outside/secret");
}

static void through_own_links(int top)
{
	symlinkat("../outside/secret", top, "l1");
	symlinkat("/proc/self/root/outside", top, "l2");
	mkdirat(top, "mine", 0755);
	symlinkat("../outside", top, "mine-link");
	renameat2(top, "mine", top, "mine-link", RENAME_EXCHANGE);
	look(top, "l1");
	look(top, "l2/secret");
	look(top, "mine/secret");
	look(top, "mine-link/secret");
	look(top, "special");
}

int main(int argc, char **argv)
{
	static void (*const ways[])(int top) = { through_swapped, into_moved, through_own_links };
	const time_t end = time(NULL) + atoi(argv[2]);
	int top = open(argv[1], O_RDONLY | O_DIRECTORY), status, all = 0;

	held = openat(top, "moving", O_RDONLY | O_DIRECTORY);
	if (held < 0 || openat(top, "ready", O_CREAT | O_RDWR, 0644) < 0)
		return 1;
	for (unsigned i = 0; i < 6; i++) {
		if (!fork()) {
			unsigned rounds = 0;

			for (; time(NULL) < end; rounds++)
				ways[i % 3](top);
			_exit(seen ? 1 : rounds ? 0 : 2);
		}
	}
	for (int i = 0; i < 6; i++) {
		wait(&status);
		all |= status;
	}
	puts(!all		    ? "busy all the time, saw nothing"
	     : WEXITSTATUS(all) & 1 ? "SAW THE CANARY"
				    : "was stuck");
	return 0;
}
