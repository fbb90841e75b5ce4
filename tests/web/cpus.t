#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scheduler page with eight CPUs
exec "$(dirname "$0")/run" cpus.mjs
