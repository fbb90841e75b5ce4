/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.h - files for tests, in a directory that is removed at the end */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* cmocka group fixtures */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Path of a name in the directory; valid until the eighth call from now */
const char *scratch_path(const char *name);

/* Make a sparse file of @size bytes, and write to it */
const char *scratch_file(const char *name, uint64_t size);
void scratch_write(const char *path, uint64_t off, const void *data, size_t len);
void scratch_read(const char *path, uint64_t off, void *data, size_t len);

#endif
