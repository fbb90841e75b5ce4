#!/bin/bash
# E2B's published SDK, as it is, against the service (e2b.mjs)
. "$(dirname "$0")/lib.sh"
uses mini
seconds=300
needs node npm

modules
daemon
E2B_API_KEY=$key E2B_API_URL=$url E2B_SANDBOX_URL=$url passes node tests/service/e2b.mjs

it 'without the token nobody gets in'
call POST /v1/sandboxes
id=$(field .id)
call POST /process.Process/List '{}' -H "E2b-Sandbox-Id: $id" -H 'X-Access-Token: 0123456789abcdef0123456789abcdef'
answers 401 '.code == "unauthenticated"'
call GET "/files?path=/etc/passwd" '' -H "E2b-Sandbox-Id: $id"
answers 401
call GET "/files?path=/etc/passwd&signature=v1_x" '' -H "E2b-Sandbox-Id: $id"
answers 401
call POST /process.Process/List '{}' -H "E2b-Sandbox-Id: aaaaaaaaaaaaaaaaaaaa" -H 'X-Access-Token: x'
answers 502
call GET /health '' -H "E2b-Sandbox-Id: $id"
answers 204
