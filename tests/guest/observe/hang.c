// SPDX-License-Identifier: GPL-2.0-only
/* hang.c - a file system in user space whose server stops answering
 *
 * Usage: hang DIRECTORY
 *
 * Mounts a directory with "file" (8 KiB, may be written), "disk" (1 MiB) and "sleep" (busybox),
 * says "mounted" and serves it. Who asks for the name "stop" is not answered, nor is anybody
 * afterwards: as a network file system whose server is gone, or as somebody who wants those who
 * look to wait for him.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FOREVER 1000000 /* seconds that the kernel may keep a name and its attributes */
#define READ_MAX (128 * 1024)

/* Node n of the protocol is nodes[n - 1]; 1 is the root */
static struct {
	const char *name, *content;
	mode_t mode;
	off_t size;
} nodes[] = {
	{ ".", NULL, S_IFDIR | 0755, 0 },
	{ "file", "/dev/zero", S_IFREG | 0644, 8192 },
	{ "disk", "/dev/zero", S_IFREG | 0644, 1 << 20 },
	{ "sleep", "/bin/busybox", S_IFREG | 0755, 0 },
};
#define NODES (sizeof(nodes) / sizeof(nodes[0]))

static int device;
static char request[READ_MAX + 4096];
static const struct fuse_in_header *const in = (void *)request;
static const void *const arguments = request + sizeof(*in);

static void answer(int error, const void *data, size_t len)
{
	struct fuse_out_header out = { sizeof(out) + len, -error, in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)data, len } };

	if (writev(device, parts, 2) < 0 && errno != ENOENT) /* ENOENT: nobody waits any more */
		perror("answer");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = nodes[node - 1].size,
		.mode = nodes[node - 1].mode,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void do_init(void)
{
	const struct fuse_init_in *wanted = arguments;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = wanted->minor,
		.max_readahead = wanted->max_readahead,
		.flags = FUSE_BIG_WRITES | FUSE_WRITEBACK_CACHE | FUSE_NO_OPENDIR_SUPPORT,
		.max_write = READ_MAX,
	};

	answer(0, &out, sizeof(out));
}

static void do_lookup(void)
{
	struct fuse_entry_out out = { .entry_valid = FOREVER, .attr_valid = FOREVER };

	for (uint64_t node = 1; node <= NODES; node++) {
		if (strcmp(nodes[node - 1].name, arguments))
			continue;
		out.nodeid = node;
		out.attr = attributes(node);
		answer(0, &out, sizeof(out));
		return;
	}
	answer(ENOENT, NULL, 0);
}

static void do_getattr(void)
{
	struct fuse_attr_out out = { .attr_valid = FOREVER, .attr = attributes(in->nodeid) };

	answer(0, &out, sizeof(out));
}

static void do_open(void)
{
	struct fuse_open_out out = { .open_flags = FOPEN_KEEP_CACHE };

	answer(0, &out, sizeof(out));
}

static void do_read(void)
{
	const struct fuse_read_in *read = arguments;
	static char data[READ_MAX];
	int fd = open(nodes[in->nodeid - 1].content, O_RDONLY);
	ssize_t len = pread(fd, data, read->size, (off_t)read->offset);

	close(fd);
	answer(len < 0 ? EIO : 0, data, len < 0 ? 0 : len);
}

static void do_write(void)
{
	const struct fuse_write_in *write = arguments;
	struct fuse_write_out out = { .size = write->size };

	answer(0, &out, sizeof(out));
}

static void do_nothing(void)
{
	answer(0, NULL, 0);
}

static void no_answer(void)
{
}

static void (*const operations[])(void) = {
	[FUSE_INIT] = do_init,	      [FUSE_LOOKUP] = do_lookup, [FUSE_GETATTR] = do_getattr,
	[FUSE_OPEN] = do_open,	      [FUSE_READ] = do_read,	 [FUSE_WRITE] = do_write,
	[FUSE_RELEASE] = do_nothing,  [FUSE_FLUSH] = do_nothing, [FUSE_FSYNC] = do_nothing,
	[FUSE_SETATTR] = do_getattr,  [FUSE_FORGET] = no_answer, [FUSE_BATCH_FORGET] = no_answer,
	[FUSE_INTERRUPT] = no_answer,
};

static void serve(void)
{
	while (read(device, request, sizeof(request)) > 0) {
		if (in->opcode == FUSE_LOOKUP && !strcmp(arguments, "stop"))
			return;
		if (in->opcode < sizeof(operations) / sizeof(operations[0]) &&
		    operations[in->opcode])
			operations[in->opcode]();
		else
			answer(ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	struct stat busybox;
	char options[80];

	device = open("/dev/fuse", O_RDWR);
	if (argc != 2 || device < 0 || stat("/bin/busybox", &busybox))
		return 1;
	nodes[NODES - 1].size = busybox.st_size;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("hang", argv[1], "fuse.hang", MS_NOSUID | MS_NODEV, options))
		return perror("mount"), 1;
	puts("mounted");
	fflush(stdout);
	serve();
	for (;;)
		pause();
}
