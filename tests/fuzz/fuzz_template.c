// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_template.c - hostile files that say how a template is made
 *
 * What is accepted has an image, and copies nothing from above its directory.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/template/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct template_file file;
	struct error err;
	char *copy = malloc(size + 1); /* of this size, so that the sanitizer sees one byte more */

	memcpy(copy, data, size);
	if (!template_parse(&file, copy, size, &err)) {
		if (!file.from || file.from[0] == '-')
			abort();
		for (size_t i = 0; i < file.nsteps; i++) {
			const struct template_step *step = &file.steps[i];

			if (step->kind == STEP_COPY &&
			    (step->text[0] == '/' || step->to[0] != '/' ||
			     !strncmp(step->text, "../", 3) || strstr(step->text, "/../")))
				abort();
		}
	}
	template_free(&file);
	free(copy);
	return 0;
}
