#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""same-as-strace.py STRACE TRACE: say where two traces of one program differ

Both are files with a process id before each line. What two runs cannot have in common is replaced:
addresses, process ids, times, numbers of anonymous files. Lines are compared task by task, in the
order in which tasks were made, because one tracer writes a call when it begins and the other when it
is over. Prints "same: N calls", or the lines that differ.
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


def lines_of(path):
    """Task -> its lines; a call that strace cut in two is one again"""
    tasks, halves = {}, {}
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
        # The first program is started by the shell, or by the guest's kernel
        if text.startswith('execve(') and not task and len(tasks) == 1:
            continue
        # When a signal comes is a matter of time
        if text.startswith(('---', '***', 'rt_sigreturn(')):
            continue
        for pattern, replacement in COMMON:
            text = re.sub(pattern, replacement, text)
        task.append(text)
    return [tasks[pid] for pid in sorted(tasks, key=int) if tasks[pid]]


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
