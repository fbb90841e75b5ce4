#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes, events, a followed call, and the kernel's tables
exec "$(dirname "$0")/run" panels.mjs
