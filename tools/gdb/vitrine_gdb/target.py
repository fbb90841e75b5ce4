# SPDX-License-Identifier: GPL-2.0-only
"""target.py - find the kernel of the process or core that gdb has, and load its symbols

The image is looked for where the supervisor finds it, beside the program. Its build id is
compared with the one in the guest's memory, so that a stale image is refused and not believed.
"""
import os
import socket
import struct

import gdb

from .command import Failure, command
from .image import Image

PAGE_OFFSET = 0x600000000000
VMALLOC_END = 0x611000000000
# vmlinux.types has one variable, at 0: out of the way with it
TYPES_OFFSET = 0x5ff000000000

# The supervisor's own business; SIGSEGV is how the kernel's copies from user memory may end
PASSED = ["SIGSEGV", "SIGBUS", "SIGCHLD", "SIGPIPE", "SIGALRM"] + \
    [f"SIG{n}" for n in range(32, 65)]

state = {"image": None, "objfile": None, "types": None, "path": None}


def image():
    """The Image of the kernel"""
    return state["image"]


def types():
    """gdb's object file that has the kernel's types"""
    return state["types"]


def has_lines():
    """Is this kernel's debugging information loaded?"""
    return state["objfile"] is not None and state["objfile"].filename.endswith(".debug")


def in_kernel(address):
    """Is this an address of the kernel's code or data?"""
    return PAGE_OFFSET <= address < VMALLOC_END


def live():
    """A process, and not a core file?"""
    return any(connection.type == "native" for connection in gdb.connections())


def program():
    """The path of the supervisor's program"""
    inferior = gdb.selected_inferior()
    if inferior.pid and live():
        try:
            return os.readlink(f"/proc/{inferior.pid}/exe").removesuffix(" (deleted)")
        except OSError:
            pass
    name = gdb.current_progspace().filename
    return os.path.realpath(name) if name else None


def _environment():
    """VITRINE_KERNEL, as the supervisor was told"""
    try:
        with open(f"/proc/{gdb.selected_inferior().pid}/environ", "rb") as file:
            text = file.read().decode(errors="surrogateescape")
    except OSError:
        return os.environ.get("VITRINE_KERNEL")
    return dict(entry.partition("=")[::2] for entry in text.split("\0")).get("VITRINE_KERNEL")


def _candidates():
    if _environment():
        yield _environment()
    where = program()
    if where:
        directory = os.path.dirname(where)
        yield os.path.join(directory, "kernel", "vmlinux")
        yield os.path.join(directory, "..", "lib", "vitrine", "vmlinux")
    here = os.path.dirname(os.path.realpath(__file__))
    for build in ("build/debug", "build"):
        yield os.path.join(here, "..", "..", "..", build, "kernel", "vmlinux")


def _matches(candidate):
    note = candidate.build_id()
    if not note:
        return False
    address, wanted = note
    try:
        return bytes(gdb.selected_inferior().read_memory(address, len(wanted))) == wanted
    except gdb.MemoryError:
        return False


def _objfile(path):
    for objfile in gdb.objfiles():
        if objfile.filename and os.path.realpath(objfile.filename) == os.path.realpath(path):
            return objfile
    return None


def _add(path, options=""):
    gdb.execute(f"add-symbol-file {path} {options}", to_string=True)
    return _objfile(path)


def load(path):
    """Load the symbols of the image at @path, which is the one in memory"""
    from . import unwind
    state["image"] = Image(path)
    state["path"] = path
    if not os.path.exists(path + ".types"):
        raise Failure(f"{path}.types is missing: it is made with the kernel, see \"make kernel\"")
    state["types"] = _objfile(path + ".types") or _add(path + ".types", f"-o {TYPES_OFFSET:#x}")
    symbols = path + ".debug" if os.path.exists(path + ".debug") else path
    state["objfile"] = _objfile(symbols) or _add(symbols)
    unwind.install()


def need_kernel():
    """Make sure that there is a kernel to look at, and that its symbols are loaded"""
    inferior = gdb.selected_inferior()
    if not inferior.pid and not gdb.connections():
        raise Failure("no process and no core file: \"vitrine attach NAME\", or gdb PROGRAM CORE")
    if state["image"] and _matches(state["image"]) and _objfile(state["types"].filename):
        return
    seen = []
    for path in _candidates():
        path = os.path.normpath(path)
        if path in seen or not os.path.exists(path):
            continue
        seen.append(path)
        if _matches(Image(path)):
            load(path)
            return
    try:
        inferior.read_memory(PAGE_OFFSET, 8)
    except gdb.MemoryError:
        raise Failure("this is no supervisor with a guest, or a core without its memory") from None
    raise Failure("no image with the build id of the kernel in memory, seen were: "
                  f"{', '.join(seen) or 'none'}; name it: vitrine kernel PATH")


@command("kernel PATH", needs_kernel=False)
def kernel_command(path):
    """load the symbols of this image, when it is not found beside the program"""
    candidate = Image(path)
    if not _matches(candidate):
        raise Failure(f"{path} is not the kernel that is in memory")
    load(os.path.realpath(path))
    print(f"{path}, {len(candidate.functions)} functions")


def _pid_of(name):
    """Of a sandbox of ours; a process id, which need not be ours, is its own answer"""
    directory = os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/vitrine-{os.getuid()}"
    path = os.path.join(directory, "vitrine", name + ".sock")
    if name.isdigit() and not os.path.exists(path):
        return int(name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(path)
        except OSError as error:
            raise Failure(f"no sandbox {name}: {path}: {error.strerror}; the process id of a "
                          "supervisor does as well, and finds those of other users") from None
        size = struct.calcsize("3i")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return struct.unpack("3i", credentials)[0]


@command("attach NAME|PID", needs_kernel=False)
def attach(name):
    """attach to the supervisor of a running sandbox"""
    pid = _pid_of(name)
    try:
        gdb.execute(f"attach {pid}", to_string=True)
    except gdb.error as error:
        if "ermitted" not in str(error):
            raise
        raise Failure(
            f"process {pid} cannot be traced: a supervisor protects its guest's memory from the "
            "user's other programs. Run the sandbox with a build for debuggers (make debugger, "
            "then build/debug/vitrine), or run gdb as root") from None
    need_kernel()
    print(f"sandbox {name}: process {pid}, kernel {state['path']}"
          f"{', with line numbers' if has_lines() else ''}")


def prepare():
    """What to do before the first command: let the supervisor have its signals"""
    for signal in PASSED:
        gdb.execute(f"handle {signal} nostop noprint pass", to_string=True)
    gdb.execute("set print thread-events off")
    gdb.execute("set filename-display basename")  # the kernel's sources are deep in a cache
    if gdb.selected_inferior().pid:
        try:
            need_kernel()
        except Failure as error:
            gdb.write(f"vitrine: {error}\n", gdb.STDERR)
