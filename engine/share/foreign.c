// SPDX-License-Identifier: GPL-2.0-only
/* foreign.c - file systems that are mounted inside of a folder
 *
 * Theory of operation
 * A folder may have mounts in it, and they are shared along. Not those whose files are an interface
 * of the host's kernel: reading or writing them has effects, and below /proc lie this process's own
 * memory and descriptors. Whoever shares "/" does not share them.
 *
 * The guest sees all folders as one device, so that numbers of files of several host devices have
 * to be told apart. The first device keeps its numbers; others get theirs in the upper byte.
 *
 * Host system calls: fstatfs; futex.
 */
#include "foreign.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/vfs.h>

#include "vitrine/util.h"

#define DEVICES_MAX 255

static const unsigned long doors[] = {
	PROC_SUPER_MAGIC,
	SYSFS_MAGIC,
	DEVPTS_SUPER_MAGIC,
	CGROUP_SUPER_MAGIC,
	CGROUP2_SUPER_MAGIC,
	DEBUGFS_MAGIC,
	TRACEFS_MAGIC,
	SECURITYFS_MAGIC,
	BPF_FS_MAGIC,
	NSFS_MAGIC,
	SELINUX_MAGIC,
	SMACK_MAGIC,
	PSTOREFS_MAGIC,
	EFIVARFS_MAGIC,
	BINFMTFS_MAGIC,
	RDTGROUP_SUPER_MAGIC,
	BINDERFS_SUPER_MAGIC,
	AUTOFS_SUPER_MAGIC,
	AAFS_MAGIC,
	0x62656570 /* configfs */,
	0x65735543 /* fusectl */,
};

static const unsigned long remotes[] = {
	NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC, CEPH_SUPER_MAGIC,
	CODA_SUPER_MAGIC, AFS_SUPER_MAGIC, V9FS_MAGIC,	     FUSE_SUPER_MAGIC,
};

static struct {
	pthread_mutex_t lock;
	unsigned count;
	struct {
		uint64_t dev;
		bool refused;
	} device[DEVICES_MAX];
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_among(int fd, const unsigned long *magic, size_t count)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return true; /* what cannot be told is not let in */
	for (size_t i = 0; i < count; i++) {
		if ((unsigned long)fs.f_type == magic[i])
			return true;
	}
	return false;
}

bool foreign_remote(int fd)
{
	return is_among(fd, remotes, ARRAY_SIZE(remotes));
}

/* With the lock held */
static unsigned find(uint64_t dev)
{
	unsigned i;

	for (i = 0; i < known.count && known.device[i].dev != dev; i++)
		;
	return i;
}

int foreign_check(int fd, uint64_t dev)
{
	bool refused;
	unsigned i;

	pthread_mutex_lock(&known.lock);
	i = find(dev);
	if (i < known.count) {
		refused = known.device[i].refused;
		pthread_mutex_unlock(&known.lock);
		return refused ? -EACCES : 0;
	}
	pthread_mutex_unlock(&known.lock);

	refused = is_among(fd, doors, ARRAY_SIZE(doors));
	pthread_mutex_lock(&known.lock);
	if (known.count < DEVICES_MAX && find(dev) == known.count) {
		known.device[known.count].dev = dev;
		known.device[known.count++].refused = refused;
	}
	pthread_mutex_unlock(&known.lock);
	return refused ? -EACCES : 0;
}

uint64_t foreign_ino(uint64_t dev, uint64_t ino)
{
	unsigned i;

	pthread_mutex_lock(&known.lock);
	i = find(dev);
	pthread_mutex_unlock(&known.lock);
	return ino ^ (uint64_t)i << 56;
}
