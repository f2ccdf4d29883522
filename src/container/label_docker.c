/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's own record of the container, and its image's configuration. The record has the operator's labels over the image's, key
 * by key; the image's own are read beside it, so that a label given on the command line takes nothing back.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "container/label_content.h"
#include "container/label_file.h"
#include "container/label_source.h"

static const char *const docker_files[] = { "/etc/hosts", "/etc/hostname", "/etc/resolv.conf" };
static const char usual_root[] = "/var/lib/docker";

/* The data root from "<data root>/containers/<64 digits>/<file>", the shape of the sources that Docker gives to /etc/hosts and its
 * like. With --network container:OTHER the id is the other's. */
static bool data_root_of(const struct mount *m, char *root, size_t size)
{
	const char *source = m->source;
	size_t len = source ? strlen(source) : 0, tail = 0;
	char id[65] = "";

	for (size_t i = 0; i < N_ELEMENTS(docker_files); i++)
		if (str_eq(m->destination, docker_files[i]))
			tail = strlen(docker_files[i]) - strlen("/etc");
	if (!tail || source[0] != '/' || len < sizeof("/containers/") + 64 + tail)
		return false;
	memcpy(id, source + len - tail - 64, 64);
	len -= tail + 64 + strlen("/containers/");
	if (!str_starts(source + len, "/containers/") || !label_file_is_hex(id) || len >= size ||
	    !str_eq(source + strlen(source) - tail, m->destination + strlen("/etc")))
		return false;
	memcpy(root, source, len);
	root[len] = '\0';
	return true;
}

/* The names of Docker's storage drivers: they become a part of a path. */
static bool is_driver(const char *name)
{
	return name && name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Images in Docker's own store: the configuration under its digest. */
static int image_of_driver(const char *root, const json_t *doc, const char *digest, struct arena *a, struct label_lists *io,
			   struct err *e)
{
	struct image_config image = { 0 };
	const char *driver = label_file_text(doc, "Driver", NULL);
	const char *dir;
	int err;

	if (!is_driver(driver))
		return err_set(e, EINVAL, "Driver: is not the name of a storage driver");
	dir = arena_printf(a, "%s/image/%s/imagedb/content/sha256", root, driver);
	err = dir ? label_file_config(dir, digest, a, &image, e) : err_set(e, ENOMEM, "out of memory");
	if (err < 0)
		return err;
	label_lists_image(io, &image);
	return label_lists_add(io, "image label", &image.labels, e);
}

static int read_image(const struct label_query *q, const char *root, const json_t *doc, struct arena *a, struct label_lists *out,
		      struct err *e)
{
	const char *manifest = label_file_text(doc, "ImageManifest", "digest");
	const char *image = label_file_text(doc, "Image", NULL), *digest = label_file_digest(manifest ? manifest : image);

	if (!manifest && (!image || !image[0]))
		return 0; /* a build from nothing */
	if (!digest)
		return err_set(e, EINVAL, "%s: is not a sha256 digest", manifest ? "ImageManifest.digest" : "Image");
	/* The manifest is there when containerd keeps the images. */
	if (manifest)
		return label_content_image(q->bundle, digest, a, out, e);
	return image_of_driver(root, doc, digest, a, out, e);
}

static int read_record(const struct label_query *q, const char *root, const char *id, const json_t *doc, struct arena *a,
		       struct label_lists *out, struct err *e)
{
	const char *dir = arena_printf(a, "%s/containers/%s", root, id);
	struct label_lists lists = { .n = 1, .v = { { .from = "docker label" } } };
	int err;

	if (!dir)
		return err_set(e, ENOMEM, "out of memory");
	if (!str_eq(label_file_text(doc, "ID", NULL), id))
		return err_set(e, EINVAL, "%s/config.v2.json: ID: is another container's", dir);
	err = label_file_labels(dir, "config.v2.json", a, &lists.v[0].labels, e);
	if (err < 0)
		return err;
	*out = lists;
	return read_image(q, root, doc, a, out, e);
}

/* NULL with *e set; -ENOENT when there is no record of this container below `root`. */
static json_t *open_record(const char *root, const char *id, struct arena *a, struct err *e)
{
	const char *dir = arena_printf(a, "%s/containers/%s", root, id);

	if (dir)
		return label_file_json(dir, "config.v2.json", e);
	err_set(e, ENOMEM, "out of memory");
	return NULL;
}

/* A user may have mounted a file of his own over one of them: the next one is asked then, and the usual place last. */
static json_t *find_record(const struct label_query *q, const char *id, struct arena *a, char root[PATH_MAX], struct err *e)
{
	json_t *doc;

	for (size_t i = 0; i < q->mounts->n; i++) {
		if (!data_root_of(&q->mounts->v[i], root, PATH_MAX))
			continue;
		doc = open_record(root, id, a, e);
		if (doc || e->code != ENOENT)
			return doc;
	}
	memcpy(root, usual_root, sizeof(usual_root));
	return open_record(root, id, a, e);
}

int label_docker(const struct label_query *q, struct arena *a, struct label_lists *out, struct err *e)
{
	const char *id = strrchr(q->bundle, '/');
	char root[PATH_MAX];

	id = id ? id + 1 : q->bundle;
	if (!label_file_is_hex(id))
		return err_set(e, EINVAL, "the bundle's name is not the id of a container");
	json_auto_t *doc = find_record(q, id, a, root, e);
	return doc ? read_record(q, root, id, doc, a, out, e) : -e->code;
}
