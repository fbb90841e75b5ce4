# SPDX-License-Identifier: GPL-2.0-only
"""vitrine_gdb - the modules behind tools/gdb/vitrine-gdb.py"""
