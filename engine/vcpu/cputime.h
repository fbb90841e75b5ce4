/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.h - CPU time that the host has given to a vCPU */
#ifndef ENGINE_VCPU_CPUTIME_H
#define ENGINE_VCPU_CPUTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "vitrine/abi.h"

/**
 * struct cputime_process - a process that runs for a vCPU while the vCPU's thread waits for it
 * @pid:    its id
 * @had:    CPU time that it had when it was asked last, ns
 * @owner:  the vCPU that it has run for since, which has it in the list of those to ask; or NULL
 * @shared: it has run for others at the same time
 * @next:   in that list
 */
struct cputime_process {
	pid_t pid;
	struct cputime *owner;
	bool shared;
	uint64_t had;
	struct cputime_process *next;
};

/**
 * struct cputime - what one vCPU was given
 * @in:           who runs for it just now; others look at it
 * @ran:          who ran for it since it asked last
 * @of_processes: all that they ever had
 * @shared:       one of them ran for others at the same time
 * @asked_at:     when it asked last
 * @given:        its last answer
 */
struct cputime {
	struct cputime_process *in;
	struct cputime_process *ran;
	uint64_t of_processes;
	bool shared;
	uint64_t asked_at, given;
};

extern __thread struct cputime *cputime_mine;

void cputime_list(struct cputime_process *process, pid_t pid);

/**
 * cputime_ran() - A process runs for the calling vCPU now
 * @process: its record, zero when it is new; cputime_forget() before it goes
 * @pid:     its id
 */
static inline void cputime_ran(struct cputime_process *process, pid_t pid)
{
	if (process->owner != cputime_mine || !cputime_mine)
		cputime_list(process, pid);
	if (cputime_mine)
		__atomic_store_n(&cputime_mine->in, process, __ATOMIC_RELAXED);
}

/* It does so no longer */
static inline void cputime_left(void)
{
	if (cputime_mine)
		__atomic_store_n(&cputime_mine->in, NULL, __ATOMIC_RELAXED);
}

/* The process ends, or ended: what it had still counts */
void cputime_forget(struct cputime_process *process);

/* CPU time of a process, ns; 0 when there is none of that number */
uint64_t cputime_of_process(pid_t pid);

/* Fill the CPU time operation of the boot ABI */
void cputime_ops_fill(struct vt_host_ops *ops);

#endif
