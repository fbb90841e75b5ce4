#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The browser edition: a kernel and a shell in a tab
exec "$(dirname "$0")/run" tab.mjs
