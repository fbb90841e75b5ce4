// SPDX-License-Identifier: GPL-2.0-only
/* options.c - vitrine run's options, word by word
 *
 * The first half of the way from argv to a struct sandbox_config: everything that can be judged
 * without looking at the host. resolve.c is the second half.
 */

#include <errno.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/image/store.h"
#include "http.h"
#include "options.h"
#include "setters.h"
#include "vitrine/util.h"

#define CLONES_MAX 10000
#define FIELD(member) offsetof(struct run_options, member)

static const struct option_spec specs[] = {
	{ 'i', "interactive", NULL, option_flag, FIELD(interactive),
	  "forward input even from a terminal" },
	{ 't', "tty", NULL, option_flag, FIELD(tty), "give the command a terminal" },
	{ 'd', "detach", NULL, option_flag, FIELD(config.detached),
	  "run in the background; print the sandbox's name" },
	{ 0, "entrypoint", "PROGRAM", option_string, FIELD(entrypoint),
	  "run PROGRAM instead of the image's entry point" },
	{ 'w', "workdir", "DIR", run_option_directory, FIELD(config.cwd), "start in DIR" },
	{ 'e', "env", "K=V", option_variable, FIELD(env),
	  "set a variable (K alone: the host's value)" },
	{ 0, "env-file", "FILE", option_list, FIELD(env_files), "set the variables in FILE" },
	{ 'u', "user", "USER", run_option_user, 0, "run as USER[:GROUP], names or numbers (root)" },
	{ '0', "root-id", NULL, run_option_root_id, 0, "run as root, the same as --user 0:0" },
	{ 'm', "memory", "SIZE", option_size, FIELD(config.memory), "guest memory, such as 2G" },
	{ 0, "cpus", "N", run_option_cpus, FIELD(config.cpus),
	  "virtual CPUs (those of the host, at most 8)" },
	{ 0, "disk", "FILE[,ro|,overlay=FILE]", run_option_disk, 0, "add a disk (/dev/vdb, ...)" },
	{ 'v', "volume", "HOST:GUEST[:ro]", run_option_volume, 0, "share a folder or a file" },
	{ 'b', "bind", "HOST:GUEST[:ro]", run_option_volume, 0, NULL },
	{ 0, "read-only", NULL, option_flag, FIELD(config.read_only), "do not write to the image" },
	{ 0, "ephemeral", NULL, option_flag, FIELD(ephemeral), "discard what is written" },
	{ 'p', "part", "N", option_unsigned, FIELD(partition), "use partition N of the image" },
	{ 0, "fs-type", "TYPE", run_option_fs_type, FIELD(config.fs_type), "file system (ext4)" },
	{ 'k', "cmdline", "STR", option_list, FIELD(cmdline),
	  "append STR to the kernel command line" },
	{ 0, "mount-profile", "P", run_option_mounts, FIELD(config.mounts),
	  "kernel file systems to mount: full or minimal" },
	{ 0, "syscall-mode", "MODE", run_option_tier, FIELD(config.tier),
	  "how calls are intercepted: auto, seccomp or emulate" },
	{ 0, "wx", "P", run_option_wx, FIELD(config.wx),
	  "writable and executable memory: allow or deny" },
	{ 0, "hostname", "NAME", run_option_hostname, FIELD(config.hostname),
	  "host name in the guest" },
	{ 0, "timeout", "TIME", option_seconds, FIELD(config.timeout),
	  "end with status 124 after TIME" },
	{ 0, "on-timeout", "ACT", run_option_on_timeout, FIELD(config.pause_on_timeout),
	  "kill, or pause: then all of TIME is there again" },
	{ 0, "idle-pause", "TIME", option_seconds, FIELD(config.idle_pause),
	  "pause when there was nothing to do for TIME" },
	{ 0, "name", "NAME", run_option_name, FIELD(config.name),
	  "name of the sandbox, for ps, exec, ..." },
	{ 0, "web", "[=PORT]", run_option_web, 0, "serve a dashboard; print its address" },
	{ 0, "web-bind", "ADDR", run_option_address, FIELD(config.web.address),
	  "serve --web at ADDR (127.0.0.1)" },
	{ 0, "web-linger", "TIME", run_option_linger, FIELD(web_linger),
	  "--web stays for TIME (or forever) after the end" },
	{ 0, "net", "[=MODE]", run_option_net, 0,
	  "a network: public (default), rules, any or none" },
	{ 0, "net-allow", "RULE", run_option_net_allow, 0,
	  "allow it, such as example.com:443 or host:8000" },
	{ 0, "net-deny", "RULE", run_option_net_deny, 0,
	  "refuse it; the first rule that matches decides" },
	{ 0, "net-policy", "FILE", option_list, FIELD(net.files), "add the rules in FILE" },
	{ 0, "net-limit", "WHAT=N", run_option_net_limit, 0,
	  "connections=N or bandwidth=BYTES (a second)" },
	{ 0, "http-allow", "RULE", run_option_http_allow, 0,
	  "allow requests, such as 'GET,HEAD https://NAME/v1/*'" },
	{ 0, "http-deny", "RULE", run_option_http_deny, 0,
	  "refuse them; the first rule that matches decides" },
	{ 0, "http-trust", NULL, option_flag, FIELD(net.trust),
	  "let the guest's programs trust the sandbox's certificates" },
	{ 0, "secret", "SECRET", run_option_secret, 0,
	  "NAME=header:FIELD@HOST: put in on the way, as the guest has a placeholder" },
	{ 0, "net-log", "FILE", option_string, FIELD(net.log),
	  "append a line of JSON for each connection and request" },
	{ 0, "dns", "ADDR[:PORT]", run_option_resolver, 0, "ask this resolver, not the host's" },
	{ 0, "publish", "PORT:GUEST[/udp]", run_option_publish, 0,
	  "lead [ADDR:]PORT of the host (127.0.0.1) to GUEST" },
	{ 'P', "publish-all", NULL, option_flag, FIELD(net.all_ports),
	  "publish the ports that the image names" },
	{ 0, "from", "SNAPSHOT", option_string, FIELD(from),
	  "go on from a snapshot, in the background; no IMAGE" },
	{ 'n', "count", "N", option_unsigned, FIELD(count), "with --from: start N sandboxes (1)" },
	{ 0, "full-boot", NULL, option_flag, FIELD(full_boot),
	  "boot the kernel, as does what says -k or --verbose" },
	{ 0, "init", NULL, option_flag, FIELD(config.init),
	  "make COMMAND pid 1 (systemd is in any case)" },
	{ 0, "rm", NULL, option_flag, FIELD(remove), "keep nothing when the sandbox has ended" },
	{ 0, "verbose", NULL, option_flag, FIELD(config.verbose),
	  "show the kernel log on standard error" },
	{ 'S', "system-root", "IMAGE", run_option_system, 0, "as in kbox: all mounts, as root" },
	{ 'R', "recommended-root", "IMAGE", run_option_recommended, 0, "as in kbox: all mounts" },
	{ 'r', "root-dir", "IMAGE", run_option_plain, 0, "as in kbox: minimal mounts" },
	{ 'c', "command", "CMD", run_option_command, 0,
	  "run CMD; what follows IMAGE are its arguments" },
	{ 0, "mount-opts", "OPT,...", run_option_mount_opts, 0, "options of the root file system" },
	{ 0, "trace-format", "F", run_option_trace_format, FIELD(trace_format),
	  "trace to stderr, as text, json or perfetto" },
	/* kbox's names for the same things */
	{ 0, "work-dir", "DIR", run_option_directory, FIELD(config.cwd), NULL },
	{ 0, "change-id", "UID:GID", run_option_user, 0, NULL },
};

