// SPDX-License-Identifier: GPL-2.0-only
/* net.c - both ends of bench/net's connections: a server, and a client that measures
 *
 * Usage: net serve                             prints the port
 *        net WHAT ADDRESS PORT SECONDS         prints a number
 *
 * WHAT: send1, send8, receive1, receive8 (Gbit/s of so many streams), connect (connections a
 * second), answer (microseconds for a byte there and a byte back). The first byte of a connection
 * tells the server what it is for.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (128 * 1024)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void *serve_one(void *arg)
{
	static __thread char block[BLOCK];
	const int fd = (int)(intptr_t)arg, on = 1;
	char what = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read(fd, &what, 1) == 1 && what == 'r') {
		while (write(fd, block, sizeof(block)) > 0)
			;
	} else if (what == 's') {
		while (read(fd, block, sizeof(block)) > 0)
			;
	} else if (what == 'c') {
		(void)!write(fd, block, 1);
	} else if (what == 'a') {
		while (read(fd, block, 1) == 1 && write(fd, block, 1) == 1)
			;
	}
	close(fd);
	return NULL;
}

static int serve(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;

	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		return 1;
	printf("%u\n", ntohs(name.sin_port));
	fflush(stdout);
	fclose(stdout);
	for (;;) {
		int conn = accept(fd, NULL, NULL);

		if (conn >= 0 && !pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)conn))
			pthread_detach(thread);
	}
}

static struct sockaddr_in server;
static double end;

static int connect_for(char what)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) || write(fd, &what, 1) != 1) {
		perror("connect");
		exit(1);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void *stream(void *arg)
{
	static __thread char block[BLOCK];
	const char what = *(const char *)arg;
	const int fd = connect_for(what);
	uint64_t bytes = 0;
	ssize_t n = 1;

	while (n > 0 && now() < end) {
		n = what == 'r' ? read(fd, block, sizeof(block)) : write(fd, block, sizeof(block));
		bytes += n > 0 ? n : 0;
	}
	close(fd);
	return (void *)(uintptr_t)bytes;
}

static double streams(const char *what, double seconds)
{
	const unsigned count = what[strlen(what) - 1] - '0';
	char kind = what[0] == 'r' ? 'r' : 's';
	double begin = now(), bytes = 0;
	pthread_t threads[8];

	end = begin + seconds;
	for (unsigned i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, stream, &kind);
	for (unsigned i = 0; i < count; i++) {
		void *sent;

		pthread_join(threads[i], &sent);
		bytes += (uintptr_t)sent;
	}
	return bytes * 8 / 1e9 / (now() - begin);
}

static double connections(double seconds)
{
	double begin = now();
	unsigned count = 0;

	for (; now() < begin + seconds; count++) {
		const int fd = connect_for('c');
		char byte;

		/* Who does not wait for the server fills its queue */
		if (read(fd, &byte, 1) != 1)
			exit(1);
		close(fd);
	}
	return count / (now() - begin);
}

static double answers(double seconds)
{
	const int fd = connect_for('a');
	double begin = now();
	unsigned count = 0;
	char byte = 'x';

	for (; now() < begin + seconds; count++) {
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			exit(1);
	}
	return (now() - begin) * 1e6 / count;
}

int main(int argc, char **argv)
{
	double seconds, value;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2)
		return serve();
	if (argc != 5)
		return 2;
	server.sin_family = AF_INET;
	server.sin_port = htons(atoi(argv[3]));
	inet_pton(AF_INET, argv[2], &server.sin_addr);
	seconds = atof(argv[4]);
	if (argv[1][0] == 'c')
		value = connections(seconds < 2 ? seconds : 2);
	else if (argv[1][0] == 'a')
		value = answers(seconds < 2 ? seconds : 2);
	else
		value = streams(argv[1], seconds);
	printf("%.6g\n", value);
	return 0;
}
