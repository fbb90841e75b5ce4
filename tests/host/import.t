#!/bin/bash
# Images from files: layouts, archives, directories; what is hostile is refused and leaves nothing
. "$(dirname "$0")/../lib.sh"
needs umoci skopeo
seconds=600
export XDG_DATA_HOME=$scratch/data
store=$XDG_DATA_HOME/vitrine/store
image=app
run_options=()

host vitrine run nothing
says "no image 'nothing'"
it 'looking for an image makes no store'
host ls -A "$XDG_DATA_HOME"
status 2

host tests/images/layout "$scratch/lay"
status 0

# A layout with several images says which there are
host vitrine image import "$scratch/lay"
says 'several images: base, app'
status 125
host vitrine image import "$scratch/lay:app" app
status 0
it 'a second image takes no space for what both have'
host sh -c "vitrine image import $scratch/lay:base && vitrine image ls --json | grep -c '\"shared\": 0'"
shows 0
host vitrine image ls -q
expect $'app\nbase'

# The image's own words are used: entry point, command, environment, directory, user
host vitrine run app
expect hello
host vitrine run app other words
expect 'other words'
host vitrine run --entrypoint /bin/sh app -c 'id; pwd; echo $COLOUR'
expect $'uid=100(app) gid=101(app) groups=101(app)\n/d\nblue'
host vitrine run --entrypoint /bin/sh -u root -w / -e COLOUR=red app -c 'id -u; pwd; echo $COLOUR'
expect $'0\n/\nred'
it 'a layer hides what is below'
host vitrine run --entrypoint /bin/ls app /d/sub /
shows $'/:\nbin\nd\n*/d/sub:\nnew'
host vitrine image inspect app
shows '*"ports": \["80/tcp"\]*'
shows '*"stop_signal": "SIGQUIT"*'

# What a sandbox with a name writes is its own, and stays
host vitrine run --name one --entrypoint /bin/sh -u root app -c 'echo mine >/d/file'
status 0
host vitrine run --name one --entrypoint /bin/cat app /d/file
expect mine
host vitrine run --name two --rm --entrypoint /bin/cat app /d/file
status 1
it 'its disk is as large as what it has written'
host sh -c "du -k $store/sandboxes/one.disk | { read kib _; [ \$kib -lt 2000 ]; }"
status 0
host vitrine run --name one base
says 'of another image'
host vitrine image rm app
status 0
it 'a sandbox keeps the layers that it needs'
host sh -c 'vitrine image import '"$scratch/lay:app"' app && vitrine run --name one --entrypoint /bin/cat app /d/file'
expect mine
it 'stop sends the signal that the image wants'
start signals --entrypoint /bin/sh -u 0 app -c 'trap "echo QUIT; exit 3" QUIT; trap "echo TERM; exit 4" TERM; echo ready; while :; do sleep 0.1; done'
soon grep -q ready "$scratch/signals.out"
host vitrine stop signals
host cat "$scratch/signals.out"
expect $'ready\nQUIT'
host vitrine rm one signals
status 0
host sh -c "ls $store/sandboxes"
expect

# The same image by other ways is the same in the guest
host sh -c "skopeo copy -q oci:$scratch/lay:app docker-archive:$scratch/app.tar:some/app:1 && gzip -k $scratch/app.tar"
host vitrine image import "$scratch/app.tar"
says 'some/app:1 is ready'
host vitrine run some/app:1
expect hello
host sh -c "vitrine image import - piped <$scratch/app.tar.gz"
status 0
host sh -c "skopeo copy -q oci:$scratch/lay:app oci-archive:$scratch/app.oci:x && vitrine image import $scratch/app.oci oci"
status 0
host vitrine run oci
expect hello

# Tar of files, in every compression, and a directory
host tests/images/archive.py good "$scratch/good.tar"
for how in gzip xz zstd bzip2; do
	host sh -c "$how -c $scratch/good.tar >$scratch/$how.tar.x && vitrine image import $scratch/$how.tar.x $how"
	status 0
done
host vitrine image import "$scratch/good.tar"
status 0
it 'owner, mode, time, devices and attributes are as recorded'
host vitrine run -u 0 good /bin/busybox stat -c '%n %u %g %a %h %Y %t %T %s' owned null disk pipe zeros
expect $'owned 123456 654321 6751 2 1234567890 0 0 5\nnull 0 0 666 1 0 1 3 0\ndisk 0 0 660 1 0 12c 11170 0\npipe 0 0 644 1 0 0 0 0\nzeros 0 0 644 1 0 0 0 52428800'
disk() { vitrine image inspect --json "$1" | sed -n 's/^  "disk": \([0-9]*\).*/\1/p'; }
it 'zeros take no space'
host test "$(disk good)" -lt $((8 << 20))
status 0
host vitrine image export --format raw good "$scratch/good.ext4"
status 0
host sh -c "e2fsck -fn $scratch/good.ext4 >/dev/null 2>&1; debugfs -R 'ea_list /cap' $scratch/good.ext4 2>/dev/null"
shows '*user.colour*blue*'
shows '*security.capability*'
host debugfs -R 'ea_list /listed' "$scratch/good.ext4"
shows '*system.posix_acl_access*'

