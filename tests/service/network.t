#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# network - what E2B's clients say of a sandbox's network becomes its rules

. "$(dirname "$0")/lib.sh"

daemon --internet

# refused ID: a connection to a public address fails at once, as one that a rule refuses
refused() {
	call POST "/v1/sandboxes/$1/exec" '{"cmd":"nc -w 5 8.8.8.8 53 </dev/null 2>&1"}'
	field .stdout | grep -q 'No route to host'
}

it 'all is denied but what is allowed'
call POST /sandboxes '{"network":{"allowOut":["192.0.2.1"],"denyOut":["0.0.0.0/0"]}}'
answers 201
id=$(field .sandboxID)
refused "$id"
check $? 'a public address is refused'
call GET "/sandboxes/$id"
answers 200 '.network.allowOut == ["192.0.2.1"] and .network.denyOut == ["0.0.0.0/0"]'
it 'one network is denied'
call POST /sandboxes '{"network":{"denyOut":["8.8.8.0/24"]}}'
answers 201
refused "$(field .sandboxID)"
check $? 'it is refused'
it 'and another one is not'
call POST /sandboxes '{"network":{"denyOut":["198.18.0.0/15"]}}'
answers 201
! refused "$(field .sandboxID)"
check $? 'nobody refuses it'
it 'no list, no rule'
call POST /sandboxes '{"network":{"denyOut":[1]}}'
answers 400
call POST /sandboxes '{"network":{"denyOut":["--net=any"]}}'
[ "$http" -ge 400 ]
check $? "no option can be passed as a rule ($http)"
