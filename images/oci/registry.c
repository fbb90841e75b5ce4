// SPDX-License-Identifier: GPL-2.0-only
/* registry.c - speak with a registry: log in, fetch documents
 *
 * A registry on this very machine is mostly one for tests and speaks plain HTTP: for those that is
 * tried after HTTPS. Any other has to prove who it is.
 */

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "images/oci/challenge.h"
#include "images/oci/http.h"
#include "vitrine/util.h"

#define AUTHORITY_MAX (4 << 20)
#define MANIFESTS                                                                                  \
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "    \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.docker.distribution.manifest.v2+json"

static int read_authority(struct registry *registry, const char *path, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || !st.st_size || st.st_size > AUTHORITY_MAX)
		return error_set(err, 0, "%s is not a file of certificates", path);
	free(registry->authority);
	registry->authority = malloc(st.st_size);
	if (!registry->authority)
		return error_set(err, ENOMEM, "%s", path);
	registry->authority_len = st.st_size;
	return read(fd, registry->authority, st.st_size) == st.st_size
		   ? 0
		   : error_set(err, errno, "%s", path);
}

/* Where docker and podman look for the authority of one registry; the last that there is counts */
static int find_authority(struct registry *registry, struct error *err)
{
	const char *file = getenv("SSL_CERT_FILE"), *home = getenv("HOME");
	const struct {
		const char *above, *below;
	} places[] = {
		{ "/etc/docker", "certs.d" },
		{ "/etc/containers", "certs.d" },
		{ home && *home == '/' ? home : "/nonexistent", ".config/containers/certs.d" },
	};
	char path[PATH_MAX], found[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s/ca.crt", places[i].above,
			     places[i].below, registry->ref.registry) < (int)sizeof(path) &&
		    !access(path, R_OK))
			file = strcpy(found, path);
	}
	return file && *file ? read_authority(registry, file, err) : 0;
}

int registry_prepare(struct registry *registry, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char digest[DIGEST_SIZE];

	/* The resolver's and the digests' libraries are loaded while that is possible */
	if (!getaddrinfo("localhost", "443", &hints, &list))
		freeaddrinfo(list);
	digest_of("", 0, digest);
	if (find_authority(registry, err))
		return -1;
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? error_set(err, ENOMEM, "libcurl") : 0;
}

static bool is_loopback(const char *registry)
{
	size_t host = registry[0] == '[' ? strcspn(registry, "]") + 1 : strcspn(registry, ":");

	return (host == 9 && !strncmp(registry, "localhost", 9)) || !strncmp(registry, "127.", 4) ||
	       !strncmp(registry, "[::1]", 5);
}

static const char *host_of(const struct registry *registry)
{
	return strcmp(registry->ref.registry, REFERENCE_DOCKER) ? registry->ref.registry
								: "registry-1.docker.io";
}

/* Which of HTTPS and HTTP it speaks */
static int find_scheme(struct registry *registry, struct error *err)
{
	struct request r = { .registry = registry };
	CURLcode code;

	if (registry->scheme[0])
		return 0;
	registry->plain = registry->plain || is_loopback(registry->ref.registry);
	strcpy(registry->scheme, "https");
	if (!registry->plain)
		return 0;
	snprintf(r.url, sizeof(r.url), "https://%s/v2/", host_of(registry));
	if (request_begin(&r, err))
		return -1;
	code = curl_easy_perform(r.curl);
	if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR)
		strcpy(registry->scheme, "http");
	request_end(&r);
	free(r.text);
	return 0;
}

static int take_token(struct registry *registry, const char *text, struct error *err)
{
	json_t *json = json_loads(text ? text : "", JSON_REJECT_DUPLICATES, NULL);
	const char *token = json_string_value(json_object_get(json, "token"));
	int ret = -1;

	if (!token)
		token = json_string_value(json_object_get(json, "access_token"));
	if (token && *token && strlen(token) < sizeof(registry->token) &&
	    !token[strcspn(token, "\r\n \t")]) {
		strcpy(registry->token, token);
		ret = 0;
	}
	json_decref(json);
	return ret ? error_set(err, 0, "%s: its token server gives no token that could be used",
			       registry->ref.registry)
		   : 0;
}

static char *escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

int registry_login(struct registry *registry, const struct request *refused, struct error *err)
{
	struct request r = { .registry = registry };
	cleanup_free char *service = NULL, *scope = NULL, *post = NULL, *user = NULL;
	cleanup_free char *identity = NULL;
	struct challenge challenge;
	char wanted[512];
	enum verdict verdict;
	int ret;

	if (!challenge_parse(refused->challenge, &challenge))
		return error_set(err, 0, "%s wants a login of a kind that is not known",
				 registry->ref.registry);
	if (!challenge.bearer) {
		if (registry->basic || !registry->credentials.user[0])
			return -1; /* as it was refused */
		registry->basic = true;
		return 0;
	}
	if (!registry->plain && strncmp(challenge.realm, "https://", 8))
		return error_set(err, 0, "%s sends us to a token server without TLS",
				 registry->ref.registry);
	/* What we ask for is what we need, whatever the challenge says */
	snprintf(wanted, sizeof(wanted), "repository:%s:pull", registry->ref.repository);
	service = escape(challenge.service);
	scope = escape(wanted);
	identity = escape(registry->credentials.identity);
	if (!service || !scope || !identity)
		return error_set(err, ENOMEM, "token");
	if (registry->credentials.identity[0]) {
		ret = asprintf(&post,
			       "grant_type=refresh_token&client_id=vitrine&service=%s&scope=%s&"
			       "refresh_token=%s",
			       service, scope, identity);
		snprintf(r.url, sizeof(r.url), "%s", challenge.realm);
		r.post = post;
	} else {
		ret = snprintf(r.url, sizeof(r.url), "%s%cservice=%s&scope=%s", challenge.realm,
			       strchr(challenge.realm, '?') ? '&' : '?', service,
			       scope) >= (int)sizeof(r.url)
			  ? -1
			  : 0;
		if (registry->credentials.user[0] && !ret) {
			ret = asprintf(&user, "%s:%s", registry->credentials.user,
				       registry->credentials.password);
			r.user = user;
		}
	}
	if (ret < 0)
		return error_set(err, 0, "%s: its token server has an address that is too long",
				 registry->ref.registry);
	verdict = request_run(&r, err);
	ret = verdict == VERDICT_GOOD ? take_token(registry, r.text, err) : -1;
	request_end(&r);
	free(r.text);
	return ret;
}

char *registry_document(struct registry *registry, const char *path, struct error *err)
{
	struct request r = { .registry = registry, .accept = MANIFESTS, .authorized = true };
	struct error why = { 0 };
	enum verdict verdict;

	if (find_scheme(registry, err))
		return NULL;
	if (!strncmp(path, "blobs/", 6))
		r.accept = NULL;
	snprintf(r.url, sizeof(r.url), "%s://%s/v2/%s/%s", registry->scheme, host_of(registry),
		 registry->ref.repository, path);
	verdict = request_run(&r, err);
	if (verdict == VERDICT_UNAUTHORIZED) {
		if (!registry_login(registry, &r, &why))
			verdict = request_run(&r, err);
		else if (why.text[0])
			error_set(err, 0, "%s", why.text);
	}
	request_end(&r);
	if (verdict == VERDICT_GOOD && r.text)
		return r.text;
	if (verdict == VERDICT_GOOD)
		error_set(err, 0, "%s sends nothing", registry->ref.registry);
	free(r.text);
	return NULL;
}
