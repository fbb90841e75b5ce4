#!/bin/bash
# Shared folders: what is in them on both sides, how they are asked for, and what is refused
. "$(dirname "$0")/../../lib.sh"
uses mini

folder=$scratch/folder
mkdir -p "$folder/sub" "$scratch/other"
echo 'from the host' >"$folder/file"
echo single >"$scratch/single"

# shared OPTION... -- COMMAND...: a sandbox with folders
shared() {
	host vitrine run "${run_options[@]}" "${@:1:$(($(index_of -- "$@") - 1))}" "$image" "${@:$(index_of -- "$@")}"
	what="$*"
}

index_of() {
	local word=$1 at=0
	shift
	for arg; do
		at=$((at + 1))
		[ "$arg" != "$word" ] || break
	done
	echo "$at"
}

# ---- both sides see the same files

it 'a folder of the host is where it was asked for, and the mount point is made'
shared -v "$folder:/work/deep/here" -- cat /work/deep/here/file
expect 'from the host'

it 'what the guest writes is on the host'
shared -v "$folder:/w" -- sh -c 'echo from the guest >/w/sub/new; mkdir /w/made; ln -s new /w/sub/link'
status 0
host sh -c "cat $folder/sub/link; stat -c %F $folder/made"
expect 'from the guest
directory'

it "and belongs to the user on the host, and to the command's user in the guest"
shared -v "$folder:/w" -- stat -c %u:%g /w /w/file /w/sub/new
expect '0:0
0:0
0:0'
host stat -c %u "$folder/sub/new"
expect "$(id -u)"

it 'the same for another user'
shared -u 1234:77 -v "$folder:/w" -- sh -c 'echo x >/w/theirs && stat -c %u:%g /w /w/theirs'
expect '1234:77
1234:77'

it 'a user is looked up in the image'
shared -u nobody -v "$folder:/w" -- sh -c 'stat -c %U /w/theirs'
expect nobody

it 'several folders and a file'
shared --volume "$folder:/a" --bind "$scratch/other:/b" -b "$scratch/single:/etc/single" -- \
	sh -c 'echo x >/b/y; cat /a/file /b/y /etc/single'
expect 'from the host
x
single'

it 'a file is written in place'
shared -v "$scratch/single:/etc/hostname" -- sh -c 'echo changed >/etc/hostname'
host cat "$scratch/single"
expect changed

it 'a colon in the name of a folder'
mkdir -p "$scratch/with:colon" && echo yes >"$scratch/with:colon/file"
shared -v "$scratch/with:colon:/w" -- cat /w/file
expect yes

# ---- read-only

it 'a folder that is read-only says so'
shared -v "$folder:/w:ro" -- sh -c 'cat /w/file; echo x >/w/file; rm /w/file; mkdir /w/d'
says '*Read-only file system*'
host cat "$folder/file"
expect 'from the host'

it 'and so does its server: another mount of the same file system changes nothing'
shared -v "$folder:/w:ro" -- sh -c '
	mkdir /m && mount -t virtiofs vitrine /m && cat /m/0/file
	for call in "echo x >/m/0/file" "rm /m/0/file" "mkdir /m/0/d" "chmod 0 /m/0/file" "touch /m/0/t" "mv /m/0/file /m/0/g" "ln -s x /m/0/s" "truncate -s 0 /m/0/file"; do
		sh -c "$call" 2>/dev/null && echo "done: $call"
	done; true'
expect 'from the host'

# ---- what is refused, in one line and before anything starts

# refused MESSAGE OPTION...
refused() {
	it "refused: ${*:2}"
	host vitrine run --read-only "${@:2}" mini -- echo started
	says "$1"
	status "$expected"
	one_line
	shows ''
}

expected=125
refused "cannot share $scratch/missing: No such file or directory" -v "$scratch/missing:/w"
refused 'it is neither a directory nor a file' -v /dev/null:/w
refused 'a file system of the host?s kernel cannot be shared' -v /proc:/w
refused "cannot mount $folder at /etc/passwd in the guest: there is a file" -v "$folder:/etc/passwd"
refused "cannot mount $scratch/single at /etc in the guest: there is a directory" -v "$scratch/single:/etc"
refused 'there is nothing of that name in the image, and it is read-only' -v "$folder:/not/there"
expected=2
refused "'relative' is not an absolute path in the guest" -v "$folder:relative"
refused 'is not HOST:GUEST' -v "$folder"
refused 'cannot be the guest?s whole file system' -v "$folder:/"

it '-v alone was the log once, and says what it is now'
host vitrine run -v mini true
status 2
says 'HOST:GUEST*--verbose'

it 'a read-only image with a mount point that it has'
host vitrine run --read-only -v "$folder:/mnt" mini -- cat /mnt/file
expect 'from the host'

it 'a host that has no room says so in the guest, and what was there stays'
if unshare -rm true 2>/dev/null; then
	mkdir "$scratch/small"
	host env XDG_RUNTIME_DIR="$scratch" unshare -rm sh -c "mount -t tmpfs -o size=1M none '$scratch/small' && echo kept >'$scratch/small/kept' && exec vitrine run --ephemeral -v '$scratch/small:/w' mini -- sh -c '
		dd if=/dev/zero of=/w/large bs=64k count=100 2>&1 | grep -o \"No space left on device\"; cat /w/kept; df -k /w | tail -1'"
	shows 'No space left on device?kept?vitrine * 100% /w'
else
	skip 'this host lets nobody mount anything'
fi

# ---- what can be seen of it

start seen -v "$folder:/w" -v "$scratch/other:/other:ro" mini -- sh -c 'while :; do cat /w/file >/dev/null; sleep 1; done'
it 'ps --json says what is shared, and how long requests take'
host sh -c "vitrine ps --json | python3 -c '
import json, sys
one = [s for s in json.load(sys.stdin) if s[\"name\"] == \"seen\"][0]
print([(s[\"target\"], s[\"read_only\"]) for s in one[\"shares\"]])
for call in (\"lookup\", \"open\", \"read\"):
    figures = one[\"share_requests\"][call]
    print(call, figures[\"count\"] > 0, 0 < figures[\"mean_ns\"] <= figures[\"max_ns\"] < 60e9)'"
expect "[('/w', False), ('/other', True)]
lookup True True
open True True
read True True"
host vitrine kill seen
it 'doctor says how many files there may be'
host vitrine doctor
shows '*shared folders * ok *open files of a sandbox*'

# ---- the end

it 'what is written is there when the sandbox has ended, dirty pages included'
shared -v "$folder:/w" -- sh -c 'dd if=/dev/zero of=/w/big bs=1M count=20 2>/dev/null'
host stat -c %s "$folder/big"
expect 20971520

it 'no process is left'
soon bash -c '! pgrep -x vitrine-share -P 1'
check $? 'the file server has ended'
