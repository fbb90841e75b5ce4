#!/bin/bash
# The Debian package: everything is in it, and it works from where dpkg would put it
. "$(dirname "$0")/../lib.sh"
uses mini
seconds=1800

host scripts/deb "$scratch"
status 0
package=$stdout
package=${package##*$'\n'}
host dpkg-deb -f "$package" Package Depends
shows '*vitrine*libarchive13*e2fsprogs*'
host dpkg-deb -x "$package" "$scratch/root"
for file in bin/vitrine bin/vitrined lib/systemd/system/vitrined.service lib/systemd/user/vitrined.service lib/vitrine/vmlinux share/man/man1/vitrine.1.gz share/man/man1/vitrined.1.gz \
	share/bash-completion/completions/vitrine \
	lib/vitrine/vmlinux.types share/vitrine/gdb/vitrine-gdb.py; do
	host test -s "$scratch/root/usr/$file"
	status 0
done
it 'the packaged program boots the packaged kernel'
host "$scratch/root/usr/bin/vitrine" run --ephemeral mini -- echo booted
expect booted
