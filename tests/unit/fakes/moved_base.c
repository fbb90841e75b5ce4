// SPDX-License-Identifier: GPL-2.0-only
#include "moved.h"

#include "engine/memory/base.c"
