#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""resume.py URL: end a pause that a check has left behind"""
import sys
import urllib.request

urllib.request.urlopen(urllib.request.Request(
    sys.argv[1].rstrip('/') + '/api/control', b'{"action": "resume"}',
    {'Content-Type': 'application/json'}), timeout=5).read()
