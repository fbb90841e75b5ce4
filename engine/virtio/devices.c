// SPDX-License-Identifier: GPL-2.0-only
/* devices.c - which virtio devices a sandbox has
 *
 * Theory of operation
 * One line in classes[] for each kind of device. They get their indexes, and with them their
 * interrupts, in this order; disks come first, so that disk N is device N.
 *
 * Host system calls: rt_sigaction, and those of the devices and of iopool.c.
 */
#include <signal.h>

#include "blk.h"
#include "engine/share/share.h"
#include "fs.h"
#include "iopool.h"
#include "net.h"
#include "rng.h"
#include "virtio.h"
#include "vitrine/util.h"

/* fdatasync can occupy one for long; reads go on beside it */
#define IO_THREADS 4

static struct iopool *pool;

static int add_disks(const struct sandbox_config *config, struct error *err)
{
	unsigned i;

	for (i = 0; i < config->ndisks; i++) {
		/* Only the root file system is mounted by us; other disks may hold anything */
		if (blk_add(&config->disks[i], i ? NULL : config->fs_type, pool, err))
			return -1;
	}
	return 0;
}

static int add_rng(const struct sandbox_config *config, struct error *err)
{
	return rng_add(err);
}

static int add_fs(const struct sandbox_config *config, struct error *err)
{
	return fs_add(err);
}

static int add_net(const struct sandbox_config *config, struct error *err)
{
	return net_add(err);
}

static int (*const classes[])(const struct sandbox_config *config, struct error *err) = {
	add_disks,
	add_rng,
	add_fs,
	add_net,
};

int virtio_init(const struct sandbox_config *config, struct error *err)
{
	size_t i;

	assert(!pool && config->ndisks <= SANDBOX_DISKS_MAX);
	/* A write beyond a file size limit (ulimit -f) is an I/O error, not our end */
	signal(SIGXFSZ, SIG_IGN);
	pool = iopool_new(IO_THREADS, err);
	if (!pool)
		return -1;
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		if (classes[i](config, err)) {
			virtio_shutdown();
			return -1;
		}
	}
	return 0;
}

void virtio_shutdown(void)
{
	share_stop(); /* or a request that it holds would be waited for */
	virtio_unregister_all();
	iopool_free(pool);
	pool = NULL;
}
