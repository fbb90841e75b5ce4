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
	char what[64];
	uint64_t begin, shown; /* moments */
	bool terminal;
} state;

/* The note is a package manager's */
static void show_note(const char *note)
{
	char shown[NOTE_MAX + 1];

	plain_copy(shown, sizeof(shown), note, strlen(note));
	fprintf(stderr, "  %s", shown);
}

static void show(uint64_t done, const char *note)
{
	int seconds = (clock_now_ns() - state.begin) / NS_PER_SECOND;

	fprintf(stderr, "\r\033[Kimage: %s", state.what);
	if (done)
		fprintf(stderr, ", %" PRIu64 " MiB", done >> 20);
	if (seconds)
		fprintf(stderr, ", %d:%02d", seconds / 60, seconds % 60);
	if (note)
		show_note(note);
	state.shown = clock_now_ns();
}

void progress_phase(const char *what)
{
	snprintf(state.what, sizeof(state.what), "%s", what);
	state.terminal = isatty(STDERR_FILENO);
	state.begin = clock_now_ns();
	if (state.terminal)
		show(0, NULL);
	else
		fprintf(stderr, "image: %s\n", what);
}

void progress_bytes(uint64_t done)
{
	if (state.terminal && clock_now_ns() - state.shown > INTERVAL_NS)
		show(done, NULL);
}

void progress_note(const char *note)
{
	if (state.terminal && clock_now_ns() - state.shown > INTERVAL_NS)
		show(0, note);
}

void progress_end(void)
{
	if (state.terminal)
		fputs("\r\033[K", stderr);
}
