// SPDX-License-Identifier: GPL-2.0-only
/* http.c - vitrine run's options about requests and secrets
 *
 * Theory of operation
 * Rules become lines of the policy (net.c). A secret's value is never in an option, nor anywhere
 * in this process but in the variable that it came in, which is wiped when the process that needs
 * it has taken it (engine/net/process.c). The guest gets a variable with a placeholder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "http.h"
#include "lib/http_rule.h"
#include "lib/policy.h"
#include "options.h"
#include "vitrine/util.h"

#define PLACEHOLDER "vitrine-secret-"
#define RANDOM 16 /* bytes of it */

int run_option_secret(void *field, const char *value, struct error *err)
{
	struct run_net *net = &((struct run_options *)field)->net;
	struct http_secret secret;

	if (net->secrets.count == HTTP_SECRETS_MAX)
		return error_set(err, 0, "more than %d secrets", HTTP_SECRETS_MAX);
	if (http_secret_parse(&secret, value, err))
		return -1;
	http_secret_free(&secret);
	return option_list(&net->secrets, value, err);
}

/* Without TLS, whoever is on the way reads it: that has to be said twice, here and by a rule */
static int check_plain(const struct http_secret *secret, const struct policy *policy,
		       struct error *err)
{
	if (!secret->plain)
		return 0;
	for (size_t i = 0; i < policy->nhttp; i++) {
		const struct http_rule *rule = &policy->http[i];

		if (rule->plain && rule->allow &&
		    http_rule_concerns(rule, secret->host, secret->port))
			return 0;
	}
	return error_set(
	    err, 0,
	    "secret %s: it would go to %s without TLS; if that is meant, a rule has to "
	    "say so, too (--http-allow 'GET http://%s/...')",
	    secret->name, secret->host, secret->host);
}

static int check_source(const struct run_options *o, const struct http_secret *secret,
			struct error *err)
{
	const size_t len = strlen(secret->name);

	if (secret->env && !getenv(secret->env))
		return error_set(err, 0, "secret %s: the variable %s is not set", secret->name,
				 secret->env);
	if (secret->file && access(secret->file, R_OK))
		return error_set(err, errno, "secret %s: cannot read %s", secret->name,
				 secret->file);
	for (size_t i = 0; i < o->env.count; i++) {
		const char *entry = o->env.items[i];

		if (!strncmp(entry, secret->name, len) && (!entry[len] || entry[len] == '='))
			return error_set(err, 0,
					 "secret %s: --env gives the guest a variable of that name",
					 secret->name);
	}
	return 0;
}

/* Return: a placeholder, to be freed, or NULL */
static char *make_placeholder(struct error *err)
{
	unsigned char bytes[RANDOM];
	char *text = malloc(sizeof(PLACEHOLDER) + 2 * RANDOM);

	if (!text || getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		free(text);
		error_set(err, errno, "secret");
		return NULL;
	}
	strcpy(text, PLACEHOLDER);
	for (size_t i = 0; i < RANDOM; i++)
		sprintf(text + strlen(text), "%02x", bytes[i]);
	return text;
}

static int add_secret(struct run_options *o, const char *text, const struct policy *policy,
		      struct error *err)
{
	struct http_secret secret;
	char *placeholder = NULL;
	int ret = -1;

	if (http_secret_parse(&secret, text, err))
		return -1;
	if (!check_plain(&secret, policy, err) && !check_source(o, &secret, err))
		placeholder = make_placeholder(err);
	if (placeholder && !environment_put(&o->environment, secret.name, placeholder, err) &&
	    !option_list(&o->net.placeholders, placeholder, err)) {
		placeholder = NULL;
		ret = 0;
	}
	free(placeholder);
	http_secret_free(&secret);
	return ret;
}

static bool has_variable(const struct environment *env, const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < env->count; i++) {
		if (!strncmp(env->items[i], name, len) && env->items[i][len] == '=')
			return true;
	}
	return false;
}

/* Programs that do not look into the image's list of authorities are told where there is one */
static int add_trust(struct run_options *o, struct error *err)
{
	static const struct {
		const char *name, *file;
	} variables[] = {
		{ "SSL_CERT_FILE", "ca-certificates.crt" }, /* OpenSSL: Python, Ruby, PHP; and Go */
		{ "REQUESTS_CA_BUNDLE", "ca-certificates.crt" }, /* pip, too */
		{ "NODE_EXTRA_CA_CERTS", "authority.pem" },
	};
	/* Where pid 1 has it (kernel/arch/vitrine/pid1/authority.c) */
	const char *directory = o->config.mounts == SANDBOX_MOUNTS_MINIMAL ? "/dev" : "/run";
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		snprintf(path, sizeof(path), "%s/vitrine/%s", directory, variables[i].file);
		if (!has_variable(&o->environment, variables[i].name) &&
		    environment_put(&o->environment, variables[i].name, path, err))
			return -1;
	}
	return 0;
}

int run_http_resolve(struct run_options *o, const char *const *lines, struct error *err)
{
	struct policy policy = { 0 };
	struct run_net *net = &o->net;
	int ret = 0;

	policy.otherwise = POLICY_PUBLIC;
	for (; lines && *lines && !ret; lines++)
		ret = policy_line(&policy, *lines, err);
	ret = ret || policy_check(&policy, err) ? -1 : 0;
	for (size_t i = 0; i < net->secrets.count && !ret; i++)
		ret = add_secret(o, net->secrets.items[i], &policy, err);
	net->requests = policy.nhttp || net->secrets.count;
	policy_free(&policy);
	if (!ret && net->trust && !net->requests)
		ret = error_set(err, 0, "--http-trust: there is neither --http-allow nor --secret");
	if (!ret && net->trust)
		ret = add_trust(o, err);
	o->config.env = o->environment.items;
	return ret;
}
