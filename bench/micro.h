/* SPDX-License-Identifier: GPL-2.0-only */
/* micro.h - what the rows of the micro benchmark share */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLES_MAX 101

/** struct settings - how long and on how much a row is measured */
struct settings {
	double seconds;	   /* target length of one sample */
	unsigned samples;  /* their median is the result */
	size_t file_bytes; /* size of the file of the I/O rows */
	unsigned files;	   /* number of files of the metadata row */
	const char *self;  /* this program, to execute it again */
	const char *twin;  /* the same program, linked statically */
	const char *bare;  /* a program without libc that does nothing */
};

extern struct settings settings;

typedef void (*operation_fn)(void *context);

/**
 * measure() - Nanoseconds that one call of an operation takes
 * @operation: called again and again; ends the program when something is wrong
 * @context:   handed to it
 * @per_call:  how many units (pages, switches, requests) one call counts for
 *
 * The number of calls in a sample is found by doubling until one takes settings.seconds; the sample
 * that finds it counts as the warm-up.
 */
double measure(operation_fn operation, void *context, double per_call);

/** median() - Median of @count values, which are sorted in place */
double median(double *values, unsigned count);

/** now() - CLOCK_MONOTONIC in seconds */
double now(void);

/** need() - End the program, naming @what, unless @good */
void need(int good, const char *what);

/** struct row - one line of the report */
struct row {
	const char *name;
	double (*run)(void); /* nanoseconds, or NAN where the system refuses */
};

extern const struct row call_rows[], memory_rows[], process_rows[], file_rows[];

#endif
