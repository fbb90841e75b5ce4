// SPDX-License-Identifier: GPL-2.0-only
/* document.c - what indexes, manifests and configurations of images say
 *
 * The formats are those of the OCI image specification 1.1 and of docker's schema 2, which differ
 * in media types only. Layers are recognised by what they contain, so media types are not looked at
 * but where they tell an index from a manifest.
 */

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "images/digest.h"
#include "images/oci/document.h"
#include "images/sealed.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

#define TEXT_MAX 32768
#define LIST_MAX 2000
#define INDEX_MAX 1000
#define SIZE_MAX_ (1LL << 44)

static json_t *load(const char *text, struct error *err)
{
	json_error_t why;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);

	if (json && json_is_object(json))
		return json;
	error_set(err, 0, "it is not a JSON object%s%.100s", json ? "" : ": ",
		  json ? "" : why.text);
	json_decref(json);
	return NULL;
}

/* {"digest", "size"} of a descriptor, NULL with @err filled */
static json_t *descriptor(json_t *from, struct error *err)
{
	const char *digest = json_string_value(json_object_get(from, "digest"));
	json_t *size = json_object_get(from, "size");

	if (!digest || !json_is_integer(size)) {
		error_set(err, 0, "a descriptor has no digest or no size");
		return NULL;
	}
	if (!digest_valid(digest)) {
		error_set(err, 0, "'%.100s' is not a digest that can be verified (sha256)", digest);
		return NULL;
	}
	if (json_integer_value(size) < 0 || json_integer_value(size) > SIZE_MAX_) {
		error_set(err, 0, "a descriptor has an impossible size");
		return NULL;
	}
	return json_pack("{ss sO}", "digest", digest, "size", size);
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* "os/architecture[/variant]"; without a variant in @wanted, any is good */
static bool fits(json_t *platform, const char *wanted)
{
	char mine[128];
	size_t len;

	snprintf(mine, sizeof(mine), "%s/%s", text_of(platform, "os"),
		 text_of(platform, "architecture"));
	len = strlen(mine);
	if (!strcmp(mine, wanted))
		return true;
	snprintf(mine + len, sizeof(mine) - len, "/%s", text_of(platform, "variant"));
	return !strcmp(mine, wanted);
}

#define REF_NAME "org.opencontainers.image.ref.name"

static const char *ref_name(json_t *manifest)
{
	return text_of(json_object_get(manifest, "annotations"), REF_NAME);
}

/* What there would have been: platforms, or names */
static void list_choices(json_t *manifests, bool names, char *list, size_t size)
{
	json_t *one;
	size_t i;

	list[0] = '\0';
	json_array_foreach(manifests, i, one)
	{
		json_t *platform = json_object_get(one, "platform");
		size_t used = strlen(list);

		if (used >= size - 1 || !strcmp(text_of(platform, "os"), "unknown"))
			continue;
		if (names)
			snprintf(list + used, size - used, "%s%.40s", used ? ", " : "",
				 ref_name(one));
		else if (platform)
			snprintf(list + used, size - used, "%s%.20s/%.20s", used ? ", " : "",
				 text_of(platform, "os"), text_of(platform, "architecture"));
	}
}

static json_t *choose(json_t *manifests, const char *platform, const char *tag, struct error *err)
{
	json_t *one, *found = NULL;
	unsigned unnamed = 0;
	char list[256];
	size_t i;

	json_array_foreach(manifests, i, one)
	{
		json_t *its = json_object_get(one, "platform");

		if ((tag && strcmp(ref_name(one), tag)) || (its && !fits(its, platform)))
			continue;
		unnamed += !its;
		if (!found || (its && !json_object_get(found, "platform")))
			found = one;
	}
	if (found && (json_object_get(found, "platform") || unnamed == 1))
		return found;
	list_choices(manifests, found || tag, list, sizeof(list));
	if (found)
		error_set(err, 0, "it has several images: %s; say which: SOURCE:NAME", list);
	else
		error_set(err, 0, "it has nothing for %s%s%s%s%s", platform, tag ? " named " : "",
			  tag ? tag : "", list[0] ? ", but for " : "", list);
	return NULL;
}

json_t *document_index(const char *text, const char *argument, struct error *err)
{
	json_t *json = load(text, err), *manifests, *one, *result = NULL;
	cleanup_free char *platform = strdup(argument);
	char *tag = platform ? strchr(platform, '@') : NULL;

	if (!json || !platform) {
		json_decref(json);
		return NULL;
	}
	if (tag)
		*tag++ = '\0';
	manifests = json_object_get(json, "manifests");
	if (!json_array_size(manifests) || json_array_size(manifests) > INDEX_MAX) {
		error_set(err, 0, "it lists no manifests, or more than %d", INDEX_MAX);
	} else {
		one = choose(manifests, platform, tag, err);
		result = one ? descriptor(one, err) : NULL;
		if (result)
			result = json_pack("{so ss}", "manifest", result, "name",
					   strlen(ref_name(one)) < 256 ? ref_name(one) : "");
	}
	json_decref(json);
	return result;
}

json_t *document_is_index(const char *text, const char *unused, struct error *err)
{
	json_t *json = load(text, err), *result;

	if (!json)
		return NULL;
	result = json_pack("{sb}", "index", json_is_array(json_object_get(json, "manifests")));
	json_decref(json);
	return result;
}

static json_t *layers_of(json_t *manifest, struct error *err)
{
	json_t *layers = json_object_get(manifest, "layers"), *result = json_array(), *one, *made;
	size_t i;

	if (!json_is_array(layers) || json_array_size(layers) > DOCUMENT_LAYERS_MAX) {
		error_set(err, 0, "it has no list of layers, or one of more than %d",
			  DOCUMENT_LAYERS_MAX);
		json_decref(result);
		return NULL;
	}
	json_array_foreach(layers, i, one)
	{
		made = descriptor(one, err);
		if (!made) {
			json_decref(result);
			return NULL;
		}
		json_array_append_new(result, made);
	}
	return result;
}

json_t *document_manifest(const char *text, const char *platform, struct error *err)
{
	json_t *json = load(text, err), *config = NULL, *layers = NULL;

	if (!json)
		return NULL;
	if (json_integer_value(json_object_get(json, "schemaVersion")) != 2)
		error_set(err, 0, "it is of a version of manifests that is not in use any more");
	else
		config = descriptor(json_object_get(json, "config"), err);
	if (config)
		layers = layers_of(json, err);
	json_decref(json);
	if (!layers) {
		json_decref(config);
		return NULL;
	}
	return json_pack("{so so}", "config", config, "layers", layers);
}

/* A member of the archive: relative, without ".." */
static bool member_name(json_t *name)
{
	const char *text = json_string_value(name);

	return text && *text && *text != '/' && strlen(text) < 512 && !strstr(text, "..");
}

json_t *document_docker(const char *text, const char *unused, struct error *err)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *one = json_array_get(json, 0), *layers = json_object_get(one, "Layers"), *layer;
	json_t *config = json_object_get(one, "Config"), *result = NULL;
	const char *name = json_string_value(json_array_get(json_object_get(one, "RepoTags"), 0));
	bool good = member_name(config) && json_is_array(layers) &&
		    json_array_size(layers) <= DOCUMENT_LAYERS_MAX;
	size_t i;

	json_array_foreach(layers, i, layer) good = good && member_name(layer);
	if (json_array_size(json) > 1)
		error_set(err, 0, "the archive holds %zu images; save them one by one",
			  json_array_size(json));
	else if (!good)
		error_set(err, 0, "manifest.json does not name a configuration and layers");
	else
		result = json_pack("{sO sO ss}", "config", config, "layers", layers, "name",
				   name && strlen(name) < 256 ? name : "");
	json_decref(json);
	return result;
}

