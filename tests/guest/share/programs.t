#!/bin/bash
# What people do in a shared folder: git, make, tar, npm, cargo, dpkg, and two sandboxes at once
. "$(dirname "$0")/../../lib.sh"
uses debian
needs git tar cargo rustc

folder=$scratch/folder
mkdir "$folder"
seconds=120

# inside COMMAND: in a sandbox, by a shell, in the folder
inside() {
	host vitrine run "${run_options[@]}" -v "$folder:/w" -w /w "$image" -- sh -ec "$1"
	what="$1"
}

# ---- git

inside 'git init -q -b main repo && cd repo && git config user.email a@b && git config user.name me
	mkdir -p src/deep && for i in $(seq 50); do echo "int f$i;" >src/deep/$i.c; done
	git add . && git commit -q -m first && git status --porcelain && git fsck 2>/dev/null
	git clone -q . ../clone && cd ../clone && git checkout -q -b other && echo x >>src/deep/1.c
	git stash -q && git stash pop -q && git status --porcelain && git log --oneline | wc -l'
expect ' M src/deep/1.c
1'
it "the host's git takes it for its own"
host git -C "$folder/repo" status --porcelain
expect ''
it "and the guest's takes what the host has committed"
git -C "$folder/repo" -c user.name=h -c user.email=h@h commit -q --allow-empty -m second
inside 'cd clone && git pull -q origin main && git -C ../repo log --format=%s'
expect 'second
first'

# ---- building

mkdir "$folder/build"
for i in 1 2 3 4; do echo "int f$i(void) { return $i; }" >"$folder/build/f$i.c"; done
echo 'int f1(void), f2(void), f3(void), f4(void); int main(void) { return f1() + f2() + f3() + f4() - 10; }' >"$folder/build/main.c"
printf 'all: program\nprogram: main.o f1.o f2.o f3.o f4.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -c -o $@ $<\n' >"$folder/build/Makefile"
inside 'cd build && make -s && ./program && make -s && touch f2.c && make | grep -c gcc'
expect 2

it 'four writers and four readers at once, on two vCPUs: nothing is lost or mixed up'
host vitrine run "${run_options[@]}" --cpus 2 -v "$folder:/w" debian -- bash -ec '
	mkdir /w/busy && cd /w/busy
	for job in 1 2 3 4; do
		(for i in $(seq 60); do seq $((i * 100)) >$job-$i && cmp <(seq $((i * 100))) $job-$i && mv $job-$i done-$job-$i && cp done-$job-$i copy-$job-$i && cmp done-$job-$i copy-$job-$i && rm copy-$job-$i; done; echo "$job over" >>/w/busy/log) &
	done
	for job in 1 2 3 4; do (for i in $(seq 30); do cat done-* >/dev/null 2>&1; ls -l >/dev/null; done) & done
	wait; ls done-* | wc -l; wc -l <log; cat done-* | wc -l'
expect '240
4
732000'
rm -rf "$folder/busy"

# ---- tar and dpkg, as root of the guest

inside 'mkdir t && cd t && echo x >file && chown 33:33 file && chmod 4755 file && ln file hard && ln -s file soft && mkfifo fifo &&
	mkdir -p dir && chmod 1777 dir && cd .. && tar cf t.tar t && mkdir u && tar xpf t.tar -C u &&
	stat -c "%n %A %u:%g %h" u/t/file u/t/hard u/t/dir && stat -c %F u/t/fifo u/t/soft'
expect 'u/t/file -rwsr-xr-x 33:33 2
u/t/hard -rwsr-xr-x 33:33 2
u/t/dir drwxrwxrwt 0:0 2
fifo
symbolic link'

inside 'mkdir -p p/DEBIAN p/usr/bin && printf "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: m <m@m>\nDescription: d\n" >p/DEBIAN/control
	echo run >p/usr/bin/x && chmod 755 p/usr/bin/x && dpkg-deb -b p x.deb >/dev/null && dpkg-deb -x x.deb out && cat out/usr/bin/x
	dpkg -i --root=/w/root --force-not-root --force-script-chrootless x.deb >/dev/null 2>&1 || mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info && : >root/var/lib/dpkg/status &&
	dpkg --root=/w/root --force-script-chrootless -i x.deb >/dev/null && cat root/usr/bin/x'
expect 'run
run'

# ---- node

mkdir -p "$folder/module/lib" "$folder/app"
echo '{"name": "small", "version": "1.0.0", "main": "lib/index.js", "bin": {"small": "lib/run.js"}}' >"$folder/module/package.json"
echo 'module.exports = () => "from the module";' >"$folder/module/lib/index.js"
printf '#!/usr/bin/env node\nconsole.log(require("./index.js")());\n' >"$folder/module/lib/run.js"
tar -C "$folder" --transform 's/^module/package/' -czf "$folder/small-1.0.0.tgz" module
if vitrine run --ephemeral debian -- sh -c 'command -v npm' >/dev/null 2>&1; then
	inside 'cd app && npm init -y >/dev/null && npm install --offline --no-audit --no-fund ../small-1.0.0.tgz >/dev/null &&
		node -e "console.log(require(\"small\")())" && node_modules/.bin/small && ls package-lock.json'
else # what npm does with it
	inside 'cd app && mkdir -p node_modules/.bin && tar xzf ../small-1.0.0.tgz && mv package node_modules/small &&
		chmod 755 node_modules/small/lib/run.js && ln -s ../small/lib/run.js node_modules/.bin/small && touch package-lock.json &&
		node -e "console.log(require(\"small\")())" && node_modules/.bin/small && ls package-lock.json'
