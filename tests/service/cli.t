#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cli - E2B's command line, unchanged, against vitrined

. "$(dirname "$0")/lib.sh"
seconds=200
needs node npm script

modules tests/service/cli
daemon
export E2B_API_KEY=$key E2B_API_URL=$url E2B_SANDBOX_URL=$url E2B_DOMAIN=localhost CI=1
export HOME=$scratch/home
mkdir "$HOME"
cli=$PWD/tests/service/cli/node_modules/@e2b/cli/dist/index.js
e2b() {
	host node "$cli" "$@"
}

it 'list, info'
call POST /v1/sandboxes '{"metadata":{"job":"cli"}}'
id=$(field .id)
e2b sandbox list -f json
[ "$(jq -r '.[0].sandboxId' <<<"$stdout")" = "$id" ]
check $? 'it is in the list'
e2b sandbox info "$id"
shows '*State: running*'
it 'a command, with its status'
e2b sandbox exec "$id" 'echo from inside; exit 3'
status 3
shows 'from inside'
it 'pause, resume, snapshots'
e2b sandbox pause "$id"
e2b sandbox list -s paused
shows "*$id*"
e2b sandbox resume "$id"
e2b sandbox snapshot create "$id"
status 0
e2b sandbox snapshot list
shows '*vd-*'
it 'a terminal'
host sh -c "(sleep 3; echo 'echo sum-\$((40+2))'; sleep 1; echo exit; sleep 3) | timeout 60 script -qec 'node $cli sandbox connect $id' /dev/null"
shows '*sum-42*'
it 'a template from a Dockerfile'
mkdir "$scratch/context"
printf 'FROM e2bdev/base\nRUN echo built >/built\nCOPY hello /opt/hello\n' >"$scratch/context/e2b.Dockerfile"
echo hello >"$scratch/context/hello"
host sh -c "cd $scratch/context && node $cli template create made-by-cli"
status 0
e2b template list
shows '*made-by-cli*'
call POST /v1/sandboxes '{"template":"made-by-cli"}'
call POST "/v1/sandboxes/$(field .id)/exec" '{"cmd":"cat /built /opt/hello"}'
answers 200 '.stdout == "built\nhello\n"'
e2b template delete -y made-by-cli
status 0
it 'kill'
e2b sandbox kill "$id"
status 0
call GET "/v1/sandboxes/$id"
answers 404
