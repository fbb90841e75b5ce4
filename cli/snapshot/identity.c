// SPDX-License-Identifier: GPL-2.0-only
/* identity.c - what a clone has of its own beside its name
 *
 * Its host name and the seed of its random numbers the guest's kernel gets before its first
 * instruction. /etc/machine-id is a file, so it is written when the clone runs, before anybody
 * hears that it does.
 */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "cli/common/client.h"
#include "cli/common/saved.h"
#include "vitrine/util.h"

#define MACHINE_ID "/etc/machine-id"
#define DIGITS 32

static int call(struct client *client, json_t *json, const void *payload, size_t len,
		json_int_t *value, struct error *err)
{
	struct answer answer;

	if (client_call(client, json, payload, len, &answer, err))
		return -1;
	*value = json_integer_value(json_object_get(answer.json, "value"));
	json_decref(answer.json);
	return 0;
}

static int write_id(struct client *client, struct error *err)
{
	unsigned char random[DIGITS / 2];
	char text[DIGITS + 2];
	json_int_t handle, value;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_set(err, errno, "cannot get random bytes");
	random[6] = (random[6] & 0x0f) | 0x40; /* a UUID, version 4, as machine-id(5) wants it */
	random[8] = (random[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(text + 2 * i, 3, "%02x", random[i]);
	text[DIGITS] = '\n';
	if (call(client,
		 json_pack("{s:s, s:i, s:i}", "op", "open", "flags",
			   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, "mode", 0444),
		 MACHINE_ID, strlen(MACHINE_ID), &handle, err))
		return -1;
	return call(client,
		    json_pack("{s:s, s:I, s:i}", "op", "write", "handle", handle, "offset", 0),
		    text, DIGITS + 1, &value, err)
		   ?: call(client, json_pack("{s:s, s:I}", "op", "close", "handle", handle), NULL,
			   0, &value, err);
}

int identity_renew(const char *snapshot, const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };
	json_t *template = saved_template(snapshot);
	const bool wanted = json_is_true(json_object_get(template, "machine_id"));
	struct error why = { 0 };
	int ret;

	json_decref(template);
	if (!wanted)
		return 0;
	if (client_open(&client, name, err))
		return -1;
	ret = write_id(&client, &why);
	client_close(&client);
	return ret ? error_set(err, why.code, "%s: %.200s of its own", name, MACHINE_ID) : 0;
}
