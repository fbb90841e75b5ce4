# SPDX-License-Identifier: GPL-2.0-only
"""command.py - the table of "vitrine ..." commands

A command is a function with the decorator @command(usage, needs_kernel). Its first line of
documentation is its help. Arguments arrive as strings; Failure ends a command with one line.
"""
import gdb

_commands = []


class Failure(gdb.GdbError):
    """What a command says instead of an answer"""


def command(usage, needs_kernel=True):
    """Make a function the command that the first word of @usage names"""
    def register_later(function):
        _commands.append((usage, function, needs_kernel))
        return function
    return register_later


def number(text, what):
    """A number in any base that C has"""
    try:
        return int(text, 0)
    except ValueError:
        raise Failure(f"{what} is a number, not {text}") from None


def table(rows, heads):
    """Print rows of strings in columns; the last one is not padded"""
    rows = [list(heads)] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  ".join(cells + [row[-1]]).rstrip())


class _Command(gdb.Command):
    def __init__(self, usage, function, needs_kernel):
        name = usage.split()[0]
        self.__doc__ = f"{function.__doc__}\n\nUsage: vitrine {usage}"
        self.usage, self.function, self.needs_kernel = usage, function, needs_kernel
        super().__init__("vitrine " + name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        from . import target
        arguments = gdb.string_to_argv(argument)
        words = self.usage.split()[1:]
        least = sum(not word.startswith("[") for word in words)
        if not least <= len(arguments) <= len(words):
            raise Failure(f"usage: vitrine {self.usage}")
        if self.needs_kernel:
            target.need_kernel()
        try:
            self.function(*arguments)
        except gdb.MemoryError as error:
            raise Failure(f"the kernel's data make no sense here: {error}") from None


class _Prefix(gdb.Command):
    """Look into the guest kernel of a Vitrine supervisor."""

    def __init__(self):
        super().__init__("vitrine", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, argument, from_tty):
        if argument:
            raise Failure(f"no command \"vitrine {argument}\": see \"vitrine\"")
        width = max(len(usage) for usage, _, _ in _commands)
        for usage, function, _ in sorted(_commands, key=lambda entry: entry[0]):
            print(f"vitrine {usage.ljust(width)}  {function.__doc__.splitlines()[0]}")


def register():
    """Give gdb the commands of all modules that have been imported"""
    _Prefix()
    for entry in _commands:
        _Command(*entry)
