// SPDX-License-Identifier: GPL-2.0-only
/* ui.c - vitrine top's full-screen view: pages and keys
 *
 * Theory of operation
 * One loop: draw, wait for a key until the next look is due, act. A page is a function that draws
 * and a table of keys that says what each does; the help page is made from the same tables, so that
 * no key is without help. What a page shows of a process is asked of the kernel when it is drawn.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "top.h"
#include "screen.h"
#include "lib/say.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define INTERVAL_MIN 100
#define INTERVAL_MAX 60000
#define FOOTER 1

enum page { PAGE_TABLE, PAGE_TASK, PAGE_CALLS, PAGE_HELP, PAGE_FILTER, PAGE_NPAGES };

/**
 * struct ui - state of the screen
 * @scroll: lines that are above the screen, on pages that scroll; @lines: that the page has
 * @visible: rows of the table that fit
 * @json:   of the process that is looked at; @why there is none
 */
struct ui {
	struct top *top;
	struct frame frame;
	enum page page;
	unsigned scroll, lines;
	size_t visible;
	bool quit, stale;
	json_t *json;
	struct error why;
};

/**
 * struct key - what a key does
 * @key:    an enum screen_key or a character
 * @name:   in the help; NULL for one that the entry before stands for, too
 * @act:    called with @argument
 */
struct key {
	int key;
	const char *name, *help;
	void (*act)(struct ui *ui, int argument);
	int argument;
};

/* ---- actions ---- */

static void act_quit(struct ui *ui, int argument)
{
	ui->quit = true;
}

static void act_page(struct ui *ui, int page)
{
	ui->page = page;
	ui->scroll = 0;
}

static void rows_again(struct ui *ui)
{
	struct top *top = ui->top;

	top_rows_make(&top->rows, &top->now, top->before.time_ns ? &top->before : NULL,
		      &top->order);
}

static void act_sort(struct ui *ui, int column)
{
	ui->top->order.reversed =
	    ui->top->order.by == (enum top_column)column && !ui->top->order.reversed;
	ui->top->order.by = column;
	rows_again(ui);
}

static void act_sort_beside(struct ui *ui, int step)
{
	ui->top->order.by = (ui->top->order.by + COLUMN_NCOLUMNS + step) % COLUMN_NCOLUMNS;
	ui->top->order.reversed = false;
	rows_again(ui);
}

static void act_reverse(struct ui *ui, int argument)
{
	ui->top->order.reversed = !ui->top->order.reversed;
	rows_again(ui);
}

static void act_tree(struct ui *ui, int argument)
{
	ui->top->order.tree = !ui->top->order.tree;
	rows_again(ui);
}

static void act_kernel(struct ui *ui, int argument)
{
	ui->top->order.kernel = !ui->top->order.kernel;
	rows_again(ui);
}

static void act_pause(struct ui *ui, int argument)
{
	ui->top->paused = !ui->top->paused;
}

static void act_interval(struct ui *ui, int up)
{
	unsigned ms = up ? ui->top->interval_ms * 2 : ui->top->interval_ms / 2;

	if (ms >= INTERVAL_MIN && ms <= INTERVAL_MAX)
		ui->top->interval_ms = ms;
}

/* Index of the chosen row, or -1 */
static long chosen_index(const struct top *top)
{
	for (size_t i = 0; i < top->rows.count; i++) {
		if (top->rows.rows[i].task->pid == top->chosen)
			return (long)i;
	}
	return -1;
}

/* Move the bar by rows; from nowhere it comes to the first row that is shown */
static void act_move(struct ui *ui, int step)
{
	struct top *top = ui->top;
	long at = chosen_index(top), last = (long)top->rows.count - 1;

	if (last < 0)
		return;
	at = at < 0 ? (long)top->first : at + step;
	at = at < 0 ? 0 : at > last ? last : at;
	top->chosen = top->rows.rows[at].task->pid;
}

static void act_move_page(struct ui *ui, int direction)
{
	act_move(ui, direction * (int)(ui->visible ? ui->visible : 1));
}

