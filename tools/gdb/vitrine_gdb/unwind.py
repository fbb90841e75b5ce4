# SPDX-License-Identifier: GPL-2.0-only
"""unwind.py - the kernel's stacks, without frame pointers and without unwind tables

Theory of operation
The kernel has neither, because both cost speed. But where a function's return address is can be
read from its code: follow all paths from its first instruction and count what each does to the
stack pointer. The compiler keeps that number the same whichever way an instruction is reached, so
the first path that comes by says it. On the way we note which callee-saved registers were pushed
where, so that a frame further up has its own, and a function that keeps its frame in rbp can be
left.

Where that fails (an odd instruction, a call that never returns and was not known to) the stack is
searched for the next word that follows a call instruction; such a frame is shown with a "?".

gdb uses the same for "bt" and "finish" in kernel code, but for functions that have debugging
information (make DEBUG=1): there gdb's own way also knows where locals are.
"""
import functools
import re
import struct

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from . import kernel, target

SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
INSTRUCTIONS_MAX = 20000
STACK_SIZE = 16384
# nothing called these
OUTERMOST = {"vitrine_task_entry", "vitrine_entry"}
NORETURN = {"panic", "do_exit", "do_group_exit", "do_task_dead", "make_task_dead", "kthread_exit",
            "vitrine_user_loop", "vitrine_start", "vitrine_task_start", "kthread_complete_and_exit",
            "start_kernel", "rest_init", "cpu_startup_entry", "machine_halt", "machine_restart",
            "__fortify_panic", "usercopy_abort", "__module_put_and_kthread_exit"}

_JUMP = re.compile(r"^(?:notrack )?j(mp|[a-z]+)\s+(?:0x([0-9a-f]+)|\*)")
_ADD = re.compile(r"^(add|sub)q?\s+\$(-?0x[0-9a-f]+|-?\d+),%rsp$")
_LEA = re.compile(r"^lea\s+(-?0x[0-9a-f]+|-?\d+)?\(%(rsp|rbp)\),%rsp$")
_PUSH = re.compile(r"^push[fq]*\s*(?:%(\w+))?")
_POP = re.compile(r"^pop[fq]*\s*(?:%(\w+))?")


class Place:
    """What is on the stack before an instruction

    depth: bytes between the stack pointer and the return address; None when only rbp knows
    base:  the same for rbp, None when rbp is not the frame's
    saved: {register: bytes that its copy is below the return address}
    """
    __slots__ = ("depth", "base", "saved")

    def __init__(self, depth, base, saved):
        self.depth, self.base, self.saved = depth, base, saved

    def after(self, text):
        """The place after an instruction, which does not jump"""
        depth, base, saved = self.depth, self.base, self.saved
        if text.startswith("push"):
            register = _PUSH.match(text).group(1)
            depth = None if depth is None else depth + 8
            if register in SAVED and register not in saved and depth is not None:
                saved = {**saved, register: depth}
        elif text.startswith("pop") and not text.startswith("popcnt"):
            register = _POP.match(text).group(1)
            if register in saved and saved[register] == depth:
                saved = {key: value for key, value in saved.items() if key != register}
            depth = None if depth is None else depth - 8
            if register == "rbp":
                base = None
        elif text.startswith("leave"):
            depth, base = (None if base is None else base - 8), None
            saved = {key: value for key, value in saved.items() if key != "rbp"}
        elif text.endswith(",%rsp"):
            depth = self._moved(text)
        elif text == "mov    %rsp,%rbp" and depth is not None:
            base = depth
        elif text.endswith(",%rbp") and not text.startswith(("cmp", "test")):
            base = None
        return Place(depth, base, saved)

    def _moved(self, text):
        match = _ADD.match(text)
        if match and self.depth is not None:
            amount = int(match.group(2), 0)
            amount -= (amount >> 63) << 64  # printed unsigned
            return self.depth + (amount if match.group(1) == "sub" else -amount)
        match = _LEA.match(text)
        if match:
            start = self.depth if match.group(2) == "rsp" else self.base
            return None if start is None else start - int(match.group(1) or "0", 0)
        if text.startswith(("cmp", "test")):
            return self.depth
        return None


@functools.lru_cache(maxsize=4096)
def _code(start, size):
    """{address: (text, length)} of a function"""
    architecture = gdb.selected_inferior().architecture()
    with gdb.with_parameter("disassembly-flavor", "att"):
        lines = architecture.disassemble(start, start + size - 1)
    return {line["addr"]: (re.sub(r"\s*(#|<).*", "", line["asm"]).strip(), line["length"])
            for line in lines}


