#!/bin/bash
# The store in a PostgreSQL: the same text as for SQLite, migrations under a lock, several daemons
. "$(dirname "$0")/lib.sh"
uses mini

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$bin" ] || needs "$bin/postgres"
database=$scratch/database
mkdir "$database"
user=$(id -un)
as=()
# PostgreSQL does not run as root
if [ "$(id -u)" = 0 ]; then
	user=nobody
	as=(setpriv --reuid nobody --regid nogroup --clear-groups)
	chown nobody "$database"
	chmod 755 "$scratch"
fi
{
	"${as[@]}" "$bin/initdb" -D "$database/data" -U vitrine -A trust -E UTF8 --no-sync
	"${as[@]}" "$bin/pg_ctl" -D "$database/data" -w -l "$database/log" \
		-o "-k $database -c listen_addresses='' -c fsync=off" start
	"$bin/createdb" -h "$database" -U vitrine service
} >"$scratch/setup" 2>&1 || sed 's/^/# /' "$scratch/setup"
store="postgresql:///service?host=$database&user=vitrine"
trap 'daemon_end; "${as[@]}" "$bin/pg_ctl" -D "$database/data" -m immediate stop >/dev/null 2>&1; service_finish' EXIT

it 'of daemons that start at once, one makes the tables'
for n in 1 2 3; do
	XDG_STATE_HOME=$scratch/state$n vitrined --store "$store" --listen 127.0.0.1:0 >"$scratch/o$n" 2>"$scratch/e$n" &
	others[n]=$!
done
for n in 1 2 3; do
	soon grep -q 'serving at' "$scratch/e$n"
	check $? "daemon $n serves"
done
it 'and one makes the first key'
host sh -c "cat $scratch/o1 $scratch/o2 $scratch/o3 | grep -c e2b_"
expect 1
key=$(cat "$scratch"/o[123] | sed -n 's/^API key (shown once): //p')
kill "${others[@]}"
wait "${others[@]}" 2>/dev/null

daemon --store "$store"
call POST /v1/sandboxes '{"metadata":{"a":"1"},"memory_mb":128}' -H 'Idempotency-Key: one'
answers 201
one=$(field .id)
call POST /v1/sandboxes '{"metadata":{"a":"1"},"memory_mb":128}' -H 'Idempotency-Key: one'
answers 201 ".id == \"$one\""
call POST /v1/sandboxes '{"metadata":{"a":"2"},"memory_mb":128}'
answers 201
two=$(field .id)
call GET '/v1/sandboxes?metadata=a=2'
answers 200 "[.sandboxes[].id] == [\"$two\"]"
call GET '/v1/sandboxes?limit=1'
answers 200 ".sandboxes[0].id == \"$two\""
call GET "/v1/sandboxes?limit=1&cursor=$(field .cursor)"
answers 200 ".sandboxes[0].id == \"$one\" and .cursor == null"
call POST "/v1/sandboxes/$one/pause"
answers 200 '.state == "paused"'
call PATCH "/v1/sandboxes/$one" '{"metadata":{"b":"3"},"timeout_sec":100}'
answers 200 '.metadata.b == "3"'
call POST "/v1/sandboxes/$one/resume"
answers 200 '.state == "running"'
call POST "/v1/sandboxes/$one/exec" '{"cmd":"echo hello"}'
answers 200 '.stdout == "hello\n"'
call POST "/v1/sandboxes/$one/snapshot" '{"name":"s"}'
answers 200
call POST "/v1/sandboxes/$one/snapshot" '{"name":"s"}'
answers 409
call DELETE /v1/snapshots/s
answers 204
call GET '/v2/sandboxes?metadata=b%3D3'
answers 200 "length == 1 and .[0].sandboxID == \"$one\""
call GET /v1/audit
answers 200 '.audit | length > 3'

it 'a key has its limit, however many ask at once'
call POST /v1/keys '{"name":"few","owner":"few","scopes":["read","exec"],"max_sandboxes":2}'
few=$(field .key)
for n in {1..6}; do
	curl -s -o /dev/null -w '%{http_code}\n' -X POST -H "X-API-Key: $few" -d '{"memory_mb":128}' "$url/v1/sandboxes" \
		>"$scratch/limit.$n" &
	made[n]=$!
done
wait "${made[@]}"
host sh -c "sort $scratch/limit.* | uniq -c | tr -s ' ' | paste -sd ,"
expect ' 2 201, 4 429'

it 'a database that goes and comes back'
"${as[@]}" "$bin/pg_ctl" -D "$database/data" -m immediate stop >/dev/null 2>&1
call GET "/v1/sandboxes/$one"
answers 500
"${as[@]}" "$bin/pg_ctl" -D "$database/data" -w -l "$database/log" \
	-o "-k $database -c listen_addresses='' -c fsync=off" start >/dev/null 2>&1
back() {
	call GET "/v1/sandboxes/$one"
	[ "$http" = 200 ]
}
soon back
check $? 'is used again'

it 'sandboxes are found again'
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
daemon --store "$store"
call GET "/v1/sandboxes/$one"
answers 200 '.state == "running"'

it 'a schema of a newer program is refused'
daemon_end
"$bin/psql" -q -h "$database" -U vitrine service -c "UPDATE meta SET value = '999' WHERE name = 'version'"
host vitrined --store "$store" --listen 127.0.0.1:0
says 'schema 999, of a newer vitrined'
status 125
"$bin/psql" -q -h "$database" -U vitrine service -c "UPDATE meta SET value = '1' WHERE name = 'version'"
