// SPDX-License-Identifier: GPL-2.0-only
/* pull.c - images from a registry
 *
 * Theory of operation
 *
 *   this process         talks: sealed, with network        reads: sealed, with nothing
 *   ------------         ---------------------------        ---------------------------
 *   credentials  ----->  index, manifest, configuration
 *   digests      <-----  as they came
 *                ------------------------------------->     what they say
 *   which layers are missing; files for them
 *                ----->  blobs, several at once
 *   digests of all that came; names
 *                ------------------------------------->     unpack, layer by layer
 *   the record
 *
 * Whoever interprets what a stranger wrote never decides whether it is what was asked for: digests
 * are compared here, over bytes that nobody has looked into. A download that breaks off stays as
 * HEX.part and goes on there; complete ones wait under HEX until the image is whole.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "images/oci/document.h"
#include "images/oci/install.h"
#include "images/oci/pull.h"
#include "images/oci/registry.h"
#include "images/process.h"
#include "images/progress.h"
#include "images/sealed.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

#define MEMORY_MIB 2048
#define BUFFER (1 << 20)

struct job {
	struct registry registry;
	const char *platform;
	struct registry_blob *blobs;
	size_t count;
};

/* Documents as they came, and what the next conversation can use */
static int fetch_documents(void *context, int answer, struct error *err)
{
	struct job *job = context;
	struct registry *registry = &job->registry;
	cleanup_free char *top = NULL, *below = NULL, *config = NULL;
	json_t *kind, *chosen = NULL, *manifest, *result;
	char path[256];
	int ret;

	snprintf(path, sizeof(path), "manifests/%s",
		 registry->ref.digest[0] ? registry->ref.digest : registry->ref.tag);
	top = registry_document(registry, path, err);
	kind = top ? document_is_index(top, NULL, err) : NULL;
	if (!kind)
		return -1;
	if (json_is_true(json_object_get(kind, "index"))) {
		chosen = document_index(top, job->platform, err);
		if (!chosen)
			return -1;
		snprintf(path, sizeof(path), "manifests/%s",
			 json_string_value(
			     json_object_get(json_object_get(chosen, "manifest"), "digest")));
		below = registry_document(registry, path, err);
		if (!below)
			return -1;
	}
	manifest = document_manifest(below ? below : top, NULL, err);
	if (!manifest)
		return -1;
	snprintf(path, sizeof(path), "blobs/%s",
		 json_string_value(json_object_get(json_object_get(manifest, "config"), "digest")));
	config = registry_document(registry, path, err);
	if (!config)
		return -1;
	result =
	    json_pack("{ss ss sb ss ss* ss}", "scheme", registry->scheme, "token", registry->token,
		      "basic", registry->basic, "top", top, "below", below, "config", config);
	ret = result ? json_to_fd(result, answer, JSON_COMPACT)
		     : error_set(err, 0, "a document is not text");
	return ret ? -1 : 0;
}

static int fetch_blobs(void *context, int answer, struct error *err)
{
	struct job *job = context;

	return registry_blobs(&job->registry, job->blobs, job->count, err);
}

static int prepare(void *context, struct error *err)
{
	struct job *job = context;

	return registry_prepare(&job->registry, err);
}

static int converse(struct job *job, int (*work)(void *, int, struct error *), char **answer,
		    struct error *err)
{
	const struct sealed sealed = { .what = "the download",
				       .prepare = prepare,
				       .work = work,
				       .context = job,
				       .network = true,
				       .memory = MEMORY_MIB };

	return sealed_run(&sealed, answer, err);
}

static int check_text(const char *text, const char *wanted, const char *what, struct error *err)
{
	char found[DIGEST_SIZE];

	digest_of(text, strlen(text), found);
	if (!strcmp(found, wanted))
		return 0;
	return error_set(err, 0, "the %s that the registry sends is not %.19s..., but %.19s...",
			 what, wanted, found);
}

static const char *digest_at(json_t *object, const char *key)
{
	const char *digest =
	    json_string_value(json_object_get(json_object_get(object, key), "digest"));

	return digest ? digest : "";
}

static void take_layers(struct install *in, json_t *manifest)
{
	json_t *layer;
	size_t i;

	in->parts = json_array();
	in->digests = json_array();
	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		const char *digest = json_string_value(json_object_get(layer, "digest"));

		json_array_append_new(in->digests, json_string(digest));
		json_array_append_new(in->parts, json_string(digest_hex(digest)));
	}
}

