#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shared folders: what the guest knows without asking is right, and goes when it should
. "$(dirname "$0")/../../lib.sh"
uses debian

folder=$scratch/folder
mkdir -p "$folder"
run_options=(--ephemeral -v "$folder:/w")

# requests SANDBOX KIND...: how many of each there were
requests() {
	vitrine ps --json | python3 -c '
import json, sys
one = [s for s in json.load(sys.stdin) if s["name"] == sys.argv[1]][0]["share_requests"]
print(*[one.get(kind, {"count": 0})["count"] for kind in sys.argv[2:]])' "$@"
}

start counted "${run_options[@]}" debian -- sleep 1000
it 'names in a directory that the guest has just made are not looked for, nor the directory again'
read -ra before <<<"$(requests counted lookup getattr create forget)"
host vitrine exec counted python3 -c '
import os
for d in range(20):
    os.mkdir("/w/d%d" % d)
    for f in range(20):
        with open("/w/d%d/f%d" % (d, f), "x") as file: file.write("text")'
status 0
read -ra after <<<"$(requests counted lookup getattr create forget)"
what="before ${before[*]}, after ${after[*]}"
[ $((after[2] - before[2])) = 400 ]
check $? '400 files are made'
[ $((after[0] - before[0])) -lt 200 ]
check $? 'with fewer look-ups than half'
[ $((after[1] - before[1])) -lt 200 ]
check $? 'and fewer questions for attributes'

it 'what the guest has written it reads without asking'
read -ra before <<<"$(requests counted read)"
host vitrine exec counted sh -c 'echo small >/w/small; cat /w/small; dd if=/dev/zero of=/w/large bs=300000 count=10 status=none; cat /w/large | wc -c'
expect 'small
3000000'
read -ra after <<<"$(requests counted read)"
what="before ${before[*]}, after ${after[*]}"
[ "${before[0]}" = "${after[0]}" ]
check $? 'no request to read'

it 'who looks at many files again is told of several at a time, and of what the host has changed'
host vitrine exec counted sh -c 'cd /w/d0 && touch $(seq 200) && ls -l >/dev/null'
echo grown >"$folder/d0/77"
rm "$folder/d0/78"
sleep 1
read -ra before <<<"$(requests counted lookup)"
host vitrine exec counted sh -c 'cd /w/d0 && stat -c %s $(seq 200) 2>&1 | sort | uniq -c'
shows "*198 0*1 6*1 stat: cannot stat*'78'*No such file*"
read -ra after <<<"$(requests counted lookup)"
what="before ${before[*]}, after ${after[*]}"
[ $((after[0] - before[0])) -lt 60 ]
check $? '200 files take few look-ups'
host vitrine exec counted sh -c 'cd /w/d0 && rm $(seq 200) 2>/dev/null; true'

it 'what is removed is forgotten along, and the end of a directory is told along'
read -ra before <<<"$(requests counted unlink rmdir forget readdir readdirplus)"
host vitrine exec counted sh -c 'cd /w && rm -r d*; sleep 0.1'
status 0
read -ra after <<<"$(requests counted unlink rmdir forget readdir readdirplus)"
what="before ${before[*]}, after ${after[*]}"
[ $((after[0] - before[0])) = 400 ] && [ $((after[1] - before[1])) = 20 ]
check $? 'all of them'
[ $((after[2] - before[2])) -lt 100 ]
check $? 'nothing of it by itself'
[ $((after[3] - before[3])) -lt 20 ]
check $? 'and no directory asked once more'
host ls "$folder"
expect 'large
small'
host vitrine kill counted

