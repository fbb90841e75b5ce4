// SPDX-License-Identifier: GPL-2.0-only
/* scrape.c - writing OpenMetrics: samples of the family in turn
 *
 * The specification wants counters to end in _total, and seconds instead of nanoseconds. A bucket's
 * bound is the largest time that is counted in it.
 */
#include <inttypes.h>
#include <string.h>

#include "scrape.h"

/* Backslash, quote and newline are escaped; the rest is clean text already */
void print_label(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
}

static void head(struct scrape *s, const char *suffix, const char *label, const char *value)
{
	fprintf(s->out, "vitrine_%s%s", s->name, suffix);
	if (label && value) {
		fprintf(s->out, "{%s=\"", label);
		print_label(s->out, value);
		fputs("\"}", s->out);
	}
	fputc(' ', s->out);
}

void put_count(struct scrape *s, const char *label, const char *value, uint64_t count)
{
	head(s, "_total", label, value);
	fprintf(s->out, "%" PRIu64 "\n", count);
}

void put_seconds(struct scrape *s, const char *label, const char *value, uint64_t ns)
{
	head(s, "_total", label, value);
	fprintf(s->out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

void put_gauge(struct scrape *s, const char *label, const char *value, double level)
{
	head(s, "", label, value);
	fprintf(s->out, "%.15g\n", level);
}

void put_histogram(struct scrape *s, const char *label, const char *value,
		   const uint64_t buckets[VT_BUCKETS], uint64_t sum_ns)
{
	char quoted[80] = "";
	uint64_t count = 0;

	if (label)
		snprintf(quoted, sizeof(quoted), "%s=\"%s\"", label, value);
	for (unsigned i = 0; i < VT_BUCKETS; i++) {
		count += buckets[i];
		if (i < VT_BUCKETS - 1)
			fprintf(s->out, "vitrine_%s_bucket{%s%sle=\"%.12g\"} %" PRIu64 "\n",
				s->name, quoted, label ? "," : "", (double)((2ULL << i) - 1) / 1e9,
				count);
	}
	fprintf(s->out, "vitrine_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", s->name, quoted,
		label ? "," : "", count);
	head(s, "_count", label, value);
	fprintf(s->out, "%" PRIu64 "\n", count);
	head(s, "_sum", label, value);
	fprintf(s->out, "%" PRIu64 ".%09" PRIu64 "\n", sum_ns / 1000000000, sum_ns % 1000000000);
}

void put_counts(struct scrape *s, const struct counts *counts)
{
	for (unsigned i = 0; i < counts->count; i++) {
		uint64_t count;

		memcpy(&count, (const char *)s + counts->offset + i * counts->stride,
		       sizeof(count));
		counts->put(s, counts->label, name_of(counts->names, i), count);
	}
}
