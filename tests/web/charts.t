#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each chart moves when its subject moves; exports parse
exec "$(dirname "$0")/run" charts.mjs
