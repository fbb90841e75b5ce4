#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shared folders on a host that has no room, or lets its user have no more: who writes hears so, in
# whatever way it writes, and nobody waits for ever
. "$(dirname "$0")/../../lib.sh"
uses debian
needs gcc

mkdir "$scratch/small" "$scratch/folder"
cat >"$scratch/folder/full.py" <<'END'
"""full.py FILE OFFSET LENGTH: what each way to write says about so many bytes at OFFSET"""
import errno
import mmap
import os
import sys

path, offset, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def says(what, call):
    try:
        call()
        print(what, "nothing")
    except OSError as error:
        print(what, errno.errorcode[error.errno])


def write():
    """As much as goes"""
    done = 0
    while done < length:
        done += os.pwrite(fd, b"w" * min(length - done, 100000), offset + done)


def dirty():
    """Through a mapping, of which nobody was told"""
    at = mmap.mmap(fd, length, offset=offset)
    for page in range(0, length, 4096):
        at[page] = 1
    return at


for what, before, call in (
        ("write:", None, write),
        ("msync:", dirty, lambda: at.flush()),
        ("fsync:", dirty, lambda: os.fsync(fd)),
        ("fdatasync:", dirty, lambda: os.fdatasync(fd)),
        ("close:", dirty, lambda: os.close(fd)),
        ("end:", dirty, lambda: None)):
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    if call != write:
        os.ftruncate(fd, offset + length)
    at = before() if before else None
    says(what, call)
    if what != "close:":
        try:
            os.close(fd)
        except OSError:
            pass
    del at
    if what == "write:":
        with open(path, "rb") as file:
            file.seek(offset)
            print("what was written is there:", file.read(100000).strip(b"w") == b"")
os.truncate(path, 0)
END

it 'a file system that is full: what is written, mapped, synced and closed says so'
if unshare -rm true 2>/dev/null; then
	host env XDG_RUNTIME_DIR="$scratch" unshare -rm sh -c "mount -t tmpfs -o size=1M,nr_inodes=40 none '$scratch/small' &&
		cp '$scratch/folder/full.py' '$scratch/small' && exec vitrine run ${run_options[*]} -v '$scratch/small:/w' debian -- sh -c '
		python3 /w/full.py /w/file 0 3000000 && echo again >/w/file && cat /w/file
		mkdir /w/many && cd /w/many && touch \$(seq 100) 2>&1 | grep -o \"No space.*\" | sort -u; rm -r /w/many && mkdir /w/one && echo made'"
	expect 'write: ENOSPC
what was written is there: True
msync: ENOSPC
fsync: ENOSPC
fdatasync: ENOSPC
close: ENOSPC
end: nothing
again
No space left on device
made'
else
	skip 'this host lets nobody mount anything'
fi

it 'a user who may have no more: the same'
gcc -O1 -Wall -o "$scratch/limited" tests/guest/share/limited.c || exit 1
host "$scratch/limited" vitrine run "${run_options[@]}" -v "$scratch/folder:/w" debian -- sh -c '
	python3 /w/full.py /w/file 0 3000000; python3 /w/full.py /w/file $((1 << 40)) 30000'
expect 'write: nothing
what was written is there: True
msync: nothing
fsync: nothing
fdatasync: nothing
close: nothing
end: nothing
write: EDQUOT
what was written is there: True
msync: EDQUOT
fsync: EDQUOT
fdatasync: EDQUOT
close: EIO
end: nothing'
