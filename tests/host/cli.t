#!/bin/bash
# The command line: help, mistakes and their one clear line
. "$(dirname "$0")/../lib.sh"

host vitrine --help
shows 'Usage: vitrine*'
status 0

host vitrine help run
shows 'Usage: vitrine run*--ephemeral*'

host vitrine
status 2

host vitrine rnu
one_line
says "did you mean 'run'?"
status 2

host vitrine run
one_line
status 2

host vitrine run --memroy 1G mini
one_line
says 'did you mean --memory?'
status 2

it 'a letter that is not ASCII is no option'
host vitrine run $'-\303\251' mini
one_line
says 'unknown option'
status 2

host vitrine run --memory 1X mini
one_line
status 2

it 'lib.sh has every tier'
host vitrine run --syscall-mode none mini
says "not one of: auto, $(printf '%s, ' "${tiers[@]}" | sed 's/, $//')"
status 2

host vitrine run nosuchimage true
one_line
says "no image 'nosuchimage'"
status 125

host vitrine run ./nosuch.ext4 true
one_line
says 'No such file'
status 125

host vitrine run / true
one_line
status 125

it 'starts without libraries that few verbs need'
host bash -c 'LD_TRACE_LOADED_OBJECTS=1 vitrine | grep -E "ssl|crypto|curl|archive|microhttpd" || echo none'
expect none

host vitrine version
shows 'vitrine *Linux version 6.12.*'

host bash -c 'ulimit -n 1024; vitrine doctor'
shows '*processes of a guest * 192: 1024 descriptors, of which 256 are kept*'

host vitrine doctor
shows '*host kernel*ok*cpus*ok*for this process*'
status 0

host taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" vitrine doctor
shows '*wake-ups * ok * us; there is one CPU*'

for words in 'exec -e =b box true' 'run -e =b mini' 'image build -n a/b mini' 'cp a b' 'cp a:b c:d' \
	'kill one abc' 'kill one 0' 'run --web 8080 mini' 'run -v mini' 'run -v /a:b mini' 'help run mini' \
	'image build' 'stop' 'rm' 'logs -n x box' 'trace -c --format perfetto box' 'trace -f json box'; do
	# shellcheck disable=SC2086 # words are meant
	host vitrine $words
	one_line
	status 2
done
host vitrine run --web 8080 mini
says 'write --web=8080'
host vitrine run -v mini
says 'log is --verbose'
host vitrine trace -f json box
says 'write --format json'

it 'what is near is suggested, what is not is not'
host vitrine logss
says "did you mean 'logs'?"
for far in rm1x foo stuff abc; do
	host vitrine $far
	says "'$far' is not a command; see vitrine --help"
done
it 'doctor keeps to the width of a terminal'
host bash -c "script -qec 'stty cols 80; vitrine doctor' /dev/null | tr -d '\\r' | awk 'length > 80'"
expect ''

it 'words of docker and strace'
host vitrine pull
says "did you mean 'image pull'?"
host vitrine strace
says "did you mean 'trace'?"
host vitrine kill -s TREM box
says "did you mean 'TERM'?"
host vitrine help image build
shows 'Usage: vitrine image build*--packages*'
host vitrine help snapshot ls
shows 'Usage: vitrine snapshot ls*'
host vitrine help image
shows 'Usage: vitrine image*'

it 'what cannot be written is a failure'
for words in --help 'help run' version doctor 'image ls' 'image --help' ps 'ps --json'; do
	# shellcheck disable=SC2086 # words are meant
	host bash -c 'vitrine "$@" >/dev/full' - $words
	status 125
	says 'vitrine: standard output: No space left on device'
done

for verb in run exec ps stop pause resume attach snapshot fork rollback kill wait rm logs top follow trace net publish cp observe \
	mcp image commit diff doctor version; do
	host vitrine help $verb
	shows "Usage: vitrine $verb*"
	it "the help of $verb fits into 80 columns"
	host sh -c "vitrine help $verb | awk 'length > 80'"
	expect ''
done
