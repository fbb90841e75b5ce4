/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu.h - the host threads that the guest kernel runs on */
#ifndef ENGINE_VCPU_VCPU_H
#define ENGINE_VCPU_VCPU_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "vitrine/abi.h"
#include "vitrine/error.h"

#define VCPUS_MAX 64

/* Sent to the vCPU thread by irq_raise(), and by its timer */
#define VCPU_SIGNAL_WAKE SIGRTMIN
#define VCPU_SIGNAL_TIMER (SIGRTMIN + 1)

/**
 * vcpu_init() - Make the calling thread the vCPU: signal handlers, timer
 * @boot: whose vt_kernel.pending the interrupts go to
 * @err:  filled on failure
 *
 * Return: 0 or -1.
 */
int vcpu_init(struct vt_boot *boot, struct error *err);

/**
 * vcpu_enter() - Run the guest kernel until it halts, or pauses
 * @entry: its entry point
 *
 * Return: the status that the kernel halted with.
 */
uint32_t vcpu_enter(uint64_t entry);

/**
 * vcpu_paused() - Has the kernel left to pause, rather than halted?
 *
 * It goes on when it is entered at vt_kernel.resume.
 */
bool vcpu_paused(void);

/**
 * vcpu_wait() - Blocking ioctl that no signal can race with
 * @fd, @request, @arg: as for ioctl()
 * @flag: word that must be zero for the call to be made; a signal during it ends it
 *
 * Return: the ioctl's result or a negative errno value; -EINTR when the flag was or became set.
 */
long vcpu_wait(int fd, unsigned long request, void *arg, volatile uint32_t *flag);

/* The same for any system call of three arguments */
long vcpu_wait_in(int number, long a, unsigned long b, void *c, volatile uint32_t *flag);

/* The word that this vCPU's interrupts are pending in */
volatile uint32_t *vcpu_pending(void);

/* Sleep until an interrupt is pending; may return early */
void vcpu_sleep(void);

/* Time that the vCPUs have spent otherwise, all of them together; any thread */
uint64_t vcpu_busy_ns(void);

/**
 * vcpu_on_idle() - Wait for something of one's own when a vCPU has nothing to do
 * @wait: as vcpu_sleep(), with vcpu_wait(); false: there is nothing of that kind to wait for
 */
void vcpu_on_idle(bool (*wait)(void));

/**
 * vcpu_on_write() - What to do when a thread of ours writes where it may not
 * @heed: in the signal handler; whether the write can be made again
 */
void vcpu_on_write(bool (*heed)(uint64_t addr));

/* A word of the calling vCPU that is set, also during a vcpu_wait() for it, when a child has died
 */
volatile uint32_t *vcpu_lost(void);

/* Have all who wait for a child look again: set their words, and end their waits */
void vcpu_tell_lost(void);

/**
 * vcpu_secondaries() - Start the host threads of all other vCPUs
 * @count: of vCPUs, VCPUS_MAX at most, with the caller's
 * @err:   filled on failure
 *
 * They wait until the kernel wants them. To be called before the supervisor confines itself, and
 * after the zygote was started.
 * Return: 0 or -1.
 */
int vcpu_secondaries(unsigned count, struct error *err);

/**
 * vcpu_pause_others() - Do something while all other vCPUs are in no host call, nor in the kernel
 * @act: what; one vCPU at a time may come here
 *
 * What a vCPU's thread finds afterwards on its kernel stack is mapped, or is mapped by its touch.
 */
void vcpu_pause_others(void (*act)(void));

/* For who waits where signals are blocked, for the one who has them pause: take part */
void vcpu_take_pause(void);

/* Is the calling thread a vCPU's? */
bool vcpu_is_one(void);

/* How many there are, and which one calls */
unsigned vcpu_count(void);
unsigned vcpu_index(void);

/* Have @tick called, in a signal handler, when a timer has sent VCPU_SIGNAL_WAKE */
void vcpu_on_tick(void (*tick)(void));

/* Set by SIGCHLD: a child of this process has died */
extern volatile uint32_t vcpu_child_died;

/* Fill halt, clock, timer operations of the boot ABI */
void vcpu_ops_fill(struct vt_host_ops *ops);

#endif