/* Each document is what the one before it says, and the first what the user said */
static int read_documents(struct install *in, json_t *answer, const struct reference *ref,
			  const char *platform, json_t **manifest, struct error *err)
{
	const char *top = json_string_value(json_object_get(answer, "top"));
	const char *below = json_string_value(json_object_get(answer, "below"));
	const char *text = json_string_value(json_object_get(answer, "config"));
	json_t *index = NULL, *config = NULL;
	int ret;

	if (!top || !text)
		return error_set(err, 0,
				 "the download: the process that fetches sent a malformed answer");
	digest_of(top, strlen(top), in->manifest);
	if (ref->digest[0] && check_text(top, ref->digest, "manifest", err))
		return -1;
	if (below) {
		index = document_read(document_index, "index", top, platform, err);
		ret = index ? check_text(below, digest_at(index, "manifest"), "manifest", err) : -1;
		json_decref(index);
		if (ret)
			return -1;
	}
	*manifest =
	    document_read(document_manifest, "manifest", below ? below : top, platform, err);
	if (!*manifest || check_text(text, digest_at(*manifest, "config"), "configuration", err))
		return -1;
	config = document_read(document_config, "configuration", text, platform, err);
	if (!config)
		return -1;
	take_layers(in, *manifest);
	in->diffs = json_incref(json_object_get(config, "diffs"));
	in->run = json_incref(json_object_get(config, "run"));
	json_decref(config);
	if (json_array_size(in->diffs) == json_array_size(in->parts))
		return 0;
	return error_set(err, 0, "the manifest has %zu layers and the configuration speaks of %zu",
			 json_array_size(in->parts), json_array_size(in->diffs));
}

/* The digest of all of a file */
static int check_file(int fd, const char *wanted, struct error *err)
{
	struct hasher *hasher = hasher_new();
	cleanup_free char *buffer = malloc(BUFFER);
	char found[DIGEST_SIZE];
	off_t at = 0;
	ssize_t len = 0;

	while (hasher && buffer && (len = pread(fd, buffer, BUFFER, at)) > 0) {
		hasher_add(hasher, buffer, len);
		at += len;
	}
	hasher_end(hasher, found);
	if (!hasher || !buffer || len < 0)
		return error_set(err, errno, "a layer");
	if (!strcmp(found, wanted))
		return 0;
	return error_set(err, 0, "a layer that the registry sends is not %.19s..., but %.19s...",
			 wanted, found);
}

/* HEX.part, locked against another pull of the same layer */
static int open_part(const char *path, struct error *err)
{
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool told = false;
	struct stat now, then;

	if (fd < 0)
		return error_set(err, errno, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, errno, "%s", path);
		if (!told)
			progress_phase("wait for another download of the same layer");
		told = true;
		usleep(100000);
	}
	/* Whoever had it may have completed and renamed it */
	if (fstat(fd, &then) || stat(path, &now) || now.st_ino != then.st_ino) {
		close(steal_fd(fd));
		return open_part(path, err);
	}
	return steal_fd(fd);
}

struct wanted {
	char *part, *done;
};

static int complete(const struct registry_blob *blob, const struct wanted *w, struct error *err)
{
	if (check_file(blob->fd, blob->digest, err)) {
		unlink(w->part);
		return -1;
	}
	if (fsync(blob->fd) || rename(w->part, w->done))
		return error_set(err, errno, "%s", w->done);
	return 0;
}

/* Open what is missing and not yet there; the same layer can be in an image twice */
static int open_missing(struct store *store, json_t *layers, json_t *missing, struct job *job,
			struct wanted *wanted, uint64_t *bytes, struct error *err)
{
	json_t *index, *seen = json_object();
	int ret = 0;
	size_t i;

	json_array_foreach(missing, i, index)
	{
		json_t *layer = json_array_get(layers, json_integer_value(index));
		const char *digest = json_string_value(json_object_get(layer, "digest"));
		struct registry_blob *blob = &job->blobs[job->count];
		struct wanted *w = &wanted[job->count];

		if (ret || json_object_get(seen, digest))
			continue;
		json_object_set_new(seen, digest, json_true());
		w->done = store_path(store, err, "blobs/%s", digest_hex(digest));
		w->part = store_path(store, err, "blobs/%s.part", digest_hex(digest));
		strcpy(blob->digest, digest);
		blob->size = json_integer_value(json_object_get(layer, "size"));
		blob->fd = -1;
		job->count++;
		if (!w->done || !w->part)
			ret = -1;
		else if (access(w->done, R_OK))
			ret = (blob->fd = open_part(w->part, err)) < 0 ? -1 : 0;
		if (!ret && blob->fd < 0) { /* complete, from an earlier time */
			free(w->done);
			free(w->part);
			*w = (struct wanted){ 0 };
			job->count--;
		} else {
			*bytes += blob->size;
		}
	}
	json_decref(seen);
	return ret;
}

static int download(struct store *store, struct job *job, json_t *manifest, struct install *in,
		    struct error *err)
{
	json_t *missing = install_missing(store, in, err);
	size_t most = json_array_size(missing);
	cleanup_free struct wanted *wanted = calloc(most + 1, sizeof(*wanted));
	cleanup_free struct registry_blob *blobs = calloc(most + 1, sizeof(*blobs));
	uint64_t bytes = 0;
	char phase[64];
	int ret;

