#!/bin/bash
# vitrine mcp: sandboxes as tools, with the protocol's published client (client.mjs) and without
. "$(dirname "$0")/../service/lib.sh"
uses mini
observes
seconds=300
needs node npm

modules tests/mcp
passes node tests/mcp/client.mjs stdio

# asks LINE...: what is answered to lines on standard input
asks() {
	host bash -c 'printf "%s\n" "$@" | vitrine mcp' - "$@"
	printf '%s\n' "$stdout" >"$scratch/answers"
}

it 'what is no request is answered so, and the next one is heard'
asks 'not json' '[]' '{"jsonrpc":"1.0","id":1,"method":"ping"}' '{"jsonrpc":"2.0","id":{},"method":"ping"}' \
	'{"jsonrpc":"2.0","id":2,"method":"nothing"}' '{"jsonrpc":"2.0","method":"nothing"}' \
	'{"jsonrpc":"2.0","id":"x","method":"ping"}'
status 0
host jq -c '[.id, .error.code]' "$scratch/answers"
expect '[null,-32700]
[null,-32600]
[null,-32600]
[null,-32600]
[2,-32601]
["x",null]'
it 'it has the revision of the protocol that the client wants, or its own'
asks '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}' \
	'{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"1999-01-01"}}'
host jq -r .result.protocolVersion "$scratch/answers"
expect '2024-11-05
2025-11-25'
it 'a message without an end is too much'
host bash -c 'tr "\0" x </dev/zero | head -c 40M | vitrine mcp'
status 125
says 'a message is longer than 16 MiB'
one_line
it 'with its client goes what it has started, but no sandbox'
vitrine run -d --ephemeral --name stays mini -- sleep 1000 >/dev/null
asks '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sandbox_run","arguments":{"sandbox":"stays","command":"sleep 1234"}}}'
expect ''
gone() {
	! vitrine exec stays pidof sleep </dev/null | grep -q ' '
}
soon gone
check $? 'the command has ended'
host vitrine ps -q
expect stays
vitrine kill stays
it 'words'
host vitrine mcp something
status 2
one_line
