#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The reference of the service's calls: all of them, with nothing from outside, by keyboard, on a phone
exec "$(dirname "$0")/run" docs.mjs
