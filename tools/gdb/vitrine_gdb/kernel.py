# SPDX-License-Identifier: GPL-2.0-only
"""kernel.py - the kernel's variables, structures, lists and trees as Python sees them

Everything that walks has a limit, because a guest may have damaged what it walks.
"""
import functools
import re

import gdb

from . import target
from .command import Failure

LIST_MAX = 1 << 16
DEPTH_MAX = 64


@functools.lru_cache(maxsize=None)
def _type(name, types_file):
    kind, _, tag = name.rpartition(" ")
    if kind in ("struct", "union", "enum"):
        symbol = target.types().lookup_static_symbol(tag, gdb.SYMBOL_STRUCT_DOMAIN)
        if symbol:
            return symbol.type
    return gdb.lookup_type(name)


def ctype(name):
    """A type of the kernel by its name in C, without pointers"""
    return _type(name, target.types().filename)


def symbol(name):
    """The address of a symbol of the image"""
    try:
        return target.image().by_name[name]
    except KeyError:
        raise Failure(f"this kernel has no symbol {name}") from None


def at(address, name):
    """The object of type @name at an address"""
    return gdb.Value(int(address)).cast(ctype(name).pointer()).dereference()


def variable(name, type_name):
    """A variable of the kernel"""
    return at(symbol(name), type_name)


def words(address, count):
    """@count 64 bit words of memory"""
    data = gdb.selected_inferior().read_memory(int(address), count * 8)
    return memoryview(bytes(data)).cast("Q")


def word(address):
    """The 64 bit word at an address"""
    return words(address, 1)[0]


def vcpus():
    """What each vCPU has of its own: struct vitrine_cpu, by its number"""
    first, size = symbol("vitrine_cpus"), ctype("struct vitrine_cpu").sizeof
    count = int(at(word(symbol("vt_boot")), "struct vt_boot")["cpus"])
    return [at(first + cpu * size, "struct vitrine_cpu") for cpu in range(count)]


def vcpu_of(thread):
    """The vCPU that a host thread holds: its block's address is in gs; None when it holds none"""
    before = gdb.selected_thread()
    thread.switch()
    try:
        base = int(gdb.parse_and_eval("(unsigned long)$gs_base"))
    except gdb.error:
        base = 0
    finally:
        before.switch()
    return next((cpu for cpu in vcpus() if address_of(cpu) == base), None)


def vcpu():
    """The vCPU of the selected thread, or the first one"""
    thread = gdb.selected_thread()
    return (vcpu_of(thread) if thread else None) or vcpus()[0]


def on_cpu(address, cpu):
    """Where per-CPU data of that address is on a CPU"""
    return int(address) + word(symbol("__per_cpu_offset") + 8 * cpu)


def constant(name):
    """A number of enum vitrine_constant"""
    return ctype("enum vitrine_constant")["VC_" + name].enumval


@functools.lru_cache(maxsize=None)
def enum_values(name, prefix=""):
    """The values of an enum by name, without prefix"""
    return {field.name.removeprefix(prefix): field.enumval for field in ctype(name).fields()}


@functools.lru_cache(maxsize=None)
def enum_names(name, prefix=""):
    """The names of an enum's values; of several for one value, the first"""
    return {value: text for text, value in reversed(enum_values(name, prefix).items())}


def has_field(value_or_type, name):
    """Does a structure of this kernel have this member?"""
    kind = value_or_type if isinstance(value_or_type, gdb.Type) else value_or_type.type
    return _find(kind, name) is not None


def address_of(value):
    """The address of an object as a number"""
    return int(value.address)


def _find(kind, name):
    """(offset, type) of a member, also of an anonymous structure's; None when there is none"""
    for field in kind.strip_typedefs().fields():
        if field.name == name:
            return field.bitpos // 8, field.type
        inside = None if field.name else _find(field.type, name)
        if inside:
            return field.bitpos // 8 + inside[0], inside[1]
    return None


@functools.lru_cache(maxsize=None)
def _offset(type_name, path):
    kind, offset = ctype(type_name), 0
    for member in path.split("."):
        found = _find(kind, member)
        if not found:
            raise Failure(f"{type_name} of this kernel has no member {path}")
        offset, kind = offset + found[0], found[1]
    return offset


def container(address, type_name, member):
    """The object that has @member (a path with dots) at an address"""
    return at(int(address) - _offset(type_name, member), type_name)


def list_entries(head, type_name, member):
    """The elements of a struct list_head, which is given as a value"""
    end, entry = address_of(head), int(head["next"])
    for _ in range(LIST_MAX):
        if entry in (end, 0):
            return
        yield container(entry, type_name, member)
        entry = word(entry)
    raise Failure("a list does not end")


def tree_entries(node, type_name, member, depth=0):
    """The elements of a red-black tree below a struct rb_node *, in order"""
    if not int(node) or depth > DEPTH_MAX:
        return
    node = node.dereference()
    yield from tree_entries(node["rb_left"], type_name, member, depth + 1)
    yield container(address_of(node), type_name, member)
    yield from tree_entries(node["rb_right"], type_name, member, depth + 1)


# lib/maple_tree.c: the low byte of a node's pointer has its type; slots end with pivot 0 or the end
_MAPLE = {1: ("mr64", "slot", "pivot"), 2: ("mr64", "slot", "pivot"), 3: ("ma64", "slot", "pivot")}
_MAPLE_LEAF = 1


def _maple_node(pointer, low, high, depth):
    kind = pointer >> 3 & 15
    if kind not in _MAPLE or depth > DEPTH_MAX:
        raise Failure(f"a maple tree has a node of kind {kind}")
    view, slots, pivots = _MAPLE[kind]
    node = at(pointer & ~0xff, "struct maple_node")[view]
    count = node[slots].type.range()[1] + 1
    for i in range(count):
        end = int(node[pivots][i]) if i < count - 1 else high
        if i and not end:
            end = high
        entry = int(node[slots][i])
        if entry and kind == _MAPLE_LEAF:
            yield low, end, entry
        elif entry:
            yield from _maple_node(entry, low, end, depth + 1)
        if end >= high:
            return
        low = end + 1


def maple_entries(tree):
    """(first, last, entry) of a struct maple_tree"""
    root = int(tree["ma_root"])
    if root & 3 == 2 and root > 4096:
        yield from _maple_node(root, 0, (1 << 64) - 1, 0)
    elif root:
        yield 0, 0, root


_UNPRINTABLE = re.compile(r"[^\x20-\x7e]|\\")


def escape(text):
    """A guest's text, harmless for a terminal"""
    return _UNPRINTABLE.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in
                                                  match.group().encode("latin-1", "replace")), text)


def string_at(address, most=4096):
    """The text at an address, up to a zero byte"""
    data = bytes()
    while len(data) < most and b"\0" not in data:
        # a page at a time: what follows it may not be there
        step = min(4096 - int(address + len(data)) % 4096, most - len(data))
        data += bytes(gdb.selected_inferior().read_memory(int(address) + len(data), step))
    return escape(data.split(b"\0")[0].decode("latin-1"))


def array_text(value):
    """The text in an array of char"""
    return string_at(value.address, value.type.sizeof)


def flags_text(value, names):
    """Bits by name: "present|rw"; @names is {bit mask: name}"""
    return "|".join(name for mask, name in names.items() if value & mask) or "none"


def size_text(size):
    """Bytes for people"""
    for unit in ("B", "KiB", "MiB"):
        if size < 10240:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
