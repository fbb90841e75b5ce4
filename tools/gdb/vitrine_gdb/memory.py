# SPDX-License-Identifier: GPL-2.0-only
"""memory.py - memory maps, free lists, slab caches"""
from . import files, kernel, pagetable, tasks
from .command import command, table

VM_FLAGS = ((1, "r"), (2, "w"), (4, "x"), (8, "s"))
FREE_KINDS_MAX = 16
NODE_SHOWN = ("INACTIVE_ANON", "ACTIVE_ANON", "INACTIVE_FILE", "ACTIVE_FILE", "UNEVICTABLE",
              "ANON_MAPPED", "FILE_MAPPED", "FILE_PAGES", "FILE_DIRTY", "WRITEBACK", "SHMEM",
              "SLAB_RECLAIMABLE_B", "SLAB_UNRECLAIMABLE_B", "PAGETABLE")


def mappings(mm):
    """struct vm_area_struct of an address space, in order"""
    for _, _, entry in kernel.maple_entries(mm["mm_mt"]):
        yield kernel.at(entry, "struct vm_area_struct")


def _what(mm, area):
    start, end = int(area["vm_start"]), int(area["vm_end"])
    if int(area["vm_file"]):
        return files.file_path(area["vm_file"].dereference())
    if start <= int(mm["brk"]) and end >= int(mm["start_brk"]):
        return "[heap]"
    if start <= int(mm["start_stack"]) < end:
        return "[stack]"
    return "[vdso]" if start == int(mm["context"]["vdso"]) else ""


@command("maps PID")
def maps(pid):
    """show a task's memory map, with what is present and what the host has of it"""
    task = tasks.find(pid)
    mm, rows = pagetable.mm_of(task), []
    for area in mappings(mm):
        start, end = int(area["vm_start"]), int(area["vm_end"])
        bits = int(area["vm_flags"])
        flags = "".join(char if bits & mask else "-" for mask, char in VM_FLAGS[:3])
        present, host = _count(mm, start, end)
        rows.append((f"{start:#x}-{end:#x}", flags + ("s" if bits & 8 else "p"),
                     f"{int(area['vm_pgoff']) << 12:#x}", (end - start) >> 12, present, host,
                     _what(mm, area)))
    print(f"{tasks.title(task)}: mm {kernel.address_of(mm):#x}, {int(mm['map_count'])} areas")
    table(rows, ("ADDRESSES", "PROT", "OFFSET", "PAGES", "PRESENT", "ON HOST", "WHAT"))


def _count(mm, start, end):
    """(pages with a frame, pages that the host process has mapped) of a range"""
    present = host = 0
    address = start
    while address < end:
        last = list(pagetable.steps(mm, address))[-1]
        if not last.is_leaf():
            address = (address >> last.shift) + 1 << last.shift
            continue
        if last.level != "pte":
            present += 1 << last.shift - 12
            address = (address >> last.shift) + 1 << last.shift
            continue
        count = min(512 - last.index, end - address >> 12)
        for entry in kernel.words(last.at, count):
            present += bool(entry & pagetable.PRESENT)
            host += bool(entry & pagetable.PRESENT and entry >> 53 & 1)
        address += count << 12
    return present, host


def _pages(text):
    return f"{text << 2} KiB"


@command("memory")
def memory():
    """show where memory is: zones, free lists, page cache, slabs"""
    total = kernel.word(kernel.symbol("_totalram_pages"))
    print(f"{_pages(total)} of memory that the kernel manages")
    counters = kernel.symbol("vm_node_stat")
    names = kernel.enum_values("enum node_stat_item", "NR_")
    rows = []
    for name in NODE_SHOWN:
        if name in names:
            value = max(kernel.at(counters + 8 * names[name], "long"), 0)
            rows.append((name.lower().removesuffix("_b"), _pages(int(value))))
    table(rows, ("COUNTER", "SIZE"))
    node = kernel.at(kernel.word(kernel.symbol("node_data")), "struct pglist_data")
    rows = []
    for i in range(int(node["nr_zones"])):
        zone = node["node_zones"][i]
        if int(zone["present_pages"]):
            free = [int(area["nr_free"]) for area in _array(zone["free_area"])]
            rows.append((kernel.string_at(int(zone["name"]), 16),
                         _pages(int(zone["managed_pages"]["counter"])),
                         _pages(sum(n << order for order, n in enumerate(free))),
                         "/".join(_pages(int(mark)).removesuffix(" KiB")
                                  for mark in _array(zone["_watermark"])[:3]) + " KiB",
                         " ".join(str(n) for n in free)))
    table(rows, ("ZONE", "MANAGED", "FREE", "MIN/LOW/HIGH", "FREE BLOCKS BY ORDER"))


def _array(value):
    return [value[i] for i in range(value.type.range()[1] + 1)]


def _slabs(cache):
    """(objects in use, objects, slabs): as /proc/slabinfo, free ones are those of partial slabs"""
    node = cache["node"][0].dereference()
    total, slabs = int(node["total_objects"]["counter"]), int(node["nr_slabs"]["counter"])
    free = 0
    for slab in kernel.list_entries(node["partial"], "struct slab", "slab_list"):
        free += int(slab["objects"]) - int(slab["inuse"])
    return total - free, total, slabs


@command("slab [COUNT]")
def slab(count="20"):
    """list the slab caches that hold most memory"""
    rows = []
    # slab_caches has no type in a symbol table: it is a struct list_head
    for cache in kernel.list_entries(kernel.variable("slab_caches", "struct list_head"),
                                     "struct kmem_cache", "list"):
        used, total, slabs = _slabs(cache)
        rows.append((slabs << 12 + (int(cache["oo"]["x"]) >> 16), used, total,
                     int(cache["object_size"]), slabs, kernel.string_at(int(cache["name"]), 64)))
    rows.sort(reverse=True)
    whole = sum(row[0] for row in rows)
    table([(kernel.size_text(row[0]),) + row[1:] for row in rows[:int(count)]],
          ("MEMORY", "IN USE", "OBJECTS", "SIZE", "SLABS", "NAME"))
    print(f"{len(rows)} caches, {kernel.size_text(whole)}")
