#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A trace in Chrome's format, in a viewer
exec "$(dirname "$0")/run" devtools.mjs
