// SPDX-License-Identifier: GPL-2.0-only
/* measure.c - the clock, the median, and how long one call of an operation takes */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "micro.h"

struct settings settings = {
	.seconds = 0.03,
	.samples = 5,
	.file_bytes = 64 << 20,
	.files = 10000,
	.self = "/proc/self/exe",
};

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double sample(operation_fn operation, void *context, unsigned long calls)
{
	double start = now();

	for (unsigned long i = 0; i < calls; i++)
		operation(context);
	return now() - start;
}

double measure(operation_fn operation, void *context, double per_call)
{
	double samples[SAMPLES_MAX] = { 0 };
	unsigned long calls = 1;

	while (sample(operation, context, calls) < settings.seconds)
		calls *= 2;
	for (unsigned i = 0; i < settings.samples; i++)
		samples[i] = sample(operation, context, calls);
	return median(samples, settings.samples) * 1e9 / ((double)calls * per_call);
}
