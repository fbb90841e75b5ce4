/* SPDX-License-Identifier: GPL-2.0-only */
/* test_processor.c - the emulator does what the processor does
 *
 * Usage: test_processor [CASES [SEED [show]]]
 *
 * Seeds count up from SEED; a third argument tells what one case did.
 *
 * Every case is some instructions and a complete state, run on both; all registers, flags, memory,
 * and the trap that ended it have to be equal, but for what the architecture leaves undefined.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "functions.h"
#include "generate.h"

#define CASES 80000
#ifndef MOST
#define MOST 10
#endif

static struct test_case test;
static unsigned failures;

static void print_fx(const char *name, const struct fx *n, const struct fx *e)
{
	for (int k = 0; k < 16; k++) {
		if (memcmp(n->xmm[k], e->xmm[k], 16))
			printf("  %sxmm%d %016lx%016lx, not %016lx%016lx\n", name, k, e->xmm[k][1],
			       e->xmm[k][0], n->xmm[k][1], n->xmm[k][0]);
	}
	for (int k = 0; k < 8; k++) {
		if (n->st[k][0] != e->st[k][0] || (uint16_t)n->st[k][1] != (uint16_t)e->st[k][1])
			printf("  %sst%d %04x:%016lx, not %04x:%016lx\n", name, k,
			       (uint16_t)e->st[k][1], e->st[k][0], (uint16_t)n->st[k][1],
			       n->st[k][0]);
	}
	if (n->mxcsr != e->mxcsr)
		printf("  %smxcsr %x, not %x\n", name, e->mxcsr, n->mxcsr);
	if (n->fcw != e->fcw || n->fsw != e->fsw || n->full != e->full)
		printf("  %sx87 control %x status %x tags %x, not %x %x %x\n", name, e->fcw, e->fsw,
		       e->full, n->fcw, n->fsw, n->full);
}

static void report(const struct state *begin, const struct state *n, const struct state *e,
		   uint64_t seed, const uint8_t *memory)
{
	const uint8_t *native = (const uint8_t *)DATA;

	printf("seed %" PRIu64 ":", seed);
	for (unsigned k = 0; k < test.length; k++)
		printf(" %02x", test.code[k]);
	printf("%s\n", begin->flags & 0x100 ? " (single step)" : "");
	for (int k = 0; k < 16; k++) {
		if (n->r[k] != e->r[k])
			printf("  r%d %lx, not %lx (was %lx)\n", k, e->r[k], n->r[k], begin->r[k]);
	}
	if (n->ip != e->ip)
		printf("  ip +%lx, not +%lx\n", e->ip - begin->ip, n->ip - begin->ip);
	if ((n->flags ^ e->flags) & ~test.undefined)
		printf("  flags %lx, not %lx (were %lx)\n", e->flags, n->flags, begin->flags);
	if (n->trap != e->trap || n->error != e->error || n->address != e->address)
		printf("  trap %d %x %lx, not %d %x %lx\n", e->trap, e->error, e->address, n->trap,
		       n->error, n->address);
	print_fx("", &n->fx, &e->fx);
	for (unsigned k = 0, told = 0; k < DATA_PAGES * PAGE && told < 16; k++) {
		if (native[k] != memory[k] && ++told)
			printf("  byte %x: %02x, not %02x\n", k, memory[k], native[k]);
	}
	print_fx("began with ", &n->fx, &begin->fx);
}

/* What the processor does not tell, or keeps of earlier instructions */
static void forget(struct state *s)
{
	s->fx.fip = s->fx.fdp = 0;
	s->fx.fop = s->fx.mask = 0;
	if (s->trap != 14) {
		s->address = 0;
		if (s->trap != 13)
			s->error = 0;
	}
	if (test.far) {
		s->address = 0;
		s->error &= ~1U;
	}
	for (int k = 0; k < 8; k++)
		s->fx.st[k][1] &= 0xffff;
	s->flags &= ~(uint64_t)test.undefined;
	s->fx.fsw &= ~test.x87_undefined;
}

static bool run_case(uint64_t seed, bool verbose)
{
	uint8_t *ram = emulated_memory();
	struct state native, emulated;
	uint64_t around;
	bool same;

	random_seed(seed);
	generate(&test);
	native = emulated = test.state;
	/* the emulator's code page first: it sees that it changes */
	around = native.ip - CODE_MARGIN;
	memset((void *)around, 0xcc, 2 * CODE_MARGIN);
	memcpy((void *)native.ip, test.code, test.length);
	memcpy(ram + (around - CODE), (void *)around, 2 * CODE_MARGIN);
	memcpy(ram + CODE_PAGES * PAGE, test.data, sizeof(test.data));
	memcpy((void *)(DATA + PAGE), test.data + PAGE, sizeof(test.data) - PAGE);
	memset(ram + CODE_PAGES * PAGE, 0, PAGE); /* natively read-only */
	native_run(&native);
	emulated_run(&emulated);
	forget(&native);
	forget(&emulated);
	if (test.loose)
		same = true;
	else
		same = !memcmp(&native, &emulated, sizeof(native)) &&
		       ((test.pieces && native.trap == 14) ||
			(!memcmp((void *)DATA, ram + CODE_PAGES * PAGE, DATA_PAGES * PAGE) &&
			 !memcmp((void *)CODE, ram, CODE_PAGES * PAGE)));
	if (!same || verbose)
		report(&test.state, &native, &emulated, seed, ram + CODE_PAGES * PAGE);
	return same;
}

/* The emulator jumps from operation to operation: one that calls instead is out of stack soon */
static void run_forever(uint64_t seed)
{
	uint8_t *code;

	random_seed(seed);
	generate(&test);
	code = emulated_memory() + (test.state.ip - CODE);
	memset(emulated_memory(), 0xcc, CODE_PAGES * PAGE);
	memcpy(code, test.code, test.length);
	code[test.length - 1] = 0xeb; /* jmp to the start */
	code[test.length] = (uint8_t) - (test.length + 1);
	test.state.flags &= ~0x100UL;
	memcpy(emulated_memory() + CODE_PAGES * PAGE, test.data, sizeof(test.data));
	emulated_loop(&test.state);
}

int main(int argc, char **argv)
{
	const uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : CASES;
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) << 20;

	setvbuf(stdout, NULL, _IOLBF, 0);
	native_start();
	emulated_start();
	if (argc > 3)
		return !run_case(seed, true);
	for (uint64_t n = 0; n < cases && failures < MOST; n++)
		failures += !run_case(seed + n, false);
	for (uint64_t n = 0; n < 300; n++)
		run_forever(seed + n);
	for (uint64_t n = 0; n < cases / 4 && failures < MOST; n++)
		failures += !functions_agree(seed + n);
	printf("%" PRIu64 " cases from seed %" PRIu64 ": %u differ\n", cases, seed, failures);
	return failures ? 1 : 0;
}
