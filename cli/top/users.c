// SPDX-License-Identifier: GPL-2.0-only
/* users.c - names of the guest's users
 *
 * From the guest's passwd file, in which the guest may write what it likes; a name is only shown.
 */
#include <stdlib.h>
#include <string.h>
#include "rows.h"
#include "vitrine/util.h"

#define USERS_MAX 256
#define NAME_MAX_SHOWN 16

static struct user {
	uint32_t uid;
	char name[NAME_MAX_SHOWN];
} users[USERS_MAX];
static size_t count;

/* "name:password:uid:..." */
static void user_add(char *line)
{
	char *name = strsep(&line, ":"), *password = strsep(&line, ":"), *uid = strsep(&line, ":"),
	     *end;
	unsigned long number;

	if (!password || !uid || !*name || !*uid || count == USERS_MAX)
		return;
	number = strtoul(uid, &end, 10);
	if (*end || number > UINT32_MAX)
		return;
	users[count].uid = number;
	snprintf(users[count++].name, NAME_MAX_SHOWN, "%s", name);
}

void top_users_learn(char *passwd)
{
	char *line;

	while ((line = strsep(&passwd, "\n")))
		user_add(line);
}

const char *top_user(uint32_t uid)
{
	static char number[16];

	for (size_t i = 0; i < count; i++) {
		if (users[i].uid == uid)
			return users[i].name;
	}
	snprintf(number, sizeof(number), "%u", uid);
	return number;
}