static void act_move_end(struct ui *ui, int direction)
{
	act_move(ui, direction * (1 << 20));
}

static void act_scroll(struct ui *ui, int step)
{
	const unsigned rows = ui->frame.rows - FOOTER;
	const long most = ui->lines > rows ? (long)(ui->lines - rows) : 0;
	long at = (long)ui->scroll + step;

	ui->scroll = at < 0 ? 0 : at > most ? most : at;
}

static void act_scroll_page(struct ui *ui, int direction)
{
	act_scroll(ui, direction * (int)(ui->frame.rows - FOOTER - 1));
}

static void act_task(struct ui *ui, int argument)
{
	if (chosen_index(ui->top) < 0)
		return;
	act_page(ui, PAGE_TASK);
	ui->stale = true;
}

static void act_filter_end(struct ui *ui, int keep)
{
	if (!keep)
		ui->top->order.filter[0] = '\0';
	act_page(ui, PAGE_TABLE);
	rows_again(ui);
}

static void act_filter_delete(struct ui *ui, int argument)
{
	char *filter = ui->top->order.filter;

	if (filter[0])
		filter[strlen(filter) - 1] = '\0';
	rows_again(ui);
}

/* ---- keys ---- */

static const struct key table_keys[] = {
	{ 'q', "q", "quit", act_quit, 0 },
	{ 'h', "h ?", "this help", act_page, PAGE_HELP },
	{ '?', NULL, NULL, act_page, PAGE_HELP },
	{ KEY_DOWN, "arrows j k", "choose a process", act_move, 1 },
	{ KEY_UP, NULL, NULL, act_move, -1 },
	{ 'j', NULL, NULL, act_move, 1 },
	{ 'k', NULL, NULL, act_move, -1 },
	{ KEY_PAGE_DOWN, "PgUp PgDn Home End", "go further", act_move_page, 1 },
	{ KEY_PAGE_UP, NULL, NULL, act_move_page, -1 },
	{ KEY_HOME, NULL, NULL, act_move_end, -1 },
	{ KEY_END, NULL, NULL, act_move_end, 1 },
	{ KEY_ENTER, "Enter", "details of the process", act_task, 0 },
	{ 's', "s", "system calls", act_page, PAGE_CALLS },
	{ ' ', "Space p", "pause", act_pause, 0 },
	{ 'p', NULL, NULL, act_pause, 0 },
	{ 't', "t", "tree", act_tree, 0 },
	{ 'H', "H", "kernel threads", act_kernel, 0 },
	{ '/', "/", "filter by command or pid; Esc ends it", act_page, PAGE_FILTER },
	{ KEY_ESCAPE, NULL, NULL, act_filter_end, 0 },
	{ '+', "+ -", "look less often, more often", act_interval, 1 },
	{ '-', NULL, NULL, act_interval, 0 },
	{ '>', "< >", "sort by the column beside", act_sort_beside, 1 },
	{ '<', NULL, NULL, act_sort_beside, -1 },
	{ KEY_RIGHT, NULL, NULL, act_sort_beside, 1 },
	{ KEY_LEFT, NULL, NULL, act_sort_beside, -1 },
	{ 'R', "R", "reverse the order", act_reverse, 0 },
	{ 'N', "N", "sort by pid", act_sort, COLUMN_PID },
	{ 'U', "U", "sort by user", act_sort, COLUMN_USER },
	{ 'P', "P", "sort by CPU", act_sort, COLUMN_CPU },
	{ 'M', "M", "sort by resident memory", act_sort, COLUMN_RSS },
	{ 'L', "L", "sort by open descriptors", act_sort, COLUMN_DESCRIPTORS },
	{ 'C', "C", "sort by system calls", act_sort, COLUMN_CALLS },
	{ 'E', "E", "sort by failed system calls", act_sort, COLUMN_ERRORS },
	{ 'F', "F", "sort by page faults", act_sort, COLUMN_FAULTS },
	{ 'S', "S", "sort by context switches", act_sort, COLUMN_SWITCHES },
	{ 'D', "D", "sort by time waiting for a CPU", act_sort, COLUMN_DELAY },
	{ 'O', "O", "sort by command", act_sort, COLUMN_COMMAND },
};

