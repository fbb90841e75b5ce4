# SPDX-License-Identifier: GPL-2.0-only
"""vitrine-gdb.py - gdb commands for the guest kernel in a running supervisor or a core file

    gdb -x tools/gdb/vitrine-gdb.py -ex 'vitrine attach NAME'
    gdb -x tools/gdb/vitrine-gdb.py -p PID
    gdb -x tools/gdb/vitrine-gdb.py build/debug/vitrine CORE

"vitrine" alone, or "help vitrine", lists the commands. docs/debugging.md is a walk-through.

Theory of operation
The guest kernel is code and data in the supervisor's address space, so gdb can read all of it
without its help: nothing of the guest runs for these commands, they work on a core file, and they
are true even when the kernel hangs. Addresses come from the image's symbol table, types from
vmlinux.types, which is made with every kernel; a debug build (make DEBUG=1) adds line numbers,
arguments and locals. What is read was written by a guest: lists end after a number of elements,
texts are escaped.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

# pylint: disable=wrong-import-position
from vitrine_gdb import command, target  # noqa: E402
from vitrine_gdb import calls, core, files, log, memory, pagetable, sched, tasks  # noqa: E402,F401

command.register()
target.prepare()
