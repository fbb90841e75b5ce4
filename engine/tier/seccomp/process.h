/* SPDX-License-Identifier: GPL-2.0-only */
/* process.h - stub processes and their threads, as guests get them */
#ifndef ENGINE_TIER_SECCOMP_PROCESS_H
#define ENGINE_TIER_SECCOMP_PROCESS_H

#include "stub.h"
#include "engine/tier/seccomp/host/zygote.h"

/* @zygote: that all processes are copied from; kept by the caller */
void process_init(struct zygote *zygote);

/* All of these may wait, and take the tier's lock themselves */

/* Get a process with an empty address space, a spare one if need be; 0 or a negative errno value */
int process_get(struct stub_process **process, bool spare);

/* Give a process back; it is used again once its guest threads are idle */
void process_put(struct stub_process *process);

/* End those that wait for a guest */
void process_drop_pool(void);

/* Unmap all that a guest can have; 0 or a negative errno value */
int process_unmap(struct stub_process *process);

/*
 * Get a guest thread of @process, stopped in the stub, with or without the time stamp counter; 0 or
 * a negative errno value
 */
int process_thread_get(struct stub_process *process, bool no_tsc, bool spare,
		       struct stub_thread **thread);

/* Give a guest thread back, which is in the stub, or dead */
void process_thread_put(struct stub_thread *thread);

#endif
