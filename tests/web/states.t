#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Paused, disconnected and back, ended
exec "$(dirname "$0")/run" states.mjs