static bool plain_text(json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= TEXT_MAX;
}

static int take_text(json_t *to, const char *key, json_t *value, struct error *err)
{
	if (!value || json_is_null(value))
		return 0;
	if (!plain_text(value))
		return error_set(err, 0, "'%s' is not a text of at most %d bytes", key, TEXT_MAX);
	if (json_string_length(value))
		json_object_set(to, key, value);
	return 0;
}

static int take_list(json_t *to, const char *key, json_t *value, struct error *err)
{
	json_t *one;
	size_t i;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value) || json_array_size(value) > LIST_MAX)
		return error_set(err, 0, "'%s' is not a list of at most %d texts", key, LIST_MAX);
	json_array_foreach(value, i, one)
	{
		if (!plain_text(one))
			return error_set(err, 0, "'%s' is not a list of texts", key);
	}
	if (json_array_size(value))
		json_object_set(to, key, value);
	return 0;
}

/* {"80/tcp": {}} is what others call a list */
static int take_keys(json_t *to, const char *key, json_t *value, struct error *err)
{
	json_t *list, *one;
	const char *name;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_object(value) || json_object_size(value) > LIST_MAX)
		return error_set(err, 0, "'%s' is not an object", key);
	list = json_array();
	json_object_foreach(value, name, one)
	{
		if (strlen(name) <= TEXT_MAX)
			json_array_append_new(list, json_string(name));
	}
	if (json_array_size(list))
		json_object_set(to, key, list);
	json_decref(list);
	return 0;
}

