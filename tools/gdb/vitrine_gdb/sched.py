# SPDX-License-Identifier: GPL-2.0-only
"""sched.py - the run queue as EEVDF sees it (kernel/sched/fair.c)

A task is eligible when it has had no more than its share: when its vruntime is not beyond the
queue's average, weighted by load. Of the eligible ones the one with the earliest virtual deadline
runs. All arithmetic here is the kernel's: keys relative to a reference of the queue, 64 bits,
signed.
"""
from . import kernel, tasks
from .command import command, table

MS = 1e6


def signed(value):
    """A 64 bit difference"""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def key(queue, vruntime):
    """A vruntime relative to the queue's reference, which earlier 6.12 kernels call otherwise"""
    name = "zero_vruntime" if kernel.has_field(queue, "zero_vruntime") else "min_vruntime"
    return signed(int(vruntime) - int(queue[name]))


def average(queue):
    """(sum of key times load, sum of load) over a struct cfs_rq with its current entity"""
    total, load = int(queue["avg_vruntime"]), int(queue["avg_load"])
    running = queue["curr"]
    if int(running) and int(running["on_rq"]):
        weight = max(int(running["load"]["weight"]) >> kernel.constant("LOAD_SHIFT"), 2)
        total += key(queue, running["vruntime"]) * weight
        load += weight
    return total, load


def eligible(queue, entity):
    """entity_eligible(): it has not had more than its share"""
    total, load = average(queue)
    return total >= key(queue, entity["vruntime"]) * load


def entities(queue):
    """The entities of a queue: the running one is not in the tree"""
    running = queue["curr"]
    if int(running) and int(running["on_rq"]):
        yield running.dereference()
    yield from kernel.tree_entries(queue["tasks_timeline"]["rb_root"]["rb_node"],
                                   "struct sched_entity", "run_node")


def _rows(queue, indent, depth=0):
    members = list(entities(queue))
    can_run = [entity for entity in members if eligible(queue, entity)]
    first = min(can_run, key=lambda entity: key(queue, entity["deadline"]), default=None)
    for entity in members:
        group = entity["my_q"]
        if int(group):
            name = f"group with {int(group['nr_running'])} runnable"
        else:
            task = kernel.container(kernel.address_of(entity), "struct task_struct", "se")
            name = tasks.title(task)
        picked = first is not None and kernel.address_of(entity) == kernel.address_of(first)
        running = int(queue["curr"]) == kernel.address_of(entity)
        weight = int(entity["load"]["weight"]) >> kernel.constant("LOAD_SHIFT")
        yield (f"{'  ' * indent}{name}", weight,
               f"{key(queue, entity['vruntime']) / MS:.3f}",
               f"{key(queue, entity['deadline']) / MS:.3f}",
               f"{int(entity['slice']) / MS:.3f}", "yes" if eligible(queue, entity) else "no",
               " ".join(filter(None, ("running" if running else "", "next" if picked else ""))))
        if int(group) and depth < 16:
            yield from _rows(group.dereference(), indent + 1, depth + 1)


@command("runqueue")
def runqueue():
    """show who can run and whom EEVDF would pick: times in ms, relative"""
    for cpu, vcpu in enumerate(kernel.vcpus()):
        queue = kernel.at(kernel.on_cpu(kernel.symbol("runqueues"), cpu), "struct rq")
        print(f"CPU {cpu}: {int(queue['nr_running'])} runnable, "
              f"{int(queue['nr_switches'])} switches, clock {int(queue['clock']) / 1e9:.6f} s, "
              f"current {tasks.title(vcpu['task'].dereference())}")
        rows = list(_rows(queue["cfs"], 0))
        if rows:
            table(rows, ("ENTITY", "WEIGHT", "VRUNTIME", "DEADLINE", "SLICE", "ELIGIBLE", ""))
