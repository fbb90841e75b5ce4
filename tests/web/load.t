#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The page: live, back-filled, themed, by keyboard, on a phone
exec "$(dirname "$0")/run" load.mjs
