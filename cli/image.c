// SPDX-License-Identifier: GPL-2.0-only
#include "cli/cli.h"
int cmd_image(int argc, char **argv)
{
	return 1;
}
