/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_content.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "container/image.h"
#include "container/label_file.h"

enum { MANIFEST_MAX = 4 * 1024 * 1024, DEPTH_MAX = 3, INDEX_MAX = 64 };

static const char *content_of(const char *bundle, struct arena *a, struct err *e)
{
	char link[PATH_MAX], *tail;
	const char *path = arena_printf(a, "%s/work", bundle);
	ssize_t n = path ? readlink(path, link, sizeof(link) - 1) : -1;

	if (n < 0) {
		err_sys(e, "%s/work", bundle);
		return NULL;
	}
	link[n] = '\0';
	tail = strstr(link, "/io.containerd.runtime.v2.task/");
	if (link[0] != '/' || !tail) {
		err_set(e, EINVAL, "%s/work: does not lead into containerd's directory", bundle);
		return NULL;
	}
	*tail = '\0';
	path = arena_printf(a, "%s/io.containerd.content.v1.content/blobs/sha256", link);
	if (!path)
		err_set(e, ENOMEM, "out of memory");
	return path;
}

static int read_config(const char *dir, const char *digest, struct arena *a, struct label_lists *io, struct err *e)
{
	struct image_config image = { 0 };
	auto_free char *bytes = NULL;
	size_t len = 0;
	int err = label_file_blob(dir, digest, IMAGE_MAX_BYTES, &bytes, &len, e);

	if (err < 0)
		return err;
	err = image_config_parse(a, bytes, len, &image, e);
	if (err == 0)
		label_lists_image(io, &image);
	return err < 0 ? err_wrap(e, "%s/%s", dir, digest) : label_lists_add(io, "image label", &image.labels, e);
}

static json_t *read_json(const char *dir, const char *digest, struct err *e)
{
	auto_free char *bytes = NULL;
	json_error_t where;
	json_t *doc = NULL;
	size_t len = 0;

	if (label_file_blob(dir, digest, MANIFEST_MAX, &bytes, &len, e) < 0)
		return NULL;
	doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!doc)
		err_set(e, EINVAL, "%s/%s: line %d: %s", dir, digest, where.line, where.text);
	return doc;
}

static int read_image(const char *dir, const char *digest, int depth, struct arena *a, struct label_lists *io, struct err *e);

/* What was pulled is there; the other platforms' are not, and that is no failure as long as one is. */
static int read_index(const char *dir, const json_t *list, int depth, struct arena *a, struct label_lists *io, struct err *e)
{
	bool some = false;
	int err = 0;

	if (depth == DEPTH_MAX || json_array_size(list) > INDEX_MAX)
		return err_set(e, E2BIG, "an index of more than %d images, or more than %d deep", INDEX_MAX, DEPTH_MAX);
	for (size_t i = 0; err == 0 && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *digest = label_file_digest(label_file_text(one, "digest", NULL));
		struct err why = { 0 };

		/* Signatures and the like, which containerd never takes for an image either. */
		if (str_eq(label_file_text(json_object_get(one, "platform"), "os", NULL), "unknown"))
			continue;
		err = digest ? read_image(dir, digest, depth + 1, a, io, &why) : err_set(&why, EINVAL, "manifests[%zu].digest: is not a sha256 digest", i);
		some = some || err == 0;
		if (err == -ENOENT)
			err = 0;
		if (err < 0)
			*e = why;
	}
	return err == 0 && !some ? err_set(e, ENOENT, "none of the index's images is there") : err;
}

static int read_image(const char *dir, const char *digest, int depth, struct arena *a, struct label_lists *io, struct err *e)
{
	json_auto_t *doc = read_json(dir, digest, e);
	const json_t *list = json_object_get(doc, "manifests");
	const char *config;

	if (!doc)
		return -e->code;
	if (json_is_array(list))
		return read_index(dir, list, depth, a, io, e);
	config = label_file_digest(label_file_text(doc, "config", "digest"));
	if (!config)
		return err_set(e, EINVAL, "%s/%s: config.digest: is not a sha256 digest", dir, digest);
	return read_config(dir, config, a, io, e);
}

int label_content_image(const char *bundle, const char *digest, struct arena *a, struct label_lists *io, struct err *e)
{
	const char *dir = content_of(bundle, a, e);

	return dir ? read_image(dir, digest, 0, a, io, e) : -e->code;
}

int label_content_config(const char *bundle, const char *digest, struct arena *a, struct label_lists *io, struct err *e)
{
	const char *dir = content_of(bundle, a, e);

	return dir ? read_config(dir, digest, a, io, e) : -e->code;
}
