// SPDX-License-Identifier: GPL-2.0-only
/* browser.c - vitrine browser: an image in a browser's tab, with the kernel */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "browser/serve/serve.h"
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/paths.h"
#include "cli/image/store.h"
#include "vitrine/util.h"

#define PORT_MAX 65535

static int option_port(void *field, const char *value, struct error *err)
{
	if (option_unsigned(field, value, err))
		return -1;
	return *(unsigned *)field > PORT_MAX ? error_set(err, 0, "ports end at %d", PORT_MAX) : 0;
}

#define AT(member) offsetof(struct serve_options, member)

static const struct option_spec specs[] = {
	{ 'p', "port", "PORT", option_port, AT(port), "listen there (any that is free)" },
	{ 'b', "bind", "ADDR", option_string, AT(address), "listen on this address (127.0.0.1)" },
	{ 0, "relay", "URL", option_string, AT(relay),
	  "a network for the machine: address of a vitrine relay" },
	{ 'q', "quiet", NULL, option_flag, AT(quiet), "do not print the address" },
};

static const struct option_set options = {
	"browser [OPTION]... [IMAGE]",
	"Serve a page that boots the guest kernel with IMAGE (mini) in a browser's tab, in the "
	"emulator. Blocks of the image are fetched when they are read, and what the machine writes "
	"stays in the tab, which keeps it for the next visit. The address is printed; Ctrl-C ends "
	"the server.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

int cmd_browser(int argc, char **argv)
{
	cleanup_free char *pages = NULL, *image = NULL;
	struct serve_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at > 1)
		at = error_set(&err, 0, "browser takes at most one image");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	image = image_find(at < argc ? argv[at] : "mini", &err);
	pages = image ? paths_browser(&err) : NULL;
	if (!pages)
		return cli_fail(EXIT_VITRINE, &err);
	opt.image = image;
	opt.pages = pages;
	return serve_run(&opt, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
