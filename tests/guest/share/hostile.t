#!/bin/bash
# Attackers in a shared folder, in the guest and on the host at once, and what a folder must not lead to
. "$(dirname "$0")/../../lib.sh"
uses mini
needs gcc

canary=HOST-CANARY-$$-$RANDOM
mkdir -p "$scratch/folder"
for program in walker mover; do
	gcc -O1 -static -w -o "$scratch/$program" "tests/attack/share/$program.c" || exit 1
done
cp "$scratch/walker" "$scratch/folder/"

# ---- both at once

"$scratch/mover" "$scratch" 8 "$canary" >"$scratch/moved" &
mover=$!
soon test -e "$scratch/folder/special"
it 'whoever walks the folder while it is changed sees nothing of what lies beside it'
host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- /w/walker /w 6
expect 'busy all the time, saw nothing'
[[ $stdout$stderr != *"$canary"* ]]
check $? 'no canary'
wait $mover
it 'and nothing comes to a directory that was moved out of it'
host cat "$scratch/moved"
expect 'moved often, 0 times something came'
it 'nor to what lies beside it'
host sh -c "ls '$scratch/outside'; cat '$scratch/outside/secret'"
expect "secret
$canary"

# ---- what a name on the host may be

rm -rf "$scratch/folder" && mkdir "$scratch/folder"
mkfifo "$scratch/folder/fifo"
ln -s ../outside/secret "$scratch/folder/link"
ln -s /etc/passwd "$scratch/folder/absolute"
ln -s /proc/self/root "$scratch/folder/magic"
it 'links lead somewhere in the guest'
host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- sh -c '
	cat /w/link; cmp /w/absolute /etc/passwd && cmp /w/magic/etc/passwd /etc/passwd && readlink /w/link'
expect '../outside/secret'
it 'a FIFO of the host is one of the guest, and holds up nobody'
host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- sh -c '
	cat /w/fifo >/tmp/got & for i in 1 2 3 4 5 6 7 8; do timeout 20 cat /w/fifo >/dev/null & done
	echo still >/w/works; cat /w/works; timeout 5 sh -c "echo x >/w/fifo"; echo over'
shows 'still*over'

if [ "$(id -u)" = 0 ]; then
	mknod "$scratch/folder/zero" c 1 5
	mknod "$scratch/folder/disk" b 254 0
	it 'a device of the host is none of the guest'
	host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- sh -c '
		head -c 1 /w/zero; head -c 1 /w/disk; mount -o remount,dev /w; head -c 1 /w/zero | wc -c'
	says '*zero: Permission denied*disk: Permission denied*'
	rm "$scratch/folder/zero" "$scratch/folder/disk"
fi

it 'the interfaces of the host?s kernel are not shared along with its files'
host vitrine run "${run_options[@]}" -v /:/w:ro mini -- sh -c '
	ls /w/etc/passwd; for name in proc sys dev/pts; do ls /w/$name >/dev/null 2>&1 && echo "$name"; done; true'
expect /w/etc/passwd

# ---- what is left on the host

it 'a program with set-user-id bits lends nobody the identity of the user'
host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- sh -c '
	cp /bin/busybox /w/suid && chmod 6755 /w/suid && install -m 4755 /bin/busybox /w/installed
	mkdir -m 6777 /w/dir && ls -l /w | cut -c 1-10 | grep -c s; tar cf - /w/suid 2>/dev/null | tar xpf - -C /w'
find "$scratch/folder" -perm /6000 >"$scratch/found"
it 'not one file'
host cat "$scratch/found"
expect ''

it 'what is recorded counts on files of the user?s own only'
if [ "$(id -u)" = 0 ] && command -v setfattr >/dev/null; then
	cp /bin/true "$scratch/folder/theirs"
	setfattr -n user.vitrine.owner -v 0:0:4000 "$scratch/folder/theirs"
	chown nobody "$scratch/folder/theirs"
	host vitrine run "${run_options[@]}" -v "$scratch/folder:/w" mini -- stat -c %a:%u /w/theirs
	expect 755:65534
else
	skip 'only root can give a file to another user (and setfattr makes the record)'
fi

# ---- the server is gone

start victim -v "$scratch/folder:/w" mini -- sh -c 'while :; do sleep 1; done'
if ! pgrep -P "$pid" -x vitrine-share >/dev/null && [ "$(id -u)" != 0 ]; then
	it 'without its server a folder gives errors, and the sandbox goes on'
	skip 'the /proc of this host hides the server'
	vitrine kill victim >/dev/null
	exit
fi
pkill -9 -P "$pid" -x vitrine-share
it 'without its server a folder gives errors, and the sandbox goes on'
host vitrine exec victim sh -c 'cat /w/works; echo alive'
says '*error*'
shows alive
it 'and says so'
soon grep -q 'file server of this sandbox has ended' "$scratch/victim.err"
check $? 'a line on standard error'
it 'and ends'
host vitrine stop -t 5 victim
status 0
