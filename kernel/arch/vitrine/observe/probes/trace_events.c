// SPDX-License-Identifier: GPL-2.0-only
/* trace_events.c - tracepoints without the event tracing on top of them
 *
 * The kernel is built with TRACEPOINTS and without EVENT_TRACING, whose buffers, files and a
 * millisecond of boot nobody here needs: our probes hang on the tracepoints themselves. Generic
 * code compiles the glue between the two all the same. vmlinux.lds.S points all that it calls here;
 * it is reached only by an enabled trace event, of which there are none.
 */
#include <linux/bug.h>
#include <linux/compiler.h>

long vitrine_no_trace_event(void);
long vitrine_no_trace_event(void)
{
	WARN_ON_ONCE(1);
	return 0;
}

#ifndef CONFIG_EVENT_TRACING /* drivers/base defines its one tracepoint only with that */
#define CREATE_TRACE_POINTS
#include "trace.h"
#endif
