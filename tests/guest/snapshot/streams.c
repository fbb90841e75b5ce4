/* SPDX-License-Identifier: GPL-2.0-only */
/* streams.c - bytes on their way, in order and none of them twice */
#include "states.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/socket.h>

/* A child writes numbers for ever, as fast as they are read: buffers are full most of the time */
static void sequence(struct part *part, int from, int to)
{
	unsigned char buf[8192];
	unsigned char next = 0;

	if (!fork()) {
		for (unsigned char at = 0;;) {
			unsigned char out[1000];
			ssize_t n;

			for (size_t i = 0; i < sizeof(out); i++)
				out[i] = at + i;
			n = write(to, out, sizeof(out));
			if (n <= 0)
				_exit(1);
			at += n;
		}
	}
	close(to);
	for (;;) {
		ssize_t n = read(from, buf, sizeof(buf));
		int good = n > 0;

		for (ssize_t i = 0; i < n; i++)
			good &= buf[i] == next++;
		round_of(part, good);
		sleep_ms(1);
		if (n <= 0)
			return;
	}
}

void pipe_part(struct part *part)
{
	int ends[2];

	if (!pipe(ends))
		sequence(part, ends[0], ends[1]);
}

void unix_part(struct part *part)
{
	int ends[2];

	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		sequence(part, ends[0], ends[1]);
}

void tcp_part(struct part *part)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), out = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) ||
	    connect(out, (struct sockaddr *)&address, sizeof(address)))
		return;
	sequence(part, accept(listener, NULL, NULL), out);
}

/* A terminal in cooked mode: lines, and its size */
void pty_part(struct part *part)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 }, seen;
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, &size))
		return;
	for (int i = 0;; i++) {
		char out[32], in[64];
		int len = sprintf(out, "line %d\n", i);
		ssize_t n;

		if (write(master, out, len) != len)
			return;
		sleep_ms(5);
		n = read(slave, in, sizeof(in));
		ioctl(slave, TIOCGWINSZ, &seen);
		round_of(part, n == len && !memcmp(in, out, len) && seen.ws_row == 33 &&
				   seen.ws_col == 77);
		while (poll(&(struct pollfd){ .fd = master, .events = POLLIN }, 1, 0) > 0)
			if (read(master, in, sizeof(in)) <= 0)
				return;
	}
}
