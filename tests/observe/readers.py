#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""readers.py - many readers of /api/events at once

Usage: readers.py URL COUNT SECONDS [QUERY]

One process and one thread: epoll, as readers that cost the machine little. Says how much they got.
"""
import select
import sys
import time

from common import Failed, Server, want

LEAST = 1000  # bytes that each has to get


def read_all(server, count, seconds, query):
    poll = select.epoll()
    socks, got = {}, {}
    for _ in range(count):
        sock = server.connect()
        server.send(sock, "/api/events" + ("?" + query if query else ""))
        sock.setblocking(False)
        socks[sock.fileno()] = sock
        got[sock.fileno()] = 0
        poll.register(sock.fileno(), select.EPOLLIN)
    print("connected", flush=True)
    closed = 0
    deadline = time.monotonic() + seconds
    # A busy machine takes longer to serve them all
    while time.monotonic() < deadline or (
            min(got.values()) <= LEAST and not closed and time.monotonic() < deadline + 30):
        for fd, _ in poll.poll(0.2):
            data = socks[fd].recv(1 << 18)
            got[fd] += len(data)
            if not data:
                poll.unregister(fd)
                closed += 1
    for sock in socks.values():
        sock.close()
    return got, closed


def main():
    server, count, seconds = Server(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    got, closed = read_all(server, count, seconds, sys.argv[4] if len(sys.argv) > 4 else "")
    want(not closed, f"{closed} of {count} were hung up on")
    want(min(got.values()) > LEAST, f"one got {min(got.values())} bytes")
    print(f"{count} readers, {sum(got.values()) / seconds / 1e6:.1f} MB/s, "
          f"{min(got.values())} to {max(got.values())} bytes each")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"readers: {failed}")