	job->blobs = blobs;
	ret = missing && wanted && blobs ? open_missing(store, json_object_get(manifest, "layers"),
							missing, job, wanted, &bytes, err)
					 : -1;
	if (!ret && job->count) {
		snprintf(phase, sizeof(phase), "download %zu layer%s of %llu MiB", job->count,
			 job->count == 1 ? "" : "s", (unsigned long long)(bytes >> 20));
		progress_phase(phase);
		ret = converse(job, fetch_blobs, NULL, err);
	}
	for (size_t i = 0; i < job->count; i++) {
		if (!ret)
			ret = complete(&blobs[i], &wanted[i], err);
		if (blobs[i].fd >= 0)
			close(blobs[i].fd);
		free(wanted[i].part);
		free(wanted[i].done);
	}
	json_decref(missing);
	return ret ? -1 : 0;
}

static void remove_blobs(const struct store *store, json_t *digests)
{
	json_t *one;
	size_t i;

	json_array_foreach(digests, i, one)
	{
		cleanup_free char *path =
		    store_path(store, NULL, "blobs/%s", digest_hex(json_string_value(one)));

		if (path)
			unlink(path);
	}
}

/* A tag that has moved does not move what is locked */
static int check_lock(const struct store *store, const struct install *in, struct pull *pull,
		      struct error *err)
{
	json_t *record = store_record(store, "images", in->name, NULL), *missing;
	const char *had = json_string_value(json_object_get(record, "manifest"));
	bool same = had && !strcmp(had, in->manifest);
	int ret = 0;

	if (json_is_true(json_object_get(record, "locked")) && !same)
		ret =
		    error_set(err, 0,
			      "%s is locked to %s, and the registry has %s now; vitrine image lock "
			      "--remove %s lets it change",
			      in->name, had ? had : "another image", in->manifest, in->name);
	if (!ret && same) {
		missing = install_missing(store, in, err);
		pull->fresh = missing && !json_array_size(missing);
		json_decref(missing);
	}
	json_decref(record);
	return ret;
}

static int take_answer(struct job *job, json_t *answer)
{
	const char *scheme = json_string_value(json_object_get(answer, "scheme"));
	const char *token = json_string_value(json_object_get(answer, "token"));

	if (scheme && (!strcmp(scheme, "http") || !strcmp(scheme, "https")))
		strcpy(job->registry.scheme, scheme);
	if (token)
		snprintf(job->registry.token, sizeof(job->registry.token), "%s", token);
	job->registry.basic = json_is_true(json_object_get(answer, "basic"));
	job->registry.plain = job->registry.plain || !strcmp(job->registry.scheme, "http");
	return 0;
}

static int pull_parts(struct store *store, struct pull *pull, struct job *job, struct install *in,
		      struct error *err)
{
	cleanup_free char *text = NULL, *blobs = store_path(store, err, "blobs");
	json_t *answer, *manifest = NULL;
	int ret;

	progress_phase("ask the registry");
	if (!blobs || converse(job, fetch_documents, &text, err))
		return -1;
	answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ret = read_documents(in, answer, &job->registry.ref, pull->platform, &manifest, err);
	if (!ret)
		ret = take_answer(job, answer);
	json_decref(answer);
	if (!ret)
		ret = check_lock(store, in, pull, err);
	if (!ret && !pull->fresh)
		ret = download(store, job, manifest, in, err);
	json_decref(manifest);
	if (ret || pull->fresh)
		return ret;
	in->source.fd = open(blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->source.fd < 0)
		return error_set(err, errno, "%s", blobs);
	ret = install_image(store, in, err);
	if (!ret)
		remove_blobs(store, in->digests);
	return ret;
}

int pull_image(struct store *store, struct pull *pull, char **name, struct error *err)
{
	struct job *job = calloc(1, sizeof(*job));
	struct install in = { .source.fd = -1, .size = pull->size, .whiteouts = true };
	int ret;

	*name = NULL;
	if (!job)
		return error_set(err, ENOMEM, "%s", pull->reference);
	job->platform = pull->platform;
	job->registry.plain = pull->plain;
	ret = reference_parse(pull->reference, &job->registry.ref, err);
	if (!ret && pull->digest)
		strcpy(job->registry.ref.digest, pull->digest);
	if (!ret)
		ret = auth_find(&job->registry.ref, &job->registry.credentials, err);
	if (!ret) {
		reference_text(&job->registry.ref, in.origin, sizeof(in.origin));
		ret = reference_familiar(pull->name ? pull->name : in.origin, in.name,
					 sizeof(in.name), err);
	}
	if (!ret)
		ret = pull_parts(store, pull, job, &in, err);
	if (!ret)
		*name = strdup(in.name);
	install_free(&in);
	explicit_bzero(job, sizeof(*job));
	free(job);
	return ret ? -1 : 0;
}