mkdir -p "$scratch/tree/sub"
echo text >"$scratch/tree/sub/file"
ln "$scratch/tree/sub/file" "$scratch/tree/again"
ln -s sub/file "$scratch/tree/soft"
cp /bin/busybox "$scratch/tree/busybox"
host vitrine image import "$scratch/tree" tree
status 0
host vitrine run tree /busybox stat -c '%n %h %F' /again /soft
expect $'/again 2 regular file\n/soft 1 symbolic link'

# Refused, with the reason and without a trace
before=$(find "$store" -type f | sort)
refuse() {
	host tests/images/archive.py "$1" "$scratch/bad.tar"
	host vitrine image import "$scratch/bad.tar" bad
	says "$2"
	[ "$code" = 125 ] && [ "$(find "$store" -type f | sort)" = "$before" ]
	check $? "$1 leaves nothing"
}
refuse dotdot "contains '..'"
refuse through 'through the symbolic link'
refuse hardlink-out "contains '..'"
refuse hardlink-missing 'which is not there'
refuse twice 'comes twice'
refuse file-as-directory 'Not a directory'
refuse root 'Damaged tar archive'
refuse owner 'an owner that Linux cannot have'
refuse long 'File name too long'
refuse component 'File name too long'
refuse huge 'larger than the image'
refuse cut 'Truncated tar archive'
it 'a bomb'
host sh -c "head -c 600000000 /dev/zero | tr '\\0' x >$scratch/x; tar cf - -C $scratch x | xz -0 -T0 >$scratch/bomb.tar.xz; rm $scratch/x; vitrine image import $scratch/bomb.tar.xz bomb"
says 'more than 200 times its size'
# Minutes on a busy machine
if [ -n "${VITRINE_SOAK:-}" ]; then
	it 'a million entries and one more, in memory that does not grow with them'
	host sh -c "tests/images/crowd.py 1000001 | gzip -1 >$scratch/crowd.tar.gz; ulimit -v 4000000; vitrine image import --size 32G $scratch/crowd.tar.gz crowd"
	says 'layer 1: it has more than 1000000 entries'
	one_line_of_error() { [ "$(printf '%s\n' "$stderr" | grep -c '^vitrine:')" = 1 ]; check $? "$what fails with one line"; }
	one_line_of_error
	# but the empty file system of that size, which the next one begins with
	[ "$(find "$store" -type f ! -path '*/32768/empty.ext4' | sort)" = "$before" ]
	check $? 'it leaves nothing'
fi
host sh -c "echo no tar >$scratch/text; vitrine image import $scratch/text"
one_line
host vitrine image import "$scratch/nothing"
one_line
host vitrine image import "$scratch/good.tar" 'Not A Name'
one_line

# A blob that was changed, and a digest that is another
cp -r "$scratch/lay" "$scratch/changed"
blob=$(find "$scratch/changed/blobs" -type f -size +500k)
printf x | dd of="$blob" bs=1 seek=$(($(stat -c %s "$blob") - 1)) conv=notrunc status=none
host env XDG_DATA_HOME="$scratch/fresh" vitrine image import "$scratch/changed:app" changed
says 'layer 1: '
status 125
host env XDG_DATA_HOME="$scratch/fresh" vitrine image ls -q
expect
host vitrine image import --digest "sha256:$(printf '0%.0s' {1..64})" "$scratch/lay:app" pinned
says 'not the one that was asked for'
host sh -c 'vitrine image ls -q | grep -c pinned'
shows 0

# Killed at any moment: the next one goes on
for delay in 0.01 0.03 0.05 0.1 0.2; do
	vitrine image import "$scratch/xz.tar.x" killed 2>/dev/null &
	sleep $delay
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
done
host vitrine image import "$scratch/xz.tar.x" killed
status 0
host sh -c "find $store -name '.*.tmp'"
expect
it 'two at once'
host sh -c "vitrine image rm xz killed; vitrine image import $scratch/xz.tar.x k1 & vitrine image import $scratch/xz.tar.x k2; a=\$?; wait \$! && exit \$a"
status 0
host vitrine run k1 /bin/sh -c 'echo $0'
expect /bin/sh
host vitrine image rm k1 k2
status 0
