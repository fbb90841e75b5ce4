// SPDX-License-Identifier: GPL-2.0-only
/* test_net.c - what is left to the network processes, and a cable whose other end lies */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/net/confine.h"
#include "lib/dns.h"
#include "engine/net/link.h"
#include "vitrine/util.h"

#define ALLOWED 0
#define DENIED 1
#define KILLED (128 + SIGSYS)

static int pair[2];

static int result(long ret)
{
	return ret < 0 ? DENIED : ALLOWED;
}

/* What becomes of @attempt in a process of that role */
static int confined(enum net_role role, const char *readable, int (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct error err;

		if (net_confine(role, readable, 64, &err))
			_exit(50);
		syscall(SYS_exit_group, attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int try_stream(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_datagram(void)
{
	return result(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int try_packet(void)
{
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_connect(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET };

	return result(connect(pair[0], (const struct sockaddr *)&to, sizeof(to)));
}

static int try_bind(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET };

	return result(bind(pair[0], (const struct sockaddr *)&to, sizeof(to)));
}

static int try_sendto(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET };

	return result(
	    sendto(pair[0], "x", 1, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)));
}

static int try_sendmsg(void)
{
	struct iovec iov = { "x", 1 };
	const struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	return result(sendmsg(pair[0], &header, MSG_NOSIGNAL));
}

static int try_accept(void)
{
	return result(accept4(pair[0], NULL, NULL, SOCK_NONBLOCK));
}

static int try_option(void)
{
	const int on = 1;

	return result(setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
}

static int try_linger(void)
{
	const struct linger now = { .l_onoff = 1 };

	return result(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
}

static int try_write(void)
{
	return result(write(pair[0], "x", 1));
}

static int try_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int try_create(void)
{
	return result(open("/tmp/vitrine-test-net", O_WRONLY | O_CREAT, 0600));
}

static int try_exec(void)
{
	char *argv[] = { "true", NULL };

	execve("/bin/true", argv, NULL);
	return DENIED;
}

static int try_fork(void)
{
	return result(syscall(SYS_fork));
}

static int try_kill(void)
{
	return result(kill(getppid(), 0));
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED
		   ? DENIED
		   : ALLOWED;
}

static int try_many_files(void)
{
	for (unsigned i = 0; i < 100; i++) {
		if (socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EMFILE)
			return DENIED;
	}
	return ALLOWED;
}

/* They read what strangers send, and get what they need from the gate */
static void stack_and_proxy_make_no_connection(void **state)
{
	static const enum net_role roles[] = { NET_STACK, NET_PROXY };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		assert_int_equal(confined(roles[i], NULL, try_stream), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_datagram), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_unix), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_netlink), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_connect), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_bind), KILLED);
		assert_int_equal(confined(roles[i], NULL, try_sendto), DENIED);
		assert_int_equal(confined(roles[i], NULL, try_sendmsg), DENIED);
		assert_int_equal(confined(roles[i], NULL, try_accept), DENIED);
		assert_int_equal(confined(roles[i], NULL, try_option), DENIED);
		assert_int_equal(confined(roles[i], NULL, try_linger), ALLOWED);
		assert_int_equal(confined(roles[i], NULL, try_write), ALLOWED);
	}
}

static void none_has_files_nor_programs(void **state)
{
	for (enum net_role role = NET_STACK; role <= NET_PROXY; role++) {
		assert_int_equal(confined(role, NULL, try_passwd), DENIED);
		assert_int_equal(confined(role, NULL, try_create), DENIED);
		assert_int_equal(confined(role, NULL, try_exec), KILLED);
		assert_int_equal(confined(role, NULL, try_fork), KILLED);
		assert_int_equal(confined(role, NULL, try_kill), KILLED);
		assert_int_equal(confined(role, NULL, try_code), DENIED);
	}
}

static void the_gate_has_internet_sockets(void **state)
{
	assert_int_equal(confined(NET_GATE, NULL, try_stream), ALLOWED);
	assert_int_equal(confined(NET_GATE, NULL, try_datagram), ALLOWED);
	assert_int_equal(confined(NET_GATE, NULL, try_many_files), DENIED);
	assert_int_equal(confined(NET_GATE, NULL, try_unix), DENIED);
	assert_int_equal(confined(NET_GATE, NULL, try_netlink), DENIED);
	assert_int_equal(confined(NET_GATE, NULL, try_packet), DENIED);
	assert_int_equal(confined(NET_GATE, "/etc", try_passwd), ALLOWED);
	assert_int_equal(confined(NET_GATE, "/etc", try_create), DENIED);
}

static struct link cable;
static struct link_end writer, reader;

static int make_cable(void **state)
{
	struct error err;

	if (link_create(&cable, &err))
		return -1;
	link_end_init(&writer, cable.rings[0], cable.network);
	link_end_init(&reader, cable.rings[0], cable.supervisor);
	return 0;
}

static int drop_cable(void **state)
{
	link_close(&cable);
	return 0;
}

