// SPDX-License-Identifier: GPL-2.0-only
/* envd.c - calls to a sandbox: which one, by whom
 *
 * The SDK names the sandbox in a header, or in the host name PORT-ID.DOMAIN, and proves with the
 * sandbox's token that it may. A file can also be fetched with a signature in the query, which
 * somebody with the token has made. A URL without any name of a sandbox and with a signature is
 * about the one that the signature fits.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "e2b.h"
#include "service/digest.h"
#include "service/life/keeper.h"
#include "service/proc/collect.h"
#include "service/proxy/proxy.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

void envd_signature(const char *path, const char *op, const char *user, const char *token,
		    const char *expires, char *signature)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	cleanup_free char *text = NULL;
	char *padding;

	signature[0] = '\0';
	if (asprintf(&text, "%s:%s:%s:%s%s%s", path, op, user, token, expires ? ":" : "",
		     expires ? expires : "") < 0) {
		text = NULL;
		return;
	}
	SHA256((const unsigned char *)text, strlen(text), digest);
	strcpy(signature, "v1_");
	EVP_EncodeBlock((unsigned char *)signature + 3, digest, sizeof(digest));
	padding = strchr(signature, '=');
	if (padding)
		*padding = '\0';
}

static bool signed_for(struct request *request, const struct sandbox *s, const char *op,
		       const char *path)
{
	const char *signature = request_query(request, "signature");
	const char *expires = request_query(request, "signature_expiration");
	const char *user = request_query(request, "username");
	char right[64];

	if (!signature || !op || !path || (expires && strtoll(expires, NULL, 10) < time(NULL)))
		return false;
	envd_signature(path, op, user ? user : "", s->token, expires, right);
	return same_text(right, signature);
}

static int not_running(struct request *request, const char *id)
{
	json_t *json = json_pack("{s:s, s:s, s:i}", "sandboxId", id, "message",
				 "The sandbox was not found", "code", 502);

	answer_json(request, 502, json ?: json_object());
	return -1;
}

/* Of a URL without a name: whose token has made the signature? */
static bool find_signed(struct request *request, const char *op, const char *path,
			char id[SANDBOX_ID_LEN + 1])
{
	struct rows rows cleanup_rows = { 0 };

	if (!request_query(request, "signature") ||
	    store_run(
		request->service->store, &rows, NULL,
		"SELECT " SANDBOX_COLUMNS " FROM sandbox WHERE state IN ('running', 'paused')", ""))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		struct sandbox s cleanup_sandbox = { 0 };

		if (!sandbox_take(&rows, i, &s) && signed_for(request, &s, op, path)) {
			strcpy(id, s.id);
			return true;
		}
	}
	return false;
}

static bool identify(struct request *request, const char *op, const char *path,
		     char id[SANDBOX_ID_LEN + 1])
{
	const char *header = request_header(request, "E2b-Sandbox-Id");

	if (header) {
		/* Older ones append the client's id */
		snprintf(id, SANDBOX_ID_LEN + 1, "%s", header);
		return sandbox_id_valid(id);
	}
	return proxy_host(request_header(request, "Host"), id) ||
	       (op && find_signed(request, op, path, id));
}

/* The user of "Authorization: Basic base64(user:)" */
static void take_user(struct request *request, struct envd *envd)
{
	static const char basic[] = "Basic ";
	const char *authorization = request_header(request, "Authorization");
	const char *query = request_query(request, "username");
	char text[128] = "";
	size_t len;

	if (query) {
		snprintf(envd->user, sizeof(envd->user), "%s", query);
	} else if (authorization && !strncasecmp(authorization, basic, strlen(basic))) {
		authorization += strlen(basic);
		len = strlen(authorization);
		if (len < sizeof(text) && base64_decode(authorization, len, text) > 0) {
			text[strcspn(text, ":")] = '\0';
			snprintf(envd->user, sizeof(envd->user), "%s", text);
		}
	}
}

int envd_begin(struct request *request, struct envd *envd, const char *op, const char *path)
{
	const char *token = request_header(request, "X-Access-Token");
	struct fault fault;
	char *id = request->params[0];

	*envd = (struct envd){ 0 };
	if (!identify(request, op, path, id))
		return not_running(request, "");
	if (sandbox_await(request->service, NULL, id, &envd->sandbox, &fault))
		return not_running(request, id);
	if (!(token && same_text(envd->sandbox.token, token)) &&
	    !signed_for(request, &envd->sandbox, op, path)) {
		fault_set(&fault, FAULT_UNAUTHENTICATED, "the access token is missing or wrong");
		answer_fault(request, &fault);
		sandbox_free(&envd->sandbox);
		return -1;
	}
	if (sandbox_wake(request->service, &envd->sandbox))
		return not_running(request, id);
	take_user(request, envd);
	activity_begin(id);
	return 0;
}

void envd_end(struct request *request, struct envd *envd)
{
	activity_end(request->service, envd->sandbox.id);
	sandbox_free(&envd->sandbox);
}

const char *envd_user(struct guest *guest, const struct envd *envd)
{
	const char *of_template = json_string_value(json_object_get(envd->sandbox.options, "user"));
	const char *wanted = envd->user[0] ? envd->user : of_template ? of_template : "user";
	uint32_t uid, gid;
	char home[256];

	/* Images that were not made for E2B do not have its user: root, as in the image */
	if (!strcmp(wanted, "user") && guest_user(guest, wanted, &uid, &gid, home, sizeof(home)))
		return NULL;
	return strcmp(wanted, "root") ? wanted : NULL;
}

void e2b_health(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	char id[SANDBOX_ID_LEN + 1];
	struct fault fault;

	if (!identify(request, NULL, NULL, id) ||
	    sandbox_load(request->service, NULL, id, &s, &fault) || s.state != STATE_RUNNING)
		not_running(request, id);
	else
		answer_empty(request, 204);
}
