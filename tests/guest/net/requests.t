#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Requests that could be read in two ways, or are none: each is refused, and nothing of them arrives
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
needs jq openssl
seconds=200

certificates api.test other.test
export SSL_CERT_FILE=$scratch/ca.pem
web "$scratch/api.test.pem" "$scratch/api.test.key"
secure=$port
web
plain=$port
resolver api.test=10.0.2.2
run_options=(--ephemeral --net=rules --dns "$dns" --net-allow 10.0.2.2 --net-allow "tcp:host:$secure" --net-allow "tcp:host:$plain"
	--net-log "$scratch/log" --http-trust --http-allow "GET,POST,DELETE http://api.test:$plain/v1/*"
	--http-allow "GET https://api.test:$secure/v1/*" --http-allow "TRACE http://api.test:$plain/traced/*")
it 'what is refused, and what is not'
guest python3 -c "$(cat tests/net/raw.py)" api.test "$plain" "$secure"
expect "$(cat <<'END'
good: 200
pipelined: 200 200 200
pipelined, the second refused: 200 403
both lengths: 400
two lengths: 400
a length with a sign: 400
an encoding that is almost chunked: 501
a blank before the colon: 400
a folded line: 400
a line that ends with LF: 400
underscores: 400
a chunk size that is none: 400
a chunk longer than it says: 400
a chunk with an extension: 400
fields behind the last chunk: 400
no host: 400
two hosts: 400
another host: 421
another port: 421
another host on the same connection: 200 421
absolute form: 400
CONNECT: 405
TRACE: 403
TRACE that a rule allows: 405
OPTIONS *: 400
dots: 403
escaped dots: 403
dots escaped twice: 403
dots and a parameter: 403
an escaped slash: 403
two slashes: 403
capitals: 403
a method in small letters: 403
a method in a field: 403
a path in a field: 403
a field that Connection names: 400
HTTP/2: 505
an upgrade to HTTP/2 is not passed on: 200
a WebSocket: 403
HTTP/1.0: 200
an expectation: 417
a header too large: 431
too many fields: 431
a path too long: 414
no HTTP: 400
bytes: 400
an answer with two lengths: 502
an answer with a length and chunks: 502
an answer that changes the protocol: 502
an answer before the body: 200
100-continue: 100 200
byte by byte: 200
TLS: 200
TLS, and another host within: 421
TLS for another host: TLSV1_UNRECOGNIZED_NAME
TLS for no host: TLSV1_UNRECOGNIZED_NAME
TLS for HTTP/2: refused
TLS for either: 200
TLS that is broken: b''
others who are slow: 200
who is too slow: HTTP/1.1 408
END
)"
it 'nothing of it has reached the server'
host grep smuggled "$scratch/web.log"
status 1
it 'nor an upgrade, nor a field for one hop'
host grep -iE 'h2c|http2-settings|x-real|x-http-method|x-original' "$scratch/web.log"
status 1
it 'each that was refused has a line with the reason'
host bash -c "jq -r 'select(.verdict == \"refused\" and .protocol != \"dns\") | .rule' '$scratch/log' | sort -u"
expect "$(cat <<'END'
CONNECT leads elsewhere
Connection names other fields
Content-Length is no number
Expect is not just '100-continue'
TLS for a host that no rule names
TLS that begins oddly
TLS that names no host
TRACE shows what the guest shall not see
Transfer-Encoding is not just 'chunked'
a chunk is longer than it says
a chunk's size is not a number
a field names another method or path
a field's name is misspelled on purpose
a line continues the one before
a line ends without CR
a line is no field
both Content-Length and Transfer-Encoding
fields behind the last chunk
no Host field
no rule allows it
not HTTP/1.1
not an HTTP request
the Host field is not the connection's host and port
the header did not come in time
the header is too large
the path can be read in two ways
the path is too long
the target is not a path
too many fields
two Content-Length fields
two Host fields
END
)"
