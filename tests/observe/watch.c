// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - say by how much a sandbox's counters rise while a command runs
 *
 * Usage: watch [-n] [-e] [-k KINDS] [-p] NAME [COMMAND [ARGUMENT]...]
 *
 *	-n  switch nothing on     -e  record and read events, all of them
 *	-k  only these (a mask)   -p  and say what descriptors stand for
 *
 * One line for each counter that changed, "call NAME CALLS ERRORS ENOSYS" or "SET NAME NUMBER";
 * with -e also how many events of each kind came, how many were lost and whether their numbers
 * were in order. The command's own output goes to standard error, its exit status is ours.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "observe/client/client.h"
#include "observe/region/names.h"
#include "observe/region/ring.h"

#define LOOK_NS 2000000

struct snapshot {
	struct vt_call_counters calls[VT_TELEMETRY_CALLS];
	struct vt_counters counters;
};

/** struct tally - what was read of the rings */
struct tally {
	struct event_reader reader;
	uint64_t kinds[VT_NR_EVENT_KINDS], lost, last;
	bool disordered;
};

static struct snapshot before, after;
static uint64_t host_before[VT_NR_HOST], host_after[VT_NR_HOST];
static struct tally tally;

static void snapshot_take(struct snapshot *snapshot, const struct region *region)
{
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++)
		region_call(region, nr, &snapshot->calls[nr]);
	region_counters(region, &snapshot->counters);
}

static void drain(void)
{
	struct event event;

	for (;;) {
		switch (event_next(&tally.reader, &event)) {
		case EVENT_NONE:
			return;
		case EVENT_GAP:
			tally.lost += tally.reader.gap.lost;
			break;
		case EVENT_HERE:
			if (event.head.seq <= tally.last)
				tally.disordered = true;
			tally.last = event.head.seq;
			if (event.head.kind < VT_NR_EVENT_KINDS)
				tally.kinds[event.head.kind]++;
			break;
		}
	}
}

static int run(char **command, bool events)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return 127;
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	while (events && waitpid(pid, &status, WNOHANG) == 0) {
		drain();
		nanosleep(&pause, NULL);
	}
	if (events)
		drain();
	else
		waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void rise(const char *set, const char *name, uint64_t from, uint64_t to)
{
	if (to != from)
		printf("%s %s %" PRIu64 "\n", set, name, to - from);
}

static void rises(const char *set, enum name_set names, const uint64_t *from, const uint64_t *to)
{
	for (unsigned i = 0; i < name_count(names); i++)
		rise(set, name_of(names, i), from[i], to[i]);
}

static void say_calls(void)
{
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		const struct vt_call_counters *b = &before.calls[nr], *a = &after.calls[nr];

		if (a->calls != b->calls)
			printf("call %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			       nr == VT_TELEMETRY_CALLS - 1 ? "other" : call_name(nr) ?: "?",
			       a->calls - b->calls, a->errors - b->errors, a->enosys - b->enosys);
	}
}

static void say_counters(void)
{
	const struct vt_counters *b = &before.counters, *a = &after.counters;

	rises("disposition", NAMES_DISPOSITION, b->dispositions, a->dispositions);
	rises("fault", NAMES_FAULT, b->faults, a->faults);
	rises("switch", NAMES_SWITCH, b->switches, a->switches);
	rises("softirq", NAMES_SOFTIRQ, b->softirqs, a->softirqs);
	rise("count", "wakeups", b->wakeups, a->wakeups);
	rise("count", "forks", b->forks, a->forks);
	rise("count", "execs", b->execs, a->execs);
	rise("count", "exits", b->exits, a->exits);
	rise("count", "signals", b->signals, a->signals);
	rise("count", "ooms", b->ooms, a->ooms);
	rise("count", "page_cache_added", b->page_cache_added, a->page_cache_added);
	rise("count", "pages_written_back", b->pages_written_back, a->pages_written_back);
	rise("count", "packets_sent", b->packets_sent, a->packets_sent);
	rise("count", "packets_received", b->packets_received, a->packets_received);
	for (unsigned op = 0; op < VT_NR_BLOCK; op++) {
		rise("block", name_of(NAMES_BLOCK, op), b->block[op].completed,
		     a->block[op].completed);
		rise("bytes", name_of(NAMES_BLOCK, op), b->block[op].bytes, a->block[op].bytes);
	}
}

static void say_events(void)
{
	for (unsigned kind = 0; kind < VT_NR_EVENT_KINDS; kind++)
		rise("event", name_of(NAMES_EVENT, kind), 0, tally.kinds[kind]);
	printf("lost %" PRIu64 "\norder %s\n", tally.lost, tally.disordered ? "broken" : "kept");
}

static int fail(const char *what)
{
	fprintf(stderr, "watch: %s\n", what);
	return 125;
}

int main(int argc, char **argv)
{
	struct observe_wishes wishes = { .counters = true };
	const struct region *region;
	struct region_head head;
	struct observer *observer;
	struct error err = { 0 };
	int option, status = 0;

	while ((option = getopt(argc, argv, "+nek:p")) != -1) {
		if (option == 'n')
			wishes.counters = false;
		else if (option == 'e')
			wishes.events = true;
		else if (option == 'k')
			wishes.kinds = strtoull(optarg, NULL, 0);
		else if (option == 'p')
			wishes.paths = true;
		else
			return fail("usage: watch [-n] [-e] [-k KINDS] [-p] NAME [COMMAND]...");
	}
	if (optind >= argc)
		return fail("no sandbox");
	observer = observer_connect(argv[optind], &err);
	if (!observer || observer_wish(observer, &wishes, &err))
		return fail(err.text);
	region = observer_region(observer);
	region_head(region, &head);
	printf("enabled %u\n", head.enabled);
	if (wishes.events && event_reader_init(&tally.reader, region, EVENTS_FROM_NOW, &err))
		return fail(err.text);
	snapshot_take(&before, region);
	region_host(region, host_before);
	if (argv[optind + 1])
		status = run(argv + optind + 1, wishes.events);
	snapshot_take(&after, region);
	region_host(region, host_after);
	say_calls();
	say_counters();
	if (wishes.counters)
		rises("host", NAMES_HOST, host_before, host_after);
	if (wishes.events)
		say_events();
	observer_close(observer);
	return status;
}
