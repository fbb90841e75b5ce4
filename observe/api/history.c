// SPDX-License-Identifier: GPL-2.0-only
/* history.c - the last minutes and the last hour, in bounded memory
 *
 * Two rings of rows of floats, 2 MB in all: fine ones for the last two minutes, one a second for
 * the last hour. A coarse row is not the mean of fine ones but is made from the counters in the
 * same way, so nothing is lost by rounding.
 *
 * The answer is a matrix of up to half a million numbers. It is printed here, not by the JSON
 * library, which would make an object of each; it holds nothing but numbers.
 */
#include "history.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "observe/events/event_json.h"
#include "vitrine/util.h"

#define NUMBER_LEN 24
#define ROWS_APART_NS 2000000ULL /* at least: times are told in milliseconds */

static const char *const kind_name[] = { [FIGURE_RATE] = "rate", [FIGURE_LEVEL] = "level" };

static int rows_init(struct history_rows *rows, uint64_t size, struct error *err)
{
	rows->size = size;
	rows->times = calloc(size, sizeof(*rows->times));
	rows->values = calloc(size * FIGURES_MAX, sizeof(*rows->values));
	return rows->times && rows->values ? 0 : error_set(err, 0, "no memory for the history");
}

int history_init(struct history *history, unsigned coarse_rows, struct error *err)
{
	memset(history, 0, sizeof(*history));
	if (rows_init(&history->fine, HISTORY_FINE_ROWS, err) < 0)
		return -1;
	return rows_init(&history->coarse, coarse_rows, err);
}

void history_free(struct history *history)
{
	free(steal_ptr(history->fine.times));
	free(steal_ptr(history->fine.values));
	free(steal_ptr(history->coarse.times));
	free(steal_ptr(history->coarse.values));
	sample_free(&history->set.sample);
}

static float *row_at(const struct history_rows *rows, uint64_t index)
{
	return rows->values + index % rows->size * FIGURES_MAX;
}

static uint64_t oldest(const struct history_rows *rows)
{
	return rows->end > rows->size ? rows->end - rows->size : 0;
}

static const float *rows_add(struct history_rows *rows, const struct figure_set *set,
			     const struct figures *now)
{
	float *row = NULL;

	if (rows->started) {
		row = row_at(rows, rows->end);
		rows->times[rows->end % rows->size] = now->time_ns;
		figures_row(set, &rows->last, now, row);
		rows->end++;
	}
	rows->last = *now;
	rows->started = true;
	return row;
}

const float *history_take(struct history *history, const struct region *region, uint64_t now_ns,
			  bool *coarse)
{
	struct figures now;

	*coarse = false;
	/* a tick that came late is followed by the next one at once */
	if (history->fine.started && history->fine.last.time_ns + ROWS_APART_NS > now_ns)
		return NULL;
	figures_gather(&history->set, region, now_ns, &now);
	if (!history->coarse.started || history->coarse.last.time_ns + HISTORY_COARSE_NS <= now_ns)
		*coarse = rows_add(&history->coarse, &history->set, &now) != NULL;
	return rows_add(&history->fine, &history->set, &now);
}

/* They are printed as they are */
static bool name_clean(const char *name)
{
	const size_t len = strlen(name);

	return len && len < FIGURE_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool column_restore(struct figure *figure, const json_t *column)
{
	static const char *const units[] = { "1/s",   "bytes/s", "bytes", "ns",
					     "ratio", "percent", "count" };
	const char *name = json_string_value(json_object_get(column, "name"));
	const char *unit = json_string_value(json_object_get(column, "unit"));
	const char *kind = json_string_value(json_object_get(column, "kind"));

	if (!name || !unit || !kind || !name_clean(name))
		return false;
	strcpy(figure->name, name);
	figure->kind = strcmp(kind, kind_name[FIGURE_LEVEL]) ? FIGURE_RATE : FIGURE_LEVEL;
	figure->unit = "count";
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(units[i], unit))
			figure->unit = units[i];
	}
	return true;
}

void history_restore_columns(struct history *history, const json_t *columns)
{
	struct figure_set *set = &history->set;
	size_t i;
	json_t *column;

	if (set->count)
		return;
	json_array_foreach(columns, i, column)
	{
		if (i == FIGURES_MAX || !column_restore(&set->figures[i], column))
			break; /* values are told apart by their place: what follows has none */
		set->count++;
	}
}

static void row_restore(struct history_rows *rows, const float *values, uint64_t time_ns)
{
	if (rows->end && rows->times[(rows->end - 1) % rows->size] >= time_ns)
		return;
	memcpy(row_at(rows, rows->end), values, FIGURES_MAX * sizeof(*values));
	rows->times[rows->end % rows->size] = time_ns;
	rows->end++;
}

void history_restore(struct history *history, const float *values, uint64_t time_ns, bool coarse)
{
	row_restore(&history->fine, values, time_ns);
	if (coarse)
		row_restore(&history->coarse, values, time_ns);
}

void history_break(struct history *history)
{
	history->fine.started = false;
	history->coarse.started = false;
}

json_t *history_columns(const struct history *history)
{
	json_t *columns = json_array();

	for (size_t i = 0; i < history->set.count; i++) {
		const struct figure *figure = &history->set.figures[i];

		json_array_append_new(columns,
				      json_pack("{s:s, s:s, s:s}", "name", figure->name, "unit",
						figure->unit, "kind", kind_name[figure->kind]));
	}
	return columns;
}

