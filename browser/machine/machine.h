/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.h - a whole sandbox in the emulator: the guest's kernel, too
 *
 * Theory of operation
 * The kernel image is a program that executes no privileged instruction, so the emulator of user
 * mode runs it as it runs guest programs. A machine has physical memory, one emulated CPU, and the
 * host operations that the kernel asks for; of its surroundings it needs the functions of struct
 * machine_host and nothing else: no threads, no signals, no system calls.
 *
 * machine_run() executes for a while and comes back, so that it can live in an event loop. Whatever
 * comes from outside (machine_input() and so on) is told between two calls of it.
 */
#ifndef BROWSER_MACHINE_MACHINE_H
#define BROWSER_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;

#define MACHINE_DISKS_MAX 4
#define MACHINE_NEVER UINT64_MAX

/* A request to a disk. It is answered with machine_disk_done(), from within disk() or later */
enum machine_disk_kind {
	MACHINE_DISK_READ,
	MACHINE_DISK_WRITE,
	MACHINE_DISK_FLUSH,
	MACHINE_DISK_ZERO
};

/**
 * struct machine_disk_request - one piece of a request
 * @kind, @disk: what, and of which
 * @offset, @size: bytes, multiples of 512
 * @data: of the guest: to fill or to write; valid until the answer
 * @tag: for machine_disk_done()
 */
struct machine_disk_request {
	enum machine_disk_kind kind;
	uint32_t disk;
	uint64_t offset, size;
	uint8_t *data;
	uint32_t tag;
};

/**
 * struct machine_host - what a machine asks of its surroundings
 * @monotonic, @realtime: nanoseconds
 * @random:  fill with random bytes
 * @console: text of the kernel's
 * @output:  bytes of a job's stream 1 or 2; returns how many were taken
 * @closed:  that stream has ended
 * @disk:    see struct machine_disk_request
 * @network: a packet for the relay; false when it cannot be sent
 * @started: a job has a process, or @pid is a negative errno value
 * @ended:   a job's process has ended; the status is that of wait(2)
 * @refused: the kernel does not stand still; a negative errno value
 */
struct machine_host {
	void *of;
	uint64_t (*monotonic)(void *of);
	uint64_t (*realtime)(void *of);
	void (*random)(void *of, void *data, size_t size);
	void (*console)(void *of, const char *text, size_t size);
	size_t (*output)(void *of, uint32_t job, uint32_t stream, const uint8_t *data, size_t size);
	void (*closed)(void *of, uint32_t job, uint32_t stream);
	void (*disk)(void *of, struct machine *machine, const struct machine_disk_request *request);
	bool (*network)(void *of, const void *packet, size_t len);
	void (*started)(void *of, uint32_t job, int64_t pid);
	void (*ended)(void *of, uint32_t job, uint32_t wait_status);
	void (*refused)(void *of, int64_t error);
};

/**
 * struct machine_disk - one disk
 * @size: bytes, a multiple of 512; 0: there is none
 */
struct machine_disk {
	uint64_t size;
	bool read_only;
};

/**
 * struct machine_config - what a machine is made of
 * @image, @image_size: the kernel, an ELF file; not needed any more afterwards
 * @memory: bytes of physical memory, a multiple of 2 MiB
 * @cmdline: of the kernel
 * @network: it has a network card, behind which a relay is to be reached (machine_network())
 */
struct machine_config {
	const uint8_t *image;
	size_t image_size;
	uint64_t memory;
	const char *cmdline, *hostname;
	struct machine_disk disks[MACHINE_DISKS_MAX];
	bool network;
};

/**
 * struct machine_command - a process to start
 * @job:  the caller's number for it, never given twice; 0 is the main one, with which all ends
 * @argv, @env: NULL-terminated
 */
struct machine_command {
	uint32_t job;
	const char *const *argv, *const *env;
	const char *cwd, *user;
	bool tty;
	uint16_t rows, columns;
};

/**
 * machine_new() - Make one that is about to start
 * @host: must outlive it
 * @why:  set to what is wrong when there is none
 */
struct machine *machine_new(const struct machine_config *config, const struct machine_host *host,
			    const char **why);

void machine_free(struct machine *machine);

enum machine_state {
	MACHINE_RUNS,	/* it has more to do at once */
	MACHINE_WAITS,	/* for something from outside, or until machine_wakes() */
	MACHINE_ENDED,	/* see machine_status() */
	MACHINE_PAUSED, /* it stands still: see machine_pause() */
};

/**
 * machine_run() - Execute
 * @ns: about as long at the most
 */
enum machine_state machine_run(struct machine *machine, uint64_t ns);

/* When a machine that waits goes on by itself: monotonic nanoseconds, or MACHINE_NEVER */
uint64_t machine_wakes(const struct machine *machine);

/* What the kernel has halted with: 125 after a panic */
uint32_t machine_status(const struct machine *machine);

/* Return: 0, or -1: the words are too many, or there is no memory */
int machine_start(struct machine *machine, const struct machine_command *command);

/* Bytes for a job's standard input; returns how many found room */
size_t machine_input(struct machine *machine, uint32_t job, const void *data, size_t size);
void machine_input_end(struct machine *machine, uint32_t job);

/* A job's output can be taken again */
void machine_output_ready(struct machine *machine);

void machine_resize(struct machine *machine, uint32_t job, uint16_t rows, uint16_t columns);
void machine_signal(struct machine *machine, int pid, int signal);

void machine_disk_done(struct machine *machine, uint32_t tag, bool failed);

/* The relay can be reached, or no more: then all connections are over */
void machine_network(struct machine *machine, bool there);

/* A packet of the relay's */
void machine_packet(struct machine *machine, const void *packet, size_t len);

/* ---- pauses ---- */

/**
 * machine_pause() - Ask the kernel to stand still
 *
 * machine_run() says MACHINE_PAUSED then, unless host.refused() is called first. All that the
 * machine is then lies in machine_memory() and in what machine_save() writes, and in its disks as
 * soon as no request is on its way (machine_busy()).
 *
 * Return: 0, or -1: there is no memory.
 */
int machine_pause(struct machine *machine);

/* Requests to disks that have not been answered */
uint32_t machine_busy(const struct machine *machine);

/* After a pause: it goes on here */
void machine_go_on(struct machine *machine);

/* Physical memory, of the size that it was made with */
uint8_t *machine_memory(struct machine *machine);

/* A byte for each 4 KiB of it: may have been changed since machine_kept() */
const uint8_t *machine_dirty(struct machine *machine);
void machine_kept(struct machine *machine);

/* Bytes that machine_save() writes */
size_t machine_save_size(void);

/* While it is paused: everything but memory and disks */
void machine_save(struct machine *machine, uint8_t *to);

/**
 * machine_restore() - Make one that goes on from a pause
 * @config: of the machine that was paused; without an image
 * @saved:  what machine_save() has written
 *
 * The caller fills machine_memory() before machine_run(). It comes from anywhere: a kernel that is
 * not one does no more than a broken one would.
 */
struct machine *machine_restore(const struct machine_config *config,
				const struct machine_host *host, const uint8_t *saved, size_t size,
				const char **why);

/* How much it has done: times that the emulator has looked up, each after 512 jumps at the most */
uint64_t machine_looks(const struct machine *machine);

#endif
