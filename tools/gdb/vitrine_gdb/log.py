# SPDX-License-Identifier: GPL-2.0-only
"""log.py - the kernel's log, its interrupts"""
import gdb

from . import kernel
from .command import command, table

# kernel/printk/printk_ringbuffer.h: the state of a record is in the top bits of its number
STATE_SHIFT = 62
READABLE = (1, 2)  # committed, finalized
ID_MASK = (1 << STATE_SHIFT) - 1
RECORDS_MAX = 1 << 20

SOFTIRQS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER",
            "RCU")


def records():
    """(seconds, text) of each record that is complete, oldest first"""
    ring = kernel.at(kernel.word(kernel.symbol("prb")), "struct printk_ringbuffer")
    table_of, data = ring["desc_ring"], ring["text_data_ring"]
    count, size = 1 << int(table_of["count_bits"]), 1 << int(data["size_bits"])
    number = int(table_of["tail_id"]["counter"]) & ID_MASK
    head = int(table_of["head_id"]["counter"]) & ID_MASK
    for _ in range(RECORDS_MAX):
        descriptor, info = table_of["descs"][number % count], table_of["infos"][number % count]
        state = int(descriptor["state_var"]["counter"]) & (1 << 64) - 1
        if state >> STATE_SHIFT in READABLE and state & ID_MASK == number:
            begin = int(descriptor["text_blk_lpos"]["begin"])
            end = int(descriptor["text_blk_lpos"]["next"])
            if not begin & 1:  # odd: the text was lost
                # a block that would wrap is at the start of the buffer
                start = begin % size if begin // size == end // size or not end % size else 0
                length = min(int(info["text_len"]), size - start - 8)
                text = kernel.string_at(int(data["data"]) + start + 8, length) if length > 0 else ""
                yield int(info["ts_nsec"]) / 1e9, text
        if number == head:
            return
        number = number + 1 & ID_MASK


@command("dmesg [COUNT]")
def dmesg(count="0"):
    """print the kernel's log, or its last COUNT records"""
    lines = [f"[{seconds:12.6f}] {line}" for seconds, text in records()
             for line in text.split("\\x0a")]
    print("\n".join(lines[-int(count):]))


def _count(descriptor):
    count = 0
    for cpu in range(len(kernel.vcpus())):
        pointer = descriptor["kstat_irqs"]
        value = gdb.Value(kernel.on_cpu(pointer, cpu)).cast(pointer.type).dereference()
        count += int(value["cnt"]) if kernel.has_field(value, "cnt") else int(value)
    return count


@command("irq")
def irq():
    """show interrupts: what is pending, whether they are off, counts"""
    names = {1 << bit: name.lower() for bit, name in
             kernel.enum_names("enum vt_irq", "VT_IRQ_").items() if bit < 32}
    for cpu in kernel.vcpus():
        pending = int(cpu["pending"])
        print(f"CPU {int(cpu['number'])}: {'off' if int(cpu['irqs_off']) else 'on'}, "
              f"pending: {pending:#x} {kernel.flags_text(pending, names)}")
    rows = []
    tree = kernel.variable("sparse_irqs", "struct maple_tree")
    for first, _, entry in kernel.maple_entries(tree):
        descriptor = kernel.at(entry, "struct irq_desc")
        action = descriptor["action"]
        if int(action):
            name = kernel.string_at(int(action["name"]), 64) if int(action["name"]) else "?"
            rows.append((first, f"bit {first - 1}", _count(descriptor), name))
    table(rows, ("IRQ", "PENDING WORD", "COUNT", "NAME"))
    counts, raised = [0] * len(SOFTIRQS), 0
    for cpu in range(len(kernel.vcpus())):
        kstat = kernel.at(kernel.on_cpu(kernel.symbol("kstat"), cpu), "struct kernel_stat")
        counts = [count + int(kstat["softirqs"][i]) for i, count in enumerate(counts)]
        raised |= kernel.word(kernel.on_cpu(kernel.symbol("irq_stat"), cpu)) & 0xffffffff
    rows = [(name, counts[i], "raised" if raised >> i & 1 else "")
            for i, name in enumerate(SOFTIRQS)]
    table(rows, ("SOFTIRQ", "COUNT", ""))
