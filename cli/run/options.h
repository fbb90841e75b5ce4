/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - from vitrine run's command line to a struct sandbox_config */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include "cli/common/environment.h"
#include "cli/common/options.h"
#include "engine/sandbox.h"
#include "images/store/store.h"
#include "net.h"

#define RUN_WEB_ARGS 12

/**
 * struct run_options - the command line, checked word by word but not yet against the world
 * @config:  what the engine gets; filled completely by run_options_resolve()
 * @image:   operand, or argument of -r, -R or -S
 * @from:    a snapshot to go on from, in place of @image; @count: so many sandboxes
 * @entrypoint: in place of the image's
 * @web:     start an observer with the sandbox
 * @web_linger: how long it goes on when the sandbox has ended, as it was said; NULL: not said
 * @full_boot: start no kernel that has booted already
 * @command: NULL-terminated rest of argv; empty when the image's own command is meant
 * @command_name: the command when it is an option, and @command are its arguments
 * @trace_format: show what the command does, too
 */
struct run_options {
	struct sandbox_config config;
	const char *image, *entrypoint, *trace_format, *from;
	unsigned count;
	char **command, *command_name;
	bool full_boot;
	bool tty, interactive, ephemeral, root_id, remove, web, user_given;
	unsigned partition;
	struct string_list env, env_files, cmdline, mount_opts;

	struct run_net net;
	const char *web_linger;
	char web_port[8];
	char *web_argv[RUN_WEB_ARGS];

	/* owned */
	char *image_path, *kernel_path, *boots, *name, *cmdline_text, *disk_text[SANDBOX_DISKS_MAX];
	char *share_text[SANDBOX_SHARES_MAX];
	char **default_command, *overlay_path, **joined_command;
	struct environment environment;
	struct store_disk stored; /* of an image in layers, whose record is: */
	json_t *record;
};

/**
 * run_options_parse() - Read the words
 * @options: zeroed here; release with run_options_free() whatever is returned
 *
 * Touches no file. Return: 1, OPTIONS_HELP when the help was printed, or -1 with @err filled.
 */
int run_options_parse(struct run_options *options, int argc, char **argv, struct error *err);

/**
 * run_options_parse_kbox() - The same for the words that kbox takes
 */
int run_options_parse_kbox(struct run_options *options, int argc, char **argv, struct error *err);

/**
 * run_options_operands() - Take what follows the options, and check that it all fits together
 * @first: index of the first operand
 *
 * Return: 0 or -1.
 */
int run_options_operands(struct run_options *options, int argc, char **argv, int first,
			 struct error *err);

/**
 * run_options_resolve() - Fill in what depends on this host
 *
 * Finds the image and the kernel, reads environment files, and chooses defaults: memory, name,
 * terminal, command.
 */
int run_options_resolve(struct run_options *options, struct error *err);

void run_options_free(struct run_options *options);

#endif
