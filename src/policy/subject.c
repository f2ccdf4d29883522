/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: read from where the bundle lies, which the engine alone chooses, and only then from the annotations that this engine
 * sets itself. An annotation of another engine's says nothing: docker and podman let users write any.
 */
#include <errno.h>
#include <string.h>

#include "policy/checks.h"
#include "policy/config.h"

static const char *annotation(const struct spec *s, const char *key)
{
	for (size_t i = 0; i < s->annotations.n; i++)
		if (str_eq(s->annotations.v[i].key, key))
			return s->annotations.v[i].value;
	return NULL;
}

static bool has_annotation_like(const struct spec *s, const char *prefix)
{
	for (size_t i = 0; i < s->annotations.n; i++)
		if (str_starts(s->annotations.v[i].key, prefix))
			return true;
	return false;
}

/* The component after `dir` in containerd's bundles: its namespace. */
static bool in_namespace(const char *bundle, const char *name)
{
	const char *at = strstr(bundle, "/io.containerd.runtime.v2.task/");
	size_t n = strlen(name);

	if (!at)
		return false;
	at += strlen("/io.containerd.runtime.v2.task/");
	return strncmp(at, name, n) == 0 && (at[n] == '/' || at[n] == '\0');
}

static bool is_storage_bundle(const char *bundle)
{
	const char *end = strrchr(bundle, '/');

	return end && str_eq(end, "/userdata") && strstr(bundle, "-containers/");
}

static const char *engine_of(const struct spec *s, const char *bundle)
{
	if (strstr(bundle, "/buildkit/") && strstr(bundle, "/executor/"))
		return "buildkit";
	if (in_namespace(bundle, "moby"))
		return "docker";
	if (in_namespace(bundle, "k8s.io"))
		return "cri-containerd";
	if (strstr(bundle, "/io.containerd.runtime.v2.task/"))
		return has_annotation_like(s, "nerdctl/") ? "nerdctl" : "ctr";
	if (is_storage_bundle(bundle))
		return annotation(s, "io.kubernetes.cri-o.ContainerType") ? "cri-o" : "podman";
	if (strstr(bundle, "/buildah"))
		return "buildah";
	return "other";
}

struct cri_keys { const char *engine, *type, *image, *namespace, *pod, *container; };
static const struct cri_keys cri[] = {
	{ "cri-containerd", "io.kubernetes.cri.container-type", "io.kubernetes.cri.image-name", "io.kubernetes.cri.sandbox-namespace",
	  "io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.container-name" },
	{ "cri-o", "io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.ImageName", "io.kubernetes.pod.namespace",
	  "io.kubernetes.pod.name", "io.kubernetes.container.name" },
};

/* "nginx" -> "docker.io/library/nginx:latest": what a pattern can be written against. */
static const char *image_name(struct arena *a, const char *text)
{
	const char *slash = strchr(text, '/'), *last = strrchr(text, '/'), *base = last ? last + 1 : text;
	size_t host = slash ? (size_t)(slash - text) : 0;
	bool has_host = slash && (memchr(text, '.', host) || memchr(text, ':', host) || (host == 9 && !strncmp(text, "localhost", 9)));
	bool has_tag = strchr(base, ':') || strchr(base, '@');

	return arena_printf(a, "%s%s%s%s", has_host ? "" : "docker.io/", has_host || slash ? "" : "library/", text,
			    has_tag ? "" : ":latest");
}

static int add_cri(struct arena *a, const struct spec *s, const struct cri_keys *k, struct policy_subject *out, struct err *e)
{
	const char *image = annotation(s, k->image);

	if (str_eq(annotation(s, k->type), "sandbox"))
		out->kind = "sandbox";
	out->namespace = annotation(s, k->namespace);
	out->pod = annotation(s, k->pod);
	out->container = annotation(s, k->container);
	if (image && image[0]) {
		out->image = image_name(a, image);
		if (!out->image)
			return err_set(e, ENOMEM, "policy: out of memory");
	}
	return 0;
}

/* An init's options go with it, and "--". */
size_t subject_program_index(const struct strings *args)
{
	static const char *const inits[] = { "docker-init", "tini", "tini-static", "dumb-init", "catatonit", "podman-init",
					     "caisson-init" };
	size_t i = 0;

	for (size_t k = 0; args->n && k < N_ELEMENTS(inits); k++) {
		const char *slash = strrchr(args->v[0], '/');
		if (!str_eq(slash ? slash + 1 : args->v[0], inits[k]))
			continue;
		for (i = 1; i < args->n && args->v[i][0] == '-'; i++)
			if (str_eq(args->v[i], "--")) {
				i++;
				break;
			}
		break;
	}
	return i;
}

int subject_of(struct arena *a, const struct spec *s, const char *bundle, bool standalone, struct policy_subject *out,
	       struct err *e)
{
	struct policy_subject subject = { .bundle = bundle, .kind = "container", .hostname = s->hostname,
					  .annotations = &s->annotations };
	int err = 0;

	subject.engine = standalone ? "standalone" : engine_of(s, bundle);
	if (str_eq(subject.engine, "buildkit") || str_eq(subject.engine, "buildah"))
		subject.kind = "build";
	if (s->has_process) {
		size_t at = subject_program_index(&s->process.args);
		subject.argv0 = at < s->process.args.n ? s->process.args.v[at] : NULL;
		subject.env = &s->process.env;
	}
	for (size_t i = 0; err == 0 && i < N_ELEMENTS(cri); i++)
		if (str_eq(subject.engine, cri[i].engine))
			err = add_cri(a, s, &cri[i], &subject, e);
	if (err == 0)
		*out = subject;
	return err;
}
