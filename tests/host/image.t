#!/bin/bash
# Images: built whole or not at all, by anyone
. "$(dirname "$0")/../lib.sh"
export XDG_DATA_HOME=$scratch/data

host vitrine image ls -q
expect

host vitrine image build mini --name small --size 32M
status 0
host vitrine image ls -q
expect small
host sh -c 'vitrine image inspect small --json | grep -c "\"fs_type\": \"ext4\""'
expect 1
host sh -c "e2fsck -fn $XDG_DATA_HOME/vitrine/images/small.ext4 2>/dev/null | tail -1"
shows '*small: */*'
host sh -c "debugfs -R 'stat /etc/shadow' $XDG_DATA_HOME/vitrine/images/small.ext4 2>/dev/null"
shows '*Mode:  0600*User:     0   Group:     0*'

host vitrine image rm small
status 0
host vitrine image rm small
one_line
status 125

host vitrine image build mini --size 1M
one_line
host vitrine image build mini --name ../escape
one_line
host vitrine image build nothing
one_line
status 2

# A mirror that is not there
host vitrine image build debian --mirror http://127.0.0.1:9/
says 'vitrine: '
status 125

# Interrupted: nothing is left, neither in the directory nor running
vitrine image build debian 2>/dev/null &
sleep 2
kill -TERM $!
wait $!
code=$?
what='vitrine image build, interrupted'
status 125
host ls -A "$XDG_DATA_HOME/vitrine/images"
expect
