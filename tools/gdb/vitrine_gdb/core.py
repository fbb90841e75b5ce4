# SPDX-License-Identifier: GPL-2.0-only
"""core.py - a core file of the supervisor with the guest's memory in it

gdb's own generate-core-file would read all of the guest's memory, and the host would make the
pages that nobody has used yet. Here gdb writes the supervisor's own memory; then the memory file
is copied behind it, with its holes, and a new program header table at the end says where each
mapping of it is to be found: the linear map, vmalloc, the page structures. The file is as large as
the guest's memory and takes as much disk as the guest has used.
"""
import os
import struct

import gdb

from . import target
from .command import Failure, command

MEMORY = "/memfd:vitrine-memory"
PAGE = 4096
PT_LOAD, RWX = 1, 7
PHDR = "<IIQQQQQQ"
ANONYMOUS_SHARED = 2  # bit of coredump_filter, core(5)


def _mappings(pid):
    """(first, last, offset) of the supervisor's mappings of guest memory"""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[5].startswith(MEMORY):
                first, last = (int(part, 16) for part in fields[0].split("-"))
                yield first, last, int(fields[2], 16)


def _memory_file(pid):
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{fd}"
        if os.readlink(path).startswith(MEMORY):
            return os.open(path, os.O_RDONLY)
    raise Failure(f"process {pid} has no guest memory")


def _copy(source, to, base):
    """Copy a sparse file's data; its size"""
    size, at = os.fstat(source).st_size, 0
    os.ftruncate(to, base + size)
    while at < size:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
        except OSError:  # a hole up to the end
            break
        end = os.lseek(source, at, os.SEEK_HOLE)
        while at < end:
            data = os.pread(source, min(end - at, 1 << 20), at)
            os.pwrite(to, data, base + at)
            at += len(data)
    return size


def _gdb_core(path, pid):
    """What gdb writes, without shared memory"""
    filter_path = f"/proc/{pid}/coredump_filter"
    with open(filter_path, encoding="ascii") as file:
        before = int(file.read(), 16)
    try:
        with open(filter_path, "w", encoding="ascii") as file:
            file.write(f"{before & ~ANONYMOUS_SHARED:#x}")
        gdb.execute(f"generate-core-file {path}", to_string=True)
    finally:
        with open(filter_path, "w", encoding="ascii") as file:
            file.write(f"{before:#x}")


def _new_headers(core, mappings, base):
    """The program headers: gdb's, less what it could only name, and the guest's memory"""
    header = os.pread(core, 64, 0)
    offset, = struct.unpack_from("<Q", header, 0x20)
    size, count = struct.unpack_from("<HH", header, 0x36)
    kept = []
    for i in range(count):
        entry = struct.unpack(PHDR, os.pread(core, size, offset + i * size))
        if entry[0] != PT_LOAD or not any(first <= entry[3] < last for first, last, _ in mappings):
            kept.append(entry)
    for first, last, at in mappings:
        kept.append((PT_LOAD, RWX, base + at, first, 0, last - first, last - first, PAGE))
    return b"".join(struct.pack(PHDR, *entry) for entry in kept), len(kept)


@command("core FILE")
def core(path):
    """write a core file with the guest's memory; what the guest has not used takes no room"""
    pid = gdb.selected_inferior().pid
    if not target.live():
        raise Failure("this is a core file already")
    mappings = list(_mappings(pid))
    _gdb_core(path, pid)
    source, to = _memory_file(pid), os.open(path, os.O_RDWR)
    try:
        base = os.fstat(to).st_size + PAGE - 1 & ~(PAGE - 1)
        end = base + _copy(source, to, base)
        headers, count = _new_headers(to, mappings, base)
        os.pwrite(to, headers, end)
        os.pwrite(to, struct.pack("<Q", end), 0x20)
        os.pwrite(to, struct.pack("<H", count), 0x38)
        used = os.fstat(to).st_blocks * 512
    finally:
        os.close(source)
        os.close(to)
    print(f"{path}: {end >> 20} MiB, {used >> 20} MiB on disk")
