# SPDX-License-Identifier: GPL-2.0-only
"""tasks.py - tasks: who there is, their kernel stacks"""
import gdb

from . import kernel, target, unwind
from .command import Failure, command, number, table

# include/linux/sched.h: task_index_to_char()
STATES = "RSDTtXZPI"
TASK_REPORT, TASK_IDLE, INDEX_IDLE = 0x7f, 0x402, 8


def current():
    """The task that the vCPU of the selected thread runs, or the first vCPU"""
    return kernel.vcpu()["task"].dereference()


def running():
    """Addresses of the tasks that vCPUs run"""
    return {int(cpu["task"]): cpu for cpu in kernel.vcpus()}


def all_tasks():
    """All tasks: each process, then its other threads"""
    init = kernel.variable("init_task", "struct task_struct")
    yield init
    for leader in kernel.list_entries(init["tasks"], "struct task_struct", "tasks"):
        head = leader["signal"]["thread_head"]
        yield from kernel.list_entries(head, "struct task_struct", "thread_node")


def find(text):
    """The task with a number in the initial namespace; "current" is the vCPU's"""
    if text == "current":
        return current()
    pid = number(text, "PID")
    for task in all_tasks():
        if int(task["pid"]) == pid:
            return task
    raise Failure(f"no task {pid}: see \"vitrine tasks\"")


def is_thread_of_kernel(task):
    """Has it no user mode?"""
    return bool(int(task["flags"]) & kernel.constant("PF_KTHREAD"))


def comm(task):
    """Its name, harmless"""
    return kernel.array_text(task["comm"])


def title(task):
    """pid and name"""
    return f"{int(task['pid'])} ({comm(task)})"


def state(task):
    """As ps shows it"""
    value = int(task["__state"])
    if value & TASK_IDLE == TASK_IDLE:
        return STATES[INDEX_IDLE]
    return STATES[((value | int(task["exit_state"])) & TASK_REPORT).bit_length()]


def host_thread(task):
    """Its thread on the host, or 0: the first word of struct vt_thread"""
    host = int(task["thread"]["host"])
    return kernel.word(host) & 0xffffffff if host else 0


def call_name(number_of_call):
    """The name of a system call"""
    names = kernel.enum_names("enum vitrine_call_name", "NAME_")
    return names.get(number_of_call) or \
        call_symbol(number_of_call).removeprefix("sys_").removeprefix("new")


def call_symbol(number_of_call):
    """The function of a system call in the kernel"""
    for name in kernel.enum_values("enum vitrine_call_symbol", "CALL_"):
        index, _, function = name.partition("_")
        if int(index) == number_of_call:
            return function
    return f"sys_{number_of_call}"


def user_registers(task):
    """struct pt_regs at the end of its kernel stack"""
    size = kernel.ctype("struct pt_regs").sizeof
    stack = int(task["stack"]) + kernel.constant("THREAD_SIZE")
    return kernel.at(stack - size, "struct pt_regs")


def doing(task):
    """What a task does, in a word"""
    if is_thread_of_kernel(task) or not int(task["mm"]):
        return "-"
    nr = int(user_registers(task)["orig_ax"])
    if int(task["pid"]) == 1:
        return "-"
    return call_name(nr & 0xffffffff) if 0 <= nr < 1024 else "user mode"


def stack_of(task):
    """The frames of a task; the current one's begin where the vCPU is"""
    cpu = running().get(kernel.address_of(task))
    if cpu is None:
        return unwind.sleeping(task)
    return _current_stack(cpu)


def vcpu_thread(cpu=None):
    """The host thread that holds a vCPU; the first one is held by the process's first thread"""
    if cpu is not None and int(cpu["number"]):
        for thread in gdb.selected_inferior().threads():
            held = kernel.vcpu_of(thread)
            if held is not None and int(held["number"]) == int(cpu["number"]):
                return thread
    pid = gdb.selected_inferior().pid
    threads = gdb.selected_inferior().threads()
    for thread in threads:
        if thread.ptid[1] == pid:
            return thread
    return min(threads, key=lambda thread: thread.num)


def _current_stack(cpu):
    before, frame_before = gdb.selected_thread(), gdb.selected_frame()
    vcpu_thread(cpu).switch()
    try:
        frame, caller = gdb.newest_frame(), False
        while frame is not None:
            pc = frame.pc()
            if target.in_kernel(pc):
                names = unwind.SAVED + ("rsp",)
                registers = {name: int(frame.read_register(name)) & (1 << 64) - 1
                             for name in names}
                yield from unwind.frames(pc, registers, caller)
                return
            yield HostFrame(pc, frame.name())
            frame, caller = frame.older(), True
    finally:
        before.switch()
        frame_before.select()


class HostFrame:
    """A frame of the supervisor itself, above those of the kernel that called it"""

    def __init__(self, pc, name):
        self.pc, self.name = pc, name

    def text(self):
        """As Frame.text()"""
        return f"{self.name or hex(self.pc)} [supervisor]"


@command("tasks")
def tasks():
    """list the guest's tasks: number, state, host thread, system call, name"""
    held, rows = running(), []
    for task in all_tasks():
        mark = "*" if kernel.address_of(task) in held else " "
        host = host_thread(task)
        rows.append((mark + str(int(task["pid"])), int(task["tgid"]), state(task),
                     host or "-", f"{kernel.address_of(task):#x}", doing(task),
                     f"[{comm(task)}]" if is_thread_of_kernel(task) else comm(task)))
    table(rows, (" PID", "TGID", "S", "HOST TID", "TASK", "CALL", "NAME"))


@command("stack PID")
def stack(pid):
    """show a task's kernel stack; PID may be "current\""""
    task = find(pid)
    print(f"{title(task)}, state {state(task)}, {doing(task)}")
    for level, frame in enumerate(stack_of(task)):
        print(f"#{level:<3} {frame.text()}")
