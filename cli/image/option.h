/* SPDX-License-Identifier: GPL-2.0-only */
/* option.h - options that several commands of vitrine image have */
#ifndef CLI_IMAGE_OPTION_H
#define CLI_IMAGE_OPTION_H

#include "cli/common/options.h"

option_setter image_option_size;     /* uint64_t: of a disk, whole mebibytes */
option_setter image_option_digest;   /* const char * */
option_setter image_option_platform; /* const char *: os/architecture[/variant] */

#define IMAGE_PLATFORM "linux/amd64"

#endif
