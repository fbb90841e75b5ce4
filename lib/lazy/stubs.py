#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""stubs.py - the functions that a program calls of libraries that it loads when it needs them

Usage: stubs.py OUTPUT.S LIBRARY.so... -- ARCHIVE...

What the archives leave undefined and a library defines becomes a jump through a pointer, which the
first call fills (lazy.c). The names are hidden: a library that calls another one never meets them.
"""
import os
import re
import subprocess
import sys


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def defined(library):
    """What a library defines: {name: is it a function?}"""
    found = {}
    for line in lines("nm", "-D", "--defined-only", library):
        kind, name = line.split()[-2:]
        found[name.split("@")[0]] = kind in "TWi"
    return found


def soname(library):
    for line in lines("readelf", "-dW", library):
        match = re.search(r"\(SONAME\).*\[(.*)\]", line)
        if match:
            return match.group(1)
    return os.path.basename(library)


def wanted(archives):
    undefined, ours = set(), set()
    for line in lines("nm", *archives):
        words = line.split()
        if len(words) == 2 and words[0] == "U":
            undefined.add(words[1])
        elif len(words) == 3 and words[1].isupper():
            ours.add(words[2])
    return undefined - ours


def write(out, functions, libraries):
    out.write("/* made by lib/lazy/stubs.py */\n\t.text\n")
    for number, (name, _) in enumerate(functions):
        out.write("\t.globl %s\n\t.hidden %s\n\t.type %s, @function\n" % (name, name, name))
        out.write("%s:\n\tendbr64\n\tjmp *lazy_slots+%d(%%rip)\n" % (name, 8 * number))
        out.write("1%d:\tpush $%d\n\tjmp lazy_enter\n" % (number, number))
    out.write("\t.data\n\t.balign 8\n\t.globl lazy_slots\n\t.hidden lazy_slots\nlazy_slots:\n")
    for number in range(len(functions)):
        out.write("\t.quad 1%db\n" % number)
    out.write("\t.section .rodata\n\t.balign 4\n\t.globl lazy_count\n\t.hidden lazy_count\n")
    out.write("lazy_count:\n\t.long %d\n" % len(functions))
    for label, texts in (("lazy_functions", [name for name, _ in functions]), ("lazy_libraries", libraries)):
        out.write("\t.globl %s\n\t.hidden %s\n%s:\n" % (label, label, label))
        for text in texts:
            out.write("\t.asciz \"%s\"\n" % text)
    out.write("\t.globl lazy_library_of\n\t.hidden lazy_library_of\nlazy_library_of:\n")
    for _, library in functions:
        out.write("\t.byte %d\n" % library)
    out.write("\t.section .note.GNU-stack, \"\", @progbits\n")


def main():
    split = sys.argv.index("--")
    output, libraries, archives = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
    functions, names = [], wanted(archives)
    for number, library in enumerate(libraries):
        for name, is_function in sorted(defined(library).items()):
            if name not in names:
                continue
            if not is_function:
                sys.exit("stubs.py: %s of %s is no function" % (name, library))
            names.remove(name)
            functions.append((name, number))
    with open(output, "w", encoding="ascii") as out:
        write(out, functions, [soname(library) for library in libraries])


if __name__ == "__main__":
    main()
