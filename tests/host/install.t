#!/bin/bash
# What "make install" puts where works from there
. "$(dirname "$0")/../lib.sh"
seconds=300

host make -s install DESTDIR="$scratch/root" PREFIX=/usr/local
status 0
for file in bin/vitrine bin/vitrined lib/systemd/system/vitrined.service lib/systemd/user/vitrined.service lib/vitrine/vmlinux share/man/man1/vitrine.1 share/man/man1/vitrined.1 \
	lib/vitrine/vmlinux.types share/vitrine/gdb/vitrine-gdb.py; do
	host test -s "$scratch/root/usr/local/$file"
	status 0
done
host "$scratch/root/usr/local/bin/vitrine" version
shows "*$scratch/root/usr/local/lib/vitrine/vmlinux*"

it 'a kernel that somebody else has built is not built again, as when a user builds and root installs'
host env VITRINE_CACHE="$scratch/cache" kernel/build.sh "${VITRINE_BUILD:-build}/kernel/vmlinux"
expect ''
[ -z "$(find "$scratch/cache" -name 'work-*')" ]
check $? 'nothing was compiled'
