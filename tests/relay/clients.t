#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Published WISP clients, as they are, against the relay
. "$(dirname "$0")/../lib.sh"
. "$top/tests/net/lib.sh"
. "$top/tests/relay/lib.sh"
needs node npm

modules
serve echo; echo=$port
serve hello; hello=$port
serve source; source=$port
serve udp; udp=$port
dead=$(free_port)
resolver here.test=127.0.0.1
relay --dns "$dns" --allow "127.0.0.1:1024-65535" --opens 500
passes node tests/relay/clients.mjs "$relay" "$echo" "$hello" "$source" "$udp" "$dead"
