# SPDX-License-Identifier: GPL-2.0-only
"""calls.py - stop in a system call, and trace calls from entry to return

The breakpoint is on the function that the system call table has, so the guest's registers are
arguments of a C function. It stands behind the five bytes at the head of each function that the
kernel itself may overwrite (observe/follow/follow.c). Which guest process is calling is what
the vCPU of the thread that stopped runs (kernel.vcpu()).
"""
import time

import gdb

from . import kernel, pagetable, target, tasks
from .command import Failure, command, number

REGISTERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
STRINGS = ("PATH", "STRING")
SIGNED = ("INT", "FD", "DIRFD", "LONG")
PLAIN = ("UINT", "SIZE")
STRING_MAX = 64
ROOM = {b"\x0f\x1f\x44\x00\x00": 5, b"\x66\x66\x66\x66\x90": 5}
ERRORS_MAX = 4095


def number_of(name):
    """The number of a system call by name, or by number"""
    if name.isdigit():
        return int(name)
    named = kernel.enum_values("enum vitrine_call_name", "NAME_")
    if name in named:
        return named[name]
    for entry in kernel.enum_values("enum vitrine_call_symbol", "CALL_"):
        index, _, function = entry.partition("_")
        if function in ("sys_" + name, "sys_new" + name):
            return int(index)
    raise Failure(f"no system call {name}")


def entry_of(nr):
    """(address, name) of the function that the table has for a number"""
    address = kernel.word(kernel.symbol("sys_call_table") + 8 * nr)
    function = target.image().function(address)
    if not function or function[2] == "sys_ni_syscall":
        raise Failure(f"this kernel has no {tasks.call_name(nr)}")
    head = bytes(gdb.selected_inferior().read_memory(address, 5))
    return address + ROOM.get(head, 0), function[2]


def _kinds(nr):
    """The kinds of a call's arguments (include/vitrine/syscalls.h), or six times a number"""
    start = f"ARGS_{nr}__"
    for name in kernel.enum_values("enum vitrine_call_args"):
        if name.startswith(start):
            return name.removeprefix(start).split("__")
    return ["HEX"] * 6


def _argument(task, kind, value):
    if kind in STRINGS and value:
        data = pagetable.read(task["mm"].dereference(), value, 256).split(b"\0")[0]
        text = kernel.escape(data[:STRING_MAX].decode("latin-1")).replace('"', '\\x22')
        return f'"{text}"' + ("..." if len(data) > STRING_MAX else "")
    if kind in SIGNED:
        value &= 0xffffffff if kind != "LONG" else (1 << 64) - 1
        bits = 64 if kind == "LONG" else 32
        return str(value - (1 << bits) if value >> bits - 1 else value)
    return str(value) if kind in PLAIN else f"{value:#x}"


def _register(name):
    return int(gdb.selected_frame().read_register(name)) & (1 << 64) - 1


def call_text(task, nr):
    """A call and its arguments, at its entry"""
    shown = [_argument(task, kind, _register(register))
             for kind, register in zip(_kinds(nr), REGISTERS) if kind != "NONE"]
    return f"{tasks.call_name(nr)}({', '.join(shown)})"


def result_text(value):
    """A result, errors by number"""
    value = value - (1 << 64) if value >> 63 else value
    if -ERRORS_MAX <= value < 0:
        import errno
        return f"-1 {errno.errorcode.get(-value, -value)}"
    return str(value) if value < 1 << 32 else f"{value:#x}"


class _AtEntry(gdb.Breakpoint):
    """Stops, or calls something, when a task that is asked for enters a call"""

    def __init__(self, nr, pid):
        address, self.function = entry_of(nr)
        self.nr, self.wanted = nr, pid
        super().__init__(f"*{address:#x}", internal=False)

    def stop(self):
        """gdb asks whether to stop"""
        task = tasks.current()
        if self.wanted and self.wanted not in (int(task["pid"]), int(task["tgid"])):
            return False
        return self.entered(task)

    def entered(self, task):
        """Stop there"""
        print(f"{tasks.title(task)} enters {call_text(task, self.nr)}")
        return True


class _AtReturn(gdb.Breakpoint):
    """The end of one traced call: its return address, with its own stack pointer"""

    def __init__(self, owner, text, slot):
        self.owner, self.text, self.slot, self.over = owner, text, slot, False
        self.began = time.monotonic()
        super().__init__(f"*{kernel.word(slot):#x}", internal=True)
        self.silent = True

    def stop(self):
        """Others may return here: each has a stack of its own"""
        if _register("rsp") != self.slot + 8:
            return False
        if not self.over:
            took = (time.monotonic() - self.began) * 1e6
            print(f"{self.text} = {result_text(_register('rax'))}  {took:.0f} us")
            self.over, self.enabled = True, False
            self.owner.returned(self)
        return self.owner.left == 0


class _Trace(_AtEntry):
    """Prints calls when they return, and stops after a number of them

    When a signal comes before gdb has stepped over a breakpoint, it asks the same question again. So
    there is one end for each stack, the newest, and it is told once.
    """

    def __init__(self, nr, pid, count):
        super().__init__(nr, pid)
        self.left, self.silent, self.over, self.ends = count, True, [], {}

    def entered(self, task):
        slot = _register("rsp")
        if slot in self.ends:  # asked again; or a call that never returned
            self.over.append(self.ends.pop(slot))
        for done in self.over:
            done.delete()
        self.over = []
        if self.left:
            text = f"{tasks.title(task)} {call_text(task, self.nr)}"
            self.ends[slot] = _AtReturn(self, text, slot)
        return False

    def returned(self, breakpoint_of_call):
        """A call is over; a breakpoint cannot be deleted by its own stop()"""
        self.ends.pop(breakpoint_of_call.slot, None)
        self.over.append(breakpoint_of_call)
        self.left -= 1
        self.enabled = self.left > 0


def _pid(text):
    if text == "any":
        return 0
    return number(text, "PID")


@command("break-syscall NAME [PID]")
def break_syscall(name, pid="any"):
    """stop when a process (or any) enters a system call"""
    nr = number_of(name)
    if not target.live():
        raise Failure("a core file does not run")
    stop = _AtEntry(nr, _pid(pid))
    print(f"{tasks.call_name(nr)}, number {nr}, is {stop.function}()")


@command("trace-syscall NAME [PID] [COUNT]")
def trace_syscall(name, pid="any", count="1000"):
    """print each call of a process (or of "any") with its result; stop after COUNT"""
    nr = number_of(name)
    if not target.live():
        raise Failure("a core file does not run")
    _Trace(nr, _pid(pid), number(count, "COUNT"))
    print(f"tracing {tasks.call_name(nr)}: continue, and ^C to stop")
