// SPDX-License-Identifier: GPL-2.0-only
/* filter.c - which events a reader of /api/events wants
 *
 * A query's parameters are a table; everything in them is the client's, everything in an event the
 * guest's. Filters that are equal are equal bytes: readers that want the same share one encoder.
 */
#include "filter.h"

#include <inttypes.h>
#include <string.h>

#include "observe/region/names.h"
#include "vitrine/util.h"

#define WORD_MAX 32
#define LIST_MAX 4096

typedef int setter(struct filter *filter, const char *value, struct error *err);

static const char *const samples_name[] = {
	[SAMPLES_NONE] = "none",
	[SAMPLES_FINE] = "fine",
	[SAMPLES_COARSE] = "coarse",
};
static_assert(ARRAY_SIZE(samples_name) == SAMPLES_COUNT, "samples_name[]");

static int number(const char *value, uint64_t max, uint64_t *result, struct error *err)
{
	uint64_t n = 0;

	if (!*value || strlen(value) > 15 || strspn(value, "0123456789") != strlen(value))
		return error_set(err, 0, "not a decimal number");
	for (; *value; value++)
		n = n * 10 + (*value - '0');
	if (n > max)
		return error_set(err, 0, "at most %" PRIu64, max);
	*result = n;
	return 0;
}

/* The next word of a list, or false; @value moves on */
static int next_word(const char **value, char word[WORD_MAX], struct error *err)
{
	size_t len = strcspn(*value, ",");

	if (!len || len >= WORD_MAX)
		return error_set(err, 0, len ? "no such name" : "an empty name");
	memcpy(word, *value, len);
	word[len] = 0;
	*value += len;
	if (**value == ',')
		++*value;
	else
		*value = NULL;
	return 0;
}

int filter_kinds(const char *list, uint64_t *kinds, struct error *err)
{
	char word[WORD_MAX];

	if (strlen(list) > LIST_MAX)
		return error_set(err, 0, "too long");
	for (*kinds = 0; list;) {
		int kind;

		if (next_word(&list, word, err) < 0)
			return -1;
		kind = name_find(NAMES_EVENT, word);
		if (kind <= VT_EVENT_PAD)
			return error_set(err, 0, "'%s' is no kind of event", word);
		*kinds |= 1ULL << kind;
	}
	return 0;
}

static int set_kind(struct filter *filter, const char *value, struct error *err)
{
	return filter_kinds(value, &filter->kinds, err);
}

static int set_call(struct filter *filter, const char *value, struct error *err)
{
	char word[WORD_MAX];

	if (strlen(value) > LIST_MAX)
		return error_set(err, 0, "too long");
	filter->by_call = true;
	while (value) {
		int nr;

		if (next_word(&value, word, err) < 0)
			return -1;
		nr = call_find(word);
		if (nr < 0 || nr >= VT_TELEMETRY_CALLS)
			return error_set(err, 0, "'%s' is no system call", word);
		filter->calls[nr / 64] |= 1ULL << (nr % 64);
	}
	return 0;
}

static int set_family(struct filter *filter, const char *value, struct error *err)
{
	char word[WORD_MAX];

	if (strlen(value) > LIST_MAX)
		return error_set(err, 0, "too long");
	filter->by_call = true;
	while (value) {
		int family;

		if (next_word(&value, word, err) < 0)
			return -1;
		family = name_find(NAMES_FAMILY, word);
		if (family < 0)
			return error_set(err, 0, "'%s' is no family of system calls", word);
		for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
			if (call_family(nr) == family)
				filter->calls[nr / 64] |= 1ULL << (nr % 64);
		}
	}
	return 0;
}

static int set_pid(struct filter *filter, const char *value, struct error *err)
{
	uint64_t pid;

	if (number(value, INT32_MAX, &pid, err) < 0)
		return -1;
	filter->by_pid = true;
	filter->pid = (uint32_t)pid;
	return 0;
}

static int set_comm(struct filter *filter, const char *value, struct error *err)
{
	if (strlen(value) >= FILTER_COMM_MAX)
		return error_set(err, 0, "at most %d bytes", FILTER_COMM_MAX - 1);
	strcpy(filter->comm, value);
	return 0;
}

static int set_errors(struct filter *filter, const char *value, struct error *err)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		return error_set(err, 0, "0 or 1");
	filter->errors = *value == '1';
	return 0;
}

