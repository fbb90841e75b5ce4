#!/bin/bash
# Sandboxes over the network: create, list, pause, resume, fork, snapshots, deadlines, tenants
. "$(dirname "$0")/lib.sh"
uses mini
daemon

inside() {
	host vitrine exec "$(vitrine ps -q | grep -- "-$1$")" -- "${@:2}"
}
gone() {
	! vitrine ps -q -a | grep -q -- "-$1$"
}
is() {
	call GET "/v1/sandboxes/$1"
	[ "$(field .state)" = "$2" ]
}

call POST /v1/sandboxes '{"template":"base","metadata":{"team":"red","n":"1"},"env":{"GREETING":"hello"},"memory_mb":256}'
answers 201 '.state == "running" and .memory_mb == 256'
one=$(field .id)
# shellcheck disable=SC2016 # the guest's variable
inside "$one" sh -c 'echo $GREETING'
expect hello
call POST /v1/sandboxes '{"metadata":{"team":"blue"}}'
answers 201
two=$(field .id)

call GET '/v1/sandboxes?metadata=team=red'
answers 200 ".sandboxes | length == 1 and .[0].id == \"$one\""
call GET '/v1/sandboxes?state=paused'
answers 200 '.sandboxes == []'
call GET '/v1/sandboxes?limit=1'
answers 200 ".sandboxes[0].id == \"$two\" and .cursor != null"
call GET "/v1/sandboxes?limit=1&cursor=$(field .cursor)"
answers 200 ".sandboxes[0].id == \"$one\" and .cursor == null"
for query in state=odd limit=0 limit=101 cursor=1 'cursor=1.../' metadata=x 'metadata==y'; do
	call GET "/v1/sandboxes?$query"
	answers 400
done
call GET "/v1/sandboxes/aaaaaaaaaaaaaaaaaaaa"
answers 404
call GET "/v1/sandboxes/..%2f..%2fetc"
answers 404
for body in '{"template":"none"}' '{"template":"../x"}' '{"vcpus":0}' '{"memory_mb":1}' '{"env":{"A B":"c"}}' \
	'{"env":{"A":1}}' '{"network":{"mode":"all"}}' '{"on_timeout":"explode"}' '{"syscall_mode":"ptrace"}'; do
	call POST /v1/sandboxes "$body"
	[[ $http == 40[04] ]]
	check $? "refused: $body"
done

it 'what the sandbox cannot start with leaves nothing behind'
call POST /v1/templates '{"name":"broken","image":"nosuchimage"}'
answers 201
call POST /v1/sandboxes '{"template":"broken"}'
answers 503 '.error.message | contains("nosuchimage")'
call GET /v1/sandboxes
answers 200 '.sandboxes | length == 2'
call DELETE /v1/templates/broken
answers 204

it 'the same request twice makes one sandbox'
call POST /v1/sandboxes '{}' -H 'Idempotency-Key: k1'
answers 201
three=$(field .id)
call POST /v1/sandboxes '{}' -H 'Idempotency-Key: k1'
answers 201 ".id == \"$three\""
call POST /v1/sandboxes '{"vcpus":2}' -H 'Idempotency-Key: k1'
answers 409
call DELETE "/v1/sandboxes/$three"
answers 204
call DELETE "/v1/sandboxes/$three"
answers 404
gone "$three"
check $? 'a deleted sandbox is gone'

inside "$one" sh -c 'echo kept >/root/file'
call POST "/v1/sandboxes/$one/pause"
answers 200 '.state == "paused"'
call POST "/v1/sandboxes/$one/pause"
answers 409 '.error.code == "conflict"'
call POST "/v1/sandboxes/$one/ping"
answers 409
call POST "/v1/sandboxes/$one/resume"
answers 200 '.state == "running"'
call POST "/v1/sandboxes/$one/resume"
answers 409
inside "$one" cat /root/file
expect kept

it 'of two that resume at once, one does'
call POST "/v1/sandboxes/$one/pause"
for n in 1 2; do
	curl -s -o /dev/null -w '%{http_code}\n' -X POST -H "X-API-Key: $key" "$url/v1/sandboxes/$one/resume" \
		>"$scratch/resume.$n" &
	pids[n]=$!
done
wait "${pids[1]}" "${pids[2]}"
host sh -c "sort $scratch/resume.1 $scratch/resume.2 | paste -sd ' '"
expect '200 409'

call POST "/v1/sandboxes/$one/snapshot" '{"name":"before"}'
answers 200
call POST /v1/snapshots "{\"sandbox_id\":\"$one\",\"name\":\"before\"}"
answers 409
inside "$one" sh -c 'echo changed >/root/file'
call POST "/v1/sandboxes/$one/rollback" '{"snapshot":"before"}'
answers 200 '.state == "running"'
inside "$one" cat /root/file
expect kept
call POST "/v1/sandboxes/$one/rollback" '{"snapshot":"nosuch"}'
answers 404
call POST "/v1/sandboxes/$one/fork"
answers 200 ".id != \"$one\" and .metadata.team == \"red\""
forked=$(field .id)
inside "$forked" cat /root/file
expect kept
call GET /v1/snapshots
answers 200 '[.snapshots[].name] == ["before"]'

