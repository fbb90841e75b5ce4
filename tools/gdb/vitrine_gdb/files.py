# SPDX-License-Identifier: GPL-2.0-only
"""files.py - open files and mounts"""
import stat

import gdb

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


def _children(dentry):
    """The entries of a directory that the kernel has at hand"""
    node = int(dentry["d_children"]["first"])
    for _ in range(kernel.LIST_MAX):
        if not node:
            return
        child = kernel.container(node, "struct dentry", "d_sib")
        yield child
        node = int(child["d_sib"]["next"])


def _mounted_at(mount, dentry):
    """The mount that covers a directory, and what covers that: the last one is seen"""
    for child in kernel.list_entries(mount["mnt_mounts"], "struct mount", "mnt_child"):
        if int(child["mnt_mountpoint"]) == kernel.address_of(dentry):
            return _mounted_at(child, child["mnt"]["mnt_root"].dereference()) or child
    return None


def _cross(mount, dentry):
    """What is seen at a place: the root of what is mounted there, if something is"""
    above = _mounted_at(mount, dentry)
    return (above, above["mnt"]["mnt_root"].dereference()) if above else (mount, dentry)


def _start(path):
    """(mount, dentry) of a struct path"""
    return (kernel.container(int(path["mnt"]), "struct mount", "mnt"),
            path["dentry"].dereference())


def _up(place, root):
    """".."; the root of a process is its own parent, the root of a mount lies below its place"""
    mount, dentry = place
    while True:
        if (kernel.address_of(dentry) == kernel.address_of(root[1])
                and kernel.address_of(mount) == kernel.address_of(root[0])):
            return place
        if kernel.address_of(dentry) != int(mount["mnt"]["mnt_root"]):
            return _cross(mount, dentry["d_parent"].dereference())
        if int(mount["mnt_parent"]) == kernel.address_of(mount):
            return mount, dentry
        mount, dentry = mount["mnt_parent"].dereference(), mount["mnt_mountpoint"].dereference()


KINDS = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "symbolic link",
         stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device",
         stat.S_IFBLK: "block device"}


def _row(step, place):
    """One step of a walk"""
    mount, dentry = place
    inode = int(dentry["d_inode"])
    block = mount["mnt"]["mnt_sb"]
    kind = kernel.string_at(int(block["s_type"]["name"]), 64)
    if not inode:
        return (step, f"{kernel.address_of(dentry):#x}", "-", "there is none", kind)
    mode = int(dentry["d_inode"]["i_mode"])
    return (step, f"{kernel.address_of(dentry):#x}", int(dentry["d_inode"]["i_ino"]),
            f"{KINDS.get(stat.S_IFMT(mode), '?')} {mode & 0o7777:04o}", kind)


def _link_target(dentry):
    """Of a symbolic link, when it is in memory"""
    inode = dentry["d_inode"]
    if not int(inode) or stat.S_IFMT(int(inode["i_mode"])) != stat.S_IFLNK:
        return None
    return kernel.string_at(int(inode["i_link"])) if int(inode["i_link"]) else ""


def _places(task):
    """Where a task's paths begin: its root and its working directory"""
    if not int(task["fs"]) or not int(task["nsproxy"]):
        raise Failure(f"{tasks.title(task)} has no root directory any more")
    try:
        fs = kernel.at(int(task["fs"]), "struct fs_struct")
    except gdb.error:  # a kernel without that type: the root of its namespace
        mount = task["nsproxy"]["mnt_ns"]["root"].dereference()
        root = _cross(mount, mount["mnt"]["mnt_root"].dereference())
        return root, root
    return _start(fs["root"]), _start(fs["pwd"])


@command("vfs-path PATH [PID]")
def vfs_path(path, pid="1"):
    """walk a path through the kernel's directory cache, as a task's system call would"""
    task = tasks.find(pid)
    root, place = _places(task)
    if path.startswith("/"):
        place = root
    rows = [_row("/" if path.startswith("/") else "(cwd)", place)]
    todo, end = [part for part in path.split("/") if part], ""
    while todo and len(rows) < PATH_DEPTH_MAX:
        name = todo.pop(0)
        if name == ".":
            continue
        if name == "..":
            place = _up(place, root)
            rows.append(_row("..", place))
            continue
        mount, parent = place
        found = [child for child in _children(parent) if dentry_name(child) == name]
        if not found:
            end = f"{name} is not in the cache: the file system would be asked"
            break
        link = _link_target(found[0])
        rows.append(_row(name, (mount, found[0])))
        if link == "":
            end = f"where {name} leads is for its file system to say"
            break
        if link:
            todo[:0] = [part for part in link.split("/") if part]
            rows[-1] = rows[-1][:3] + (f"-> {link}",) + rows[-1][4:]
            place = root if link.startswith("/") else place
            continue
        place = _cross(mount, found[0])
        if kernel.address_of(place[1]) != kernel.address_of(found[0]):
            rows.append(_row("  (mounted there)", place))
        if not int(place[1]["d_inode"]):
            break
    print(f"{path} for {tasks.title(task)}")
    table(rows, ("STEP", "DENTRY", "INODE", "WHAT", "FILE SYSTEM"))
    print(end or f"= {path_of(place[0], place[1].address)}")


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
