/* SPDX-License-Identifier: GPL-2.0-only */
/* thread.h - making and unmaking guest threads of stub processes; who uses them is in process.h */
#ifndef ENGINE_TIER_SECCOMP_THREAD_H
#define ENGINE_TIER_SECCOMP_THREAD_H

#include "stub.h"

/*
 * Make a guest thread, with or without the time stamp counter; it has introduced itself. What is
 * kept for it may be used if it is @spare. Return: 0 or a negative errno value.
 */
int thread_create(struct stub_process *process, bool no_tsc, bool spare,
		  struct stub_thread **thread);

/* Make the service thread of a new process; 0 or a negative errno value */
int thread_create_service(struct stub_process *process);

/* Clear the slot of a thread that nobody uses, which is stopped */
void thread_forget(struct stub_thread *thread);

/* Free all guest threads of a process that is dead on the host */
void thread_free_all(struct stub_process *process);

#endif
