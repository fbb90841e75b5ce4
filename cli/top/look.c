// SPDX-License-Identifier: GPL-2.0-only
/* look.c - a new snapshot, and the table that is made of it and the one before */

#include "top.h"

void top_look(struct top *top)
{
	struct top_snapshot newest = { 0 };

	top_snapshot_take(&newest, top->now.time_ns ? &top->now : NULL,
			  observer_region(top->observer));
	top_snapshot_free(&top->before);
	top->before = top->now;
	top->now = newest;
	top_rows_make(&top->rows, &top->now, top->before.time_ns ? &top->before : NULL,
		      &top->order);
}