static const struct option_set run_set = {
	"run [OPTION]... IMAGE|FILE [--] [COMMAND [ARGUMENT]...]",
	"Boot Linux in this process with IMAGE as its root file system and run COMMAND in it. "
	"The exit status is COMMAND's, 128+n when signal n ended it, 124 after --timeout, and "
	"125 when vitrine itself or the guest kernel failed. What the options mean in full, "
	"and the grammar of rules, is in the manual: man vitrine.",
	specs,
	ARRAY_SIZE(specs),
};

/* The name's % is the number of one of several */
static int check_from(const struct run_options *o, struct error *err)
{
	if (o->image)
		return error_set(err, 0, "--from SNAPSHOT takes no image and no command");
	if (!o->count || o->count > CLONES_MAX)
		return error_set(err, 0, "--count: from 1 to %d", CLONES_MAX);
	return 0;
}

static int check(const struct run_options *o, struct error *err)
{
	if (o->from)
		return check_from(o, err);
	if (o->count > 1)
		return error_set(err, 0,
				 "--count says how many go on from a snapshot; there is no --from");
	if (o->config.name && strchr(o->config.name, '%'))
		return error_set(err, 0, "'%s' is not a name for a sandbox", o->config.name);
	if (!o->image)
		return error_set(err, 0, "which image? vitrine run [OPTION]... IMAGE [COMMAND]...");
	if (o->web && !o->config.web.port && o->command[0] &&
	    !o->image[strspn(o->image, "0123456789")])
		return error_set(err, 0, "'%s' is in the image's place; for a port write --web=%s",
				 o->image, o->image);
	if (o->trace_format && o->config.detached)
		return error_set(err, 0, "--detach and --trace-format exclude each other");
	if (o->ephemeral && o->config.read_only)
		return error_set(err, 0, "--ephemeral and --read-only exclude each other");
	if (o->config.web.address && !o->web)
		return error_set(err, 0, "--web-bind says where --web serves; there is no --web");
	if (o->web_linger && !o->web)
		return error_set(err, 0,
				 "--web-linger says how long --web stays; there is no --web");
	if (o->config.pause_on_timeout && !o->config.timeout)
		return error_set(err, 0, "--on-timeout pause: there is no --timeout");
	if (run_net_check(o, err))
		return -1;
	if (o->config.memory && o->config.memory < (64ULL << 20))
		return error_set(err, 0, "--memory: the guest needs at least 64M");
	if (o->config.memory > (1ULL << 40))
		return error_set(err, 0, "--memory: at most 1T");
	return 0;
}

