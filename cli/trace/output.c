// SPDX-License-Identifier: GPL-2.0-only
/* output.c - where a trace goes, and when it is over
 *
 * What a sink writes is in a buffer of a megabyte; it goes out when it is half full and whenever
 * there is nothing to read. A reader that goes away (head(1)) ends the trace, quietly; a disk that
 * is full ends it, too, and is a failure.
 *
 * Host system calls: write, clock_gettime, clock_nanosleep, sigaction.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/clock.h"
#include "lib/plain.h"
#include "trace.h"

#define PAUSE_MIN_NS 500000L
#define PAUSE_MAX_NS 20000000L

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

bool trace_stopped(uint64_t began_ns, unsigned duration)
{
	return stopped || (duration && clock_now_ns() - began_ns >= duration * 1000000000UL);
}

/* Half a millisecond while things happen, so that a ring cannot run full meanwhile */
void trace_pause(unsigned idle)
{
	struct timespec pause = { .tv_nsec = PAUSE_MIN_NS << (idle < 6 ? idle : 6) };

	if (pause.tv_nsec > PAUSE_MAX_NS)
		pause.tv_nsec = PAUSE_MAX_NS;
	nanosleep(&pause, NULL);
}

static int write_some(const struct trace *trace, const char *data, size_t len)
{
	/* A terminal that the traced sandbox has put in raw mode */
	if (!strcmp(plain_line_end(trace->fd), "\r\n"))
		return plain_write(trace->fd, data, len) < 0 ? -1 : (int)len;
	return (int)write(trace->fd, data, len);
}

void trace_flush(struct trace *trace)
{
	size_t at = 0;

	while (at < trace->out.len && !trace->closed) {
		int n = write_some(trace, trace->out.data + at, trace->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			trace->closed = true;
			trace->error = errno == EPIPE ? 0 : errno;
		} else {
			at += n;
		}
	}
	trace->out.len = 0;
}

int trace_finish(struct trace *trace, struct error *err)
{
	trace_flush(trace);
	if (!trace->error)
		return 0;
	error_set(err, trace->error, "%s",
		  trace->options->output ? trace->options->output : "trace");
	return TRACE_UNWRITTEN;
}

/* Ctrl-C ends the trace, not us before the last line is out; a second one does */
void trace_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}
