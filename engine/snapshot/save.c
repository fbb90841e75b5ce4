// SPDX-License-Identifier: GPL-2.0-only
/* save.c - a sandbox is paused: everything that it is goes to files
 *
 * Theory of operation
 * Whoever wants the pause makes the files, for we can open none any more, and sends their
 * descriptors. Its connection's thread asks the guest kernel, which leaves (vcpu_paused()); the
 * vCPU's thread then writes, while nothing of the guest runs. What else could change it is stopped
 * first: requests in flight of devices, streams.
 *
 *   client ---- pause, descriptors ----> connection's thread            vCPU's thread
 *                                        VT_REQ_PAUSE  -------------->  guest kernel: comes home
 *                                        waits                          snapshot_write_down()
 *                                                                         disks, memory, fsync
 *                                                                         the state, fsync
 *   client <------ paused ---------------- <-------------------------   ends the process
 *
 * The state file is the last thing that is written, and by us: once it is there, the
 * paused sandbox is whole, whoever is killed then; before, there is none. When anything fails, or
 * what is wanted is a snapshot, the kernel is entered again and the sandbox goes on.
 *
 * Host system calls: those of format.c, layers.c and disks.c; lseek, fstat, fdatasync, futex.
 */
#include "snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/control/control.h"
#include "engine/disk/disk.h"
#include "engine/jobs/jobs.h"
#include "engine/jobs/request.h"
#include "engine/log/logring.h"
#include "engine/memory/base.h"
#include "engine/memory/memory.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/tier.h"
#include "engine/virtio/blk.h"
#include "engine/virtio/net.h"
#include "engine/virtio/virtio.h"
#include "disks.h"
#include "layers.h"
#include "lib/clock.h"
#include "machine.h"
#include "vitrine/telemetry.h"
#include "vitrine/util.h"

#ifndef VITRINE_VERSION
#define VITRINE_VERSION "unknown"
#endif

#define FREEZE_MS 2000 /* for whoever reads the command's output */
#define LOG_SIZE (256 * 1024)
#define STATUS_LOST 125

enum { FD_STATE, FD_MEMORY, FD_DISKS };

/* What a pause has come to */
enum step { IDLE, ASKED, WRITING, WRITTEN, FAILED };

static const struct sandbox_config *config;
static const struct vt_boot *boot;
static uint64_t began;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
	enum step step;
	struct pause_wish *wish;
	struct layers_wish layers;
	uint64_t asked_ns;
	struct error err;
} pause_;