it 'who still has what is removed, has it: open, by path, as a directory, watched, by another name'
guest python3 -c '
import os, ctypes, struct
libc = ctypes.CDLL(None)
os.chdir("/w")
open("f", "w").write("text")
fd, path = os.open("f", os.O_RDWR), os.open("f", os.O_PATH)
os.unlink("f")
print(os.read(fd, 9), os.fstat(fd).st_nlink, os.fstat(path).st_nlink)
open("p", "w").write("path")
path = os.open("p", os.O_PATH)
os.unlink("p")
print(os.fstat(path).st_nlink, open("/proc/self/fd/%d" % path).read())
os.mkdir("d"); os.chdir("d"); os.rmdir("../d")
print(os.stat(".").st_nlink < 2)
os.chdir("/w")
watch = libc.inotify_init()
open("watched", "w").close()
libc.inotify_add_watch(watch, b"watched", 0x400)
os.unlink("watched")
print(struct.unpack("iIII", os.read(watch, 16))[1] == 0x400)
open("one", "w").write("linked"); os.link("one", "two"); os.unlink("one")
print(open("two").read(), os.stat("two").st_nlink)
os.mkdir("again"); os.rmdir("again"); os.mkdir("again"); os.rmdir("again")
os.unlink("two")
open("one", "w").write("anew"); print(open("one").read()); os.unlink("one")'
expect "b'text' 0 0
0 path
True
True
linked 1
anew"

it 'removing and opening at once, on several CPUs: it is there or it is not'
host vitrine run "${run_options[@]}" --cpus 3 debian -- python3 -c '
import os, time
os.chdir("/w")
end = time.monotonic() + 4
if not (child := os.fork()):
    while time.monotonic() < end:
        for i in range(8):
            with open("r%d" % i, "w") as file: file.write("x")
        os.mkdir("rd")
        for i in range(8): os.unlink("r%d" % i)
        os.rmdir("rd")
    os._exit(0)
odd = set()
while time.monotonic() < end:
    for name in ["r%d" % i for i in range(8)]:
        try: open(name).read()
        except OSError as error: odd.add(error.strerror)
    try: os.listdir("rd")
    except OSError as error: odd.add(error.strerror)
print(odd <= {"No such file or directory"} or odd, os.waitpid(child, 0)[1])'
expect 'True 0'

start both -v "$folder:/w" debian -- sleep 1000
it 'a name that the host puts into a directory that the guest has just made is seen within a second'
host vitrine exec both sh -c 'mkdir /w/new; cat /w/new/name; (sleep 1.5; cat /w/new/name) & while [ ! -e /w/go ]; do sleep 0.05; done; wait' &
asker=$!
soon test -d "$folder/new"
echo 'of the host' >"$folder/new/name"
touch "$folder/go"
wait $asker
sleep 1
host vitrine exec both cat /w/new/name
expect 'of the host'
it 'and a change of the same length behind a write of the guest'
vitrine exec both sh -c 'echo guest >/w/turns; cat /w/turns' >/dev/null
sleep 0.1
printf 'host.' | dd of="$folder/turns" conv=notrunc status=none
sleep 1
host vitrine exec both cat /w/turns
expect 'host.'
it 'and between two writes of the guest'
vitrine exec both sh -c 'exec 3<>/w/turns; printf 1 >&3; cat /w/turns >/dev/null; sleep 1; printf 2 >&3; sleep 1; cat /w/turns' >"$scratch/turns" &
asker=$!
soon grep -q 1ost "$folder/turns"
printf 'HOST.' | dd of="$folder/turns" conv=notrunc status=none
wait $asker
host cat "$scratch/turns"
expect 'H2ST.'
it 'files of the guest are given to whom they belong without asking, and to others not'
host vitrine exec both python3 -c '
import os
os.chdir("/w")
open("owned", "w").close()
os.chown("owned", 0, 0); os.chown("owned", 7, 8); os.chown("owned", 7, 8); print(os.stat("owned")[4:6])
os.chown("owned", 0, -1); print(os.stat("owned")[4:6])
os.chmod("owned", 0o4755); os.chown("owned", 0, 8); print(oct(os.stat("owned").st_mode))'
expect '(7, 8)
(0, 8)
0o100755'
host vitrine kill both
