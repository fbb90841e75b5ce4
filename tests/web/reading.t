#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a reader can rely on: figures that agree, lists that say what is missing, a page that stands still
exec "$(dirname "$0")/run" reading.mjs
