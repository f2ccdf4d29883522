/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers/storage, which podman and CRI-O keep images in: <graph root>/<driver>-containers/containers.json says the container's
 * image, <driver>-images/<image>/ has its manifest, and the configuration under the encoded digest. The files are replaced by rename,
 * so no lock is needed. What podman's --label adds is in its database alone and is not looked at.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "container/label_file.h"
#include "container/label_source.h"

struct storage { char root[PATH_MAX], driver[64], id[65]; };

/* Cuts the last component off `path` and gives it; NULL when there is none. */
static const char *cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* podman has its bundles in <graph root>/<driver>-containers/<id>/userdata, CRI-O in the same below another directory, the run root. */
static int read_bundle(const char *bundle, struct storage *s, struct err *e)
{
	static const char suffix[] = "-containers";
	const char *id, *name;
	size_t n;

	if (strlen(bundle) >= sizeof(s->root))
		return err_set(e, ENAMETOOLONG, "the bundle's path is too long");
	memcpy(s->root, bundle, strlen(bundle) + 1);
	(void)cut(s->root); /* userdata: that is why we are here */
	id = cut(s->root);
	name = id ? cut(s->root) : NULL;
	n = name ? strlen(name) : 0;
	if (!label_file_is_hex(id) || n < sizeof(suffix) || n - strlen(suffix) >= sizeof(s->driver) ||
	    !str_eq(name + n - strlen(suffix), suffix))
		return err_set(e, EINVAL, "the bundle does not lie in a container's directory of containers/storage");
	memcpy(s->id, id, sizeof(s->id));
	memcpy(s->driver, name, n - strlen(suffix));
	s->driver[n - strlen(suffix)] = '\0';
	return 0;
}

/* The graph root is that of the root file system too: <graph root>/<driver>/<layer>/merged. */
static bool root_of(const char *root_path, struct storage *s)
{
	if (strlen(root_path) >= sizeof(s->root))
		return false;
	memcpy(s->root, root_path, strlen(root_path) + 1);
	return cut(s->root) && cut(s->root) && cut(s->root);
}

/* The container's image from one list: 0, also when the container is not in it. */
static int look_into(const char *dir, const char *file, const char *id, struct arena *a, const char **image, struct err *e)
{
	json_auto_t *list = label_file_json(dir, file, e);

	if (!list)
		return e->code == ENOENT ? 0 : -e->code;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *text = label_file_text(one, "image", NULL);

		if (!str_eq(label_file_text(one, "id", NULL), id))
			continue;
		*image = arena_strdup(a, text ? text : "");
		return *image ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	return 0;
}

/* *image stays NULL when the container is not known there. */
static int find_image(const struct storage *s, struct arena *a, const char **image, struct err *e)
{
	static const char *const files[] = { "containers.json", "volatile-containers.json" };
	const char *dir = arena_printf(a, "%s/%s-containers", s->root, s->driver);

	if (!dir)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; !*image && i < N_ELEMENTS(files); i++) {
		int err = look_into(dir, files[i], s->id, a, image, e);
		if (err < 0)
			return err;
	}
	if (!*image || (*image)[0] == '\0' || label_file_is_hex(*image))
		return 0;
	return err_set(e, EINVAL, "%s: image: is not an id", dir);
}

static int find_storage(const struct label_query *q, struct arena *a, struct storage *s, const char **image, struct err *e)
{
	int err = read_bundle(q->bundle, s, e);

	if (err == 0)
		err = find_image(s, a, image, e);
	if (err == 0 && !*image && root_of(q->root_path, s))
		err = find_image(s, a, image, e);
	if (err == 0 && !*image)
		err = err_set(e, ENOENT, "%s: knows no container %s", s->root, s->id);
	return err;
}

/* "=" and base64, as containers/storage names what has more than digits, letters and dots in its name. */
static void encoded_name(const char *digest, char out[128])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(digest), at = 0;

	out[at++] = '=';
	for (size_t i = 0; i < len; i += 3) {
		uint32_t b = (uint32_t)(unsigned char)digest[i] << 16;

		b |= i + 1 < len ? (uint32_t)(unsigned char)digest[i + 1] << 8 : 0;
		b |= i + 2 < len ? (uint32_t)(unsigned char)digest[i + 2] : 0;
		out[at++] = digits[b >> 18];
		out[at++] = digits[b >> 12 & 63];
		out[at++] = i + 1 < len ? digits[b >> 6 & 63] : '=';
		out[at++] = i + 2 < len ? digits[b & 63] : '=';
	}
	out[at] = '\0';
}

int label_storage(const struct label_query *q, struct arena *a, struct label_lists *out, struct err *e)
{
	struct image_config config = { 0 };
	const char *image = NULL, *dir, *digest;
	struct storage s = { 0 };
	char name[128];
	int err = find_storage(q, a, &s, &image, e);

	if (err < 0 || !image[0]) /* podman run --rootfs: a container without an image */
		return err;
	dir = arena_printf(a, "%s/%s-images/%s", s.root, s.driver, image);
	if (!dir)
		return err_set(e, ENOMEM, "out of memory");
	json_auto_t *manifest = label_file_json(dir, "manifest", e);
	if (!manifest)
		return -e->code;
	digest = label_file_text(manifest, "config", "digest");
	if (!label_file_digest(digest))
		return err_set(e, EINVAL, "%s/manifest: config.digest: is not a sha256 digest", dir);
	encoded_name(digest, name);
	err = label_file_config(dir, name, a, &config, e);
	if (err < 0)
		return err;
	*out = (struct label_lists){ .n = 1, .v = { { "image label", config.labels } } };
	label_lists_image(out, &config);
	return 0;
}
