/* SPDX-License-Identifier: GPL-2.0-only */
/* children.h - the host processes of a sandbox, and who wants to hear of their death */
#ifndef ENGINE_TIER_SECCOMP_HOST_CHILDREN_H
#define ENGINE_TIER_SECCOMP_HOST_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>
#include "engine/vcpu/vcpu.h"

/**
 * struct child - a host process whose death somebody waits for; part of a larger structure
 * @pid:  0 before it is known, and again when the host has told of the death
 * @died: called then, once, on a vCPU's thread, with the tier's lock held
 */
struct child {
	pid_t pid;
	void (*died)(struct child *child);
	struct child *next;
};

/* All children are in the process group of @leader, which leads it */
void children_init(pid_t leader);

/**
 * children_add() - Hear of a child's death
 * @child: filled, owned by the caller, who keeps it until then
 *
 * When the death was told of already, as that of a stranger, @died is called at once.
 */
void children_add(struct child *child, pid_t pid, void (*died)(struct child *child));

/* Take note of who has died; look at vcpu_child_died first, see children_heed() */
void children_look(void);

/*
 * Before a look at who is dead, and a wait for that: vcpu_lost() is set when there is something to
 * look at again. Cheap when nobody has died.
 */
static inline void children_heed(void)
{
	*vcpu_lost() = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vcpu_child_died)
		children_look();
}

/* Sleep until something happens that may be the death of a child, and take note of it */
void children_await(void);

/* A child that has died before anybody added it, or 0 */
pid_t children_stranger(void);

/* There can be none yet */
void children_forget_stranger(void);

/* Kill the whole group, and wait for the end of all in it */
void children_kill(void);

#endif
