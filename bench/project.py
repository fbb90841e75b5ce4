#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""project.py DIR - generate what the compile and untar rows work on, the same on every machine

DIR/project is a C program of 40 source files (about 10,800 lines) and a Makefile: parsers, hash tables,
sorting and string code, each file with its own constants and its own use of libc's headers. Generated,
so that the row needs no download and cannot drift; the program checks itself when it runs.

DIR/tree.tar holds 3,000 files of 0-24 KiB in 120 directories, 18 MiB in all.
"""
import io
import os
import random
import sys
import tarfile

UNITS = 40
HEADERS = ["stdio.h", "stdlib.h", "string.h", "stdint.h", "ctype.h", "errno.h", "unistd.h", "time.h"]

UNIT = """\
{includes}
#include "common.h"

struct entry_{n} {{
	struct entry_{n} *next;
	uint32_t hash;
	int count;
	char key[{keysize}];
}};

static struct entry_{n} *table_{n}[{buckets}];

static uint32_t hash_{n}(const char *s)
{{
	uint32_t h = {seed}u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * {mult}u;
	return h;
}}

static struct entry_{n} *find_{n}(const char *key, int create)
{{
	uint32_t h = hash_{n}(key);
	struct entry_{n} **p = &table_{n}[h % {buckets}], *e;

	for (e = *p; e; e = e->next)
		if (e->hash == h && strcmp(e->key, key) == 0)
			return e;
	if (!create)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	e->hash = h;
	strncpy(e->key, key, sizeof(e->key) - 1);
	e->next = *p;
	*p = e;
	return e;
}}

static int compare_{n}(const void *a, const void *b)
{{
	const struct entry_{n} *x = *(struct entry_{n} *const *)a, *y = *(struct entry_{n} *const *)b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->key, y->key);
}}
{functions}
long unit_{n}(const char *text)
{{
	struct entry_{n} *list[{listsize}];
	char word[{keysize}];
	size_t len = 0, used = 0;
	long sum = 0;

	for (const char *p = text;; p++) {{
		if (isalnum((unsigned char)*p) && len + 1 < sizeof(word)) {{
			word[len++] = (char)tolower((unsigned char)*p);
			continue;
		}}
		if (len) {{
			word[len] = 0;
			find_{n}(word, 1)->count++;
			len = 0;
		}}
		if (!*p)
			break;
	}}
	for (size_t i = 0; i < {buckets}; i++)
		for (struct entry_{n} *e = table_{n}[i]; e && used < {listsize}; e = e->next)
			list[used++] = e;
	qsort(list, used, sizeof(list[0]), compare_{n});
	for (size_t i = 0; i < used; i++)
		sum += list[i]->count * (long)(i + 1);
{calls}
	return sum;
}}
"""

FUNCTION = """
static unsigned long step_{n}_{k}(const char *s, unsigned long state)
{{
	for (; *s; s++) {{
		switch (*s) {{
{cases}
		default:
			if (isdigit((unsigned char)*s))
				state = state * 10 + (*s - '0');
			else if (isspace((unsigned char)*s))
				state = (state << {shift}) ^ (state >> {back});
			else
				state += *s * {factor}UL;
		}}
	}}
	if (!state)
		fprintf(stderr, "unit {n} step {k}: zero\\n");
	return state & 0xffffff;
}}
"""


def unit(n, rng):
    functions = []
    for k in range(4):
        letters = rng.sample("abcdefghijklmnopqrstuvwxyz+-*/()[]", 9)
        cases = "\n".join(
            f"\t\tcase '{c}':\n\t\t\tstate ^= {rng.randrange(1, 1 << 20)}UL + (state >> {rng.randrange(1, 9)});"
            f"\n\t\t\tbreak;" for c in letters)
        functions.append(FUNCTION.format(n=n, k=k, cases=cases, shift=rng.randrange(1, 5),
                                         back=rng.randrange(5, 12), factor=rng.randrange(3, 99)))
    return UNIT.format(
        n=n, includes="\n".join(f"#include <{h}>" for h in HEADERS), keysize=rng.randrange(16, 48),
        buckets=rng.choice([61, 127, 251, 509]), seed=rng.randrange(1 << 31),
        mult=rng.randrange(1 << 20, 1 << 30) | 1, listsize=rng.randrange(64, 256),
        functions="".join(functions),
        calls="\n".join(f"\tsum += step_{n}_{k}(text, sum & 0xffff);" for k in range(4)))


def project(top, rng):
    os.makedirs(top, exist_ok=True)
    names = [f"unit_{n}" for n in range(UNITS)]
    files = {f"{name}.c": unit(n, rng) for n, name in enumerate(names)}
    files["common.h"] = "".join(f"long {name}(const char *text);\n" for name in names)
    files["main.c"] = (
        '#include <stdio.h>\n#include "common.h"\n\nint main(void)\n{\n'
        '\tstatic const char text[] = "the quick brown fox 42 (jumps) over 7 lazy dogs and the rest";\n'
        "\tlong sum = 0;\n\n" + "".join(f"\tsum += {name}(text);\n" for name in names) +
        '\tprintf("%ld\\n", sum);\n\treturn sum <= 0;\n}\n')
    files["Makefile"] = (
        "objects := main.o " + " ".join(f"{n}.o" for n in names) + "\n\n"
        "check: program\n\t./program >/dev/null\n\n"
        "program: $(objects)\n\tgcc -o $@ $^\n\n"
        "%.o: %.c common.h\n\tgcc -O2 -c -o $@ $<\n\n"
        "part: main.o unit_0.o unit_1.o unit_2.o unit_3.o unit_4.o\n\n"
        "clean:\n\trm -f program *.o\n")
    for name, text in files.items():
        with open(os.path.join(top, name), "w", encoding="ascii") as f:
            f.write(text)


def tree(path, rng):
    with tarfile.open(path, "w") as tar:
        for n in range(3000):
            data = rng.randbytes(int(rng.random() ** 3 * 24576))
            info = tarfile.TarInfo(f"tree/d{n % 12}/e{n % 120}/file{n}")
            info.size = len(data)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(data))


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    project(os.path.join(sys.argv[1], "project"), random.Random(6))
    tree(os.path.join(sys.argv[1], "tree.tar"), random.Random(12))