static int set_slow(struct filter *filter, const char *value, struct error *err)
{
	uint64_t us;

	if (number(value, UINT32_MAX, &us, err) < 0)
		return -1;
	filter->slow_ns = us * 1000;
	return 0;
}

static int set_limit(struct filter *filter, const char *value, struct error *err)
{
	uint64_t limit;

	if (number(value, FILTER_LIMIT_MAX, &limit, err) < 0)
		return -1;
	filter->limit = (uint32_t)limit;
	return 0;
}

static int set_samples(struct filter *filter, const char *value, struct error *err)
{
	for (unsigned i = 0; i < SAMPLES_COUNT; i++) {
		if (!strcmp(value, samples_name[i])) {
			filter->samples = i;
			return 0;
		}
	}
	return error_set(err, 0, "none, fine or coarse");
}

static const struct parameter {
	const char *name;
	setter *set;
} parameters[] = {
	{ "kind", set_kind },	 { "call", set_call },	 { "family", set_family },
	{ "pid", set_pid },	 { "comm", set_comm },	 { "errors", set_errors },
	{ "slow_us", set_slow }, { "limit", set_limit }, { "samples", set_samples },
};

int filter_parse(struct filter *filter, filter_lookup *lookup, const void *context,
		 struct error *err)
{
	memset(filter, 0, sizeof(*filter));
	filter->limit = FILTER_LIMIT;
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const char *value = lookup(context, parameters[i].name);
		struct error why = { 0 };

		if (value && parameters[i].set(filter, value, &why) < 0)
			return error_set(err, 0, "%s: %.200s", parameters[i].name, why.text);
	}
	return 0;
}

uint64_t event_duration(const struct event *event)
{
	const struct vt_event_syscall *call = event_syscall(event);
	const struct vt_event_plain *plain = event_plain(event);

	if (call)
		return call->duration_ns;
	if (!plain)
		return 0;
	switch (event->head.kind) {
	case VT_EVENT_FAULT:
	case VT_EVENT_SOFTIRQ:
		return plain->b;
	case VT_EVENT_BLOCK_DONE:
		return plain->d;
	default:
		return 0;
	}
}

static bool call_fits(const struct filter *filter, const struct vt_event_syscall *call)
{
	if (filter->errors && (call->result >= 0 || call->result < -4095))
		return false;
	if (!filter->by_call)
		return true;
	return call->nr >= 0 && call->nr < VT_TELEMETRY_CALLS &&
	       filter->calls[call->nr / 64] >> (call->nr % 64) & 1;
}

/* @comm need not end with NUL */
static bool comm_fits(const char *part, const char comm[16])
{
	char text[17] = { 0 };

	memcpy(text, comm, 16);
	return strstr(text, part);
}

bool filter_fits(const struct filter *filter, const struct event *event, uint64_t standard)
{
	const uint64_t kinds = filter->kinds ? filter->kinds : standard;
	const struct vt_event_syscall *call = event_syscall(event);

	if (event->head.kind >= VT_NR_EVENT_KINDS || !(kinds >> event->head.kind & 1))
		return false;
	if (!call && !event_plain(event))
		return false;
	if (filter->by_pid && event->head.pid != filter->pid && event->head.tgid != filter->pid)
		return false;
	if (filter->slow_ns && event_duration(event) < filter->slow_ns)
		return false;
	if (call && !call_fits(filter, call))
		return false;
	return !filter->comm[0] || comm_fits(filter->comm, event->head.comm);
}

/* As the kernel sorts them: kernel/arch/vitrine/observe/probes/events.c */
unsigned filter_rings(const struct filter *filter, uint64_t standard)
{
	static const uint64_t life = 1U << VT_EVENT_FORK | 1U << VT_EVENT_EXEC |
				     1U << VT_EVENT_EXIT | 1U << VT_EVENT_SIGNAL |
				     1U << VT_EVENT_OOM | 1U << VT_EVENT_OOPS |
				     1U << VT_EVENT_FOLLOWED;
	const uint64_t kinds = filter->kinds ?: standard;
	unsigned rings = kinds & life ? 1U << VT_RING_LIFE : 0;

	if (kinds & 1U << VT_EVENT_SYSCALL)
		rings |= 1U << VT_RING_ERRORS;
	if (kinds & ~life && !(filter->errors && (kinds & ~life) == 1U << VT_EVENT_SYSCALL))
		rings |= 1U << VT_RING_ROUTINE;
	return rings;
}
