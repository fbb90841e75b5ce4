/* SPDX-License-Identifier: GPL-2.0-only */
/* template.h - vitrine template's commands */
#ifndef CLI_TEMPLATE_TEMPLATE_H
#define CLI_TEMPLATE_TEMPLATE_H

int template_build_command(int argc, char **argv);

#endif
