/* SPDX-License-Identifier: GPL-2.0-only */
/* functions.h - functions whose results processors give to within a last bit */
#ifndef TEST_EMULATE_FUNCTIONS_H
#define TEST_EMULATE_FUNCTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* One function with random operands; false: the emulator is further off than that, and told so */
bool functions_agree(uint64_t seed);

#endif
