#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# interpreter - E2B's code interpreter, unchanged, against vitrined

. "$(dirname "$0")/lib.sh"
seconds=300
needs node npm

modules
it 'an image without Python'
daemon
call POST /sandboxes '{"templateID":"code-interpreter-v1"}'
answers 503 '.message | contains("python3")'
daemon_end
daemon --interpreter debian
E2B_API_KEY=$key E2B_API_URL=$url E2B_SANDBOX_URL=$url passes node tests/service/interpreter.mjs
