// SPDX-License-Identifier: GPL-2.0-only
/* limit.c - how many bytes a second
 *
 * A token bucket: it fills with time, and each byte that passes takes one token. It may go below
 * zero by one packet, so that a large packet passes a small bucket.
 */
#include "stack.h"

#define BURST_MS 100 /* what a bucket holds */
#define LEAST 65536

bool bucket_has(struct stack *stack, struct bucket *bucket)
{
	uint64_t most, passed;

	if (!bucket->rate)
		return true;
	most = bucket->rate * BURST_MS / 1000;
	if (most < LEAST)
		most = LEAST;
	passed = stack->now - bucket->at;
	if (passed > 1000)
		passed = 1000;
	bucket->at = stack->now;
	bucket->left += bucket->rate * passed / 1000;
	/* The debt is held as what is below LEAST: unsigned, and never below nothing */
	if (bucket->left > most + LEAST)
		bucket->left = most + LEAST;
	if (bucket->left > LEAST)
		return true;
	if (!stack->next || stack->next > stack->now + 10)
		stack->next = stack->now + 10;
	return false;
}

void bucket_take(struct bucket *bucket, size_t bytes)
{
	if (bucket->rate)
		bucket->left -= bytes < bucket->left ? bytes : bucket->left;
}