/* The command that is an option, and its arguments */
static int join_command(struct run_options *o, struct error *err)
{
	size_t count = 0;

	if (!o->command_name)
		return 0;
	while (o->command[count])
		count++;
	o->joined_command = calloc(count + 2, sizeof(*o->joined_command));
	if (!o->joined_command)
		return error_set(err, ENOMEM, "command");
	o->joined_command[0] = o->command_name;
	memcpy(o->joined_command + 1, o->command, count * sizeof(*o->command));
	o->command = o->joined_command;
	return 0;
}

int run_options_operands(struct run_options *options, int argc, char **argv, int first,
			 struct error *err)
{
	if (!options->image && first < argc)
		options->image = argv[first++];
	if (first < argc && !strcmp(argv[first], "--") && strcmp(argv[first - 1], "--"))
		first++;
	options->command = argv + first;
	return join_command(options, err) || check(options, err) ? -1 : 0;
}

int run_options_parse(struct run_options *options, int argc, char **argv, struct error *err)
{
	int first;

	memset(options, 0, sizeof(*options));
	options->config.fs_type = "ext4";
	options->count = 1;
	first = options_parse(&run_set, options, argc, argv, err);
	if (first <= 0)
		return first;
	return run_options_operands(options, argc, argv, first, err) ? -1 : 1;
}

void run_options_free(struct run_options *options)
{
	environment_free(&options->environment);
	free(options->env.items);
	free(options->env_files.items);
	free(options->cmdline.items);
	free(options->mount_opts.items);
	free(options->cmdline_text);
	free(options->image_path);
	free(options->kernel_path);
	free(options->boots);
	free(options->name);
	free(options->default_command);
	free(options->overlay_path);
	store_disk_free(&options->stored);
	json_decref(options->record);
	free(options->joined_command);
	run_net_free(&options->net);
	for (unsigned i = 0; i < SANDBOX_DISKS_MAX; i++)
		free(options->disk_text[i]);
	for (unsigned i = 0; i < SANDBOX_SHARES_MAX; i++)
		free(options->share_text[i]);
}
