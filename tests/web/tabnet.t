#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The browser edition's network: a machine in a tab, a relay, servers of this host
exec "$(dirname "$0")/run" tabnet.mjs
