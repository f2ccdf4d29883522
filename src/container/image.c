/* SPDX-License-Identifier: Apache-2.0 */
/* container/image.c - an image's configuration, read table by table. Everything in it is hostile.
 */
#include "container/image.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/str.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

static int wrong_type(struct err *e, const char *key, const char *want)
{
	return err_set(e, EINVAL, "config.%s: must be %s", key, want);
}

/* null, "" and absence all mean "the author said nothing". */
static int read_text(struct arena *a, const char *key, const json_t *v, void *field, struct err *e)
{
	const char **out = field;

	if (!json_is_string(v))
		return wrong_type(e, key, "a string");
	if (json_string_length(v) == 0)
		return 0;
	*out = arena_memdup(a, json_string_value(v), json_string_length(v));
	return *out ? 0 : no_memory(e);
}

static int too_many(struct err *e, const char *key)
{
	return err_set(e, E2BIG, "config.%s: more than %d items", key, IMAGE_MAX_ITEMS);
}

static int read_list(struct arena *a, const char *key, const json_t *v, void *field, struct err *e)
{
	struct strings *out = field;
	size_t n = json_array_size(v);
	const char **list;

	if (!json_is_array(v))
		return wrong_type(e, key, "an array of strings");
	if (n > IMAGE_MAX_ITEMS)
		return too_many(e, key);
	list = arena_array(a, n + 1, sizeof(*list));
	if (!list)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(v, i);

		if (!json_is_string(item))
			return err_set(e, EINVAL, "config.%s[%zu]: must be a string", key, i);
		list[i] = arena_memdup(a, json_string_value(item), json_string_length(item));
		if (!list[i])
			return no_memory(e);
	}
	*out = (struct strings){ .n = n, .v = list };
	return 0;
}

/* Entrypoint and Cmd were plain strings in the oldest images: one shell line. */
static int read_command(struct arena *a, const char *key, const json_t *v, void *field,
			struct err *e)
{
	struct strings *out = field;
	const char **list;

	if (!json_is_string(v))
		return read_list(a, key, v, field, e);
	if (json_string_length(v) == 0)
		return 0;
	list = arena_array(a, 4, sizeof(*list));
	if (!list)
		return no_memory(e);
	list[0] = "/bin/sh";
	list[1] = "-c";
	list[2] = arena_strdup(a, json_string_value(v));
	if (!list[2])
		return no_memory(e);
	*out = (struct strings){ .n = 3, .v = list };
	return 0;
}

static int read_keys(struct arena *a, const char *key, const json_t *v, void *field, struct err *e)
{
	struct strings *out = field;
	json_t *object = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
	size_t n = json_object_size(v), i = 0;
	const char **list, *name;
	json_t *value;

	if (!json_is_object(v))
		return wrong_type(e, key, "an object");
	if (n > IMAGE_MAX_ITEMS)
		return too_many(e, key);
	list = arena_array(a, n + 1, sizeof(*list));
	if (!list)
		return no_memory(e);
	json_object_foreach(object, name, value)
	{
		list[i] = arena_strdup(a, name);
		if (!list[i++])
			return no_memory(e);
	}
	*out = (struct strings){ .n = n, .v = list };
	return 0;
}

static int read_labels(struct arena *a, const char *key, const json_t *v, void *field,
		       struct err *e)
{
	struct key_values *out = field;
	json_t *object = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
	size_t n = json_object_size(v), i = 0;
	struct key_value *list;
	const char *name;
	json_t *value;

	if (!json_is_object(v))
		return wrong_type(e, key, "an object");
	if (n > IMAGE_MAX_ITEMS)
		return too_many(e, key);
	list = arena_array(a, n, sizeof(*list));
	if (!list)
		return no_memory(e);
	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value))
			return err_set(e, EINVAL, "config.%s[\"%s\"]: must be a string", key, name);
		list[i].key = arena_strdup(a, name);
		list[i].value = arena_strdup(a, json_string_value(value));
		if (!list[i].key || !list[i].value)
			return no_memory(e);
		i++;
	}
	*out = (struct key_values){ .n = n, .v = list };
	return 0;
}

/* {"Test": ["CMD", PROGRAM, ...]} or ["CMD-SHELL", LINE]. "NONE" is none, and so is what Docker does not know; an empty list
 * inherits, which an image's own has nothing to do with. */
static int read_health(struct arena *a, const char *key, const json_t *v, void *field,
		       struct err *e)
{
	const json_t *words = json_object_get(v, "Test");
	struct strings test = { 0 }, *out = field;
	const char **list;
	bool shell;
	int r;

	if (!json_is_object(v))
		return wrong_type(e, key, "an object");
	r = words && !json_is_null(words) ? read_list(a, "Healthcheck.Test", words, &test, e) : 0;
	if (r < 0 || test.n < 2)
		return r;
	shell = str_eq(test.v[0], "CMD-SHELL");
	if (!shell && !str_eq(test.v[0], "CMD"))
		return 0;
	if (test.n > IMAGE_MAX_HEALTH)
		return err_set(e, E2BIG, "config.Healthcheck.Test: more than %d items", IMAGE_MAX_HEALTH);
	if (!test.v[1][0])
		return err_set(e, EINVAL, "config.Healthcheck.Test[1]: must not be empty");
	if (!shell) {
		*out = (struct strings){ .n = test.n - 1, .v = test.v + 1 };
		return 0;
	}
	list = arena_array(a, test.n + 2, sizeof(*list));
	if (!list)
		return no_memory(e);
	list[0] = "/bin/sh";
	list[1] = "-c";
	memcpy(list + 2, test.v + 1, (test.n - 1) * sizeof(*list));
	*out = (struct strings){ .n = test.n + 1, .v = list };
	return 0;
}

