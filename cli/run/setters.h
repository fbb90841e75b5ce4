/* SPDX-License-Identifier: GPL-2.0-only */
/* setters.h - from the text of vitrine run's options to fields of struct run_options */
#ifndef CLI_RUN_SETTERS_H
#define CLI_RUN_SETTERS_H

#include "cli/common/options.h"

/* field: what the name says */
option_setter run_option_mounts, run_option_tier, run_option_wx, run_option_name,
    run_option_hostname, run_option_fs_type, run_option_directory, run_option_address,
    run_option_cpus, run_option_linger, run_option_trace_format, run_option_on_timeout;

/* field: struct run_options */
option_setter run_option_user, run_option_root_id, run_option_disk, run_option_recommended,
    run_option_plain, run_option_system, run_option_web, run_option_command, run_option_mount_opts,
    run_option_volume;

#endif
