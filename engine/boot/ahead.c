// SPDX-License-Identifier: GPL-2.0-only
/* ahead.c - kernels that have booted already, for sandboxes that would boot the same way
 *
 * Theory of operation
 * What a kernel does until it looks for devices depends on its image, on memory and CPUs and on its
 * command line. So the first sandbox of a kind has that done in a process of its own, before it
 * starts, and kept as a snapshot that has no devices yet; it and all later ones go on from there
 * (kernel/arch/vitrine/suspend/boot.c). No guest has run in what is kept.
 *
 *   BOOTS/
 *     lock         who makes one has it; whoever meets that boots by himself
 *     new/         what is being made, or was left by somebody who was killed
 *     HASH/        key, memory, state, hot: HASH is that of the key, which is compared in full
 *
 * A kernel that somebody else has put there would be this user's kernel. So the directories and
 * files count only if they are the caller's own and nobody else can write to them, and none of them
 * is reached through a link. No sandbox can write there: supervisors have no file system.
 *
 * A directory appears by one rename, when it is whole. When there are too many, those are removed
 * that were made first; who has one of them open keeps it. Nothing here is an error: the worst that
 * happens is a boot.
 *
 * Host system calls: openat, mkdirat, fstat, flock, renameat, unlinkat, getdents64, read, write,
 * clone, wait4, prctl, poll, kill.
 */
#include "ahead.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/snapshot/learn.h"
#include "engine/snapshot/snapshot.h"
#include "vitrine/util.h"

#ifndef VITRINE_VERSION
#define VITRINE_VERSION "unknown"
#endif

#define FORMAT 1 /* of the key and of what it names */
#define KEY_MAX 4096
#define NAME_MAX_HERE 32
#define MOST 12		  /* that are kept */
#define PATIENCE_MS 20000 /* for a boot */

#define KEY_FILE "key"
#define MEMORY_FILE "memory.1-1"
#define NEW "new"
#define LOCK "lock"

/* Whose kind of boot it is, in full */
struct key {
	char text[KEY_MAX], name[NAME_MAX_HERE];
	size_t len;
};

/* FNV-1a: a name, not a proof */
static uint64_t hash(const char *text, size_t len)
{
	uint64_t value = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (uint8_t)text[i]) * 0x100000001b3ULL;
	return value;
}

/* Return: false when there is no telling */
static bool make_key(struct key *key, const struct sandbox_config *config,
		     const struct vt_boot *boot)
{
	struct stat st;
	int len;

	if (!config->kernel_path || stat(config->kernel_path, &st))
		return false;
	len = snprintf(key->text, KEY_MAX,
		       "%d %s %u\n%jx %jx %jx %jx.%lx\n%" PRIx64 " %u %d\n%" PRIx64 " %" PRIx64
		       " %" PRIx64 "\n%s\n",
		       FORMAT, VITRINE_VERSION, VT_ABI_VERSION, (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino, (uintmax_t)st.st_size, (uintmax_t)st.st_mtime,
		       st.st_mtim.tv_nsec, (uint64_t)boot->mem_size, config->cpus ?: sandbox_cpus(),
		       config->tier, (uint64_t)boot->hwcap, (uint64_t)boot->hwcap2,
		       (uint64_t)boot->sigframe_size, boot->cmdline);
	if (len < 0 || len >= KEY_MAX)
		return false;
	key->len = (size_t)len;
	snprintf(key->name, sizeof(key->name), "%016" PRIx64, hash(key->text, key->len));
	return true;
}

/* Ours, and nobody else can change it */
static bool is_ours(int fd, mode_t type)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int open_directory(int at, const char *name)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && is_ours(fd, S_IFDIR) ? steal_fd(fd) : -1;
}

static int open_file(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && is_ours(fd, S_IFREG) ? steal_fd(fd) : -1;
}

static bool has_key(int dir, const struct key *key)
{
	cleanup_close int fd = open_file(dir, KEY_FILE);
	char text[KEY_MAX];

	return fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)key->len &&
	       !memcmp(text, key->text, key->len);
}

static struct snapshot *open_made(int boots, const struct key *key)
{
	cleanup_close int dir = open_directory(boots, key->name);
	struct snapshot_boot_files files;
	struct snapshot *made;

	if (dir < 0 || !has_key(dir, key))
		return NULL;
	files.memory = open_file(dir, MEMORY_FILE);
	files.state = open_file(dir, SNAPSHOT_STATE);
	files.hot = open_file(dir, SNAPSHOT_HOT);
	made = snapshot_open_boot(&files);
	if (made && !snapshot_has_lived(made))
		learn_begin(dir);
	return made;
}