static int take_labels(json_t *to, json_t *value, struct error *err)
{
	const char *name;
	json_t *one;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_object(value) || json_object_size(value) > LIST_MAX)
		return error_set(err, 0, "'labels' is not an object");
	json_object_foreach(value, name, one)
	{
		if (!plain_text(one))
			return error_set(err, 0, "a label is not a text");
	}
	if (json_object_size(value))
		json_object_set(to, "labels", value);
	return 0;
}

static int take_command(json_t *run, json_t *config, struct error *err)
{
	json_t *one, *env;
	size_t i;

	if (take_list(run, "entrypoint", json_object_get(config, "Entrypoint"), err) ||
	    take_list(run, "cmd", json_object_get(config, "Cmd"), err) ||
	    take_list(run, "env", json_object_get(config, "Env"), err) ||
	    take_text(run, "workdir", json_object_get(config, "WorkingDir"), err) ||
	    take_text(run, "user", json_object_get(config, "User"), err) ||
	    take_text(run, "stop_signal", json_object_get(config, "StopSignal"), err) ||
	    take_keys(run, "ports", json_object_get(config, "ExposedPorts"), err) ||
	    take_keys(run, "volumes", json_object_get(config, "Volumes"), err) ||
	    take_labels(run, json_object_get(config, "Labels"), err))
		return -1;
	env = json_object_get(run, "env");
	json_array_foreach(env, i, one)
	{
		if (!strchr(json_string_value(one), '=') || *json_string_value(one) == '=')
			return error_set(err, 0, "'env' has '%.100s', which is no NAME=VALUE",
					 json_string_value(one));
	}
	return 0;
}

static int take_diffs(json_t *to, json_t *config, struct error *err)
{
	json_t *diffs = json_object_get(json_object_get(config, "rootfs"), "diff_ids"), *one;
	size_t i;

	if (!json_is_array(diffs) || json_array_size(diffs) > DOCUMENT_LAYERS_MAX)
		return error_set(err, 0, "it has no list of layers");
	json_array_foreach(diffs, i, one)
	{
		if (!json_is_string(one) || !digest_valid(json_string_value(one)))
			return error_set(err, 0, "a layer has no digest that can be verified");
	}
	json_object_set(to, "diffs", diffs);
	return 0;
}

json_t *document_config(const char *text, const char *platform, struct error *err)
{
	json_t *json = load(text, err), *result, *run;
	char mine[128];

	if (!json)
		return NULL;
	result = json_object();
	run = json_object();
	json_object_set_new(result, "run", run);
	snprintf(mine, sizeof(mine), "%.40s/%.40s", text_of(json, "os"),
		 text_of(json, "architecture"));
	json_object_set_new(run, "platform", json_string(mine));
	if (!take_diffs(result, json, err) &&
	    !take_command(run, json_object_get(json, "config"), err) &&
	    !take_text(run, "created", json_object_get(json, "created"), err) &&
	    !take_text(run, "author", json_object_get(json, "author"), err)) {
		if (fits(json, platform))
			goto out;
		error_set(err, 0, "it is for %s, not for %s", mine, platform);
	}
	json_decref(result);
	result = NULL;
out:
	json_decref(json);
	return result;
}

struct job {
	document_reader *reader;
	const char *text, *argument;
};

static int work(void *context, int answer, struct error *err)
{
	const struct job *job = context;
	json_t *result = job->reader(job->text, job->argument, err);

	if (!result)
		return -1;
	return json_to_fd(result, answer, JSON_COMPACT)
		   ? error_set(err, 0, "it is too large to be kept")
		   : 0;
}

json_t *document_read(document_reader *reader, const char *what, const char *text,
		      const char *argument, struct error *err)
{
	struct job job = { reader, text, argument };
	const struct sealed sealed = { .what = what, .work = work, .context = &job, .memory = 512 };
	cleanup_free char *answer = NULL;
	struct error why = { 0 };
	json_t *result;

	if (sealed_run(&sealed, &answer, &why)) {
		error_set(err, 0, "%s: %.400s", what, why.text);
		return NULL;
	}
	result = json_loads(answer, 0, NULL);
	if (!result)
		error_set(err, 0, "%s: it is malformed", what);
	return result;
}
