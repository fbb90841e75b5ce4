#!/bin/bash
# Disks: what is written stays, or does not; nothing that was synced is ever lost; clear refusals
. "$(dirname "$0")/../lib.sh"
uses mini
PATH=$PATH:/usr/sbin:/sbin

base=$(vitrine image inspect mini | sed -n 's/^path *//p')
root=$scratch/root.ext4
cp --sparse=always "$base" "$root" && chmod u+w "$root"

# on IMAGE-OR-OPTIONS... -- COMMAND: a sandbox that may write
on() {
	host vitrine run "$@"
	what="$*"
}

# new NAME SIZE: an empty ext4 image
new() {
	truncate -s "$2" "$scratch/$1" && mke2fs -q -F -t ext4 "$scratch/$1"
}

# ---- what is written stays, or does not

it 'a write to the image stays'
on "$root" -- sh -c 'echo kept >/root/f'
on "$root" -- cat /root/f
expect kept
it 'and the image is clean afterwards'
host e2fsck -fn "$root"
status 0

it '--ephemeral shows writes'
on --ephemeral "$root" -- sh -c 'echo other >/root/f; cat /root/f'
expect other
it 'and throws them away'
on "$root" -- cat /root/f
expect kept

it '--read-only refuses them'
on --read-only "$root" -- sh -c 'echo x >/root/f'
status 1
says 'Read-only file system'

new data 64M
cp --sparse=always "$scratch/data" "$scratch/data.orig"
on --ephemeral --disk "$scratch/data" "$root" -- sh -c 'mount /dev/vdb /mnt && seq 100000 >/mnt/f && umount /mnt'
it 'a second disk is /dev/vdb'
on --ephemeral --disk "$scratch/data" "$root" -- sh -c 'mount /dev/vdb /mnt && md5sum </mnt/f'
expect "$(seq 100000 | md5sum)"

it 'a read-only second disk'
on --ephemeral --disk "$scratch/data,ro" "$root" -- sh -c 'mount -o ro /dev/vdb /mnt && tail -1 /mnt/f; dd if=/dev/zero of=/dev/vdb count=1 2>/dev/null || echo refused'
expect '100000
refused'

cp --sparse=always "$scratch/data.orig" "$scratch/data"
on --ephemeral --disk "$scratch/data,overlay=$scratch/over" "$root" -- sh -c 'mount /dev/vdb /mnt && echo over >/mnt/f && umount /mnt'
it 'an overlay keeps the changes'
on --ephemeral --disk "$scratch/data,overlay=$scratch/over" "$root" -- sh -c 'mount /dev/vdb /mnt && cat /mnt/f'
expect over
it 'and the image below has not changed'
host cmp "$scratch/data" "$scratch/data.orig"
status 0
on --ephemeral --disk "$scratch/data" "$root" -- sh -c 'mount /dev/vdb /mnt && umount /mnt'
it 'an overlay whose image was written to is refused'
on --ephemeral --disk "$scratch/data,overlay=$scratch/over" "$root" -- true
says 'has been written to since'
one_line

new trim 128M
before=$(du -k "$scratch/trim" | cut -f1)
on --ephemeral --disk "$scratch/trim" "$root" -- sh -c 'mount /dev/vdb /mnt && dd if=/dev/urandom of=/mnt/f bs=1M count=50 2>/dev/null && sync && rm /mnt/f && sync && fstrim /mnt && umount /mnt'
after=$(du -k "$scratch/trim" | cut -f1)
it 'deleted files give their space back'
host test $((after - before)) -lt 10000
status 0

# ---- partitions: an MBR with the image as partition 1, from sector 2048

sectors=$(($(stat -c %s "$base") / 512))
le32() {
	printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}
truncate -s $(((sectors + 4096) * 512)) "$scratch/disk"
dd if="$root" of="$scratch/disk" bs=1M seek=1 conv=notrunc,sparse 2>/dev/null
printf '\0\0\0\0\x83\0\0\0%b%b' "$(le32 2048)" "$(le32 "$sectors")" |
	dd of="$scratch/disk" bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\x55\xaa' | dd of="$scratch/disk" bs=1 seek=510 conv=notrunc 2>/dev/null

it 'a partition as the root file system'
on --ephemeral -p 1 "$scratch/disk" -- cat /root/f
expect kept
on --ephemeral -p 2 "$scratch/disk" -- true
says 'there is no such partition'
one_line
on --ephemeral "$scratch/disk" -- true
says 'choose one with -p'
one_line

