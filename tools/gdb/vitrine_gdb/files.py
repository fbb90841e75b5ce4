# SPDX-License-Identifier: GPL-2.0-only
"""files.py - open files and mounts"""
import stat

from . import kernel, tasks
from .command import Failure, command, table

PATH_DEPTH_MAX = 256
ACCESS = ("r", "w", "rw", "-")
FLAGS = {0o2000: "append", 0o4000: "nonblock", 0o2000000: "cloexec", 0o40000: "direct",
         0o4010000: "sync", 0o10000000: "path"}
MOUNT_FLAGS = {1: "nosuid", 2: "nodev", 4: "noexec", 8: "noatime", 0x10: "nodiratime",
               0x20: "relatime", 0x40: "ro"}


def dentry_name(dentry):
    """One part of a path"""
    name = dentry["d_name"]
    return kernel.string_at(int(name["name"]), max(int(name["len"]) & 0xff, 1))


def path_of(mount, dentry):
    """The path of a struct dentry * in a struct mount, from the root of its namespace"""
    parts = []
    for _ in range(PATH_DEPTH_MAX):
        if int(dentry) == int(mount["mnt"]["mnt_root"]):
            if int(mount["mnt_parent"]) == kernel.address_of(mount):
                break
            dentry, mount = mount["mnt_mountpoint"], mount["mnt_parent"].dereference()
            continue
        if int(dentry) == int(dentry["d_parent"]):
            break
        parts.append(dentry_name(dentry))
        dentry = dentry["d_parent"]
    return "/" + "/".join(reversed(parts))


def file_path(file):
    """What a struct file stands for, as /proc/PID/fd shows it"""
    inode, dentry = file["f_inode"], file["f_path"]["dentry"]
    kind = stat.S_IFMT(int(inode["i_mode"]))
    file_system = kernel.string_at(int(inode["i_sb"]["s_type"]["name"]), 64)
    if file_system in ("pipefs", "sockfs"):
        return f"{'pipe' if kind == stat.S_IFIFO else 'socket'}:[{int(inode['i_ino'])}]"
    if file_system == "anon_inodefs":
        return "anon_inode:" + dentry_name(dentry)
    mount = kernel.container(int(file["f_path"]["mnt"]), "struct mount", "mnt")
    deleted = " (deleted)" if not int(inode["i_nlink"]) else ""
    return path_of(mount, dentry) + deleted


def descriptors(task):
    """(number, struct file) of a task's descriptors"""
    if not int(task["files"]):
        return
    fdt = task["files"]["fdt"]
    slots = kernel.words(int(fdt["fd"]), min(int(fdt["max_fds"]), kernel.LIST_MAX))
    for fd, pointer in enumerate(slots):
        if pointer:
            yield fd, kernel.at(pointer, "struct file")


def detail(file):
    """What is in it: bytes in a pipe, nothing for others"""
    if kernel.string_at(int(file["f_inode"]["i_sb"]["s_type"]["name"]), 64) != "pipefs":
        return ""
    pipe = kernel.at(int(file["private_data"]), "struct pipe_inode_info")
    head, tail = int(pipe["head"]), int(pipe["tail"])
    return f"{head - tail & 0xffffffff} of {int(pipe['max_usage'])} buffers used"


@command("fds PID")
def fds(pid):
    """list a task's descriptors and what they stand for"""
    task = tasks.find(pid)
    if not int(task["files"]):
        raise Failure(f"{tasks.title(task)} has no descriptors any more")
    rows = []
    for fd, file in descriptors(task):
        flags = int(file["f_flags"])
        extra = [name for mask, name in FLAGS.items() if flags & mask == mask]
        rows.append((fd, ",".join([ACCESS[flags & 3]] + extra), int(file["f_pos"]),
                     f"{kernel.address_of(file):#x}",
                     " ".join(filter(None, (file_path(file), detail(file))))))
    print(f"{tasks.title(task)}")
    table(rows, ("FD", "FLAGS", "POSITION", "FILE", "PATH"))


@command("mounts [PID]")
def mounts(pid="1"):
    """list the mounts of a task's namespace (without PID: those of the first process)"""
    task = tasks.find(pid)
    if not int(task["nsproxy"]):
        raise Failure(f"{tasks.title(task)} has no namespaces any more")
    namespace = task["nsproxy"]["mnt_ns"]
    rows = []
    for mount in kernel.tree_entries(namespace["mounts"]["rb_node"], "struct mount", "mnt_node"):
        block = mount["mnt"]["mnt_sb"]
        flags = kernel.flags_text(int(mount["mnt"]["mnt_flags"]), MOUNT_FLAGS)
        device = kernel.string_at(int(mount["mnt_devname"]), 64) \
            if int(mount["mnt_devname"]) else "none"
        kind = kernel.string_at(int(block["s_type"]["name"]), 64)
        rows.append((int(mount["mnt_id"]), device, kind,
                     "rw" if flags == "none" else flags.replace("|", ","),
                     path_of(mount, mount["mnt"]["mnt_root"])))
    table(rows, ("ID", "DEVICE", "TYPE", "FLAGS", "WHERE"))
