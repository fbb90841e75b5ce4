/* SPDX-License-Identifier: GPL-2.0-only */
/* sandbox.h - what the command line asks of the engine
 *
 * A struct sandbox_config is plain data: the command line fills it, the engine reads it. Strings
 * are owned by the caller and outlive sandbox_run().
 */
#ifndef VITRINE_SANDBOX_H
#define VITRINE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/error.h"

#define SANDBOX_DISKS_MAX 16
#define SANDBOX_CPUS_MAX 64
#define SANDBOX_CPUS_USUAL 8

/* Exit status of what was waiting for a sandbox that was paused: 128 + SIGSTOP, as of a job that
 * was stopped
 */
#define SANDBOX_STATUS_PAUSED 147

struct sandbox_disk {
	const char *path;
	const char *label; /* what people call it; NULL: the path */
	bool read_only;
	bool ephemeral;	     /* writes go to an anonymous sparse file that is thrown away */
	const char *overlay; /* or to this file, kept; NULL for none */
	/* read-only layers over @path, the lowest first, NULL terminated; NULL for none. What is
	 * written needs one of the above */
	const char *const *layers;
	/* more of them, over those: what was written until a pause or a snapshot; or NULL */
	const char *const *saved;
	unsigned partition; /* 1.. exposes only that partition as the whole disk, 0 for all of it */
};

#define SANDBOX_SHARES_MAX 64

/**
 * struct sandbox_share - a directory or a file of the host's in the guest
 * @path:   on the host
 * @target: absolute, in the guest
 */
struct sandbox_share {
	const char *path, *target;
	bool read_only;
};

enum sandbox_mounts { SANDBOX_MOUNTS_FULL, SANDBOX_MOUNTS_MINIMAL, SANDBOX_NMOUNTS };
enum sandbox_wx { SANDBOX_WX_ALLOW, SANDBOX_WX_DENY, SANDBOX_NWX };
enum sandbox_tier { SANDBOX_TIER_AUTO, SANDBOX_TIER_SECCOMP, SANDBOX_TIER_EMULATE, SANDBOX_NTIERS };

#define SANDBOX_WEB_FD 3 /* the listening socket that the observer finds */

/**
 * struct sandbox_web - an observer that starts and ends with the sandbox
 * @address: numeric address to listen at, @port: 0 for any that is free
 * @argv:    of the observer, which is this program; NULL for no observer
 * @lingers: it was told to go on when the sandbox has ended; it ends by itself, or with us
 * @key:     somebody sits at standard input, whose next key ends it
 */
struct sandbox_web {
	const char *address;
	unsigned port;
	char *const *argv;
	bool lingers, key;
};

/**
 * struct sandbox_net - what the guest reaches of other networks; all checked by the command line
 * @enabled:   it has a network card
 * @policy:    lines of a policy (lib/policy.h), NULL terminated; NULL for none
 * @publish:   [ADDRESS:]PORT:GUEST[/udp], NULL terminated; NULL for none
 * @resolvers: ADDRESS[:PORT] in place of the host's, NULL terminated; NULL for none
 * @log:       a file that gets a line of JSON for each connection, or NULL
 * @requests:  there are rules about requests, or secrets
 * @secrets:   of lib/http_rule.h, NULL terminated; NULL for none
 * @placeholders: what the guest has in place of each
 * @trust:     the guest's programs are to believe the sandbox's certificate authority
 * @authority: that was made when it was started (net_authority_kept()); NULL: one is made
 */
struct sandbox_net {
	bool enabled;
	const char *const *policy, *const *publish, *const *resolvers;
	const char *const *secrets, *const *placeholders;
	const char *log, *authority;
	bool requests, trust;
};

#define SANDBOX_LAYERS_FD 3
#define SANDBOX_LAYERS_MAX 16
#define SANDBOX_MEMORY_ALIGN (2UL << 20) /* what --memory has over a multiple is not used */

struct sandbox_config {
	const char *name;  /* registered in the run directory */
	const char *boots; /* where kernels are kept that have booted (boot/ahead.c); NULL: boot */
	const char *kernel_path; /* NULL: the image that was built or installed with the program */
	struct sandbox_disk disks[SANDBOX_DISKS_MAX]; /* disks[0] is the root file system */
	unsigned ndisks;
	struct sandbox_share shares[SANDBOX_SHARES_MAX];
	unsigned nshares;
	const char *fs_type; /* of the root file system, "ext4" */
	bool read_only;	     /* mount the root file system read-only */
	uint64_t memory;     /* bytes of guest memory */
	unsigned cpus;	     /* vCPUs, 1 to SANDBOX_CPUS_MAX; 0: see sandbox_cpus() */
	const char *cmdline; /* appended to the kernel command line, may be NULL */
	const char *hostname;
	enum sandbox_mounts mounts;
	enum sandbox_tier tier;
	enum sandbox_wx wx;    /* may memory be writable and executable at once? */
	unsigned timeout;      /* seconds until the sandbox is ended with status 124; 0: never */
	bool pause_on_timeout; /* or is paused, and then has all of it again */
	unsigned idle_pause;   /* seconds with nothing to do until it is paused; 0: never */
	uint64_t started;      /* when it was at first, of time(2); 0: now */
	bool verbose;	       /* kernel log to stderr */
	struct sandbox_web web;
	struct sandbox_net net;
	bool traced; /* record from the start, and boot only when an observer is there */
	unsigned traced_capture; /* most bytes of a buffer that are recorded until it says so */

	/* directory of a sandbox (engine/snapshot) that goes on, or NULL; @clone: it stays there,
	 * and this one has a name of its own */
	const char *resume;
	bool clone;
	/* of its memory, all layers are descriptors from SANDBOX_LAYERS_FD on; 0: they are in the
	 * directory */
	unsigned layers;
	bool tells; /* the descriptor behind those gets a byte when clients are served */

	/* the main command */
	char *const *argv; /* NULL terminated */
	char *const *env;  /* "K=V", NULL terminated, complete */
	const char *cwd;   /* NULL: "/" */
	const char *user;  /* name, resolved in the guest; NULL: uid/gid count */
	uint32_t uid, gid;
	bool init;	  /* the command is pid 1 */
	bool console;	  /* ... and writes to /dev/console, which is its output then */
	bool tty;	  /* a pseudo terminal in the guest */
	bool interactive; /* stdin is forwarded */
	bool detached;	  /* what it writes is only kept for `vitrine logs` */
};

/**
 * sandbox_cpus() - How many vCPUs a sandbox has unless something else is said: one for each CPU
 * that this process may use, SANDBOX_CPUS_USUAL at the most. A tier that holds fewer gets fewer.
 */
unsigned sandbox_cpus(void);

/**
 * sandbox_run() - Boot a sandbox in this process, run its main command, take it down
 * @config: what to run
 * @err:    filled when the sandbox could not be started or died
 *
 * Return: the command's exit status (128 + n when signal n ended it, 124 on time-out, 125 when
 * the guest kernel panicked), or -1 with @err filled.
 */
int sandbox_run(const struct sandbox_config *config, struct error *err);

/**
 * sandbox_paused() - Did sandbox_run() return SANDBOX_STATUS_PAUSED because it was paused?
 */
bool sandbox_paused(void);

#endif