it 'snapshots are a tree'
call POST "/v1/sandboxes/$one/snapshot" '{"name":"second"}'
call POST "/v1/sandboxes/$one/rollback" '{"snapshot":"before"}'
answers 200
call POST "/v1/sandboxes/$one/snapshot" '{"name":"third"}'
answers 200
call GET /v1/snapshots
answers 200 '[.snapshots[] | [.name, .parent]] == [["before", null], ["second", "before"], ["third", "before"]]'
call POST /v1/sandboxes '{"snapshot":"third","metadata":{"from":"third"}}'
answers 201 '.memory_mb == 256 and .metadata.from == "third"'
grown=$(field .id)
inside "$grown" cat /root/file
expect kept
call GET /v1/snapshots
answers 200 '.snapshots[2].sandboxes | sort == (["'"$one"'", "'"$grown"'"] | sort)'
it 'what came from one that is removed comes from its parent'
call DELETE /v1/snapshots/third
answers 204
call GET /v1/snapshots
answers 200 '(.snapshots | length) == 2 and (.snapshots[0].sandboxes | contains(["'"$grown"'"]))'
call DELETE "/v1/sandboxes/$grown"
call DELETE /v1/snapshots/second
answers 204
call POST /v1/sandboxes '{"snapshot":"nosuch"}'
answers 404
call DELETE /v1/snapshots/before
answers 204
call DELETE /v1/snapshots/before
answers 404

it 'a deadline pauses'
call PATCH "/v1/sandboxes/$forked" '{"timeout_sec":1,"metadata":{"team":"green"}}'
answers 200 '.deadline_ms != null'
soon is "$forked" paused
check $? 'a deadline pauses'
call GET '/v1/sandboxes?metadata=team=green'
answers 200 '.sandboxes | length == 1'
it 'or kills'
call POST /v1/sandboxes '{"timeout_sec":1,"on_timeout":"kill"}'
killed=$(field .id)
soon gone "$killed"
check $? 'a deadline kills'
it 'a sandbox with nothing to do is paused'
call POST /v1/sandboxes '{"idle_timeout_sec":1}'
idle=$(field .id)
soon is "$idle" paused
check $? 'a sandbox with nothing to do is paused'

it 'a sandbox that ends by itself is noticed'
call POST /v1/sandboxes
dead=$(field .id)
vitrine kill "$(vitrine ps -q | grep -- "-$dead$")"
soon sh -c "curl -s -H 'X-API-Key: $key' $url/v1/sandboxes/$dead | grep -q not_found"
check $? 'a sandbox that ends by itself is noticed'

it 'nobody sees the sandboxes of others'
call POST /v1/keys '{"name":"other","owner":"other","scopes":["read","exec","admin"],"max_sandboxes":1,"max_memory_mb":600}'
mine=$key
key=$(field .key)
call GET /v1/sandboxes
answers 200 '.sandboxes == []'
for action in pause resume fork ping snapshot rollback; do
	call POST "/v1/sandboxes/$one/$action" "$([ $action = rollback ] && echo '{"snapshot":"x"}' || { [ $action != snapshot ] || echo '{"name":"x"}'; })"
	answers 404
done
call GET "/v1/sandboxes/$one"
answers 404
call PATCH "/v1/sandboxes/$one" '{"timeout_sec":1}'
answers 404
call DELETE "/v1/sandboxes/$one"
answers 404
call GET /v1/audit
answers 200 '[.audit[].object] | index("'"$two"'") == null'
it 'a key may have so much'
call POST /v1/sandboxes '{"memory_mb":700}'
answers 429
call POST /v1/sandboxes
answers 201
call POST /v1/sandboxes
answers 429 '.error.message | contains("sandboxes")'
key=$mine

it 'sandboxes outlive the daemon'
daemon_end
inside "$one" true
status 0
daemon
call GET "/v1/sandboxes/$one"
answers 200 '.state == "running"'
call GET "/v1/sandboxes/$forked"
answers 200 '.state == "paused"'
it 'and one that is killed'
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
vitrine kill "$(vitrine ps -q | grep -- "-$two$")"
daemon
call GET "/v1/sandboxes/$one"
answers 200 '.state == "running"'
call GET "/v1/sandboxes/$two"
answers 404
it 'what runs under a name of ours, and is not known, is ended at the start'
daemon_end
instance=$(vitrine ps -q | head -1)
instance=${instance%-*}
vitrine run -d --ephemeral --name "$instance-abcdefghijklmnopqrst" mini -- sleep 1000 >/dev/null
daemon
soon gone abcdefghijklmnopqrst
check $? 'orphans are ended'
it '--drain pauses'
daemon_end
daemon --drain
daemon_end
host bash -c "vitrine ps --format '{{.Status}}' | sort -u"
expect paused
daemon
call GET "/v1/sandboxes/$one"
answers 200 '.state == "paused"'

it 'events are told as they happen'
curl -sN -H "X-API-Key: $key" "$url/v1/events" >"$scratch/events" &
events=$!
sleep 0.5
call POST "/v1/sandboxes/$one/resume"
answers 200
call DELETE "/v1/sandboxes/$one"
answers 204
soon grep -q sandbox.ended "$scratch/events"
host grep -c '^event: sandbox.\(resumed\|ended\)' "$scratch/events"
expect 2
kill "$events"
