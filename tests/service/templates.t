#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# templates - E2B's template builder, unchanged, against vitrined

. "$(dirname "$0")/lib.sh"
needs node npm

modules
daemon
export E2B_API_KEY=$key E2B_API_URL=$url E2B_SANDBOX_URL=$url
mkdir "$scratch/context"
passes node tests/service/templates.mjs "$scratch/context"

it 'a template that was built is one for everybody who may see it'
call GET /templates
answers 200 '[.[].templateID] | index("stepped") != null'
call GET /v1/snapshots
answers 200 '.snapshots == []'
call POST /v1/sandboxes '{"template":"stepped"}'
answers 201 '.memory_mb == 256'
call POST "/v1/sandboxes/$(field .id)/exec" '{"cmd":"cat /again; echo $COLOR"}'
answers 200 '.stdout == "again\nlight blue\n"'
call DELETE /templates/stepped
answers 204
call DELETE /templates/stepped
answers 404

it 'addresses for files are not for everybody'
hash=0123456789abcdef0123456789abcdef
call GET "/templates/any/files/$hash"
answers 201 '.present == false'
address=$(field .url)
code=$(curl -s -o /dev/null -w '%{http_code}' -X PUT --data-binary data "${address%?}x")
[ "$code" = 401 ]
check $? "a token that was changed: $code"
code=$(curl -s -o /dev/null -w '%{http_code}' -X PUT --data-binary data "${address/default/other}")
[ "$code" = 401 ]
check $? "somebody else's: $code"
code=$(curl -s -o /dev/null -w '%{http_code}' -X PUT --data-binary data "$address")
[ "$code" = 200 ]
check $? "as it was given out: $code"
call GET /templates/any/files/no-hexadecimal-digits
answers 400
