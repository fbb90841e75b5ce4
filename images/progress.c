// SPDX-License-Identifier: GPL-2.0-only
/* progress.c - tell how far a long step is, on stderr */

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include "images/progress.h"
#include "lib/clock.h"
#include "lib/plain.h"
#include "vitrine/util.h"

#define NOTE_MAX 48
#define INTERVAL_NS (200 * NS_PER_MS)

static struct {
	const char *subject;
	char what[64];
	uint64_t begin, shown; /* moments */
	char note[NOTE_MAX * 4 + 1];
	bool terminal;
} state;

static void show(uint64_t done)
{
	int seconds = (clock_now_ns() - state.begin) / NS_PER_SECOND;

	fprintf(stderr, "\r\033[K%s: %s", state.subject ?: "image", state.what);
	if (done)
		fprintf(stderr, ", %" PRIu64 " MiB", done >> 20);
	if (seconds)
		fprintf(stderr, ", %d:%02d", seconds / 60, seconds % 60);
	if (state.note[0])
		fprintf(stderr, "  %s", state.note);
	state.shown = clock_now_ns();
}

void progress_subject(const char *subject)
{
	state.subject = subject;
}

void progress_phase(const char *what)
{
	snprintf(state.what, sizeof(state.what), "%s", what);
	state.note[0] = '\0';
	state.terminal = isatty(STDERR_FILENO);
	state.begin = clock_now_ns();
	if (state.terminal)
		show(0);
	else if (!state.subject)
		fprintf(stderr, "image: %s\n", what);
}

void progress_bytes(uint64_t done)
{
	if (state.terminal && clock_now_ns() - state.shown > INTERVAL_NS)
		show(done);
}

void progress_note(const char *note)
{
	/* It is a package manager's, and of what it has downloaded */
	plain_copy(state.note, sizeof(state.note), note, strnlen(note, NOTE_MAX));
	progress_tick();
}

void progress_tick(void)
{
	if (state.terminal && clock_now_ns() - state.shown > INTERVAL_NS)
		show(0);
}

void progress_end(void)
{
	if (state.terminal)
		fputs("\r\033[K", stderr);
}
