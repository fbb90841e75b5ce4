#!/bin/bash
# The daemon: start, keys and scopes, errors, bounds, end
. "$(dirname "$0")/lib.sh"
uses mini

host vitrined --help
shows 'Usage: vitrined*--listen*'
host vitrined --lisen 1
says 'did you mean --listen?'
status 2
host vitrined nonsense
one_line
status 2
host vitrined --listen 127.0.0.1:99999
one_line
status 2
host vitrined --store mysql://x
one_line
says 'is no store'
status 125
host vitrined doctor
shows '*store*ok*address*ok*'
status 0

daemon
first=$key
it 'the first key is shown'
host sh -c "grep -c '^API key (shown once): e2b_[0-9a-f]\{40\}$' $scratch/daemon.out"
expect 1
it 'keys are kept as hashes'
host grep -aqr "${first#e2b_}" "$XDG_STATE_HOME"
status 1
call GET /health
answers 200 '.status == "ok"'
it 'without a key there is health, and nothing else'
key='' call GET /v1/sandboxes
answers 401 '.error.code == "unauthenticated"'
key='' call GET /health
answers 200
key=e2b_0123456789012345678901234567890123456789 call GET /v1/sandboxes
answers 401
call GET /v1/sandboxes '' -H "X-API-Key:" -H "Authorization: Bearer $key"
answers 200 '.sandboxes == []'
call GET /nothing
answers 404 '.error.code == "not_found"'
call PUT /v1/sandboxes
answers 405
call GET /openapi.yaml
shows '*openapi: 3.1*'
call GET /metrics
shows '*vitrined_connections*'

it 'a body that is too large'
head -c 2000000 /dev/zero | tr '\0' x >"$scratch/large"
call POST /v1/keys "@$scratch/large" -H 'Expect:'
answers 413
it 'one that does not say how large it is'
call POST /v1/keys "@$scratch/large" -H 'Expect:' -H 'Transfer-Encoding: chunked'
answers 413
call POST /v1/keys '{"name":'
answers 400 '.error.code == "bad_request"'
call POST /v1/keys '[]'
answers 400
call POST /v1/keys '{"name":"x","scopes":["read"],"colour":1}'
answers 400 '.error.message | contains("colour")'
for bad in '' '../x' '.x' '-x' 'a/b' 'x y' "$(printf 'x%.0s' {1..65})"; do
	it "no name: ${bad:0:10}"
	call POST /v1/keys "{\"name\":\"$bad\",\"scopes\":[\"read\"]}"
	answers 400
done

call POST /v1/keys '{"name":"reader","scopes":["read"],"max_requests":5}'
answers 201 '.key | startswith("e2b_")'
reader=$(field .key)
allowed() {
	key=$reader call GET /v1/sandboxes
	[ "$http" = 200 ]
}
id=$(field .id)
soon allowed
key=$reader call POST /v1/sandboxes
answers 403
key=$reader call GET /v1/keys
answers 403
it 'a key may make so many requests in a second'
curl -s -H "X-API-Key: $reader" "$url/v1/sandboxes?limit=[1-100]" >"$scratch/many"
host grep -c limit_reached "$scratch/many"
shows '[1-9]*'
soon allowed
check $? 'and again in the next second'
call DELETE "/v1/keys/$id"
answers 204
key=$reader call GET /v1/sandboxes
answers 401
it 'a key does not delete itself'
call GET /v1/keys
call DELETE "/v1/keys/$(field '.keys[0].id')"
answers 409
call GET /v1/audit
answers 200 '[.audit[].action] | index("key.create") != null'

it 'vitrined key makes another one, while the daemon runs'
host vitrined key
shows 'e2b_*'
another=$stdout
known() {
	key=$another call GET /v1/keys
	[ "$http" = 200 ]
}
soon known
check $? 'the daemon knows it at once'

it 'slow heads do not keep others out'
for _ in {1..40}; do
	exec {slow}<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf 'GET /health HT' >&"$slow"
done
call GET /health
answers 200
it 'a head without an end'
host sh -c "{ printf 'GET /health HTTP/1.1\r\nA: '; head -c 100000 /dev/zero | tr '\0' a; } |
	timeout 20 curl -s telnet://127.0.0.1:${url##*:} | head -1"
shows '*431*'

it 'another daemon of this store has to wait'
host timeout 5 vitrined --listen 127.0.0.1:0
says 'waiting for another vitrined'
host vitrined doctor
shows '*one runs with this store*'
daemon_end
it 'it ends in order'
host cat "$scratch/daemon.err"
shows '*ending; sandboxes go on'
daemon
it 'keys stay, and are not shown again'
host cat "$scratch/daemon.out"
expect ''
call GET /v1/sandboxes
answers 200
daemon_end

host python3 -c "
import sqlite3
store = sqlite3.connect('$XDG_STATE_HOME/vitrine/service/store.db')
store.execute(\"UPDATE meta SET value = '999' WHERE name = 'version'\")
store.commit()"
it 'a store of a newer program is refused'
host vitrined --listen 127.0.0.1:0
says 'schema 999, of a newer vitrined'
status 125

it 'options of a file, which the command line overrides'
printf '# comment\nlisten = 127.0.0.1:1\nstore = mysql://x\n' >"$scratch/config"
host vitrined --config "$scratch/config"
says 'mysql://x'
echo 'colour = red' >"$scratch/config"
host vitrined --config "$scratch/config"
says 'unknown option'
status 2