/* ---- making one ---- */

static void remove_one(int boots, const char *name)
{
	static const char *const files[] = { KEY_FILE, MEMORY_FILE, SNAPSHOT_STATE, SNAPSHOT_HOT };
	cleanup_close int dir = open_directory(boots, name);

	for (size_t i = 0; dir >= 0 && i < ARRAY_SIZE(files); i++)
		unlinkat(dir, files[i], 0);
	unlinkat(boots, name, AT_REMOVEDIR);
}

/* The one that was made first. Return: how many there are */
static unsigned find_oldest(int boots, char name[NAME_MAX_HERE])
{
	struct timespec oldest = { 0 };
	const struct dirent *entry;
	unsigned count = 0;
	DIR *dir = fdopendir(openat(boots, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (strlen(entry->d_name) != 16 ||
		    fstatat(boots, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!count++ || st.st_mtim.tv_sec < oldest.tv_sec ||
		    (st.st_mtim.tv_sec == oldest.tv_sec && st.st_mtim.tv_nsec < oldest.tv_nsec)) {
			oldest = st.st_mtim;
			snprintf(name, NAME_MAX_HERE, "%s", entry->d_name);
		}
	}
	if (dir)
		closedir(dir);
	return count;
}

static void prune(int boots)
{
	char name[NAME_MAX_HERE];

	for (unsigned tries = 0; tries < MOST && find_oldest(boots, name) > MOST; tries++)
		remove_one(boots, name);
}

static int create(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Return: status to exit with */
static int make(int dir, const struct key *key, const struct sandbox_config *config,
		ahead_maker *maker)
{
	const struct snapshot_boot_files files = { .memory = create(dir, MEMORY_FILE),
						   .state = create(dir, SNAPSHOT_STATE),
						   .hot = create(dir, SNAPSHOT_HOT) };
	const int text = create(dir, KEY_FILE), nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct sandbox_config copy = *config;
	struct error err = { 0 };

	if (files.memory < 0 || files.state < 0 || files.hot < 0 || text < 0 ||
	    write(text, key->text, key->len) != (ssize_t)key->len ||
	    dup2(nowhere, STDERR_FILENO) < 0) /* who waits will see the same when he boots */
		return 1;
	return maker(&copy, &files, &err) ? 1 : 0;
}

/* A process whose end we wait for, but not for ever */
static bool in_child(int dir, const struct key *key, const struct sandbox_config *config,
		     ahead_maker *maker)
{
	const pid_t parent = getpid();
	struct pollfd end = { .events = POLLIN };
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? make(dir, key, config, maker) : 1);
	}
	close(ends[1]);
	end.fd = ends[0];
	if (pid > 0 && poll(&end, 1, PATIENCE_MS) == 0)
		kill(pid, SIGKILL);
	close(ends[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Return: whether there is one now that may be opened */
static bool make_new(int boots, const struct key *key, const struct sandbox_config *config,
		     ahead_maker *maker)
{
	cleanup_close int lock =
	    openat(boots, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	cleanup_close int dir = -1;
	bool made;

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB))
		return false;
	remove_one(boots, NEW);
	if (!mkdirat(boots, NEW, 0700))
		dir = open_directory(boots, NEW);
	made = dir >= 0 && in_child(dir, key, config, maker);
	if (made) {
		remove_one(boots, key->name); /* of a machine that was another one */
		made = !renameat(boots, NEW, boots, key->name);
		prune(boots);
	}
	if (!made)
		remove_one(boots, NEW);
	return made;
}

/* Who says more to the kernel than usual, or wants to see it boot, boots */
static bool is_usual(const struct sandbox_config *config)
{
	return config->boots && !config->verbose && !config->traced && !config->web.argv &&
	       !config->cmdline && !config->net.requests && config->tier != SANDBOX_TIER_EMULATE;
}

struct snapshot *ahead_find(const struct sandbox_config *config, const struct vt_boot *boot,
			    ahead_maker *maker)
{
	struct snapshot *made = NULL;
	cleanup_close int boots = -1;
	struct key key;

	if (!is_usual(config) || !make_key(&key, config, boot))
		return NULL;
	boots = open_directory(AT_FDCWD, config->boots);
	if (boots < 0 && errno == ENOENT && !mkdir(config->boots, 0700))
		boots = open_directory(AT_FDCWD, config->boots);
	if (boots < 0)
		return NULL;
	made = open_made(boots, &key);
	if (!made && make_new(boots, &key, config, maker))
		made = open_made(boots, &key);
	return made;
}