double history_latest(const struct history *history, const char *name)
{
	const struct history_rows *rows = &history->coarse;

	for (size_t i = 0; rows->end && i < history->set.count; i++) {
		if (!strcmp(history->set.figures[i].name, name))
			return row_at(rows, rows->end - 1)[i];
	}
	return NAN;
}

/* Does a word of the query, @len bytes, mean this column? */
static bool word_means(const char *word, size_t len, const char *name)
{
	if (len && word[len - 1] == '.')
		return !strncmp(word, name, len);
	return strlen(name) == len && !strncmp(word, name, len);
}

static int choose(const struct history *history, const char *list, bool chosen[FIGURES_MAX],
		  struct error *err)
{
	memset(chosen, !list, FIGURES_MAX * sizeof(*chosen));
	while (list) {
		size_t len = strcspn(list, ",");
		bool any = false;

		for (size_t i = 0; i < history->set.count; i++) {
			if (word_means(list, len, history->set.figures[i].name))
				any = chosen[i] = true;
		}
		if (!any)
			return error_set(err, 0, "columns: there is no '%.*s'",
					 (int)(len < FIGURE_NAME_MAX ? len : FIGURE_NAME_MAX),
					 list);
		list = list[len] ? list + len + 1 : NULL;
	}
	return 0;
}

/**
 * struct span - the rows that answer a query
 */
struct span {
	const struct history_rows *rows;
	uint64_t from, to;
};

/* Coarse rows up to where the fine ones begin, then those */
static void spans_find(const struct history *history, const struct history_query *query,
		       struct span spans[2])
{
	const struct history_rows *fine = &history->fine, *coarse = &history->coarse;
	const uint64_t first = oldest(fine);
	uint64_t boundary = UINT64_MAX;

	spans[0] = (struct span){ coarse, oldest(coarse), coarse->end };
	spans[1] = (struct span){ fine, first, fine->end };
	if (query->resolution == RESOLUTION_COARSE)
		spans[1].from = spans[1].to;
	else if (first != fine->end)
		boundary = fine->times[first % fine->size];
	if (query->resolution == RESOLUTION_FINE)
		spans[0].from = spans[0].to;
	while (spans[0].from < spans[0].to &&
	       coarse->times[(spans[0].to - 1) % coarse->size] + ROWS_APART_NS > boundary)
		spans[0].to--;
	for (unsigned i = 0; i < 2; i++) {
		while (spans[i].from < spans[i].to &&
		       spans[i].rows->times[spans[i].from % spans[i].rows->size] <= query->since_ns)
			spans[i].from++;
	}
}

static void print_number(FILE *out, float value)
{
	if (!isfinite(value))
		fputs("null", out);
	else if (value == 0)
		fputc('0', out);
	else if (fabsf(value) < 1e9f && value == truncf(value))
		fprintf(out, "%d", (int)value);
	else
		fprintf(out, "%.7g", (double)value);
}

static void print_times(FILE *out, const struct span spans[2], int64_t realtime_ns)
{
	const char *comma = "";

	for (unsigned i = 0; i < 2; i++) {
		for (uint64_t at = spans[i].from; at < spans[i].to; at++, comma = ",") {
			uint64_t time = spans[i].rows->times[at % spans[i].rows->size];

			fprintf(out, "%s%" PRId64, comma, ((int64_t)time + realtime_ns) / 1000000);
		}
	}
}

static void print_column(FILE *out, const struct span spans[2], size_t column)
{
	const char *comma = "";

	for (unsigned i = 0; i < 2; i++) {
		for (uint64_t at = spans[i].from; at < spans[i].to; at++, comma = ",") {
			fputs(comma, out);
			print_number(out, row_at(spans[i].rows, at)[column]);
		}
	}
}

char *history_json(const struct history *history, const struct history_query *query,
		   const char *state, unsigned interval_ms, int64_t realtime_ns, size_t *len,
		   struct error *err)
{
	const struct figure_set *set = &history->set;
	bool chosen[FIGURES_MAX];
	struct span spans[2];
	const char *comma = "";
	char *text = NULL;
	FILE *out;

	if (choose(history, query->columns, chosen, err) < 0)
		return NULL;
	out = open_memstream(&text, len);
	if (!out) {
		error_set(err, 0, "no memory");
		return NULL;
	}
	spans_find(history, query, spans);
	fprintf(out, "{\"state\":\"%s\",\"interval_ms\":%u,\"columns\":[", state, interval_ms);
	for (size_t i = 0; i < set->count; i++) {
		if (!chosen[i])
			continue;
		fprintf(out, "%s{\"name\":\"%s\",\"unit\":\"%s\",\"kind\":\"%s\"}", comma,
			set->figures[i].name, set->figures[i].unit,
			kind_name[set->figures[i].kind]);
		comma = ",";
	}
	fputs("],\"time_ms\":[", out);
	print_times(out, spans, realtime_ns);
	fputs("],\"values\":[", out);
	comma = "";
	for (size_t i = 0; i < set->count; i++) {
		if (!chosen[i])
			continue;
		fprintf(out, "%s[", comma);
		print_column(out, spans, i);
		fputc(']', out);
		comma = ",";
	}
	fputs("]}", out);
	if (fclose(out)) {
		free(steal_ptr(text));
		error_set(err, 0, "no memory");
	}
	return text;
}
