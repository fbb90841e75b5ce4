// SPDX-License-Identifier: GPL-2.0-only
/* cc.c - the compiler as the kernel build calls it: gcc, with a precompiled header where it can be
 *
 * Usage: cc GCC-ARGUMENTS, with the object directory as the current one
 *
 * Theory of operation
 * Two thirds of compiling the kernel is reading headers, the same ones for each of 1,400 files. The
 * Makefile beside this has gcc read headers.h first of all and keep what it knows at the end; each
 * file then starts from there. It includes what it includes: headers have guards, and those that
 * were read already are passed over. Code must be what it is without; kernel/compare says whether.
 *
 * - A file that defines a macro and includes something after that may want the header to see it.
 *   Such a file is compiled as always; in most of them the macro is CREATE_TRACE_POINTS. Only
 *   pr_fmt() takes effect where a message is printed, no earlier: headers.h takes away the default,
 *   asm/precompiled-names.h has it for files that define none. A header beside the
 *   file may do so, too.
 * - gcc refuses what it kept when a macro of the command line occurs in it. Those that name
 *   an object (KBUILD_MODNAME) get other names here; asm/precompiled-names.h gives them back.
 * - Where gcc refuses it all the same (a directory with macros of its own), it includes
 *   kernel.h, the empty file beside what it kept.
 * - What does not compile so, for whatever reason, is compiled as always, and a line says so.
 *
 * With -fpch-deps an object depends on all that the precompiled header was made from: what is
 * compiled again after a change may be too much, and is never too little.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRECOMPILED "arch/vitrine/precompiled/kernel.h"
#define NAMES "asm/precompiled-names.h"
#define COMPILER "gcc"

extern char **environ;

struct source {
	const char *path;
	bool own_pr_fmt;
	/* a macro is defined before something is included */
	bool defines_first;
};

/* Found with kernel/compare: the compiler's order of functions or choice of registers depends on
 * the order in which it came by declarations, and a header's message gets this file's pr_fmt().
 */
static const char *const as_always[] = {
	"drivers/net/virtio_net.c", "lib/stackdepot.c",	 "mm/mempolicy.c",
	"net/core/dev.c",	    "net/core/filter.c", "net/packet/af_packet.c",
};

static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && !memcmp(word, expected, length);
}

/* The next word of a line; moves @at behind it */
static size_t next_word(const char **at, const char *end)
{
	const char *start;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	start = *at;
	while (*at < end && (isalnum((unsigned char)**at) || **at == '_'))
		(*at)++;
	return *at - start;
}

/* Returns a mapping that lasts as long as the process, or NULL */
static const char *map_file(const char *path, size_t *size)
{
	const char *text = NULL;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size) {
		text = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		*size = st.st_size;
	}
	close(fd);
	return text == MAP_FAILED ? NULL : text;
}

/* Whether a header beside the file, "@name", has to do with pr_fmt() */
static bool header_has_pr_fmt(const struct source *source, const char *name, const char *end)
{
	const char *quote = memchr(name, '"', end - name);
	const char *slash = strrchr(source->path, '/');
	const char *text;
	char path[4096];
	size_t size;

	if (!quote || !slash)
		return false;
	snprintf(path, sizeof(path), "%.*s/%.*s", (int)(slash - source->path), source->path,
		 (int)(quote - name), name);
	text = map_file(path, &size);
	return text && memmem(text, size, "pr_fmt", 6);
}

static void read_directive(struct source *source, bool *defined, const char *at, const char *end)
{
	size_t length = next_word(&at, end);

	if (at == end || *at != '#')
		return;
	at++;
	length = next_word(&at, end);
	if (is_word(at - length, length, "include")) {
		next_word(&at, end);
		source->defines_first |= *defined;
		if (at < end && *at == '"' && header_has_pr_fmt(source, at + 1, end))
			source->own_pr_fmt = true;
	} else if (is_word(at - length, length, "define") ||
		   is_word(at - length, length, "undef")) {
		length = next_word(&at, end);
		if (is_word(at - length, length, "pr_fmt"))
			source->own_pr_fmt = true;
		else
			*defined = true;
	}
}

