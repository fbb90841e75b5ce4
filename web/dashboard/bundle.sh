#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# bundle.sh - install the bundler if need be, then run build.mjs with the same arguments
set -eu
dir=$(dirname "$0")
"$dir/modules.sh"
exec node "$dir/build.mjs" "$@"
