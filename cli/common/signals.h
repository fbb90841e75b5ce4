/* SPDX-License-Identifier: GPL-2.0-only */
/* signals.h - signals by name on the command line */
#ifndef CLI_COMMON_SIGNALS_H
#define CLI_COMMON_SIGNALS_H

#include "options.h"

/** option_signal() - unsigned: NAME, SIGNAME or a number */
option_setter option_signal;

#endif
