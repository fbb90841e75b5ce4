#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""archive.py - tar archives that no honest program writes, and some that only look so

Usage: archive.py KIND FILE
"""
import io
import struct
import sys
import tarfile


def entry(name, kind=tarfile.REGTYPE, data=b"", **more):
    e = tarfile.TarInfo(name)
    e.type = kind
    e.mode = more.pop("mode", 0o755 if kind == tarfile.DIRTYPE else 0o644)
    e.size = len(data)
    for key, value in more.items():
        setattr(e, key, value)
    return e, io.BytesIO(data)


def link(name, target, kind=tarfile.SYMTYPE):
    return entry(name, kind, linkname=target)


KINDS = {
    "dotdot": [entry("a/../../etc/passwd", data=b"x")],
    "through": [link("out", "/etc"), entry("out/passwd", data=b"x")],
    "hardlink-out": [link("shadow", "../../etc/shadow", tarfile.LNKTYPE)],
    "hardlink-missing": [link("a", "b", tarfile.LNKTYPE)],
    "twice": [entry("a", data=b"1"), entry("a", data=b"2")],
    "file-as-directory": [entry("a", data=b"1"), entry("a/b", data=b"2")],
    "root": [entry("./", tarfile.REGTYPE, b"x")],
    "owner": [entry("a", uid=1 << 40)],
    "long": [entry("/".join(["d" * 100] * 60), data=b"x")],
    "component": [entry("n" * 300, data=b"x")],
    "whiteout-root": [entry(".wh.", data=b"")],
    "whiteout-dots": [entry("a/.wh...", data=b"")],
    # Things that are strange and right
    "good": [
        entry("./", tarfile.DIRTYPE, mode=0o711),
        entry("bin/", tarfile.DIRTYPE),
        entry("bin/busybox", data=open("/bin/busybox", "rb").read(), mode=0o755),
        link("bin/sh", "busybox"),
        entry("owned", data=b"mine\n", uid=123456, gid=654321, mode=0o6751, mtime=1234567890),
        link("second", "owned", tarfile.LNKTYPE),
        entry("dev/", tarfile.DIRTYPE),
        entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
        entry("disk", tarfile.BLKTYPE, devmajor=300, devminor=70000, mode=0o660),
        entry("pipe", tarfile.FIFOTYPE),
        link("dangling", "/nowhere/at/all"),
        entry("\u00fcml\u00e4ut", data=b"x"),
        entry("zeros", data=bytes(50 << 20)),
        entry("listed", data=b"x", pax_headers={
            "SCHILY.acl.access": "user::rw-,user:1000:r--:1000,group::r--,mask::r--,other::---",
        }),
        entry("cap", data=b"#!/bin/sh\n", mode=0o755, pax_headers={
            "SCHILY.xattr.user.colour": "blue",
            "SCHILY.xattr.security.capability":
                struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0).decode("latin-1"),
        }),
    ],
}


def write(kind, path):
    if kind == "huge":  # a header that claims 4 EiB
        e = entry("huge")[0]
        e.size = 1 << 62
        with open(path, "wb") as f:
            f.write(e.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        return
    if kind == "cut":
        write("good", path)
        data = open(path, "rb").read()
        open(path, "wb").write(data[:900000])
        return
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for e, data in KINDS[kind]:
            if kind == "good":
                e.pax_headers = getattr(e, "pax_headers", {})
            tar.addfile(e, data)


write(sys.argv[1], sys.argv[2])