static bool put(size_t len, unsigned char value)
{
	link_header *header;
	unsigned char *at = link_reserve(&writer, len, &header);

	if (!at)
		return false;
	memset(header, 0, sizeof(*header));
	memset(at, value, len);
	link_commit(&writer, len);
	link_publish(&writer);
	return true;
}

static bool take(size_t len, unsigned char value)
{
	link_header header;
	const unsigned char *at;
	size_t got;

	at = link_peek(&reader, &got, &header);
	if (!at)
		return false;
	assert_int_equal(got, len);
	assert_int_equal(len ? at[0] : value, value);
	assert_int_equal(len ? at[len - 1] : value, value);
	link_take(&reader);
	return true;
}

static void frames_come_as_they_went(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		const size_t len = (i * 7919) % (LINK_FRAME_MAX + 1);

		assert_true(put(len, (unsigned char)i));
		assert_true(take(len, (unsigned char)i));
	}
	assert_false(take(0, 0));
}

static void a_full_cable_takes_no_more(void **state)
{
	unsigned count = 0, taken = 0;

	while (put(LINK_FRAME_MAX, 1))
		count++;
	assert_in_range(count, 16, LINK_RING_SIZE / LINK_FRAME_MAX);
	while (take(LINK_FRAME_MAX, 1))
		taken++;
	assert_int_equal(count, taken);
	assert_true(put(LINK_FRAME_MAX, 2));
}

/* Whatever lies in the shared memory, every frame that is seen lies in it */
static void nothing_that_the_other_end_writes_is_believed(void **state)
{
	unsigned char *memory = (unsigned char *)cable.rings[0];
	const unsigned char *end = (unsigned char *)cable.rings[1];
	link_header header;
	size_t len;

	srandom(1);
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned char *at;

		for (unsigned j = 0; j < 8; j++)
			memory[random() % (j < 4 ? 256 : LINK_RING_SIZE)] = (unsigned char)random();
		if (i % 16 == 0) {
			link_end_init(&reader, cable.rings[0], cable.supervisor);
			link_end_init(&writer, cable.rings[0], cable.network);
			reader.own = (uint32_t)random() & ~15U;
			writer.own = (uint32_t)random() & ~15U;
		}
		at = link_peek(&reader, &len, &header);
		if (at) {
			assert_true(at >= memory && len <= LINK_FRAME_MAX && at + len <= end);
			link_take(&reader);
		}
		put((size_t)random() % LINK_FRAME_MAX, 3);
	}
}

static void names_are_read_as_they_are(void **state)
{
	static const uint8_t ask[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3WWW\7example\3com\0\0\1\0\1";
	static const uint8_t dotted[] = "\0\7\1\0\0\1\0\0\0\0\0\0\13www.example\3com\0\0\1\0\1";
	static const uint8_t hidden[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3a\0b\3com\0\0\1\0\1";
	struct dns_query query;
	enum dns_code code;

	assert_true(dns_query_parse(ask, sizeof(ask) - 1, &query, &code));
	assert_string_equal(query.name, "www.example.com");
	for (size_t len = 0; len < sizeof(ask) - 1; len++)
		assert_false(dns_query_parse(ask, len, &query, &code));
	/* Other names that would look the same in a rule */
	assert_false(dns_query_parse(dotted, sizeof(dotted) - 1, &query, &code));
	assert_false(dns_query_parse(hidden, sizeof(hidden) - 1, &query, &code));
}

static void answers_to_other_questions_are_none(void **state)
{
	static const uint8_t good[] = "\0\7\201\200\0\1\0\1\0\0\0\0\3www\7example\3com\0\0\1\0\1"
				      "\300\14\0\1\0\1\0\0\0\74\0\4\135\270\330\42";
	static const uint8_t other[] = "\0\7\201\200\0\1\0\1\0\0\0\0\3www\7example\3com\0\0\1\0\1"
				       "\3foo\0\0\1\0\1\0\0\0\74\0\4\135\270\330\42";
	struct dns_query query = { .type = DNS_A, .class = 1, .name = "www.example.com" };
	struct dns_answer answer;

	assert_true(dns_answer_parse(good, sizeof(good) - 1, &query, 7, &answer));
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.ttl, 60);
	assert_false(dns_answer_parse(good, sizeof(good) - 1, &query, 8, &answer));
	/* A record of another name's is nobody's address */
	assert_true(dns_answer_parse(other, sizeof(other) - 1, &query, 7, &answer));
	assert_int_equal(answer.count, 0);
	strcpy(query.name, "www.example.org");
	assert_false(dns_answer_parse(good, sizeof(good) - 1, &query, 7, &answer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stack_and_proxy_make_no_connection),
		cmocka_unit_test(none_has_files_nor_programs),
		cmocka_unit_test(the_gate_has_internet_sockets),
		cmocka_unit_test_setup_teardown(frames_come_as_they_went, make_cable, drop_cable),
		cmocka_unit_test_setup_teardown(a_full_cable_takes_no_more, make_cable, drop_cable),
		cmocka_unit_test_setup_teardown(nothing_that_the_other_end_writes_is_believed,
						make_cable, drop_cable),
		cmocka_unit_test(names_are_read_as_they_are),
		cmocka_unit_test(answers_to_other_questions_are_none),
	};

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 1;
	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
