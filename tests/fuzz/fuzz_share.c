// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_share.c - a guest that sends what it likes to the file server
 *
 * The input is records of 12 bytes, each a request: its number, a file or handle that an answer has
 * named before (mostly), one of some names, and two words from which its structure is filled; what
 * is left of the input is what follows the structure. Above the folder lies a file that no answer
 * may quote, in a directory that has to stay as it is. There is no Landlock and no filter here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/share/channel.h"
#include "share_guest.h"

#define RECORD 12
#define KEPT 16
#define ROOM 4096
#define CANARY "canary-of-the-host"

static int above; /* the directory that the folder is in */
static uint64_t nodes[KEPT], handles[KEPT];
static unsigned nnodes, nhandles;

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void begin(void)
{
	static char path[] = "/tmp/vitrine-fuzz-XXXXXX", folder[64], other[64];
	const char *paths[] = { folder, other };

	if (!mkdtemp(path))
		abort();
	snprintf(folder, sizeof(folder), "%s/folder", path);
	snprintf(other, sizeof(other), "%s/read-only", path);
	if (mkdir(folder, 0755) || mkdir(other, 0755))
		abort();
	above = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(above, "secret", CANARY);
	put(above, "read-only/file", "kept");
	put(above, "folder/file", "text");
	if (mkdirat(above, "folder/dir", 0755) || symlinkat("../secret", above, "folder/link") ||
	    symlinkat("..", above, "folder/up") || mkfifoat(above, "folder/fifo", 0666))
		abort();
	share_guest_start(paths, 2, 8, 16);
}

static void check(const unsigned char *answer, int len)
{
	char text[64] = "";
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;
	int fd;

	if (len > 0 && memmem(answer, len, CANARY, strlen(CANARY)))
		abort();
	fd = openat(above, "secret", O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || strcmp(text, CANARY))
		abort();
	close(fd);
	fd = openat(above, "read-only/file", O_RDONLY);
	memset(text, 0, sizeof(text));
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || strcmp(text, "kept"))
		abort();
	close(fd);
	fd = openat(above, ".", O_RDONLY | O_DIRECTORY);
	dir = fdopendir(fd);
	while ((entry = readdir(dir)))
		count++;
	closedir(dir);
	if (count != 5) /* two folders, the secret, and the dots */
		abort();
}

/* What the answer names is used by later requests */
static void learn(uint8_t operation, const unsigned char *answer, int len)
{
	struct fuse_entry_out entry;
	uint64_t handle;

	if (len >= (int)sizeof(entry) && operation != FUSE_READDIR && operation != FUSE_READ) {
		memcpy(&entry, answer, sizeof(entry));
		if (entry.nodeid)
			nodes[nnodes++ % KEPT] = entry.nodeid;
	}
	if ((operation == FUSE_OPEN || operation == FUSE_OPENDIR) && len >= 8)
		memcpy(&handle, answer, 8);
	else if (len >= (int)sizeof(entry) + 8)
		memcpy(&handle, answer + sizeof(entry), 8);
	else
		return;
	handles[nhandles++ % KEPT] = handle;
}

static uint64_t choose(uint8_t how, const uint64_t *known, uint64_t otherwise)
{
	return how < 240 ? known[how % KEPT] : otherwise;
}

static void act(const unsigned char *record, const unsigned char *rest, size_t left)
{
	static const char *const names[] = {
		"file", "dir", "link", "up", "fifo", "new",    "secret",
		"..",	".",   "a/b",  "0",  "1",    "user.x", "user.vitrine.owner"
	};
	static unsigned char answer[ROOM];
	const uint8_t operation = record[0] % 60;
	const char *name = names[record[2] % 14], *second = names[record[2] / 16 % 14];
	unsigned char arg[88] = { 0 }, tail[600];
	const size_t len = record[3] % 12 * 8;
	uint32_t a, b;
	size_t at = 0;
	int ret;

	memcpy(&a, record + 4, 4);
	memcpy(&b, record + 8, 4);
	for (size_t i = 0; i < sizeof(arg); i += 8) {
		uint64_t word = i % 16 ? b : a;

		if (i == 0 && record[3] & 64)
			word = choose(record[4], handles, a);
		if (i == 0 && record[3] & 128)
			word = choose(record[4], nodes, a);
		memcpy(arg + i, &word, 8);
	}
	at = stpcpy((char *)tail, name) - (char *)tail + 1;
	if (record[3] & 32)
		at += stpcpy((char *)tail + at, second) - (char *)(tail + at) + 1;
	if (record[3] & 16) {
		size_t more = left < 256 ? left : 256;

		memcpy(tail + at, rest, more);
		at += more;
	}
	ret = share_ask(operation, choose(record[1], nodes, a), arg, len, tail,
			record[3] & 8 ? at : 0, answer, ROOM);
	learn(operation, answer, ret);
	check(answer, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready) {
		begin();
		ready = true;
	}
	for (unsigned i = 0; i < KEPT; i++) {
		nodes[i] = i % 3 ? share_folder(i % 3 - 1) : FUSE_ROOT_ID;
		handles[i] = i;
	}
	for (; size >= RECORD; data += RECORD, size -= RECORD)
		act(data, data + RECORD, size - RECORD);
	share_ask(FUSE_DESTROY, 0, NULL, 0, NULL, 0, NULL, 0);
	return 0;
}