/* clang-format off */
static const struct {
	const char *key;
	int (*read)(struct arena *, const char *, const json_t *, void *, struct err *);
	size_t offset;
} fields[] = {
	{ "User",         read_text,    offsetof(struct image_config, user)        },
	{ "WorkingDir",   read_text,    offsetof(struct image_config, workdir)     },
	{ "StopSignal",   read_text,    offsetof(struct image_config, stop_signal) },
	{ "Env",          read_list,    offsetof(struct image_config, env)         },
	{ "Entrypoint",   read_command, offsetof(struct image_config, entrypoint)  },
	{ "Cmd",          read_command, offsetof(struct image_config, cmd)         },
	{ "Volumes",      read_keys,    offsetof(struct image_config, volumes)     },
	{ "ExposedPorts", read_keys,    offsetof(struct image_config, ports)       },
	{ "Labels",       read_labels,  offsetof(struct image_config, labels)      },
	{ "Healthcheck",  read_health,  offsetof(struct image_config, health)      },
};
/* clang-format on */

/* The configuration object inside one of the three forms; NULL with *e set when there is none. */
static const json_t *find_config(const json_t *doc, struct err *e)
{
	const json_t *config;

	if (json_is_array(doc)) {
		if (json_array_size(doc) != 1) {
			err_set(e, EINVAL, "holds %zu images, expected one", json_array_size(doc));
			return NULL;
		}
		doc = json_array_get(doc, 0);
	}
	if (!json_is_object(doc)) {
		err_set(e, EINVAL, "is not an image configuration: expected an object");
		return NULL;
	}
	config = json_object_get(doc, "config");
	if (!config)
		config = json_object_get(doc, "Config");
	/* OCI: "config" is optional; a file with rootfs and no config is an image without wishes.
	 */
	if (!config && (json_object_get(doc, "rootfs") || json_object_get(doc, "RootFS")))
		return json_null();
	if (!config) {
		for (size_t i = 0; i < N_ELEMENTS(fields); i++)
			if (json_object_get(doc, fields[i].key))
				return doc;
		err_set(e, EINVAL, "is not an image configuration: it has no \"config\"");
		return NULL;
	}
	if (!json_is_object(config) && !json_is_null(config)) {
		err_set(e, EINVAL, "config: must be an object");
		return NULL;
	}
	return config;
}

/* What the image is called by its content. */
static int name_image(struct arena *a, const json_t *doc, const char *bytes, size_t len,
		      struct image_config *out, struct err *e)
{
	const json_t *one = json_is_array(doc) ? json_array_get(doc, 0) : doc;
	const char *id = json_string_value(json_object_get(one, "Id"));
	char sum[SHA256_HEX + 1];

	if (id && strlen(id) == strlen("sha256:") + SHA256_HEX && str_starts(id, "sha256:")) {
		out->digest = arena_strdup(a, id);
	} else if (json_is_object(doc) && json_is_object(json_object_get(doc, "rootfs"))) {
		sha256_hex(bytes, len, sum);
		out->digest = arena_printf(a, "sha256:%s", sum);
	} else {
		return 0;
	}
	return out->digest ? 0 : no_memory(e);
}

int image_config_parse(struct arena *a, const char *bytes, size_t len, struct image_config *out,
		       struct err *e)
{
	struct image_config image = { 0 };
	json_error_t where;
	json_auto_t *doc = NULL;
	const json_t *config;

	if (len > IMAGE_MAX_BYTES)
		return err_set(e, EFBIG, "larger than %d bytes", IMAGE_MAX_BYTES);
	doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!doc)
		return err_set(e, EINVAL, "line %d: %s", where.line, where.text);
	config = find_config(doc, e);
	if (!config)
		return -e->code;
	for (size_t i = 0; json_is_object(config) && i < N_ELEMENTS(fields); i++) {
		const json_t *v = json_object_get(config, fields[i].key);
		int r = 0;

		if (v && !json_is_null(v))
			r = fields[i].read(a, fields[i].key, v, (char *)&image + fields[i].offset,
					   e);
		if (r < 0)
			return r;
	}
	if (name_image(a, doc, bytes, len, &image, e) < 0)
		return -e->code;
	*out = image;
	return 0;
}

int image_config_read(const char *file, struct arena *a, struct image_config *out, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t len = 0;
	int r = fd_read_file(AT_FDCWD, file, IMAGE_MAX_BYTES, &bytes, &len, e);

	if (r < 0)
		return err_wrap(e, "image config");
	r = image_config_parse(a, bytes, len, out, e);
	return r < 0 ? err_wrap(e, "image config %s", file) : 0;
}