static const struct key page_keys[] = {
	{ 'q', "q Esc", "back", act_page, PAGE_TABLE },
	{ KEY_ESCAPE, NULL, NULL, act_page, PAGE_TABLE },
	{ KEY_ENTER, NULL, NULL, act_page, PAGE_TABLE },
	{ KEY_DOWN, NULL, NULL, act_scroll, 1 },
	{ KEY_UP, NULL, NULL, act_scroll, -1 },
	{ 'j', NULL, NULL, act_scroll, 1 },
	{ 'k', NULL, NULL, act_scroll, -1 },
	{ KEY_PAGE_DOWN, NULL, NULL, act_scroll_page, 1 },
	{ KEY_PAGE_UP, NULL, NULL, act_scroll_page, -1 },
	{ ' ', NULL, NULL, act_scroll_page, 1 },
};

static const struct key filter_keys[] = {
	{ KEY_ENTER, NULL, NULL, act_filter_end, 1 },
	{ KEY_ESCAPE, NULL, NULL, act_filter_end, 0 },
	{ KEY_BACKSPACE, NULL, NULL, act_filter_delete, 0 },
};

/* ---- pages ---- */

static void footer(struct ui *ui, const char *text)
{
	struct frame *frame = &ui->frame;

	frame->limit = frame->rows;
	while (!frame_full(frame, FOOTER))
		frame_line(frame);
	frame_style(frame, STYLE_DIM);
	frame_text(frame, text);
	frame_style(frame, STYLE_PLAIN);
	frame_line(frame);
}

static void draw_table(struct ui *ui)
{
	const struct top *top = ui->top;
	char text[160];

	top_draw_header(top, &ui->frame);
	frame_line(&ui->frame);
	ui->visible = ui->frame.rows > ui->frame.row + 1 + FOOTER
			  ? ui->frame.rows - ui->frame.row - 1 - FOOTER
			  : 0;
	top_draw_table(ui->top, &ui->frame, FOOTER);
	if (ui->page == PAGE_FILTER)
		snprintf(text, sizeof(text), "Filter: %s_   Enter keeps it, Esc ends it",
			 top->order.filter);
	else
		snprintf(text, sizeof(text),
			 "q quit  h help  Enter details  s calls  / filter%s%s%s  t tree  Space "
			 "pause  every "
			 "%.1f s",
			 top->order.filter[0] ? " (" : "", top->order.filter,
			 top->order.filter[0] ? ")" : "", (double)top->interval_ms / 1000);
	footer(ui, text);
}

static void task_fetch(struct ui *ui)
{
	cleanup_free char *text = NULL;
	size_t len;

	ui->stale = false;
	json_decref(steal_ptr(ui->json));
	text = observer_view(ui->top->observer, VT_VIEW_TASK, ui->top->chosen, 0, NULL, &len,
			     &ui->why);
	if (!text)
		return;
	ui->json = json_loadb(text, len, 0, NULL);
	if (!ui->json)
		error_set(&ui->why, 0, "the kernel's answer is no JSON");
}

static void draw_task(struct ui *ui)
{
	if (ui->stale)
		task_fetch(ui);
	ui->frame.limit = ui->frame.rows - FOOTER;
	ui->frame.skip = ui->scroll;
	top_draw_task(ui->top, &ui->frame, ui->top->chosen, ui->json, ui->why.text);
	ui->frame.skip = 0;
	ui->lines = ui->frame.lines;
	footer(ui, "q back  arrows PgUp PgDn scroll");
}

static void draw_calls(struct ui *ui)
{
	ui->frame.limit = ui->frame.rows - FOOTER;
	ui->frame.skip = ui->scroll;
	top_draw_calls(ui->top, &ui->frame);
	ui->frame.skip = 0;
	ui->lines = ui->frame.lines;
	footer(ui, "q back  arrows PgUp PgDn scroll");
}

