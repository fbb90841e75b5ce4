#!/bin/bash
# Figures of a sandbox over time: live, stored, each point once
. "$(dirname "$0")/lib.sh"
uses mini
daemon
call POST /v1/sandboxes
id=$(field .id)
call POST "/v1/sandboxes/$id/exec" '{"cmd":"while :; do :; done","background":true,"tag":"busy"}'
pid=$(field .pid)
busy() {
	call GET "/v1/sandboxes/$id/metrics"
	jq -e '[.points[] | select(.cpu_pct > 20)] | length > 3' "$scratch/out" >/dev/null
}
soon busy
check $? 'a busy sandbox is seen to be busy'
answers 200 '.step_ms == 500 and (.points | all(.mem_bytes > 1000000 and .disk_bytes > 1000000))'
call POST "/v1/sandboxes/$id/processes/$pid/signal" '{"signal":9}'
call POST "/v1/sandboxes/$id/pause"
answers 200
call GET "/v1/sandboxes/$id/metrics"
before=$(field '.points | length')
it 'those of a paused one are there after the daemon was killed'
stored() {
	[ "$(python3 -c "import sqlite3; print(sqlite3.connect('$XDG_STATE_HOME/vitrine/service/store.db').execute(
		'SELECT count(*) FROM point').fetchone()[0])")" -ge "$before" ]
}
soon stored
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
daemon
call GET "/v1/sandboxes/$id/metrics?range=10m"
answers 200 ".points | length >= $before"
call POST "/v1/sandboxes/$id/resume"
more() {
	call GET "/v1/sandboxes/$id/metrics?range=10m"
	[ "$(field '.points | length')" -gt $((before + 3)) ]
}
soon more
check $? 'and go on after a resume'
it 'in order, and each once'
answers 200 '[.points[].timestamp_ms] as $t | ($t | unique) == $t'
it 'those after a moment alone'
last=$(field '.points[-2].timestamp_ms')
call GET "/v1/sandboxes/$id/metrics?since_ms=$last"
answers 200 ".points | length > 0 and all(.timestamp_ms > $last)"
call GET "/v1/sandboxes/$id/metrics?range=1y"
answers 400
call GET "/v1/sandboxes/$id/metrics?range=24h"
answers 200 '.step_ms == 300000'
it 'after a rollback they go on'
call POST "/v1/sandboxes/$id/snapshot" '{"name":"idle"}'
answers 200
call POST "/v1/sandboxes/$id/rollback" '{"snapshot":"idle"}'
answers 200
call POST "/v1/sandboxes/$id/exec" '{"cmd":"while :; do :; done","background":true}'
now() {
	call GET /v1/figures
	jq -e ".figures[] | select(.id == \"$id\") | .cpu_pct > 20 and .mem_bytes > 1000000" "$scratch/out" >/dev/null
}
soon now
check $? 'a busy sandbox is seen to be busy after a rollback, among all that run'
call DELETE "/v1/sandboxes/$id"
it 'those of one that has ended'
call GET "/v1/sandboxes/$id/metrics?range=10m"
answers 200 ".points | length > $before"
call GET /v1/sandboxes/aaaaaaaaaaaaaaaaaaaa/metrics
answers 404
