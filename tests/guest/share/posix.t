#!/bin/bash
# Shared folders as a file system: what posix.c lists, as root and as an ordinary user of the host
. "$(dirname "$0")/../../lib.sh"
uses mini
needs gcc setpriv

mkdir "$scratch/folder" "$scratch/theirs"
gcc -O1 -static -w -o "$scratch/folder/posix" tests/guest/share/posix.c || exit 1

# judge: each thing that the program did is a check
judge() {
	local line name all=$stdout
	while read -r line; do
		name="$1: ${line#done }"
		grep -qF "${line#done }: not so" <<<"$all"
		check $((! $?)) "$line"
	done < <(grep '^done ' <<<"$all")
	name=
	what="$1: all of it" stdout=$(grep 'not so' <<<"$all")
	[ "$code" = 0 ] && [ "$(grep -c '^done ' <<<"$all")" = 24 ] && [ -z "$stdout" ]
	check $? "$1: all of it was done"
}

host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- /w/posix /w
judge root

mkdir "$scratch/two"
cp "$scratch/folder/posix" "$scratch/two/"
host vitrine run "${run_options[@]}" --cpus 2 -v "$scratch/two:/w" mini -- /w/posix /w
judge 'two vCPUs'

# An ordinary user has no rights on the host that root in the guest could borrow
if [ "$(id -u)" = 0 ]; then
	cp --sparse=always "$(vitrine image inspect mini | sed -n 's/^path *//p')" "$scratch/theirs/mini.ext4"
	cp "$scratch/folder/posix" "$scratch/theirs/"
	chown -R nobody "$scratch/theirs"
	chmod 711 "$scratch"
	host setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/ XDG_RUNTIME_DIR="$scratch/theirs" \
		"$(command -v vitrine)" run --ephemeral -v "$scratch/theirs:/w" "$scratch/theirs/mini.ext4" -- /w/posix /w
	judge nobody
	it 'what it made is all theirs'
	host find "$scratch/theirs" ! -user nobody
	expect ''
fi

it 'no file of the host has set-user-id bits, and no device was made'
host find "$scratch/folder" "$scratch/theirs" '(' -perm /6000 -o -type b -o -type c ')'
expect ''