def _inside(address, start, name):
    """Is an address in the function, or in the part of it that the compiler put elsewhere?"""
    around = target.image().function(address)
    return around is not None and (around[0] == start or around[2].split(".cold")[0] == name)


@functools.lru_cache(maxsize=None)
def _jump_labels():
    """{address: target} of the branches that the kernel patches: a no-op now, or a jump"""
    start, end = (kernel.symbol(f"__{which}___jump_table") for which in ("start", "stop"))
    data = bytes(gdb.selected_inferior().read_memory(start, end - start))
    return {start + at + code: start + at + 4 + to
            for at, (code, to, _) in zip(range(0, len(data), 16), struct.iter_unpack("<iiq", data))}


@functools.lru_cache(maxsize=4096)
def _places(start, name):
    """{address: Place} of all instructions that can be reached from a function's first"""
    found, todo, labels = {}, [(start, Place(0, None, {}))], _jump_labels()
    while todo and len(found) < INSTRUCTIONS_MAX:
        address, place = todo.pop()
        while address not in found:
            around = target.image().function(address)
            line = around and _code(around[0], around[1]).get(address)
            if not line:
                break
            text, length = line
            found[address] = place
            jump = _JUMP.match(text)
            to = labels.get(address) or (jump and jump.group(2) and int(jump.group(2), 16))
            if to and _inside(to, start, name):
                todo.append((to, place))
            if address in labels:
                address += length
                continue
            if text.startswith(("ret", "ud2", "hlt")) or (jump and jump.group(1) == "mp"):
                break
            if text.startswith("call") and _never_returns(text):
                break
            place = place.after(text)
            address += length
    return found


def _never_returns(text):
    match = re.match(r"call\s+0x([0-9a-f]+)", text)
    called = match and target.image().function(int(match.group(1), 16))
    return bool(called) and called[2] in NORETURN


def follows_call(address):
    """Is there a call instruction before this address of kernel code?"""
    if not target.image().function(address - 1):
        return False
    code = bytes(gdb.selected_inferior().read_memory(address - 7, 7))
    if code[2] == 0xe8:
        return True
    # indirect calls by length: kernel/stacktrace.c has the same table
    forms = ((2, 0xf8, 0xd0), (2, 0xf8, 0x10), (3, 0xf8, 0x50), (3, 0xff, 0x14), (4, 0xff, 0x54),
             (6, 0xf8, 0x90), (6, 0xff, 0x15), (7, 0xff, 0x94))
    return any(code[7 - n] == 0xff and code[8 - n] & mask == want for n, mask, want in forms)


def place_of(address, caller):
    """(Place, function) of an instruction, or (None, function); @caller: it is a return address"""
    look = address - 1 if caller else address
    function = target.image().function(look)
    if not function:
        return None, None
    name = function[2].split(".cold")[0]
    start = target.image().by_name.get(name, function[0]) if ".cold" in function[2] \
        else function[0]
    places = _places(start, name)
    if not caller and address in places:
        return places[address], function
    code = _code(function[0], function[1])
    for begin in range(look, look - 15, -1):  # the instruction that covers the address
        if begin in code:
            return places.get(begin), function
    return None, function


def return_slot(place, registers):
    """Where a frame's return address is, or None; @registers: at least rsp"""
    if place is None:
        return None
    if place.depth is not None:
        return registers["rsp"] + place.depth
    if place.base is not None and registers.get("rbp"):
        return registers["rbp"] + place.base
    return None


def return_address(slot):
    """The return address in a slot of the stack; of a followed call another one is there now

    observe/follow/record.c keeps those that it replaced, and kernel/stacktrace.c does the same.
    """
    value = kernel.word(slot)
    trampoline = target.image().by_name.get("vitrine_follow_return")
    if trampoline is None or value != trampoline:
        return value
    shadow = kernel.variable("vitrine_follow_shadow", "struct vt_follow_shadow")
    frames_there = shadow["frames"]
    for i in range(min(int(shadow["depth"]), frames_there.type.range()[1] + 1) - 1, 0, -1):
        frame = frames_there[i]
        # a tail call's frame has the trampoline itself: the one below has the address
        if int(frame["slot"]) == slot and int(frame["real"]) != trampoline:
            return int(frame["real"])
    return value


