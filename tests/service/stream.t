#!/bin/bash
# Commands as they run, over WebSockets (stream.mjs); and the daemon's end while one is waited for
. "$(dirname "$0")/lib.sh"
uses mini
seconds=200
needs node npm
modules
daemon
call POST /v1/sandboxes
id=$(field .id)
KEY=$key URL=$url ID=$id passes node tests/service/stream.mjs

it 'the daemon ends in order while commands are waited for'
curl -s -X POST -H "X-API-Key: $key" -d '{"cmd":"sleep 1000","timeout_sec":1000}' "$url/v1/sandboxes/$id/exec" >/dev/null &
sleep 1
kill "$daemon"
wait "$daemon"
[ $? = 0 ]
check $? 'the daemon ends in order while commands are waited for'
daemon=
daemon
call GET "/v1/sandboxes/$id"
answers 200 '.state == "running"'
