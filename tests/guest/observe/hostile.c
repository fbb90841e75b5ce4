// SPDX-License-Identifier: GPL-2.0-only
/* hostile.c - everything that a guest can name has a name meant for whoever looks at it
 *
 * Usage: hostile [busy]
 *
 * For each of the names below: a task, a program and its arguments, a file, a directory, a mount
 * and its source, sockets, anonymous files, a network interface, a control group; the host's name.
 * It prints "ready" when they are there; with "busy" it makes calls with them for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
	"\033[2J\033]0;owned\007", /* a terminal's */
	"\302\233"
	"31m", /* a control sequence of one character, in UTF-8 */
	"\233"
	"31m",						     /* and in Latin-1 */
	"a\r\nb\tc\b\177",				     /* lines, a carriage, what deletes */
	"\n\ndata: {}\n\nid: 9",			     /* an event of its own */
	"\"}],\\",					     /* the end of JSON */
	"a\",b=\"c\\",					     /* a label of its own */
	"</script><img src=x>",				     /* HTML */
	"=1+2",						     /* a formula */
	"%s%n${x}`x`",					     /* formats */
	"\342\200\256evil",				     /* text that runs to the left */
	"\342\200\250line",				     /* Unicode's own end of line */
	"\355\240\200\364\220\200\200\300\257\377",	     /* what only looks like UTF-8 */
	"\360\237\230",					     /* a character without its end */
	"e\314\201\314\201\314\201\314\201\314\201\314\201", /* a pile of accents */
};
#define NAMES (sizeof(names) / sizeof(names[0]))
#define LONG 100000

static char path[8192], *arguments[2002];

/* A file's name has no slash: the same with another character in its place */
static const char *in(const char *directory, const char *name)
{
	size_t at = (size_t)sprintf(path, "%s/", directory);

	for (; *name; name++)
		path[at++] = *name == '/' ? '|' : *name;
	path[at] = 0;
	return path;
}

static void make_sockets(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const socklen_t head = offsetof(struct sockaddr_un, sun_path);

	strncpy(address.sun_path, in("/tmp/socket", name), sizeof(address.sun_path) - 1);
	if (bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof(address)))
		perror("bind");
	memset(address.sun_path, 0, sizeof(address.sun_path));
	memcpy(address.sun_path + 1, name, strlen(name));
	if (bind(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)&address, head + 1 + strlen(name)))
		perror("bind, abstract");
}

static void make_files(const char *name)
{
	int fd = memfd_create(name, 0);

	if (ftruncate(fd, 4096) || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		perror("memfd");
	if (open(in("/tmp", name), O_RDWR | O_CREAT, 0600) < 0 ||
	    write(open(in("/tmp/kept", name), O_RDWR | O_CREAT, 0600), name, strlen(name)) < 0)
		perror("file");
	if (mkdir(in("/tmp/mount", name), 0700) || mount(name, path, "tmpfs", 0, NULL))
		perror("mount");
	if (!strchr(name, '\n') && mkdir(in("/sys/fs/cgroup", name), 0700))
		perror("control group");
}

/* The loopback interface takes one name after the other; it keeps the last that the kernel allows
 */
static void name_interface(const char *name)
{
	static char now[IFNAMSIZ] = "lo";
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(request.ifr_name, now);
	ioctl(fd, SIOCSIFFLAGS, &request);
	strncpy(request.ifr_newname, name, IFNAMSIZ - 1);
	if (!ioctl(fd, SIOCSIFNAME, &request))
		strcpy(now, request.ifr_newname);
	close(fd);
}

/* A process of that name, whose program and arguments have it too */
static void become(const char *name, char *self)
{
	static char longest[LONG + 1];

	for (size_t i = 0; i < LONG; i++)
		longest[i] = name[i % strlen(name)];
	arguments[0] = (char *)name;
	arguments[1] = "-";
	arguments[2] = longest;
	for (size_t i = 3; i < 2001; i++)
		arguments[i] = (char *)name;
	if (!symlink(self, in("/tmp/run", name)))
		execv(path, arguments);
	perror("exec");
	_exit(1);
}

/* Calls with the name, of all kinds that show what they are given */
static void use(const char *name)
{
	char there[256];

	prctl(PR_SET_NAME, name);
	close(open(in("/tmp/kept", name), O_RDONLY));
	readlink(in("/tmp/run", name), there, sizeof(there));
	rename(in("/tmp/nothing", name), name);
	open(name, O_RDONLY);
	write(-1, name, strlen(name));
	if (fork() == 0) {
		execv(in("/tmp/nothing", name), (char *[]){ (char *)name, NULL });
		kill(getpid(), SIGKILL);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	static const char *const places[] = { "/tmp/run", "/tmp/kept", "/tmp/mount",
					      "/tmp/socket" };

	if (argc > 2) { /* what become() started */
		prctl(PR_SET_NAME, argv[0]);
		for (;;)
			pause();
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		mkdir(places[i], 0700);
	for (size_t i = 0; i < NAMES; i++) {
		make_files(names[i]);
		make_sockets(names[i]);
		name_interface(names[i]);
		sethostname(names[i], strlen(names[i]));
		if (fork() == 0)
			become(names[i], "/hostile");
	}
	puts("ready");
	fflush(stdout);
	while (argc == 2) {
		for (size_t i = 0; i < NAMES; i++)
			use(names[i]);
		usleep(10000);
	}
	for (;;)
		pause();
}
