#!/bin/bash
# Browsers sign in with a key: what a session may, and what nobody else may with half of it
. "$(dirname "$0")/lib.sh"
uses mini
daemon

# as CURL-OPTION... METHOD PATH: a call without the key
as() {
	local path=${*: -1} method=${*: -2:1}
	what="$*"
	http=$(curl -s -m 20 -o "$scratch/out" -D "$scratch/head" -w '%{http_code}' -X "$method" "${@:1:$#-2}" "$url$path")
}
sign_in() {
	as -H "X-API-Key: $1" POST /v1/session
	cookie=$(sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/p' "$scratch/head")
	half=$(field .session)
}
both() {
	as -H "Cookie: $cookie" -H "X-Vitrine-Session: $half" "$@"
}

as POST /v1/session
answers 401
as -H "X-API-Key: ${key%?}x" POST /v1/session
answers 401 '.error.message | contains("not known")'
sign_in "$key"
answers 201 '.owner == "default" and .scopes == ["read", "exec", "admin"] and (.session | length) == 48'
it 'the cookie is for no script and no other site'
host grep -ci '^Set-Cookie: .*; HttpOnly; SameSite=Strict' "$scratch/head"
expect 1
it 'behind TLS it is for TLS'
as -H "X-API-Key: $key" -H 'Origin: https://example.org' POST /v1/session
host grep -ci '^Set-Cookie: .*; Secure' "$scratch/head"
expect 1

both GET /v1/session
answers 200 '.owner == "default"'
it 'neither half is anything alone'
as -H "Cookie: $cookie" GET /v1/sandboxes
answers 401
as -H "Cookie: $cookie" -H 'Content-Type: text/plain' -d '{}' POST /v1/sandboxes
answers 401
as -H "X-Vitrine-Session: $half" GET /v1/sandboxes
answers 401
as -H "Cookie: $cookie" -H "X-Vitrine-Session: ${half%?}x" GET /v1/sandboxes
answers 401
as -H "Cookie: x=y; ${cookie%?}x" -H "X-Vitrine-Session: $half" GET /v1/sandboxes
answers 401
it 'what is no cookie of ours is none'
for odd in '=' ';;; ; =' "$cookie$cookie" "x$cookie" "${cookie%%=*}" "${cookie%%=*}=" "${cookie%%=*}=$(head -c 20000 /dev/zero | tr '\0' a)" "${cookie/=/= }"; do
	as -H "Cookie: $odd" -H "X-Vitrine-Session: $half" GET /v1/sandboxes
	[[ $http == 4* ]]
	check $? "refused: ${odd:0:60}"
done
it 'among other cookies it is found'
as -H "Cookie: a=b; $cookie; c=d" -H "X-Vitrine-Session: $half" GET /v1/sandboxes
answers 200
it 'pages of other origins are refused, with both'
for header in 'Origin: http://evil.example' 'Origin: null' "Origin: http://127.0.0.1:1" 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site'; do
	both -H "$header" POST /v1/sandboxes
	answers 403
done
both -H "Origin: $url" -H 'Sec-Fetch-Site: same-origin' GET /v1/sandboxes
answers 200 '.sandboxes == []'
it 'nobody answers a preflight'
as -H 'Origin: http://evil.example' -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: x-vitrine-session' OPTIONS /v1/sandboxes
answers 405
host sh -c "grep -ci access-control $scratch/head || :"
expect 0

it 'a ticket is for one GET of one path'
ticket() {
	both -d "{\"path\":\"$1\"}" POST /v1/session/ticket
	ticket=$(field .ticket)
}
ticket /v1/sandboxes
answers 201
as -H "Cookie: $cookie" GET "/v1/sandboxes?ticket=$ticket&limit=1"
answers 200
as -H "Cookie: $cookie" GET "/v1/sandboxes?ticket=$ticket"
answers 401
ticket /v1/sandboxes
as -H "Cookie: $cookie" GET "/v1/keys?ticket=$ticket"
answers 401
as -H "Cookie: $cookie" GET "/v1/sandboxes?ticket=$ticket"
answers 401
ticket /v1/sandboxes
as GET "/v1/sandboxes?ticket=$ticket"
answers 401
as -H "Cookie: $cookie" -d '{}' POST "/v1/sandboxes?ticket=$ticket"
answers 401
as -H "Cookie: $cookie" -H 'Origin: http://evil.example' GET "/v1/sandboxes?ticket=$ticket"
answers 403
it 'a ticket makes no tickets, and a key has none'
ticket /v1/session/ticket
as -H "Cookie: $cookie" -d '{"path":"/v1/keys"}' POST "/v1/session/ticket?ticket=$ticket"
answers 401
call POST /v1/session/ticket '{"path":"/v1/keys"}'
answers 409

it 'a session may what its key may'
call POST /v1/keys '{"name":"reader","scopes":["read"]}'
reader=$(field .id)
sign_in "$(field .key)"
answers 201 '.scopes == ["read"]'
both GET /v1/sandboxes
answers 200
both POST /v1/sandboxes
answers 403
both GET /v1/keys
answers 403
it 'and ends with it'
call DELETE "/v1/keys/$reader"
both GET /v1/sandboxes
answers 401
it 'or by signing out'
sign_in "$key"
both DELETE /v1/session
answers 204
host grep -ci '^Set-Cookie: .*=; .*Max-Age=0' "$scratch/head"
expect 1
both GET /v1/sandboxes
answers 401
it 'so many sessions that the first of a key gives way'
sign_in "$key"
first=$cookie:$half
for _ in $(seq 40); do
	curl -s -o /dev/null -H "X-API-Key: $key" -X POST "$url/v1/session"
done
cookie=${first%:*} half=${first#*:}
both GET /v1/sandboxes
answers 401
