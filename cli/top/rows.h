/* SPDX-License-Identifier: GPL-2.0-only */
/* rows.h - the task table of vitrine top: rates, order, filter, tree */
#ifndef CLI_TOP_ROWS_H
#define CLI_TOP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include "snapshot.h"

enum top_column {
	COLUMN_PID,
	COLUMN_USER,
	COLUMN_STATE,
	COLUMN_CPU,
	COLUMN_RSS,
	COLUMN_DESCRIPTORS,
	COLUMN_CALLS,
	COLUMN_ERRORS,
	COLUMN_FAULTS,
	COLUMN_SWITCHES,
	COLUMN_DELAY,
	COLUMN_CALL,
	COLUMN_COMMAND,
	COLUMN_NCOLUMNS,
};

#define TOP_FILTER_MAX 32

/**
 * struct top_order - what rows there are, and in which order
 * @by:       column that decides; the largest first, but for pids and texts
 * @reversed: the other way
 * @tree:     children below their parents
 * @kernel:   kernel threads, too
 * @filter:   only rows with this in their command, or whose pid it is; empty for all
 */
struct top_order {
	enum top_column by;
	bool reversed, tree, kernel;
	char filter[TOP_FILTER_MAX];
};

/**
 * struct top_row - one process
 * @task:  in the newer snapshot
 * @depth: below the root of the tree
 * @cpu:   share of one CPU; the others: per second; @delay: seconds a second
 */
struct top_row {
	const struct top_task *task;
	unsigned depth;
	double cpu, calls, errors, faults, switches, delay;
};

/**
 * struct top_rows - the table
 * @rows: @count of them, owned
 */
struct top_rows {
	struct top_row *rows;
	size_t count;
};

/**
 * top_rows_make() - Make the table
 * @table:  what it held is replaced
 * @before: an older snapshot than @now; without one all rates are 0
 */
void top_rows_make(struct top_rows *table, const struct top_snapshot *now,
		   const struct top_snapshot *before, const struct top_order *order);
void top_rows_free(struct top_rows *table);

/**
 * top_user() - Name of a user of the guest
 *
 * Return: as its passwd file has it, else the number; constant until the next call.
 */
const char *top_user(uint32_t uid);

/** top_users_learn() - Learn the guest's users from the text of its passwd file, which is changed
 */
void top_users_learn(char *passwd);

#endif
