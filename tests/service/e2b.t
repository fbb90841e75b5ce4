#!/bin/bash
# E2B's published SDK, as it is, against the service (e2b.mjs)
. "$(dirname "$0")/lib.sh"
uses mini
seconds=300
needs node npm

it 'the SDK is installed from its lock file'
[ -e tests/service/node_modules/e2b ] || (cd tests/service && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
	>"$scratch/npm" 2>&1
check $? "$(head -3 "$scratch/npm" 2>/dev/null)"
daemon
while IFS= read -r line; do
	case $line in
	"ok "* | "not ok "*)
		tests=$((tests + 1))
		[[ $line == ok* ]] || failures=$((failures + 1))
		echo "${line%% [0-9]*} $tests - ${line#* - }"
		;;
	1..*) ;;
	*) echo "$line" ;;
	esac
done < <(E2B_API_KEY=$key E2B_API_URL=$url E2B_SANDBOX_URL=$url timeout 280 node tests/service/e2b.mjs 2>&1)
it 'all of it ran'
[ "$tests" -gt 10 ]
check $? 'the SDK ran'

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
