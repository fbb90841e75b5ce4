/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshot.h - paused sandboxes: what the supervisor writes and reads
 *
 * A paused sandbox is a directory of its own:
 *
 *   config      how it was started (config.h); written by the command line alone, which trusts it
 *   state       format.h; everything from here on is the supervisor's, and may be anything
 *   memory.F-L  a layer of physical memory: bytes at their physical addresses, sparse
 *   hot         which of it is written first (engine/memory/hot.h); need not be there
 *   diskN.G     a layer of what was written to disk N
 */
#ifndef ENGINE_SNAPSHOT_SNAPSHOT_H
#define ENGINE_SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/sandbox.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

#define SNAPSHOT_CONFIG "config"
#define SNAPSHOT_STATE "state"
#define SNAPSHOT_HOT "hot"

/* "." NAME "." and the process id */
#define SNAPSHOT_CONSUMED ".%s.%d"

/* Descriptors that pausing takes: of state, memory, and of a file for each disk */
#define SNAPSHOT_FDS(disks) (2 + (disks))

/**
 * struct snapshot_machine - the sandbox as a whole
 * @memory:   bytes of physical memory
 * @entry:    where its kernel is entered
 * @realtime_ns: of the host, when it was paused
 * @ran_ms:   for how long it had run, its pauses left out
 * @telemetry: bytes of the telemetry region
 * @program:  version of the program that wrote this, for people
 */
struct snapshot_machine {
	uint64_t memory, entry, realtime_ns, ran_ms, telemetry;
	uint32_t abi, cpus, tier, disks;
	char program[32];
};

/* @stamp: disk_stamp(), of what is below its layers when those have all that is over it: @kept */
struct snapshot_disk {
	uint64_t size, stamp;
	uint32_t kept, pad;
};

struct snapshot_jobs {
	uint64_t last_request;
	int32_t main;
	uint32_t tty, count; /* of slots; the uses of each follow */
	uint32_t pad;
};

struct snapshot_stream {
	uint32_t open, pad; /* its bytes follow */
};

/* ---- save.c ---- */

/**
 * snapshot_init() - Be ready to pause this sandbox when a client of the control socket wants that
 * @boot: the kernel's
 * @ran_ms: for how long it had run before it was paused
 */
void snapshot_init(const struct sandbox_config *config, const struct vt_boot *boot,
		   uint64_t ran_ms);

/**
 * snapshot_write_down() - The kernel has left to pause: write the sandbox down
 *
 * Context: the first vCPU's thread, outside of the kernel.
 *
 * Return: true when it is written, and this process may end; false when it has to go on here.
 */
bool snapshot_write_down(void);

/**
 * struct snapshot_boot_files - a kernel that has only booted
 * @memory: its layer of memory
 * @state:  format.h
 * @hot:    engine/memory/hot.h
 */
struct snapshot_boot_files {
	int memory, state, hot;
};

/**
 * snapshot_write_boot() - The kernel has left before it has seen a device: write it down
 * @boot: the kernel's
 * @files: empty ones, but for @hot, which is left alone
 *
 * Memory is that of the file afterwards, so the kernel can go on.
 * Return: 0 or -1 with @err.
 */
int snapshot_write_boot(const struct vt_boot *boot, const struct snapshot_boot_files *files,
			struct error *err);

/* ---- load.c ---- */

struct snapshot;

/**
 * snapshot_open() - Read a paused sandbox, and see whether it can go on here
 * @config: has its directory; gets the layers of its disks
 * @err: one line that says what does not fit
 *
 * Return: the snapshot, for the functions below, or NULL.
 */
struct snapshot *snapshot_open(struct sandbox_config *config, struct error *err);

/** snapshot_machine() - What it was */
const struct snapshot_machine *snapshot_machine(const struct snapshot *snapshot);

/**
 * snapshot_memory() - Fill physical memory and the telemetry region
 *
 * Memory stays that of the file until it is written (engine/memory/base.h).
 */
int snapshot_memory(struct snapshot *snapshot, struct error *err);

/**
 * snapshot_open_boot() - Read a kernel that has only booted, of snapshot_write_boot()
 * @files: which are taken over; -1: there is no such file
 *
 * Return: the snapshot, for snapshot_machine(), snapshot_memory() and snapshot_logs(); NULL when it
 * is of another machine, or damaged.
 */
struct snapshot *snapshot_open_boot(const struct snapshot_boot_files *files);

/** snapshot_has_lived() - Is it known what is written first by who goes on from it? */
bool snapshot_has_lived(const struct snapshot *snapshot);

/** snapshot_logs() - Keep what was logged before */
void snapshot_logs(const struct snapshot *snapshot);

/** snapshot_devices() - Give the virtio devices their state; fails if a disk has changed */
int snapshot_devices(const struct snapshot *snapshot, struct error *err);

/** snapshot_jobs() - Give the jobs and logs theirs */
int snapshot_jobs(const struct snapshot *snapshot, struct error *err);

/**
 * snapshot_consume() - From here on the sandbox is this process, and its directory only rubbish
 *
 * It gets a name that nobody looks for, SNAPSHOT_CONSUMED; whoever started us removes it, or gives
 * it its name again when we fail after all.
 */
int snapshot_consume(const struct sandbox_config *config, struct error *err);

/** snapshot_close() - All of it was read */
void snapshot_close(struct snapshot *snapshot);

#endif
