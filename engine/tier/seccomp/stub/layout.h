/* SPDX-License-Identifier: GPL-2.0-only */
/* layout.h - where the stub's parts lie in a guest process, and how it talks to the supervisor
 *
 * Shared by stub.S and the seccomp tier. Everything here is above VT_TASK_SIZE, where the guest
 * kernel maps nothing.
 */
#ifndef ENGINE_TIER_SECCOMP_STUB_LAYOUT_H
#define ENGINE_TIER_SECCOMP_STUB_LAYOUT_H

#define STUB_CODE 0x7fffa0000000    /* this program, read and execute */
#define STUB_CONTROL 0x7fffa0100000 /* the process's command page, read-only for guests */
#define STUB_SCRATCH 0x7fffa0180000 /* a page that a new process has for a moment */
#define STUB_VDSO 0x7fffa0200000    /* the host's vDSO and its data, moved out of the guest's way */
#define STUB_SLOTS 0x7fffb0000000   /* one slot for each thread, its signal stack */
#define STUB_END 0x7ffff0000000	    /* behind the last slot */

#define CONTROL_SIZE 0x4000
#define CONTROL_SERIAL 0       /* what the page is for, at the start of every message */
#define CONTROL_FIRST 64       /* struct stub_command */
#define CONTROL_COMMANDS 191   /* of them */
#define CONTROL_FILTER 0x3000  /* the guest threads' struct sock_fprog and program */
#define CONTROL_SERVICE 0x3800 /* the same of the whole process */
#define CONTROL_ALIVE 0x3f80   /* the zygote's: the supervisor's lifeline (lifeline.c) */
#define COMMAND_SIZE 64

#define SLOT_SHIFT 15
#define SLOT_SIZE (1 << SLOT_SHIFT)
#define SLOT_HEADER (SLOT_SIZE - 256) /* struct slot_header */
#define HEADER_FS 0
#define HEADER_GS 8
#define HEADER_STACK 16	    /* stack_t for sigaltstack */
#define HEADER_FLAGS 40	    /* that sigreturn leaves as they are */
#define HEADER_SELECTORS 48 /* ds, es, fs, gs */

/* Descriptors of the stub process; the first three are closed before a guest runs */
#define STUB_FD_NEW 0	  /* the lowest that is free: what is sent to the supervisor */
#define STUB_FD_PEER 1	  /* the next: the other end of a socket, */
#define STUB_FD_ANSWERS 2 /* and one of a pipe, sent too, */
#define STUB_FD_PHYS 3
#define STUB_FD_CONTROL 4
#define STUB_FD_SLOTS 5
#define STUB_FD_SOCKET 6
#define STUB_FD_REPLY 7 /* whose other end is this */

/*
 * Messages on a channel say what they say by their length. To the stub: the number of commands in
 * the control page. From the zygote: STUB_DONE plus the errno value of the one that failed. From a
 * new process, through the zygote's: its own channel and pipe, and STUB_BORN plus an errno value;
 * from a new thread the same with its listener. Those of the stub begin with the serial number in
 * the sender's control page, which says whom they speak of.
 *
 * The mother of a process answers through its pipe: a zero byte, or the errno value of the command
 * that failed and a byte with how many were not executed.
 */
#define STUB_DONE 8
#define STUB_BORN 0x1010

/* The notification that is no system call: rdi = STUB_*, rsi and rdx as told */
#define STUB_NR 0x1000
#define STUB_READY 256	/* service thread: rsi = last result, rdx = commands not executed */
#define STUB_THREAD 258 /* new guest thread: rsi = its stack pointer, which is its slot's end */
#define STUB_CLEAN 259	/* guest thread that came to STUB_CLEAN_CODE: rsi = the call's result */
/* below: a guest thread's stop, rdi = signal, rsi = address of its ucontext */

/*
 * Only what comes from here is a guest thread's stop: there the answer is all that decides where
 * the thread goes on. Guest code can make the same call elsewhere, and would get the answer itself,
 * at a time that is not its own, or in the process that uses the thread next.
 */
#define STUB_STOP_RETURN (STUB_CODE + 0x1d) /* behind the call, where seccomp sees it */

/* The answer to a guest thread that stopped is the address of the ucontext that it resumes from */

/* The stack pointer that makes a new thread the service thread */
#define STUB_SERVICE 1

/* Where a thread is sent before another process uses it (handover.c) */
#define STUB_CLEAN_CODE (STUB_CODE + 0x20)
#define STUB_CLEAN_RETURN (STUB_CODE + 0x22) /* behind the call that it begins with */

/*
 * Marks of the service thread's system calls: MAP_DENYWRITE, which the host ignores, in mmap's
 * flags, and this value in the sixth argument of calls that have fewer. They select, they do not
 * protect: a guest thread that uses them is trapped like for any other call.
 */
#define STUB_MAP_MARK 0x800
#define STUB_MAGIC 0x5649545249ULL

#ifndef __ASSEMBLER__
#include <signal.h>
#include <stdint.h>

struct stub_command {
	uint64_t nr, args[6];
	uint64_t extra; /* in rbp during the call; a new process finds its control page's offset */
};

struct slot_header {
	uint64_t fs_base, gs_base;
	stack_t stack;
	uint64_t flags;
	uint16_t ds, es, fs, gs;
};
#endif

#endif
