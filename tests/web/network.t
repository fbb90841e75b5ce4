#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Connections with others, and requests, with what was decided; requests of shared folders
exec "$(dirname "$0")/run" network.mjs