/**
 * read_source() - Look at a file's directives
 * @source: has the path; filled with what they say
 *
 * Comments and conditions are not understood, which errs on the safe side.
 *
 * Return: false when the file cannot be read.
 */
static bool read_source(struct source *source)
{
	const char *text, *at, *line_end, *end;
	bool defined = false;
	size_t size;

	text = map_file(source->path, &size);
	if (!text)
		return false;
	end = text + size;
	for (at = text; at < end; at = line_end + 1) {
		line_end = memchr(at, '\n', end - at);
		if (!line_end)
			line_end = end;
		read_directive(source, &defined, at, line_end);
	}
	return true;
}

static bool is_compiled_as_always(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(as_always) / sizeof(*as_always); i++) {
		size_t suffix = strlen(as_always[i]);

		if (length > suffix && path[length - suffix - 1] == '/' &&
		    !strcmp(path + length - suffix, as_always[i]))
			return true;
	}
	return false;
}

/* An object of the kernel: -c, a .c file at the end, and the names that kbuild gives to it */
static bool is_kernel_object(int argc, char **argv)
{
	bool compiles = false, named = false;
	const char *last = argv[argc - 1];
	size_t length = strlen(last);

	if (length < 3 || strcmp(last + length - 2, ".c"))
		return false;
	for (int i = 1; i < argc; i++) {
		compiles |= !strcmp(argv[i], "-c");
		named |= !strncmp(argv[i], "-DKBUILD_MODFILE=", 17);
	}
	return compiles && named && !access(PRECOMPILED ".gch", R_OK);
}

/* -DKBUILD_MODNAME=x as -DVITRINE_KBUILD_MODNAME=x */
static char *rename_macro(char *argument)
{
	char *renamed;

	if (strncmp(argument, "-DKBUILD_", 9) && strncmp(argument, "-D__KBUILD_", 11))
		return argument;
	argument += argument[2] == '_' ? 3 : 2;
	return asprintf(&renamed, "-DVITRINE_%s", argument) < 0 ? NULL : renamed;
}

static void show(int messages)
{
	char buffer[4096];
	ssize_t length;

	while ((length = read(messages, buffer, sizeof(buffer))) > 0)
		if (write(STDERR_FILENO, buffer, length) != length)
			return;
}

/* What gcc says is shown when it succeeds: otherwise it is asked once more */
static bool run(char **argv)
{
	posix_spawn_file_actions_t actions;
	int messages, status;
	pid_t pid;

	messages = memfd_create("messages", MFD_CLOEXEC);
	if (messages < 0 || posix_spawn_file_actions_init(&actions) ||
	    posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO))
		return false;
	if (posix_spawnp(&pid, COMPILER, &actions, NULL, argv, environ))
		return false;
	if (waitpid(pid, &status, 0) < 0 || status)
		return false;
	if (lseek(messages, 0, SEEK_SET) == 0)
		show(messages);
	return true;
}

static bool compile_precompiled(int argc, char **argv)
{
	struct source source = { .path = argv[argc - 1] };
	char **arguments;
	int n = 0;

	if (is_compiled_as_always(source.path) || !read_source(&source) || source.defines_first)
		return false;
	arguments = calloc(argc + 8, sizeof(*arguments));
	if (!arguments)
		return false;
	arguments[n++] = COMPILER;
	/* gcc takes one only before everything else */
	arguments[n++] = "-include";
	arguments[n++] = PRECOMPILED;
	arguments[n++] = "-include";
	arguments[n++] = NAMES;
	arguments[n++] = "-fpch-deps";
	if (source.own_pr_fmt)
		arguments[n++] = "-DVITRINE_OWN_PR_FMT";
	for (int i = 1; i < argc; i++) {
		arguments[n] = rename_macro(argv[i]);
		if (!arguments[n++])
			return false;
	}
	if (run(arguments))
		return true;
	printf("  AGAIN   %s\n", argv[argc - 1]);
	fflush(stdout);
	return false;
}

int main(int argc, char **argv)
{
	if (argc > 1 && is_kernel_object(argc, argv) && compile_precompiled(argc, argv))
		return 0;
	argv[0] = COMPILER;
	execvp(COMPILER, argv);
	perror(COMPILER);
	return 127;
}
