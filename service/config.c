// SPDX-License-Identifier: GPL-2.0-only
/* config.c - how vitrined was started */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/options.h"
#include "vitrine/util.h"

#define FILE_MAX (64 * 1024)
#define WORDS_MAX 64

#define AT(member) offsetof(struct config, member)

static const struct option_spec specs[] = {
	{ 'l', "listen", "ADDR:PORT", option_string, AT(listen),
	  "serve there, ADDR being a number (127.0.0.1:7437)" },
	{ 0, "store", "URL", option_string, AT(store),
	  "sqlite:PATH or postgresql://... (a file in the state directory)" },
	{ 0, "base", "IMAGE", option_string, AT(base), "image of the template 'base' (mini)" },
	{ 0, "interpreter", "IMAGE", option_string, AT(interpreter),
	  "image with Python, for E2B's code interpreter (that of 'base')" },
	{ 0, "domain", "NAME", option_string, AT(domain), "sandboxes are reached as PORT-ID.NAME" },
	{ 0, "connections", "N", option_unsigned, AT(connections), "at a time (4096)" },
	{ 0, "drain", NULL, option_flag, AT(drain), "pause all sandboxes when ending" },
	{ 0, "internet", NULL, option_flag, AT(internet),
	  "give E2B's clients a network; they cannot pause then" },
	{ 0, "cold", NULL, option_flag, AT(cold),
	  "boot every sandbox; keep no templates that are ready" },
	{ 0, "config", "FILE", option_string, AT(file), "read options from FILE first" },
};

static const struct option_set options = {
	"[OPTION]... [doctor | key]",
	"Serve sandboxes over HTTP. The first start prints an API key, once. Sandboxes outlive the "
	"daemon: it finds them again when it is started. `vitrined doctor` says what this host "
	"offers and what is missing; `vitrined key` makes one more API key, with all rights.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
	.program = "vitrined",
};

int config_words(char *text, char **words, unsigned max, struct error *err)
{
	unsigned count = 0, number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *equals, *end;

		number++;
		line += strspn(line, " \t\r");
		end = line + strlen(line);
		while (end > line && strchr(" \t\r", end[-1]))
			*--end = '\0';
		if (!*line || *line == '#')
			continue;
		if (count == max)
			return error_set(err, 0, "line %u: too many lines", number);
		equals = strchr(line, '=');
		if (equals) {
			char *name = equals, *value = equals + 1;

			while (name > line && strchr(" \t", name[-1]))
				name--;
			*name = '\0';
			value += strspn(value, " \t");
			if (asprintf(&words[count], "--%s=%s", line, value) < 0)
				return error_set(err, ENOMEM, "config");
		} else if (asprintf(&words[count], "--%s", line) < 0) {
			return error_set(err, ENOMEM, "config");
		}
		count++;
	}
	return (int)count;
}

int config_listen(struct config *config, const char *text, struct error *err)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	unsigned char address[16];
	size_t len = colon ? (size_t)(colon - text) : 0;
	char *end;
	unsigned long number;

	strcpy(config->address, "127.0.0.1");
	if (len > 1 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (colon && len < sizeof(config->address)) {
		memcpy(config->address, text, len);
		config->address[len] = '\0';
	}
	number = strtoul(port, &end, 10);
	if (!*port || strspn(port, "0123456789") != strlen(port) || *end || number > 65535 ||
	    len >= sizeof(config->address) ||
	    (inet_pton(AF_INET, config->address, address) != 1 &&
	     inet_pton(AF_INET6, config->address, address) != 1))
		return error_set(err, 0, "--listen: [ADDR:]PORT, with a numeric address");
	config->port = (unsigned)number;
	return 0;
}

/* The options of a file, which those of the command line override */
static int parse_file(struct config *config, const char *path, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	/* The options point into it, as long as the daemon lives */
	char *text = calloc(1, FILE_MAX), **words = calloc(WORDS_MAX + 2, sizeof(*words));
	struct error why;
	int count, ret;

	if (!file || !text || !words)
		return error_set(err, errno, "%s", path);
	if (fread(text, 1, FILE_MAX - 1, file) == FILE_MAX - 1)
		return error_set(err, 0, "%s is too long", path);
	words[0] = "vitrined";
	count = config_words(text, words + 1, WORDS_MAX, &why);
	ret = count < 0 ? -1 : options_parse(&options, config, count + 1, words, &why);
	if (ret < 0)
		return error_set(err, 0, "%s: %.400s", path, why.text);
	return ret == count + 1 ? 0 : error_set(err, 0, "%s: not an option", path);
}

int config_parse(struct config *config, int argc, char **argv, struct error *err)
{
	int first;

	*config = (struct config){ .connections = 4096, .base = "mini" };
	for (int i = 1; i < argc; i++) {
		const char *path = !strncmp(argv[i], "--config=", 9) ? argv[i] + 9
				   : !strcmp(argv[i], "--config")    ? argv[i + 1]
								     : NULL;

		if (path && parse_file(config, path, err))
			return -1;
	}
	first = options_parse(&options, config, argc, argv, err);
	if (first <= 0)
		return first;
	if (config->connections < 16 || config->connections > 100000)
		return error_set(err, 0, "--connections: from 16 to 100000");
	if (!config->listen)
		config_listen(config, "7437", NULL);
	return !config->listen || !config_listen(config, config->listen, err) ? first : -1;
}
