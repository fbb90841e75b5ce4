// SPDX-License-Identifier: GPL-2.0-only
/* net.c - addresses, socket options, and waiting for descriptors */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "parts.h"
#include "vitrine/util.h"

#define ELEMENTS_SHOWN 16

static void unix_text(struct text *t, const struct event_data *data)
{
	const char *path = (const char *)data->bytes + 2;
	size_t len = data->len - 2;

	if (!len)
		return;
	text_put(t, ", sun_path=");
	if (!path[0]) {
		text_char(t, '@');
		path++;
		len--;
	} else {
		len = strnlen(path, len);
	}
	text_quoted(t, path, len, TEXT_ESCAPE);
	if (data->full > data->len && len == data->len - 2)
		text_put(t, "...");
}

static void inet_text(struct text *t, const struct event_data *data)
{
	char address[INET_ADDRSTRLEN];

	if (data->len < 8)
		return;
	inet_ntop(AF_INET, data->bytes + 4, address, sizeof(address));
	text_format(t, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")", ntohs(data_u16(data, 2)),
		    address);
}

static void inet6_text(struct text *t, const struct event_data *data)
{
	char address[INET6_ADDRSTRLEN];

	if (data->len < 28)
		return;
	inet_ntop(AF_INET6, data->bytes + 8, address, sizeof(address));
	text_format(t,
		    ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", "
		    "&sin6_addr), sin6_scope_id=%u",
		    ntohs(data_u16(data, 2)), ntohl(data_u32(data, 4)), address,
		    data_u32(data, 24));
}

static void netlink_text(struct text *t, const struct event_data *data)
{
	if (data->len >= 12)
		text_format(t, ", nl_pid=%u, nl_groups=%08x", data_u32(data, 4), data_u32(data, 8));
}

static const struct {
	uint16_t family;
	void (*print)(struct text *t, const struct event_data *data);
} families[] = {
	{ AF_UNIX, unix_text },
	{ AF_INET, inet_text },
	{ AF_INET6, inet6_text },
	{ AF_NETLINK, netlink_text },
};

void sockaddr_text(struct text *t, const struct event_data *data)
{
	uint16_t family = data_u16(data, 0);

	text_put(t, "{sa_family=");
	names_text(t, &names_address_family, family);
	for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
		if (families[i].family == family) {
			families[i].print(t, data);
			text_char(t, '}');
			return;
		}
	}
	text_put(t, ", sa_data=");
	text_quoted(t, data->bytes + 2, data->len - 2, TEXT_ESCAPE);
	text_char(t, '}');
}

void print_sockaddr(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 2);

	if (data)
		sockaddr_text(t, data);
}

/* A length that the call may change: [128 => 16] */
void print_length(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *before = call_memory(t, call, arg, 0, 4);
	const struct event_data *after = call_data(call, arg, 1);

	if (!before)
		return;
	text_format(t, "[%d", (int32_t)data_u32(before, 0));
	if (after && after->len >= 4 && data_u32(after, 0) != data_u32(before, 0))
		text_format(t, " => %d", (int32_t)data_u32(after, 0));
	text_char(t, ']');
}

void print_socket_type(struct text *t, const struct call *call, unsigned arg)
{
	uint64_t type = (uint32_t)call->args[arg], flags = type & (SOCK_CLOEXEC | SOCK_NONBLOCK);
	bool any = true;

	names_text(t, &names_socket_type, type & ~flags);
	names_some(t, &names_socket_flags, flags, &any);
}

void print_protocol(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t family = (uint32_t)call->args[0], protocol = (uint32_t)call->args[arg];

	if (family == AF_INET || family == AF_INET6)
		names_text(t, &names_protocol, protocol);
	else if (family == AF_NETLINK)
		names_text(t, &names_netlink, protocol);
	else
		text_hex(t, protocol);
}

static const struct {
	int level;
	const struct names *names;
} options[] = {
	{ SOL_SOCKET, &names_socket_option },
	{ IPPROTO_TCP, &names_tcp_option },
	{ IPPROTO_IP, &names_ip_option },
	{ IPPROTO_IPV6, &names_ipv6_option },
};

void option_text(struct text *t, uint32_t level, uint32_t option)
{
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		if ((uint32_t)options[i].level == level) {
			names_text(t, options[i].names, option);
			return;
		}
	}
	text_hex(t, option);
}

void print_option(struct text *t, const struct call *call, unsigned arg)
{
	option_text(t, (uint32_t)call->args[1], (uint32_t)call->args[arg]);
}

void print_option_value(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 0);
	uint32_t level = (uint32_t)call->args[1], option = (uint32_t)call->args[2];

	if (!data)
		return;
	if (level == SOL_SOCKET && option == SO_LINGER && data->len >= 8)
		text_format(t, "{l_onoff=%d, l_linger=%d}", (int32_t)data_u32(data, 0),
			    (int32_t)data_u32(data, 4));
	else if (level == SOL_SOCKET && (option == 20 || option == 21) && data->len >= 16)
		timeval_text(t, data, 0);
	else if (level == SOL_SOCKET && option == SO_PEERCRED && data->len >= 12)
		text_format(t, "{pid=%d, uid=%u, gid=%u}", (int32_t)data_u32(data, 0),
			    data_u32(data, 4), data_u32(data, 8));
	else if (data->len == 4 && data->full == 4)
		text_format(t, "[%d]", (int32_t)data_u32(data, 0));
	else
		string_text(t, call, data, TEXT_ESCAPE);
}

void print_poll(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 8);
	unsigned shown = 0;

	if (!data)
		return;
	text_char(t, '[');
	for (size_t at = 0; at + 8 <= data->len && shown < ELEMENTS_SHOWN; at += 8, shown++) {
		text_put(t, at ? ", {fd=" : "{fd=");
		element_fd_text(t, call, arg, shown, (int32_t)data_u32(data, at));
		text_put(t, ", events=");
		names_text(t, &names_poll, data_u16(data, at + 4));
		text_char(t, '}');
	}
	text_put(t, shown * 8 < data->full ? ", ...]" : "]");
}

static void epoll_event_text(struct text *t, const struct event_data *data, size_t at)
{
	text_put(t, "{events=");
	names_text(t, &names_epoll_events, data_u32(data, at));
	text_format(t, ", data={u32=%u, u64=%llu}}", data_u32(data, at + 4),
		    (unsigned long long)data_u64(data, at + 4));
}

void print_epoll_event(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 12);

	if (data)
		epoll_event_text(t, data, 0);
}

void print_epoll_events(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_data(call, arg, 0);
	unsigned shown = 0;

	if (!data && call->result != 0) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	for (size_t at = 0; data && at + 12 <= data->len && shown < ELEMENTS_SHOWN; at += 12) {
		text_put(t, at ? ", " : "");
		epoll_event_text(t, data, at);
		shown++;
	}
	text_put(t, data && shown * 12 < data->full ? ", ...]" : "]");
}
