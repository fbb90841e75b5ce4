# SPDX-License-Identifier: GPL-2.0-only
"""unwind.py - compare tools/gdb's unwinding with the compiler's own tables

Usage: gdb -nx -batch build/debug/kernel/vmlinux -x tests/gdb/unwind.py

A debug kernel (make DEBUG=1) has tables that say for each instruction where the return address and
the saved registers are; the commands do without. This takes some thousand functions and compares
both after each call instruction. What is unknown becomes a guess in "vitrine stack"; what is wrong
would be believed. Prints one line, and a line for each that is wrong.
"""
import os
import random
import re
import subprocess
import sys

import gdb

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools", "gdb"))

# pylint: disable=wrong-import-position
from vitrine_gdb import image, target, unwind  # noqa: E402

FUNCTIONS = 3000
HEAD = re.compile(r"^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ FDE .*pc=([0-9a-f]+)\.\.")
ROW = re.compile(r"^([0-9a-f]{16}) (\S+)\s+(.*)$")


def tables(path):
    """{function: [(address, CFA, {register: offset})]}"""
    command = ["readelf", "--debug-dump=frames-interp", path]
    found, rows, names = {}, [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            head, row = HEAD.match(line), ROW.match(line)
            if head:
                rows = found.setdefault(int(head.group(1), 16), [])
            elif "CIE" in line:
                rows = []
            elif line.split()[:2] == ["LOC", "CFA"]:
                names = line.split()[2:]
            elif row:
                values = dict(zip(names, row.group(3).split()))
                rows.append((int(row.group(1), 16), row.group(2), values))
    return found


def agrees(place, cfa, registers):
    """Do both say the same?"""
    saved = {name: int(value[2:]) - 8 for name, value in registers.items()
             if value.startswith("c-") and name in unwind.SAVED}
    register, _, offset = cfa.partition("+")
    where = place.depth if register == "rsp" else place.base if register == "rbp" else None
    return where == int(offset) - 8 and saved == place.saved


def calls(start, end):
    """The return addresses in a function"""
    code = unwind._code(start, end - start)  # pylint: disable=protected-access
    return [address + length for address, (text, length) in code.items()
            if text.startswith("call")]


def main(path):
    """See the head"""
    target.state["image"] = image.Image(path)
    found = tables(path + ".debug")
    random.seed(FUNCTIONS)
    right = wrong = unknown = 0
    for start in random.sample(sorted(found), FUNCTIONS):
        function = target.image().function(start)
        rows = [(start, "rsp+8", {})] + found[start]
        if not function or function[0] != start:
            continue
        for address in calls(start, start + function[1]):
            _, cfa, registers = [row for row in rows if row[0] < address][-1]
            place, _ = unwind.place_of(address, True)
            if place is None or (place.depth is None and cfa.startswith("rsp")):
                unknown += 1
            elif agrees(place, cfa, registers):
                right += 1
            else:
                wrong += 1
                print(f"{function[2]}+{address - start:#x}: {cfa} {registers}, "
                      f"we say {place.depth} {place.base} {place.saved}")
    print(f"{right} right, {wrong} wrong, {unknown} unknown")


main(gdb.current_progspace().filename)
