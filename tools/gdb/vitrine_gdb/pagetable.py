# SPDX-License-Identifier: GPL-2.0-only
"""pagetable.py - a guest's page tables, and through them its memory

The tables have x86-64's shape with bits of our own (arch/vitrine/include/asm/pgtable.h): HOST says
that the frame is mapped in the host process, HOST_RW that it is mapped writable there. A frame is
mapped at all only once it is accessed, and writable only once it is dirty.
"""
import gdb

from . import files, kernel, target, tasks
from .command import Failure, command, number

LEVELS = (("pgd", 39), ("pud", 30), ("pmd", 21), ("pte", 12))
FRAME = (1 << 52) - 1 & ~0xfff
PRESENT, LARGE, PROTNONE = 0x001, 0x080, 0x100
FLAGS = {0x001: "present", 0x002: "write", 0x004: "user", 0x020: "accessed", 0x040: "dirty",
         0x080: "large", 0x100: "none", 0x200: "exec", 0x400: "special",
         1 << 53: "HOST", 1 << 54: "HOST_RW", 1 << 55: "hint", 1 << 56: "hint_rw"}
TABLE_FLAGS = {mask: FLAGS[mask] for mask in (0x001, 0x002, 0x004, 0x020, 0x040)}
ANONYMOUS, MOVABLE = 1, 2  # low bits of page->mapping
PAGE_FLAGS_SHOWN = ("locked", "referenced", "uptodate", "dirty", "lru", "active", "workingset",
                    "writeback", "swapbacked", "unevictable", "reserved", "reclaim", "head")


class Step:
    """One entry on the way: its level, index, address, value"""

    def __init__(self, level, shift, address, index):
        self.level, self.shift, self.index = level, shift, index
        self.at = address + 8 * index
        self.value = kernel.word(self.at)

    def is_leaf(self):
        """Does it map a frame?"""
        return self.level == "pte" or bool(self.value & LARGE)


def steps(mm, address):
    """The entries for an address, from the top to a leaf or to the first empty one"""
    table = int(mm["pgd"])
    for level, shift in LEVELS:
        step = Step(level, shift, table, address >> shift & 511)
        yield step
        if step.is_leaf() or not step.value & PRESENT:
            return
        table = target.PAGE_OFFSET + (step.value & FRAME)


def translate(mm, address):
    """Where in the supervisor a guest's byte is, or None when no frame holds it"""
    for step in steps(mm, address):
        last = step
    if not last.is_leaf() or not last.value & (PRESENT | PROTNONE):
        return None
    offset = address & ((1 << last.shift) - 1)
    return target.PAGE_OFFSET + (last.value & FRAME) + offset


def read(mm, address, length):
    """A guest's memory as bytes, up to the first page that is not there"""
    data = b""
    while len(data) < length:
        at = translate(mm, address + len(data))
        if at is None:
            break
        size = min(4096 - (address + len(data)) % 4096, length - len(data))
        data += bytes(gdb.selected_inferior().read_memory(at, size))
    return data


def mm_of(task):
    """The address space of a task"""
    if not int(task["mm"]):
        raise Failure(f"{tasks.title(task)} has no address space")
    return task["mm"].dereference()


def page_of(frame):
    """The struct page of a frame number"""
    size = kernel.ctype("struct page").sizeof
    return kernel.at(0x620000000000 + frame * size, "struct page")


def head_of(page):
    """The folio that a page is in: (struct page, pages)"""
    head = int(page["compound_head"])
    if head & 1:
        page = kernel.at(head & ~1, "struct page")
    if not int(page["flags"]) >> kernel.enum_values("enum pageflags", "PG_")["head"] & 1:
        return page, 1
    folio = kernel.at(kernel.address_of(page), "struct folio")
    return page, 1 << (int(folio["_flags_1"]) & 0xff)


def describe_page(frame):
    """A frame's struct page, in lines"""
    page = page_of(frame)
    head, count = head_of(page)
    names = kernel.enum_values("enum pageflags", "PG_")
    flags = int(head["flags"])
    shown = [name for name in PAGE_FLAGS_SHOWN if name in names and flags >> names[name] & 1]
    folio = f" of a folio of {count} pages, which has" if count > 1 else ""
    yield (f"page {kernel.address_of(page):#x}{folio}: {'|'.join(shown) or 'no flags'}, "
           f"{int(head['_refcount']['counter'])} references")
    mapping = int(head["mapping"])
    if mapping & ANONYMOUS:
        yield f"anonymous memory, anon_vma {mapping & ~3:#x}"
    elif mapping and not mapping & MOVABLE:
        inode = kernel.at(mapping, "struct address_space")["host"]
        index = int(head["index"]) + frame - (kernel.address_of(head) - 0x620000000000) // \
            kernel.ctype("struct page").sizeof
        yield f"page {index} of inode {int(inode['i_ino'])}, {_name_of(inode)}"


def _name_of(inode):
    first = int(inode["i_dentry"]["first"])
    if not first:
        return "which has no name"
    dentry = kernel.container(first, "struct dentry", "d_u.d_alias")
    return f"named {files.dentry_name(dentry)}"


def _host_mapping(mm, address):
    pid = kernel.word(int(mm["context"]["host"])) & 0xffffffff if int(mm["context"]["host"]) else 0
    if not pid:
        return "no host process"
    if not target.live():
        return f"process {pid}"
    try:
        with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
            for line in maps:
                first, last = (int(part, 16) for part in line.split()[0].split("-"))
                if first <= address < last:
                    return f"process {pid}: {' '.join(line.split()[:3])}"
    except OSError as error:
        return f"process {pid}, whose mappings cannot be read: {error.strerror}"
    return f"process {pid}: not mapped"


@command("walk PID ADDRESS")
def walk(pid, address):
    """walk a guest's page tables for an address, to the page and to the host's mapping"""
    task, address = tasks.find(pid), number(address, "ADDRESS")
    mm, last = mm_of(task), None
    print(f"{tasks.title(task)}: address {address:#x}, mm {kernel.address_of(mm):#x}")
    for last in steps(mm, address):
        names = FLAGS if last.is_leaf() else TABLE_FLAGS
        what = f"frame {(last.value & FRAME) >> 12:#x}, " if last.is_leaf() else "table, "
        text = what + kernel.flags_text(last.value, names) if last.value & (PRESENT | PROTNONE) \
            else "empty" if not last.value \
            else f"swapped out: area {last.value >> 3 & 31}, slot {last.value >> 12:#x}"
        print(f"  {last.level}[{last.index:3}] at {last.at:#x} = {last.value:#018x}  {text}")
    if last.is_leaf() and last.value & (PRESENT | PROTNONE):
        offset = address & ((1 << last.shift) - 1)
        frame = ((last.value & FRAME) + offset) >> 12
        print(f"  physical {(last.value & FRAME) + offset:#x}, in the supervisor at "
              f"{target.PAGE_OFFSET + (last.value & FRAME) + offset:#x}")
        for line in describe_page(frame):
            print(f"  {line}")
    print(f"  host: {_host_mapping(mm, address)}, {int(mm['context']['queued'])} changes queued")


@command("x PID ADDRESS [LENGTH]")
def examine(pid, address, length="64"):
    """dump a guest's memory"""
    task, address = tasks.find(pid), number(address, "ADDRESS")
    data = read(mm_of(task), address, min(number(length, "LENGTH"), 1 << 20))
    if not data:
        raise Failure(f"no frame holds {address:#x} of {tasks.title(task)}")
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        print(f"{address + at:#x}  {row.hex(' ').ljust(47)}  {text}")
