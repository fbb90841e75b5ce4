#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""load - a program that does many things at once, and notices when one of them goes wrong

Prints a line for each round: how often each part has gone round, and how many errors there were.
"""
import asyncio
import hashlib
import multiprocessing
import queue
import sqlite3
import threading
import time

DATA = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(DATA).hexdigest()
rounds = {"hash": 0, "queue": 0, "asyncio": 0, "sqlite": 0, "pool": 0}
errors = 0
numbers = queue.Queue()


def done(part, good):
    global errors
    rounds[part] += 1
    errors += not good


def hashes():
    while True:
        done("hash", hashlib.sha256(DATA).hexdigest() == DIGEST)


def produce():
    number = 0
    while True:
        numbers.put(number)
        number += 1
        time.sleep(0.002)


def consume():
    expected = 0
    while True:
        done("queue", numbers.get() == expected)
        expected += 1


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()


async def talk():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    number = 0
    while True:
        writer.write(b"%d\n" % number)
        done("asyncio", int(await reader.readline()) == number)
        number += 1
        await asyncio.sleep(0.003)


def transactions():
    """Each leaves the sum at zero"""
    database = sqlite3.connect("/root/load.db", isolation_level=None)
    database.execute("CREATE TABLE numbers (n INTEGER, filler TEXT)")
    number = 0
    while True:
        database.execute("BEGIN")
        database.execute("INSERT INTO numbers VALUES (?, ?)", (number, "x" * 500))
        database.execute("INSERT INTO numbers VALUES (?, ?)", (-number, "x" * 500))
        database.execute("COMMIT")
        number += 1
        done("sqlite", database.execute("SELECT sum(n) FROM numbers").fetchone()[0] == 0)
        time.sleep(0.01)


def main():
    pool = multiprocessing.Pool(2)
    for part in hashes, produce, consume, lambda: asyncio.run(talk()), transactions:
        threading.Thread(target=part, daemon=True).start()
    while True:
        done("pool", pool.map(abs, range(-50, 0)) == list(range(50, 0, -1)))
        print(*rounds.values(), "errors", errors, flush=True)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