fi
expect 'from the module
from the module
package-lock.json'

# ---- cargo, which is not in the image: the host's, with what it needs of the host's libraries

seconds=600
mkdir -p "$folder/crate/src" "$folder/crate/.cargo" "$folder/crate/vendor/part/src"
printf '[package]\nname = "thing"\nversion = "0.1.0"\n[dependencies]\npart = "1"\n' >"$folder/crate/Cargo.toml"
printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n' >"$folder/crate/.cargo/config.toml"
echo 'fn main() { println!("a thing with {}", part::name()); }' >"$folder/crate/src/main.rs"
printf '[package]\nname = "part"\nversion = "1.0.0"\n' >"$folder/crate/vendor/part/Cargo.toml"
echo '{"files":{},"package":null}' >"$folder/crate/vendor/part/.cargo-checksum.json"
echo "pub fn name() -> &'static str { \"a part\" }" >"$folder/crate/vendor/part/src/lib.rs"
root=$(rustc --print sysroot)
cat >"$folder/rust" <<'END'
#!/bin/sh
# Rust's programs with their own libraries, wherever those are
exec /lib64/ld-linux-x86-64.so.2 --library-path /rust/lib/x86_64-linux-gnu:/rust/lib --argv0 "/rust/bin/${0##*/}" "/rust/bin/${0##*/}" "$@"
END
chmod 755 "$folder/rust"
ln -s rust "$folder/rustc"
ln -s rust "$folder/cargo"
it 'cargo, as an ordinary user: what is there is not built again, what has changed is'
host vitrine run "${run_options[@]}" -u 1000:1000 -v "$folder:/w" -v "$root:/rust:ro" -w /w/crate debian -- sh -ec '
	export PATH=/w:$PATH HOME=/w/home RUSTC=/w/rustc RUSTFLAGS="--sysroot /rust"
	cargo build --offline 2>&1 | grep -c Compiling; ./target/debug/thing
	cargo build --offline 2>&1 | grep -c Compiling || true
	sed -i "s/a thing/another thing/" src/main.rs && cargo build --offline 2>&1 | grep -c Compiling; ./target/debug/thing'
expect '2
a thing with a part
0
1
another thing with a part'

# ---- many files: a quarter of a minute, but a busy machine is given time

seconds=600
inside 'mkdir many && cd many && seq 100000 | python3 -c "
import sys
for line in sys.stdin: open(line.strip(), \"w\").close()" && ls -U | wc -l && cd .. && find many -name 99999 && rm -r many'
expect '100000
many/99999'

it 'a descriptor for each would be too many: 300 are enough for 20,000 files'
host bash -c "ulimit -n 300; vitrine run --ephemeral -v '$folder:/w' debian -- sh -c '
	mkdir /w/few && cd /w/few && seq 20000 | xargs touch && ls -l | tail -n +2 | wc -l && seq 20000 | xargs stat -c %s | sort | uniq -c && rm -r /w/few'"
shows '20000
*20000 0'

it 'and who opens more than there are hears so'
host bash -c "ulimit -n 1024; vitrine run --ephemeral -v '$folder:/w' debian -- python3 -c '
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000))
files = []
try:
    while len(files) < 4000: files.append(open(\"/w/open-%d\" % len(files), \"w\"))
except OSError as error:
    print(error.strerror)
for file in files: file.close()
print(open(\"/w/build/Makefile\").read(4), os.listdir(\"/dev/shm\"))'"
expect 'Too many open files in system
all: []'
rm -f "$folder"/open-*

# ---- both sides at once

echo one >"$folder/changing"
start one -v "$folder:/w" debian -- sleep 1000
start two -v "$folder:/w" debian -- sleep 1000

# sees SANDBOX TEXT FILE
sees() {
	[ "$(vitrine exec "$1" cat "/w/$3" 2>/dev/null)" = "$2" ]
}

# within_a_second COMMAND...: the time between the change and the look is what counts, not how long it takes to ask
within_a_second() {
	sleep 1
	"$@"
	check $? "$*"
}

sees one one changing
it 'what the host writes is seen within a second'
what="host: echo" && echo two >"$folder/changing"
within_a_second sees one two changing
it 'a new file, where there was none'
sees one x fresh
echo new >"$folder/fresh"
within_a_second sees one new fresh
it 'a file that is replaced'
echo replaced >"$folder/next" && mv "$folder/next" "$folder/changing"
within_a_second sees one replaced changing
it 'a file that is gone'
rm "$folder/fresh"
within_a_second bash -c '! vitrine exec one cat /w/fresh 2>/dev/null'
it 'what one sandbox writes, another sees'
vitrine exec one sh -c 'echo from one >/w/changing'
within_a_second sees two 'from one' changing
it 'who follows a file that the host writes to sees what comes'
vitrine exec one sh -c 'timeout 20 tail -n +1 -f /w/log | head -n 3' >"$scratch/tail" &
: >"$folder/log"
for i in 1 2 3; do
	echo "$i" >>"$folder/log"
	sleep 1
done
soon test "$(tr '\n' ' ' <"$scratch/tail")" = '1 2 3 '
check $? 'tail -f'
it 'both append to one file, and nothing is lost'
for sandbox in one two; do
	vitrine exec $sandbox sh -c 'for i in $(seq 300); do echo 0123456789 >>/w/both; done' &
	writers="${writers:-} $!"
done
# shellcheck disable=SC2086 # words are meant
wait $writers
host sh -c "sort '$folder/both' | uniq -c"
shows '*600 0123456789'
vitrine kill one >/dev/null 2>&1
vitrine kill two >/dev/null 2>&1
