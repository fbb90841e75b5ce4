// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_document.c - what strangers' indexes, manifests and configurations say; the first byte says
 * which of them it is
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "images/oci/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static document_reader *const readers[] = { document_index, document_manifest,
						    document_docker, document_config,
						    document_is_index };
	struct error err = { 0 };
	json_t *result, *again;
	char *text, *copy;

	if (!size)
		return 0;
	text = calloc(1, size);
	memcpy(text, data + 1, size - 1);
	result = readers[data[0] % 5](text, data[0] % 7 ? "linux/amd64" : "linux/amd64@app", &err);
	/* What it makes of it can be written and read again */
	if (result) {
		copy = json_dumps(result, JSON_COMPACT);
		again = copy ? json_loads(copy, 0, NULL) : NULL;
		if (!copy || !again || !json_equal(again, result))
			abort();
		json_decref(again);
		free(copy);
		json_decref(result);
	} else if (!err.text[0]) {
		abort(); /* a refusal has a reason */
	}
	free(text);
	return 0;
}
