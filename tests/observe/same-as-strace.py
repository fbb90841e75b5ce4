#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""same-as-strace.py STRACE TRACE: say where two traces of one program differ

Both are files with a process id before each line. What two runs cannot have in common is replaced:
addresses, process ids, times, numbers of anonymous files. Lines are compared task by task, in the
order in which tasks were made, because one tracer writes a call when it begins and the other when it
is over. Their numbers do not tell that order: a host's begin again from the bottom. Prints "same: N calls", or the lines that differ.
"""
import difflib
import re
import sys

COMMON = [
    (r' <[0-9]+\.[0-9]+>$', ''),
    (r'0x[0-9a-f]{5,16}\b(?! /\* [A-Z])', 'ADDRESS'),
    (r'(pipe|socket|anon_inode):\[[0-9a-z]+\]', r'\1:[N]'),
    (r'/\* [0-9]+ vars? \*/', '/* N vars */'),
    (r'(getrandom\()"[^"]*"', r'\1RANDOM'),
    (r'^(getpid|getppid|gettid|getpgrp|getpgid|getsid|set_tid_address|clone|fork|vfork|wait4)'
     r'(\(.*\) *= )[0-9]+$', r'\1\2PID'),
    (r'^(kill|tgkill|tkill)\([0-9]+', r'\1(PID'),
    # How long a call took is a matter of time
    (r' \(left \{[^}]*\}\)', ' (left TIME)'),
    (r'nodename="[^"]*"', 'nodename=NAME'),
    (r' +=', ' ='),
]


MAKES_A_TASK = re.compile(r'(?:clone3?|v?fork)\(.*\) *= ([0-9]+)$')


def in_order_of_birth(tasks, children):
    """The tasks' lines: who was there first, then his children, then theirs"""
    queue, ordered = list(tasks)[:1], []
    while queue:
        task = queue.pop(0)
        queue += children.get(task, [])
        ordered += [tasks.pop(task)] if tasks.get(task) else []
    # Whose birth was not seen; a helper of the guest's pid 1 makes no call, and is not the program's
    return ordered + [lines for lines in tasks.values() if len(lines) > 1]


def lines_of(path):
    """The lines of each task; a call that strace cut in two is one again"""
    tasks, halves, children = {}, {}, {}
    for line in open(path, errors='replace'):
        pid, text = line.rstrip('\n').split(None, 1)
        task = tasks.setdefault(pid, [])
        if text.endswith('<unfinished ...>'):
            halves[pid] = text[:-len('<unfinished ...>')]
            continue
        resumed = re.match(r'<\.\.\. \w+ resumed>(.*)$', text)
        if resumed:
            first, second = halves.pop(pid).rstrip(), resumed.group(1).lstrip()
            text = first + (' ' if first.endswith(',') else '') + second
        # A signal came first; the kernel makes the call again, and vitrine shows the one that did it
        if re.search(r'= \? ERESTARTNOINTR ', text):
            continue
        # The first program is started by the shell, or by the guest's kernel
        if text.startswith('execve(') and not task and len(tasks) == 1:
            continue
        # When a signal comes is a matter of time
        if text.startswith(('---', '***', 'rt_sigreturn(')):
            continue
        born = MAKES_A_TASK.match(re.sub(*COMMON[0], text))
        if born:
            children.setdefault(pid, []).append(born.group(1))
        for pattern, replacement in COMMON:
            text = re.sub(pattern, replacement, text)
        task.append(text)
    return in_order_of_birth(tasks, children)


def main():
    theirs, ours = lines_of(sys.argv[1]), lines_of(sys.argv[2])
    flat = [[f'{i} {line}' for i, task in enumerate(side) for line in task]
            for side in (theirs, ours)]
    differing = [line for line in difflib.unified_diff(*flat, 'strace', 'vitrine', lineterm='', n=0)
                 if not line.startswith(('@@', '---', '+++'))]
    if differing:
        print('\n'.join(differing))
        sys.exit(1)
    print(f'same: {len(flat[0])} calls')


main()