def _source(symtab):
    """A path below the tree that was compiled, which has links to the sources that nobody changed"""
    return re.sub(r"^.*/(tree|source-[0-9a-f]+)/", "", symtab.fullname())


class Frame:
    """One line of a stack: an instruction's address, whether it is certain, and its registers"""

    def __init__(self, pc, caller, certain, registers):
        self.pc, self.caller, self.certain, self.registers = pc, caller, certain, registers
        self.function = target.image().function(pc - 1 if caller else pc)

    def text(self):
        """function+offset, and the source line where it is known"""
        if not self.function:
            return f"{self.pc:#x}"
        line = ""
        if target.has_lines():
            where = gdb.find_pc_line(self.pc - 1 if self.caller else self.pc)
            if where.symtab:
                line = f" ({_source(where.symtab)}:{where.line})"
        unsure = "" if self.certain else "? "
        return f"{unsure}{self.function[2]}+{self.pc - self.function[0]:#x}{line}"


def frames(pc, registers, caller=True, most=64):
    """The frames from an instruction outwards; @registers: those of its frame"""
    certain = True
    for _ in range(most):
        frame = Frame(pc, caller, certain, registers)
        yield frame
        if not frame.function or frame.function[2] in OUTERMOST:
            return
        place, _ = place_of(pc, caller)
        slot = return_slot(place, registers)
        end = (registers["rsp"] | (STACK_SIZE - 1)) + 1
        certain = slot is not None and registers["rsp"] <= slot < end and \
            follows_call(return_address(slot)) or place_entry(slot, end)
        if certain:
            saved = {name: kernel.word(slot - below) for name, below in place.saved.items()}
        else:
            slot, saved = registers["rsp"], {}
            while slot < end and not follows_call(return_address(slot)):
                slot += 8
            if slot >= end:
                return
        pc, caller = return_address(slot), True
        registers = {**(registers if certain else {}), **saved, "rsp": slot + 8}


def place_entry(slot, end):
    """Does a new task's stack end here? It is entered by a return, not by a call"""
    if slot is None or slot >= end:
        return False
    function = target.image().function(kernel.word(slot))
    return bool(function) and function[2] in OUTERMOST


def sleeping(task):
    """The frames of a task that is switched out: vitrine_switch() pushed six registers"""
    sp = int(task["thread"]["sp"])
    names = ("r15", "r14", "r13", "r12", "rbx", "rbp")
    pushed = kernel.words(sp, 7)
    registers = dict(zip(names, pushed), rsp=sp + 56)
    caller = pushed[6] != kernel.symbol("vitrine_task_entry")
    yield from frames(pushed[6], registers, caller)


class _Id:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class _KernelUnwinder(Unwinder):
    """gdb's way out of kernel functions that have no debugging information"""

    def __init__(self):
        super().__init__("vitrine-kernel")

    def __call__(self, pending):
        pc = int(pending.read_register("rip"))
        if not target.image() or not target.in_kernel(pc):
            return None
        caller = pending.level() > 0 and follows_call(pc)
        block = gdb.block_for_pc(pc - 1 if caller else pc) if target.has_lines() else None
        if block is not None and block.function is not None:
            return None
        return self._unwind(pending, pc, caller)

    def _unwind(self, pending, pc, caller):
        long = gdb.lookup_type("unsigned long")
        registers = {name: int(pending.read_register(name).cast(long)) for name in ("rsp", "rbp")}
        try:
            place, function = place_of(pc, caller)
            slot = return_slot(place, registers)
            if slot is None or not function:
                return None
            result = pending.create_unwind_info(_Id(gdb.Value(slot + 8), gdb.Value(function[0])))
            outermost = function[2] in OUTERMOST
            values = {"rip": 0 if outermost else return_address(slot), "rsp": slot + 8}
            for name in SAVED:
                # what a function did not save has its caller's value
                below = place.saved.get(name)
                values[name] = kernel.word(slot - below) if below else \
                    int(pending.read_register(name).cast(long))
        except gdb.error:
            return None
        for name, value in values.items():
            result.add_saved_register(name, gdb.Value(value).cast(long))
        return result


def install():
    """Tell gdb; the code of another kernel may have been read before"""
    for cache in (_code, _places, _jump_labels):
        cache.cache_clear()
    register_unwinder(None, _KernelUnwinder(), replace=True)
    gdb.invalidate_cached_frames()