static void step_to(enum step step)
{
	pthread_mutex_lock(&lock);
	pause_.step = step;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* ---- the client's side ---- */

/* What cannot be written down yet */
static int check_disks(struct error *err)
{
	for (unsigned i = 0; i < config->ndisks; i++) {
		const struct disk *disk = blk_disk(i);

		if (!disk->read_only && !disk_can_keep(disk))
			return error_set(
			    err, 0,
			    "the sandbox writes to %s itself, which would change under "
			    "the snapshot; --ephemeral, or an image in layers",
			    disk->path);
	}
	return 0;
}

static int check_possible(const struct pause_wish *wish, struct error *err)
{
	if (config->nshares)
		return error_set(err, 0, "a sandbox with shared folders cannot be paused yet");
	if (wish->nfds != SNAPSHOT_FDS(config->ndisks))
		return error_set(err, 0, "pause: %u descriptors must come with the message",
				 SNAPSHOT_FDS(config->ndisks));
	if (job_pid(JOB_MAIN) <= 0 || jobs_main_ended())
		return error_set(err, 0, "its command does not run");
	if (wish->live && (!wish->goes_on || !base_reserved()))
		return error_set(err, ENOTSUP, "the sandbox has no room for a layer");
	return wish->goes_on ? check_disks(err) : 0;
}

static int refused(int64_t value, struct error *err)
{
	if (value == -ESHUTDOWN)
		return error_set(err, 0, "the sandbox is ending");
	if (value == -ETIMEDOUT)
		return error_set(err, 0, "the guest's kernel does not answer");
	return error_set(err, (int)-value, "the guest's kernel cannot pause");
}

/* The kernel has answered, so it goes on, here: because it never left, or was sent back */
static void answered(void *ctx, int64_t value)
{
	pthread_mutex_lock(&lock);
	if (pause_.step == ASKED && value < 0) {
		refused(value, &pause_.err);
		pause_.step = FAILED;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
}

/* With the lock held: until it has succeeded or failed */
static void await_step(void)
{
	const struct timespec deadline = clock_deadline(REQUEST_PATIENCE * 1000ULL);
	int ret = 0;

	while (pause_.step == ASKED && ret != ETIMEDOUT)
		ret = pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &deadline);
	while (pause_.step == WRITING)
		pthread_cond_wait(&changed, &lock);
	if (pause_.step == ASKED)
		refused(-ETIMEDOUT, &pause_.err);
}

static void begin(struct pause_wish *wish)
{
	pause_.step = ASKED;
	pause_.wish = wish;
	pause_.layers = (struct layers_wish){ (uint32_t)wish->generation, wish->names };
	pause_.asked_ns = clock_now_ns();
	memory_want_unused(!wish->live);
}

static int pause_sandbox(struct pause_wish *wish, struct error *err)
{
	int ret;

	if (check_possible(wish, err))
		return -1;
	if (wish->live)
		base_let_go(); /* while it runs: that it stands still is to be short */
	pthread_mutex_lock(&lock);
	if (pause_.step != IDLE) {
		pthread_mutex_unlock(&lock);
		return error_set(err, 0, "the sandbox is being paused already");
	}
	begin(wish);
	pthread_mutex_unlock(&lock);
	ret = request_post(&(struct question){ .kind = VT_REQ_PAUSE }, answered, NULL);
	pthread_mutex_lock(&lock);
	if (ret)
		refused(ret, &pause_.err);
	else
		await_step();
	ret = pause_.step == WRITTEN ? 0 : error_set(err, pause_.err.code, "%s", pause_.err.text);
	if (ret || wish->goes_on) /* otherwise it is for good: we end */
		pause_.step = IDLE;
	pthread_mutex_unlock(&lock);
	return ret;
}

void snapshot_init(const struct sandbox_config *sandbox, const struct vt_boot *vt_boot,
		   uint64_t ran_ms)
{
	config = sandbox;
	boot = vt_boot;
	began = clock_now_ns() - ran_ms * NS_PER_MS;
	control_on_pause(pause_sandbox);
}

/* ---- the vCPU's side ---- */

static void add_machine(struct snapshot_writer *writer, unsigned disks, uint64_t ran_ms)
{
	struct snapshot_machine machine = {
		.memory = memory_size(),
		.entry = boot->kernel.resume,
		.realtime_ns = clock_read_ns(CLOCK_REALTIME),
		.ran_ms = ran_ms,
		.telemetry = VT_TELEMETRY_SIZE,
		.abi = VT_ABI_VERSION,
		.cpus = boot->cpus,
		.tier = tier_started(),
		.disks = disks,
		.program = VITRINE_VERSION,
	};
	struct snapshot_cpu cpu;

	snapshot_cpu_here(&cpu);
	snapshot_add(writer, SNAPSHOT_MACHINE, &machine, sizeof(machine));
	snapshot_add(writer, SNAPSHOT_CPU, &cpu, sizeof(cpu));
}

static void add_devices(struct snapshot_writer *writer)
{
	struct virtio_saved saved[VIRTIO_DEVICES_MAX];
	unsigned count = virtio_save(saved);

	snapshot_add(writer, SNAPSHOT_DEVICES, saved, count * sizeof(*saved));
}

static int add_jobs(struct snapshot_writer *writer, struct error *err)
{
	cleanup_free struct jobs_saved *saved = calloc(1, sizeof(*saved));
	struct snapshot_jobs head;

	if (!saved)
		return error_set(err, ENOMEM, "cannot write the sandbox's state");
	jobs_save(saved);
	head = (struct snapshot_jobs){ .last_request = saved->last_request,
				       .main = saved->main,
				       .tty = saved->tty,
				       .count = JOBS_MAX };
	snapshot_add(writer, SNAPSHOT_JOBS, &head, sizeof(head));
	snapshot_append(writer, saved->uses, sizeof(saved->uses));
	for (int i = 0; i < 3; i++) {
		const struct snapshot_stream stream = { .open = saved->rings[i].open };

		snapshot_add(writer, SNAPSHOT_STREAM + i, &stream, sizeof(stream));
		snapshot_append(writer, saved->rings[i].data, saved->rings[i].len);
	}
	return 0;
}

static void add_logs(struct snapshot_writer *writer)
{
	cleanup_free char *text = malloc(LOG_SIZE);

	for (int which = 0; text && which < LOGRING_COUNT; which++) {
		uint64_t offset = 0;
		size_t len = logring_read(which, &offset, text, LOG_SIZE);

		snapshot_add(writer, SNAPSHOT_LOG + which, text, len);
	}
}

/* Pages that were never touched would come to be when they are looked at */
static void add_telemetry(struct snapshot_writer *writer)
{
	const uint8_t *region = (const uint8_t *)telemetry;
	const struct snapshot_range end = { 0 };
	off_t at = 0, to;

	snapshot_add(writer, SNAPSHOT_TELEMETRY, NULL, 0);
	while ((at = lseek(telemetry_fd(), at, SEEK_DATA)) >= 0 &&
	       (to = lseek(telemetry_fd(), at, SEEK_HOLE)) >= 0) {
		const struct snapshot_range range = { (uint64_t)at, (uint64_t)(to - at) };

		snapshot_append(writer, &range, sizeof(range));
		at = to;
	}
	snapshot_append(writer, &end, sizeof(end));
	at = 0;
	while ((at = lseek(telemetry_fd(), at, SEEK_DATA)) >= 0 &&
	       (to = lseek(telemetry_fd(), at, SEEK_HOLE)) >= 0) {
		snapshot_append(writer, region + at, to - at);
		at = to;
	}
}

static int write_memory(struct snapshot_writer *writer, int fd, struct error *err)
{
	if (layers_save(writer, &pause_.layers, fd, err))
		return -1;
	return fdatasync(fd) ? error_set(err, errno, "cannot write the sandbox's memory") : 0;
}

static int write_state(struct snapshot_writer *writer, int fd, bool durable, struct error *err)
{
	if (snapshot_write(writer, fd, err))
		return -1;
	if (durable && fdatasync(fd))
		return error_set(err, errno, "cannot write the sandbox's state");
	return 0;
}

static void add_small(struct snapshot_writer *writer)
{
	snapshot_begin(writer);
	add_machine(writer, config->ndisks, (clock_now_ns() - began) / NS_PER_MS);
	add_devices(writer);
	add_logs(writer);
	add_telemetry(writer);
}

/* Whoever gave up on us may have removed the files. Then we are all that there is of the sandbox */
static int check_kept(int fd, struct error *err)
{
	struct stat st;

	return fstat(fd, &st) || !st.st_nlink ? error_set(err, 0, "its files have been removed")
					      : 0;
}

static int write_all(struct snapshot_writer *writer, struct pause_wish *wish, struct error *err)
{
	int ret =
	    disks_save(writer, &pause_.layers, wish->fds + FD_DISKS, wish->goes_on, true, err) ||
	    add_jobs(writer, err) || write_memory(writer, wish->fds[FD_MEMORY], err) ||
	    write_state(writer, wish->fds[FD_STATE], true, err);

	if (!ret && !wish->goes_on)
		ret = check_kept(wish->fds[FD_STATE], err);
	layers_end(wish->fds[FD_MEMORY], !ret && wish->goes_on);
	return ret;
}

/* Memory comes last: there is no way back from there */
static int freeze_all(struct snapshot_writer *writer, struct pause_wish *wish, struct error *err)
{
	if (disks_save(writer, &pause_.layers, wish->fds + FD_DISKS, true, false, err) ||
	    add_jobs(writer, err))
		return -1;
	wish->count = layers_freeze(writer, &pause_.layers, wish->fds[FD_MEMORY], wish->layers);
	if (!wish->count)
		return error_set(err, ENOTSUP, "the sandbox has no room for a layer");
	if (tier_memory_changed()) {
		static const char text[] = "vitrine: the guest's processes cannot go on\n";

		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		_exit(STATUS_LOST);
	}
	return write_state(writer, wish->fds[FD_STATE], false, err);
}

static int write_down(struct pause_wish *wish, struct error *err)
{
	struct snapshot_writer writer;
	int ret;

	net_freeze();
	virtio_quiesce();
	if (!jobs_freeze(FREEZE_MS))
		return error_set(err, 0, "nobody reads what the command has written");
	add_small(&writer);
	ret = wish->live ? freeze_all(&writer, wish, err) : write_all(&writer, wish, err);
	snapshot_end(&writer);
	if (!ret && wish->goes_on)
		disks_end(wish->fds + FD_DISKS, !wish->live);
	return ret ? -1 : 0;
}

bool snapshot_write_down(void)
{
	bool wanted, written, ends = false;

	pthread_mutex_lock(&lock);
	wanted = pause_.step == ASKED; /* unless whoever asked has given up */
	if (wanted)
		pause_.step = WRITING;
	pthread_mutex_unlock(&lock);
	if (wanted) {
		const bool goes_on = pause_.wish->goes_on;

		written = !write_down(pause_.wish, &pause_.err);
		pause_.wish->stopped_ns = clock_now_ns() - pause_.asked_ns;
		ends = written && !goes_on;
		net_thaw(); /* its thread has to end, too */
		if (!ends)
			jobs_thaw();
		step_to(written ? WRITTEN : FAILED);
	}
	memory_unused_forget();
	return ends;
}

int snapshot_write_boot(const struct vt_boot *vt_boot, const struct snapshot_boot_files *files,
			struct error *err)
{
	const struct layers_wish first = { .generation = 1 };
	struct snapshot_writer writer;
	int ret;

	boot = vt_boot;
	snapshot_begin(&writer);
	add_machine(&writer, 0, 0);
	add_logs(&writer);
	add_telemetry(&writer);
	ret = layers_save(&writer, &first, files->memory, err) ||
	      snapshot_write(&writer, files->state, err);
	layers_end(files->memory, !ret);
	snapshot_end(&writer);
	return ret ? -1 : 0;
}
