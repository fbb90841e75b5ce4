#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# modules.sh - make node_modules beside a package-lock.json what the lock file says
#
# Usage: modules.sh [DIRECTORY]          (default: where this script is)
#
# Quick when nothing changed. Builds in several directories share the modules, so one at a time.

set -eu
cd "${1:-$(dirname "$0")}"
if ! command -v npm >/dev/null; then
	echo "vitrine: the dashboard needs nodejs and npm (or meson -Ddashboard=disabled)" >&2
	exit 1
fi
exec 9<package.json
flock 9
if ! cmp -s package-lock.json node_modules/.made-from; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	cp package-lock.json node_modules/.made-from
fi
