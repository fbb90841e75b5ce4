#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The service's dashboard: all that can be done with a sandbox, and what nobody else's page can
exec "$(dirname "$0")/run" service.mjs