# ---- one clear line

it 'a missing image'
on "$scratch/missing" -- true
status 125
one_line

it 'an empty image'
: >"$scratch/empty"
on "$scratch/empty" -- true
says 'is empty'
one_line

it 'a directory'
on "$scratch/" -- true
says 'is a directory'
one_line

it 'a truncated image'
cp --sparse=always "$root" "$scratch/cut" && truncate -s 100M "$scratch/cut"
on "$scratch/cut" -- true
says 'is truncated'
one_line

it 'an image that is something else'
echo hello | gzip >"$scratch/gz"
truncate -s 4096 "$scratch/gz"
on "$scratch/gz" -- true
says 'is gzip data, not an ext4 file system'
one_line

if [ "$(id -u)" != 0 ]; then
	it 'an image that may not be written'
	cp --sparse=always "$root" "$scratch/ro" && chmod 400 "$scratch/ro"
	on "$scratch/ro" -- true
	says 'is not writable; use --ephemeral or --read-only'
	one_line
fi

it 'an image that another sandbox writes to'
vitrine run "$root" -- sleep 30 &
holder=$!
sleep 1
on "$root" -- true
says 'is in use by another sandbox; use --ephemeral or --read-only'
one_line
kill "$holder"
wait "$holder" 2>/dev/null
it 'and its lock ends with it'
on "$root" -- true
status 0

it 'one image under several ephemeral sandboxes'
vitrine run --ephemeral "$root" -- sleep 30 &
holder=$!
sleep 1
on --ephemeral "$root" -- cat /root/f
expect kept
kill "$holder"
wait "$holder" 2>/dev/null

# ---- kill -9 at any instant loses nothing that was synced

# The guest says a number once its file is synced; all of them must be there the next time
# shellcheck disable=SC2016 # for the guest
writer='cd DIR; i=0; while :; do i=$((i+1)); echo $i $i >f$i; sync f$i; sync .; echo $i; done'
# shellcheck disable=SC2016
reader='cd DIR; i=0; while [ $i -lt LAST ]; do i=$((i+1)); read -r x <f$i; [ "$x" = "$i $i" ] || echo lost $i; done; echo checked'

# killed DIR MOUNT OPTION...: run the writer, kill the supervisor, look for what it reported
killed() {
	local dir=$1 mount=$2 pid last
	shift 2
	rm -f "$scratch/written" # of the round before: what is written from now on counts
	vitrine run "$@" -- sh -c "$mount; ${writer/DIR/$dir}" >"$scratch/written" 2>/dev/null &
	pid=$!
	soon test -s "$scratch/written"
	sleep "0.$((RANDOM % 9))"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	# The last line may have been cut
	last=$(head -n -1 "$scratch/written" | tail -1)
	on "$@" -- sh -c "$mount; $(echo "$reader" | sed "s|DIR|$dir|; s|LAST|${last:-0}|")"
}

for round in 1 2 3; do
	cp --sparse=always "$base" "$scratch/victim" && chmod u+w "$scratch/victim"
	it "kill -9 with the root file system on an image ($round)"
	killed /root true "$scratch/victim"
	expect checked
	it "and ext4 has recovered ($round)"
	host e2fsck -fn "$scratch/victim"
	status 0

	rm -f "$scratch/victim.over"
	it "kill -9 with a file system on an overlay ($round)"
	killed /mnt 'mount /dev/vdb /mnt' --ephemeral \
		--disk "$scratch/data.orig,overlay=$scratch/victim.over" "$root"
	expect checked
done

# ---- a full host disk is an I/O error in the guest and one line here

if unshare -rm true 2>/dev/null; then
	it 'a full host disk'
	# shellcheck disable=SC2016
	host env XDG_RUNTIME_DIR="$scratch" unshare -rm sh -c 'mkdir "$0/tiny" && mount -t tmpfs -o size=16M none "$0/tiny" &&
		TMPDIR=$0/tiny vitrine run --ephemeral "$1" -- sh -c "
			dd if=/dev/zero of=/root/big bs=1M count=64; sync; echo still here"' \
		"$scratch" "$root"
	shows '*still here'
	says 'No space left on device; the guest gets an I/O error'
fi

guest sh -c 'head -c 64 /dev/hwrng | wc -c'
expect 64
