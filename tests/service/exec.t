#!/bin/bash
# Commands and files of a sandbox over the network
. "$(dirname "$0")/lib.sh"
uses mini
daemon
call POST /v1/sandboxes
id=$(field .id)
box=/v1/sandboxes/$id

call POST "$box/exec" '{"cmd":"echo out; echo err >&2; exit 3"}'
answers 200 '.stdout == "out\n" and .stderr == "err\n" and .exit_code == 3 and .encoding == "utf-8" and .duration_ms >= 0'
call POST "$box/exec" '{"cmd":"printf","args":["\\377\\000x"]}'
answers 200 '.encoding == "base64" and .stdout == "/wB4"'
# shellcheck disable=SC2016 # the guest's variables
call POST "$box/exec" '{"cmd":"echo $A; pwd; id -un","envs":{"A":"b c"},"cwd":"/tmp","user":"user"}'
answers 200 '.stdout == "b c\n/tmp\nuser\n"'
call POST "$box/exec" '{"cmd":"/no/such/program","args":[]}'
answers 200 '.exit_code == 127'
call POST "$box/exec" '{"cmd":"sleep 60","timeout_sec":1}'
answers 504 '.error.code == "timeout"'
call POST "$box/exec" '{"cmd":"seq 1 200000"}'
answers 200 '.stdout | length == 1288895'
it 'a zero byte in a word is no JSON that is taken'
call POST "$box/exec" '{"cmd":"a\u0000b"}'
answers 400
call POST "$box/exec" '{"args":["x"]}'
answers 400
call POST "$box/exec" '{"cmd":"sleep 1000","background":true,"tag":"sleeper"}'
answers 200 '.pid > 0'
pid=$(field .pid)
call GET "$box/processes"
answers 200 ".processes[0].pid == $pid and .processes[0].tag == \"sleeper\""
call POST "$box/processes/$pid/signal" '{"signal":9}'
answers 204
none() {
	call GET "$box/processes"
	[ "$(field '.processes | length')" = 0 ]
}
soon none
check $? 'a process that was killed is listed no more'
call POST "$box/processes/99999/signal"
answers 404

it 'as many commands as one likes, one after the other'
cat >"$scratch/many.py" <<'PYTHON'
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
statuses = set()
for _ in range(2100):
    connection.request("POST", sys.argv[2], json.dumps({"cmd": "true", "args": []}), {"X-API-Key": sys.argv[3]})
    answer = connection.getresponse()
    answer.read()
    statuses.add(answer.status)
print(statuses)
PYTHON
host python3 "$scratch/many.py" "${url##*:}" "$box/exec" "$key"
expect '{200}'

it 'files, of any size'
head -c 5000000 /dev/urandom >"$scratch/file"
call PUT "$box/files?path=/root/deep/file" '' -T "$scratch/file"
answers 200 '.size == 5000000 and .type == "file" and .owner == "root"'
curl -s -H "X-API-Key: $key" "$url$box/files?path=/root/deep/file" -o "$scratch/back"
host cmp "$scratch/file" "$scratch/back"
status 0
it 'a part of one'
curl -s -H "X-API-Key: $key" -H 'Range: bytes=4999990-' "$url$box/files?path=/root/deep/file" -o "$scratch/back"
host sh -c "tail -c 10 $scratch/file | cmp - $scratch/back"
status 0
call GET "$box/files?path=/root/deep/file" '' -H 'Range: bytes=5000000-'
answers 416
call PUT "$box/files?path=/root/empty" '' -T /dev/null
answers 200 '.size == 0'
call GET "$box/files?path=/root/empty"
answers 200
call GET "$box/files/list?path=/root&depth=2"
answers 200 '[.entries[].path] | index("/root/deep/file") != null'
call POST "$box/files/rename" '{"path":"/root/deep/file","to":"/root/moved"}'
answers 204
call GET "$box/files/stat?path=/root/deep/file"
answers 404
call GET "$box/files/stat?path=/root/moved"
answers 200 '.size == 5000000'
call POST "$box/files/mkdir" '{"path":"/root/a/b/c"}'
answers 204
call DELETE "$box/files?path=/root/a"
answers 204
call GET "$box/files/stat?path=/root/a"
answers 404
call DELETE "$box/files?path=/"
answers 400
it 'an image without the programs for it will do'
call POST "$box/exec" '{"cmd":"mkdir -p /root/t/d/e; cd /root/t; for i in $(seq 300); do echo $i >d/e/$i; done; ln -s /root/moved d/link; rm -f /bin/mv /bin/rm /bin/chown"}'
answers 200 '.exit_code == 0'
call POST "$box/files/rename" '{"path":"/root/t/d","to":"/root/t/f"}'
answers 204
call POST "$box/files/mkdir" '{"path":"/root/t/other"}'
call POST "$box/files/rename" '{"path":"/root/t/f","to":"/root/t/other"}'
answers 409 '.error.code == "already_exists"'
call POST "$box/files/rename" '{"path":"/root/t/none","to":"/root/t/other/x"}'
answers 404
call GET "$box/files/list?path=/root/t/f/e"
answers 200 '.entries | length == 300'
call PUT "$box/files?path=/root/t/given&user=user" text
answers 200 '.owner == "user" and .size == 4'
call DELETE "$box/files?path=/root/t"
answers 204
call GET "$box/files/stat?path=/root/t"
answers 404
it 'what a link leads to stays'
call GET "$box/files/stat?path=/root/moved"
answers 200 '.size == 5000000'
it 'a file is as it was until all of the new one is there'
call POST "$box/exec" '{"cmd":"echo old >/root/whole"}'
timeout 2 curl -s -o /dev/null -X PUT -H "X-API-Key: $key" -H 'Content-Length: 1000' -d part \
	"$url$box/files?path=/root/whole"
call GET "$box/files?path=/root/whole"
shows old
for path in '' /root /none/x /dev/null '../../../etc/none'; do
	call GET "$box/files?path=$path"
	[[ $http == 40[04] ]]
	check $? "no file: '$path' ($http)"
done
it 'a path leads nowhere outside of the sandbox'
call GET "$box/files?path=../../../../../../etc/hostname"
[ "$stdout" != "$(cat /etc/hostname)" ]
check $? 'a path leads nowhere outside of the sandbox'

it 'while it is paused nothing runs in it'
call POST "$box/pause"
call POST "$box/exec" '{"cmd":"true"}'
answers 409
call GET "$box/files?path=/root/moved"
answers 409
call POST "$box/resume"
call GET "$box/files/stat?path=/root/moved"
answers 200

it 'a sandbox in which something runs is not idle'
call PATCH "$box" '{"idle_timeout_sec":1}'
call POST "$box/exec" '{"cmd":"sleep 4; echo done"}'
answers 200 '.stdout == "done\n"'

it 'a command whose sandbox is deleted'
call PATCH "$box" '{"idle_timeout_sec":0}'
curl -s -X POST -H "X-API-Key: $key" -d '{"cmd":"sleep 1000","timeout_sec":1000}' "$url$box/exec" >"$scratch/cut" &
waiting=$!
sleep 1
call DELETE "$box"
answers 204
wait "$waiting"
host jq -r '.error.code // .exit_code' "$scratch/cut"
[[ $stdout == sandbox_gone || $stdout == 137 ]]
check $? 'it is told that the command, or the sandbox, is gone'
