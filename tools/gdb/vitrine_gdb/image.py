# SPDX-License-Identifier: GPL-2.0-only
"""image.py - the kernel image: its symbols, and whether it is the one in memory

gdb knows the same symbols, but mixes them with those of the supervisor and of libc, and does not
tell their sizes. Reading the table takes a third of a second.
"""
import bisect
import struct

BUILD_ID_NOTE = 3
EXECUTABLE = 4
GLOBAL = 1


class Image:
    """An ELF file with a symbol table"""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:5] != b"\x7fELF\x02":
            raise ValueError("not a 64 bit ELF file")
        offset, = struct.unpack_from("<Q", self.data, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.data, 0x3a)
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, offset + i * size)
                   for i in range(count)]
        texts = headers[names]
        self.sections = {self._text(texts, h[0]): h for h in headers}
        self._read_symbols(headers)
        self.data = self.data if ".notes" in self.sections else b""

    def _text(self, section, at):
        start = section[4] + at
        return self.data[start:self.data.index(b"\0", start)].decode(errors="replace")

    def _read_symbols(self, headers):
        table = self.sections[".symtab"]
        strings = headers[table[6]]
        text = self.data[strings[4]:strings[4] + strings[5]]
        entries = struct.iter_unpack("<IBBHQQ", self.data[table[4]:table[4] + table[5]])
        self.by_name, functions = {}, []
        for name, info, _, section, value, size in entries:
            kind = info & 15
            if kind > 2 or not section or section >= 0xff00:
                continue
            label = text[name:text.index(b"\0", name)].decode(errors="replace")
            self.by_name.setdefault(label, value)
            # code in assembler has no type, but a size
            if kind == 2 or (kind == 0 and size and headers[section][2] & EXECUTABLE):
                # of several names of one function the global, then the shortest comes first
                functions.append((value, size, info >> 4 != GLOBAL, len(label), label))
        functions.sort()
        self.functions = [(value, size, label) for value, size, _, _, label in functions]
        self.starts = [entry[0] for entry in functions]

    def function(self, address):
        """(start, size, name) of the function around an address, or None"""
        at = bisect.bisect_right(self.starts, address) - 1
        # of several names of one address: the first one that the address is inside of
        while at >= 0 and address - self.starts[at] < 0x10000:
            start, size, _ = self.functions[at]
            if address < start + max(size, 1):
                while at and self.starts[at - 1] == start and self.functions[at - 1][1] == size:
                    at -= 1
                return self.functions[at]
            at -= 1
        return None

    def build_id(self):
        """(address, bytes) of the build id's note, or None when it has none"""
        header = self.sections.get(".notes")
        if not header:
            return None
        at, end = header[4], header[4] + header[5]
        while at + 12 <= end:
            name, length, kind = struct.unpack_from("<III", self.data, at)
            body = at + 12 + (name + 3 & ~3)
            if kind == BUILD_ID_NOTE and self.data[at + 12:at + 16] == b"GNU\0":
                return header[3] + body - header[4], self.data[body:body + length]
            at = body + (length + 3 & ~3)
        return None
