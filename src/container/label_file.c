/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "container/image.h"
#include "container/trusted.h"

enum { FILE_MAX = 16 * 1024 * 1024 }; /* containers.json holds every container of a host */

static int load(const char *dir_path, const char *name, size_t max, char **bytes, size_t *len, struct err *e)
{
	static const struct trust t = { .what = "a label is read from", .own = true };
	auto_fd int dir = -1, fd = -1;
	auto_str path = { 0 };
	int err = trusted_open_dir(&t, dir_path, &dir, e);

	str_addf(&path, "%s/%s", dir_path, name);
	if (path.failed)
		return err_set(e, ENOMEM, "%s: out of memory", name);
	if (err == 0)
		err = trusted_open_file(&t, dir, name, path.s, &fd, e);
	if (err == -ENOENT)
		return err_set(e, ENOENT, "%s: is not there", path.s);
	if (err == 0)
		err = fd_read_all(fd, max, bytes, len, e);
	return err == -EFBIG ? err_set(e, EFBIG, "%s: is larger than %zu bytes", path.s, max) : err;
}

int label_file_blob(const char *dir, const char *digest, size_t max, char **bytes, size_t *len, struct err *e)
{
	char hex[SHA256_HEX + 1];
	int err = load(dir, digest, max, bytes, len, e);

	if (err < 0)
		return err;
	sha256_hex(*bytes, *len, hex);
	if (str_eq(hex, digest))
		return 0;
	free(*bytes);
	*bytes = NULL;
	return err_set(e, EBADMSG, "%s/%s: is not what its digest says", dir, digest);
}

json_t *label_file_json(const char *dir, const char *name, struct err *e)
{
	auto_free char *bytes = NULL;
	json_error_t where;
	size_t len = 0;
	json_t *doc;

	if (load(dir, name, FILE_MAX, &bytes, &len, e) < 0)
		return NULL;
	doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!doc)
		err_set(e, EINVAL, "%s/%s: line %d: %s", dir, name, where.line, where.text);
	return doc;
}

int label_file_config(const char *dir, const char *name, struct arena *a, struct image_config *out, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t len = 0;
	int err = load(dir, name, IMAGE_MAX_BYTES, &bytes, &len, e);

	if (err < 0)
		return err;
	err = image_config_parse(a, bytes, len, out, e);
	return err < 0 ? err_wrap(e, "%s/%s", dir, name) : 0;
}

int label_file_labels(const char *dir, const char *name, struct arena *a, struct key_values *out, struct err *e)
{
	struct image_config image = { 0 };
	int err = label_file_config(dir, name, a, &image, e);

	if (err == 0)
		*out = image.labels;
	return err;
}

const char *label_file_text(const json_t *doc, const char *key, const char *below)
{
	const json_t *v = json_object_get(doc, key);

	return json_string_value(below ? json_object_get(v, below) : v);
}

bool label_file_is_hex(const char *text)
{
	return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

const char *label_file_digest(const char *text)
{
	return text && str_starts(text, "sha256:") && label_file_is_hex(text + 7) ? text + 7 : NULL;
}
