// SPDX-License-Identifier: GPL-2.0-only
/* auth.c - what docker and podman have been told about a registry
 *
 * The files are the user's own, and so are the programs that they name: both are trusted, and read
 * before anything comes from the network.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "images/oci/auth.h"
#include "vitrine/util.h"

#define SECRET_MAX 4096
#define HELPER_ANSWER 16384

extern char **environ;

static int copy_text(char *to, size_t size, const char *text)
{
	return text && strlen(text) < size ? (strcpy(to, text), 0) : -1;
}

/* "user:password" in base64 */
static int decode(const char *text, struct credentials *c)
{
	unsigned char plain[SECRET_MAX + 256];
	size_t length = strlen(text);
	char *colon;
	int got;

	if (length >= sizeof(plain) || length % 4)
		return -1;
	got = EVP_DecodeBlock(plain, (const unsigned char *)text, (int)length);
	if (got < 0)
		return -1;
	while (length && text[length - 1] == '=') {
		length--;
		got--;
	}
	plain[got < 0 ? 0 : got] = '\0';
	colon = strchr((char *)plain, ':');
	if (!colon)
		return -1;
	*colon = '\0';
	return copy_text(c->user, sizeof(c->user), (char *)plain) ||
		       copy_text(c->password, sizeof(c->password), colon + 1)
		   ? -1
		   : 0;
}

/* The names under which a registry's entry may be: repository and its parents, host, old URLs */
static json_t *entry_of(json_t *object, const struct reference *ref)
{
	static const char *const forms[] = { "%s", "https://%s", "http://%s", "https://%s/v1/",
					     "https://%s/v2/" };
	bool docker = !strcmp(ref->registry, REFERENCE_DOCKER);
	const char *host = docker ? "index.docker.io" : ref->registry;
	char key[1024];
	json_t *found;

	snprintf(key, sizeof(key), "%s/%s", ref->registry, ref->repository);
	for (char *slash = key + strlen(key); slash; slash = strrchr(key, '/')) {
		*slash = '\0';
		found = json_object_get(object, key);
		if (found)
			return found;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(key, sizeof(key), forms[i], host);
#pragma GCC diagnostic pop
		found = json_object_get(object, key);
		if (found)
			return found;
	}
	return NULL;
}

static bool helper_name_valid(const char *name)
{
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return false;
	}
	return *name && strlen(name) < 100;
}

/* What the helper says to @question; NULL when it has nothing or is not there */
static char *run_helper(const char *name, const char *question)
{
	cleanup_free char *program = NULL, *answer = calloc(1, HELPER_ANSWER);
	cleanup_close int in = memfd_create("question", MFD_CLOEXEC);
	cleanup_close int out = memfd_create("answer", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	int status = -1, ret;
	pid_t pid;

	if (asprintf(&program, "docker-credential-%s", name) < 0 || !answer || in < 0 || out < 0)
		return NULL;
	(void)!write(in, question, strlen(question));
	lseek(in, 0, SEEK_SET);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	ret = posix_spawnp(&pid, program, &actions, NULL, (char *[]){ program, "get", NULL },
			   environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return NULL;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) ||
	    pread(out, answer, HELPER_ANSWER - 1, 0) < 0)
		return NULL;
	return steal_ptr(answer);
}

static int ask_helper(const char *name, const struct reference *ref, struct credentials *c,
		      struct error *err)
{
	bool docker = !strcmp(ref->registry, REFERENCE_DOCKER);
	cleanup_free char *answer = NULL;
	const char *user, *secret;
	json_t *json;
	int ret = 0;

	if (!helper_name_valid(name))
		return error_set(err, 0, "'%.60s' is not the name of a credential helper", name);
	answer = run_helper(name, docker ? "https://index.docker.io/v1/" : ref->registry);
	json = answer ? json_loads(answer, 0, NULL) : NULL;
	user = json_string_value(json_object_get(json, "Username"));
	secret = json_string_value(json_object_get(json, "Secret"));
	if (user && secret) {
		if (!strcmp(user, "<token>"))
			ret = copy_text(c->identity, sizeof(c->identity), secret);
		else
			ret = copy_text(c->user, sizeof(c->user), user) ||
			      copy_text(c->password, sizeof(c->password), secret);
		if (ret)
			error_set(err, 0, "docker-credential-%s sends an answer that is too long",
				  name);
	}
	json_decref(json);
	return ret ? -1 : 0;
}

static int read_entry(json_t *entry, const char *path, struct credentials *c, struct error *err)
{
	const char *auth = json_string_value(json_object_get(entry, "auth"));
	const char *token = json_string_value(json_object_get(entry, "identitytoken"));

	if (auth && *auth && decode(auth, c))
		return error_set(err, 0, "%s: an entry is not name:password in base64", path);
	if (token && *token && copy_text(c->identity, sizeof(c->identity), token))
		return error_set(err, 0, "%s: a token is too long", path);
	return 0;
}

/* Return: 1 when the file had something to say about this registry */
static int read_file(const char *path, const struct reference *ref, struct credentials *c,
		     struct error *err)
{
	json_error_t why;
	json_t *json, *entry;
	const char *helper;
	int ret = 0;

	if (access(path, F_OK))
		return 0;
	json = json_load_file(path, 0, &why);
	if (!json)
		return error_set(err, 0, "%s cannot be read: %.100s", path, why.text);
	helper = json_string_value(entry_of(json_object_get(json, "credHelpers"), ref));
	if (helper)
		ret = ask_helper(helper, ref, c, err);
	entry = entry_of(json_object_get(json, "auths"), ref);
	if (!ret && !helper && entry)
		ret = read_entry(entry, path, c, err);
	helper = json_string_value(json_object_get(json, "credsStore"));
	if (!ret && !c->user[0] && !c->identity[0] && helper && *helper)
		ret = ask_helper(helper, ref, c, err);
	json_decref(json);
	return ret ? -1 : c->user[0] || c->identity[0];
}

int auth_find(const struct reference *ref, struct credentials *found, struct error *err)
{
	static const struct {
		const char *variable, *below;
	} places[] = {
		{ "REGISTRY_AUTH_FILE", "" },
		{ "XDG_RUNTIME_DIR", "/containers/auth.json" },
		{ "XDG_CONFIG_HOME", "/containers/auth.json" },
		{ "HOME", "/.config/containers/auth.json" },
		{ "DOCKER_CONFIG", "/config.json" },
		{ "HOME", "/.docker/config.json" },
	};
	int ret = 0;

	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i < ARRAY_SIZE(places) && !ret; i++) {
		const char *value = getenv(places[i].variable);
		cleanup_free char *path = NULL;

		if (!value || value[0] != '/')
			continue;
		if (asprintf(&path, "%s%s", value, places[i].below) < 0)
			return error_set(err, ENOMEM, "credentials");
		ret = read_file(path, ref, found, err);
	}
	return ret < 0 ? -1 : 0;
}
