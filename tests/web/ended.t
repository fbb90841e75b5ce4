#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The dashboard of a sandbox that has ended, and of a recording
exec "$(dirname "$0")/run" ended.mjs
