/* SPDX-License-Identifier: GPL-2.0-only */
/* auth.h - who asks: API keys
 *
 * A key is "e2b_" and 40 random hexadecimal digits. The store has its SHA-256: what is random is
 * not guessed, so a hash that is slow would only slow down those who have the key.
 */
#ifndef SERVICE_API_AUTH_H
#define SERVICE_API_AUTH_H

#include "service/http/request.h"

#define KEY_LEN 44

/**
 * auth_judge() - May this request be answered?
 *
 * Fills request->caller. Context: the connections' thread; does not wait, but for the store when a
 * key is seen that was not seen before.
 *
 * Return: 0, or -1 with @fault.
 */
int auth_judge(struct request *request, struct fault *fault);

/** auth_changed() - Keys were made or removed */
void auth_changed(void);

/**
 * key_make() - Make a key
 * @wanted: owner, scopes and limits
 * @id:     32 bytes, @key: KEY_LEN + 1 bytes; set
 */
int key_make(struct service *service, const struct caller *wanted, const char *name, char *id,
	     char *key, struct fault *fault);

/** auth_first() - Make the first key when there is none. Return: 1 when it was made, 0, or -1 */
int auth_first(struct service *service, char *key, struct fault *fault);

#endif
