// SPDX-License-Identifier: GPL-2.0-only
/* relay.c - connections for machines in tabs: WISP over WebSockets
 *
 * Theory of operation
 * A page can open WebSockets and nothing else. The relay takes them (door.c), reads packets of WISP
 * (session.c), asks resolvers for the names that clients want to talk to (lookup.c), decides by
 * the policy on each address, dials exactly what it has decided on (dial.c) and moves bytes
 * (stream.c). The relay resolves, not the client: so a rule about a name is about whom the name
 * leads to here and now.
 *
 * What it protects is the network that it stands in. Whoever reaches it is a stranger, whose page
 * may be anybody's: no address that is not public is dialled unless a rule names it, and the host's
 * own public addresses are not, either.
 *
 * Host system calls: epoll_create1, epoll_ctl, epoll_wait, signalfd, read, close.
 */
#include "relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "internal.h"
#include "lib/clock.h"
#include "listen.h"
#include "lib/lazy/lazy.h"
#include "observe/http/confine.h"
#include "observe/http/mhd.h"
#include "vitrine/util.h"
#include "wslay_load.h"

#define EVENTS 256
#define TICK_MS 1000
#define THROTTLED_MS 20

bool relay_watch(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watched };

	watched->events = events;
	return !events || !epoll_ctl(relay->epoll, EPOLL_CTL_ADD, watched->fd, &event);
}

/* Who waits for nothing is not watched: epoll would tell of its end again and again */
void relay_change(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watched };
	const int how = !events ? EPOLL_CTL_DEL : watched->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (watched->events == events)
		return;
	watched->events = events;
	epoll_ctl(relay->epoll, how, watched->fd, &event);
}

void relay_unwatch(struct relay *relay, struct watched *watched)
{
	if (watched->fd >= 0 && watched->events)
		epoll_ctl(relay->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
	watched->events = 0;
}

static void on_signal(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)!read(watched->fd, &info, sizeof(info));
	relay->over = true;
}

/* Those that were ended while something of theirs was on its way */
static void sweep(struct relay *relay)
{
	for (struct client *next, *client = relay->clients; client; client = next) {
		next = client->next;
		if (client->over)
			client_free(client);
	}
}

static void tick(struct relay *relay)
{
	for (struct client *client = relay->clients; client; client = client->next)
		client_tick(client);
	lookup_tick(relay);
	sweep(relay);
}

/*
 * One event a round: what it is about may end what another one of the same round would be about. So
 * epoll_wait() is asked for one at a time, but for those that cannot end.
 */
static void round_of(struct relay *relay, uint64_t *ticked)
{
	struct epoll_event event;
	const int count =
	    epoll_wait(relay->epoll, &event, 1, relay->throttled ? THROTTLED_MS : TICK_MS);

	relay->now = clock_now_ns() / NS_PER_MS;
	if (count == 1) {
		struct watched *watched = event.data.ptr;

		watched->event(relay, watched, event.events);
		sweep(relay);
	}
	if (relay->throttled && relay->now - relay->woke >= THROTTLED_MS) {
		relay->throttled = false;
		relay->woke = relay->now;
		for (struct client *client = relay->clients; client; client = client->next)
			client_refill(client);
	}
	if (relay->now - *ticked < TICK_MS)
		return;
	*ticked = relay->now;
	tick(relay);
}

static int signals(struct relay *relay, struct error *err)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &ends, NULL))
		return error_set(err, errno, "cannot block signals");
	signal(SIGPIPE, SIG_IGN);
	relay->signals =
	    (struct watched){ on_signal, signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK), 0 };
	if (relay->signals.fd < 0 || !relay_watch(relay, &relay->signals, EPOLLIN))
		return error_set(err, errno, "cannot wait for signals");
	return 0;
}

static int rules(struct relay *relay, struct error *err)
{
	for (const char *const *line = relay->options->policy; line && *line; line++) {
		if (policy_line(&relay->policy, *line, err))
			return -1;
	}
	return policy_check(&relay->policy, err);
}

static int begin(struct relay *relay, struct sockaddr_storage *address, struct error *err)
{
	const struct relay_options *o = relay->options;
	int fd;

	relay->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (relay->epoll < 0)
		return error_set(err, errno, "epoll_create1");
	relay->now = clock_now_ns() / NS_PER_MS;
	if (o->proxy && !address_parse(o->proxy, &relay->proxy))
		return error_set(err, 0, "'%s' is no address of a proxy", o->proxy);
	relay->has_proxy = o->proxy;
	lazy_load("libcrypto");
	if (mhd_load(err) || wslay_load(err) || serve_confine_begin(err) || rules(relay, err) ||
	    lookup_begin(relay, err) || audit_begin(relay, err) ||
	    (o->tokens && tokens_read(relay, o->tokens, err)) || signals(relay, err))
		return -1;
	fd = relay_listen(o, address, err);
	if (fd < 0 || serve_confine_user(err) || confine_relay(err))
		return -1;
	return door_open(relay, fd, err);
}

int relay_serve(const struct relay_options *options, struct error *err)
{
	static struct relay relay;
	struct sockaddr_storage address;
	uint64_t ticked = 0;

	relay.options = options;
	relay.log = -1;
	if (begin(&relay, &address, err))
		return -1;
	if (!options->quiet)
		relay_print(&address);
	while (!relay.over)
		round_of(&relay, &ticked);
	while (relay.clients)
		client_free(relay.clients);
	door_close(&relay);
	policy_free(&relay.policy);
	free(relay.tokens);
	return 0;
}
