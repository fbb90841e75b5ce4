#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What strangers try: places behind the relay, and packets that are none
. "$(dirname "$0")/../lib.sh"
. "$top/tests/net/lib.sh"
. "$top/tests/relay/lib.sh"
needs node npm

modules
serve hello; hello=$port
serve sink; sink=$port
resolver private.test=10.1.2.3 metadata.test=169.254.169.254 mapped.test=::ffff:127.0.0.1 alias.test=cname:private.test \
	next.test=next:93.184.216.34:127.0.0.1 mixed.test=127.0.0.2,203.0.113.9 named.test=93.184.216.77 silent.test=silent
relay --dns "$dns" --allow "127.0.0.1:$hello" --allow "127.0.0.1:$sink" --allow named.test:8443 \
	--opens 1000 --per-address 100
passes node tests/relay/hostile.mjs "$relay" "$hello" "$sink"

it 'and it is still there'
host kill -0 "$relay_pid"
expect
