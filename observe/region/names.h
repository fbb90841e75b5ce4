/* SPDX-License-Identifier: GPL-2.0-only */
/* names.h - names of everything that telemetry.h, abi.h and syscalls.h number
 *
 * Lower case, words joined with '_': they are keys of JSON, labels of metrics and words of the
 * command line alike. Every function takes any number and returns "?" (find: -1) for one that is
 * not in its table, because the numbers come from the guest's side.
 */
#ifndef OBSERVE_REGION_NAMES_H
#define OBSERVE_REGION_NAMES_H

#include <stdint.h>

/** enum name_set - the tables */
enum name_set {
	NAMES_DISPOSITION, /* enum vt_disposition */
	NAMES_FAULT,	   /* enum vt_fault_kind */
	NAMES_SWITCH,	   /* enum vt_switch_reason */
	NAMES_HOST,	   /* enum vt_host_counter */
	NAMES_BLOCK,	   /* enum vt_block_op */
	NAMES_SOFTIRQ,	   /* 0 to VT_NR_SOFTIRQS - 1 */
	NAMES_INTERRUPT,   /* enum vt_irq; those between the named ones are "?" */
	NAMES_EVENT,	   /* enum vt_event_kind */
	NAMES_RING,	   /* enum vt_ring_kind */
	NAMES_STATE,	   /* enum vt_telemetry_state */
	NAMES_FAMILY,	   /* enum vt_family */
	NAMES_VIEW,	   /* enum vt_view */
	NAMES_NSETS,
};

/**
 * name_of() - Name of a number
 *
 * Return: a constant string, "?" when @number has no name.
 */
const char *name_of(enum name_set set, uint64_t number);

/**
 * name_find() - Number of a name
 *
 * Return: the number, -1 when there is none of that name.
 */
int name_find(enum name_set set, const char *name);

/**
 * name_count() - Numbers in a set: they are 0 to name_count() - 1
 */
unsigned name_count(enum name_set set);

/**
 * call_name() - Name of a system call ("openat"), NULL when the table has none of that number
 */
const char *call_name(int64_t nr);

/**
 * call_find() - Number of the system call @name, or -1
 */
int call_find(const char *name);

/**
 * call_family() - enum vt_family of a system call; VT_FAMILY_OTHER when it is not known
 */
int call_family(int64_t nr);

/**
 * call_argument() - enum vt_arg_kind of argument @arg (0 to 5) of a system call
 *
 * Return: the kind; VT_ARG_NONE beyond the last argument, VT_ARG_HEX when the call is not known.
 */
int call_argument(int64_t nr, unsigned arg);

#endif
