/* SPDX-License-Identifier: GPL-2.0-only */
/* generate.h - instructions and states to try them on */
#ifndef TEST_EMULATE_GENERATE_H
#define TEST_EMULATE_GENERATE_H

#include "machine.h"

#define CASE_MAX 64

/**
 * struct test_case - instructions, and what they begin with
 * @code, @length: with a breakpoint at the end
 * @undefined: flags that the last instruction leaves undefined
 * @x87_undefined: the same of the x87's status
 * @last: nothing can follow
 * @far: processors begin with different bytes of the operand
 * @loose: results are not defined: only how it ends is compared
 */
struct test_case {
	uint8_t code[CASE_MAX];
	unsigned length;
	uint32_t undefined;
	uint16_t x87_undefined;
	bool loose, last, far, pieces;
	struct state state;
	uint8_t data[DATA_PAGES * PAGE];
};

void random_seed(uint64_t seed);
uint64_t random_bits(void);
unsigned random_below(unsigned n);
bool one_in(unsigned n);
uint64_t edge_integer(void);
void fill(uint8_t *to, unsigned n); /* with operands of all kinds */

void generate(struct test_case *test);

/* x87 and SSE registers, control and status words */
void random_fpu(struct fx *fx);

#endif