static void draw_help(struct ui *ui)
{
	struct frame *frame = &ui->frame;

	frame->limit = frame->rows - FOOTER;
	frame->skip = ui->scroll;
	frame_style(frame, STYLE_BOLD);
	frame_text(frame, "vitrine top");
	frame_style(frame, STYLE_PLAIN);
	frame_line(frame);
	frame_line(frame);
	for (size_t i = 0; i < ARRAY_SIZE(table_keys); i++) {
		if (!table_keys[i].name)
			continue;
		frame_style(frame, STYLE_ACCENT);
		frame_cell(frame, 20, table_keys[i].name);
		frame_style(frame, STYLE_PLAIN);
		frame_text(frame, table_keys[i].help);
		frame_line(frame);
	}
	frame_line(frame);
	frame_text(frame,
		   "%CPU and %DELAY are of one CPU: running, and runnable but waiting. CALL is "
		   "the system call");
	frame_line(frame);
	frame_text(frame, "that a process is in, or else the kernel function that it sleeps in. "
			  "Rates are of all threads.");
	frame_line(frame);
	frame->skip = 0;
	ui->lines = frame->lines;
	footer(ui, "q back  arrows PgUp PgDn scroll");
}

static const struct {
	void (*draw)(struct ui *ui);
	const struct key *keys;
	size_t nkeys;
} pages[] = {
	[PAGE_TABLE] = { draw_table, table_keys, ARRAY_SIZE(table_keys) },
	[PAGE_TASK] = { draw_task, page_keys, ARRAY_SIZE(page_keys) },
	[PAGE_CALLS] = { draw_calls, page_keys, ARRAY_SIZE(page_keys) },
	[PAGE_HELP] = { draw_help, page_keys, ARRAY_SIZE(page_keys) },
	[PAGE_FILTER] = { draw_table, filter_keys, ARRAY_SIZE(filter_keys) },
};
static_assert(ARRAY_SIZE(pages) == PAGE_NPAGES, "pages[]");

static void draw(struct ui *ui)
{
	unsigned rows, columns;

	screen_size(&rows, &columns);
	frame_begin(&ui->frame, rows, columns);
	pages[ui->page].draw(ui);
	screen_show(&ui->frame);
}

static void press(struct ui *ui, int key)
{
	char *filter = ui->top->order.filter;
	size_t len = strlen(filter);

	for (size_t i = 0; i < pages[ui->page].nkeys; i++) {
		const struct key *entry = &pages[ui->page].keys[i];

		if (entry->key == key) {
			entry->act(ui, entry->argument);
			return;
		}
	}
	if (ui->page == PAGE_FILTER && key >= ' ' && key < KEY_BACKSPACE &&
	    len < TOP_FILTER_MAX - 1) {
		filter[len] = (char)key;
		filter[len + 1] = '\0';
		rows_again(ui);
	}
}

static uint64_t now_ms(void)
{
	return clock_now_ns() / NS_PER_MS;
}

/* Look when it is time, act on keys meanwhile */
static void step(struct ui *ui, uint64_t *due)
{
	uint64_t now = now_ms();
	int key;

	if (now >= *due) {
		*due = now + ui->top->interval_ms;
		if (!ui->top->paused)
			top_look(ui->top);
		ui->stale = !ui->top->paused;
		draw(ui);
	}
	now = now_ms();
	key = screen_key(observer_fd(ui->top->observer), now < *due ? (int)(*due - now) : 0);
	if (key == KEY_CLOSED)
		ui->quit = true;
	else if (key != KEY_RESIZE && key != KEY_NONE)
		press(ui, key);
	if (key != KEY_NONE && !ui->quit)
		draw(ui);
}

int top_ui(struct top *top, struct error *err)
{
	struct ui ui = { .top = top, .frame = { .escapes = true, .colour = screen_colour() } };
	bool ended = false;
	uint64_t due = 0;

	if (screen_enter(err) < 0)
		return -1;
	while (!ui.quit && !ended) {
		step(&ui, &due);
		ended = observer_ended(top->observer);
	}
	screen_leave();
	json_decref(ui.json);
	frame_free(&ui.frame);
	if (ended)
		say("the sandbox %s has ended", top->name);
	return 0;
}
