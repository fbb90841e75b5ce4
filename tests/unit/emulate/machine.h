/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.h - a processor's state, and the same instructions on two of them */
#ifndef TEST_EMULATE_MACHINE_H
#define TEST_EMULATE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* What both see: code, a page that can only be read, two that can be written, and then nothing */
#define CODE 0x10000000UL
#define DATA 0x20000000UL
#define PAGE 4096UL
#define CODE_PAGES 2
#define DATA_PAGES 3
#define CODE_MARGIN 192 /* of breakpoints, in front of the code and behind it */
#define PAGES (CODE_PAGES + DATA_PAGES)

/* The 512 bytes of FXSAVE */
struct fx {
	uint16_t fcw, fsw;
	uint8_t full, reserved;
	uint16_t fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mask;
	uint64_t st[8][2];
	uint64_t xmm[16][2];
	uint64_t rest[12];
};

/* What ended it: trap -1 is the host's own signal to begin */
struct state {
	uint64_t r[16], ip, flags, gs_base;
	int trap;
	uint32_t error;
	uint64_t address;
	struct fx fx;
};

/* Runs from @state to the first trap; memory is at CODE and DATA */
void native_start(void);
void native_run(struct state *state);

/* The same on the emulator, whose memory is emulated_memory() */
void emulated_start(void);
void emulated_run(struct state *state);
/* The same without an end, until a timer interrupts it */
void emulated_loop(const struct state *state);
uint8_t *emulated_memory(void); /* PAGES pages: code, data */

#endif
