/* SPDX-License-Identifier: Apache-2.0 */
/* The two JSON forms of a container's state: our own file, and what the OCI shows to the world. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "container/state.h"

enum { STATE_VERSION = 1, STATE_MAX_BYTES = 8 * 1024 * 1024 };

/* ---- writing ---- */

static json_t *annotations_to_json(const struct key_values *kv)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < kv->n; i++) {
		if (json_object_set_new(o, kv->v[i].key, json_string(kv->v[i].value)) < 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* jansson takes UTF-8 only, and paths may be anything. */
static int dump_or_fail(json_t *v, size_t flags, char **out, size_t *len, struct err *e)
{
	char *text = v ? json_dumps(v, flags) : NULL;

	json_decref(v);
	if (!text)
		return err_set(e, EILSEQ,
			       "state: out of memory, or a path or annotation is not UTF-8");
	*out = text;
	*len = strlen(text);
	return 0;
}

/* Takes nothing from *v on failure but sets it NULL. */
static void add_member(json_t **v, const char *key, json_t *member)
{
	if (*v && json_object_set_new(*v, key, member) < 0) {
		json_decref(*v);
		*v = NULL;
	} else if (!*v) {
		json_decref(member);
	}
}

int state_write(const struct state_dir *d, const struct state *s, struct err *e)
{
	json_t *annotations = annotations_to_json(&s->annotations),
	       *cgroup = cgroup_to_json(&s->cgroup), *v = NULL;
	auto_free char *text = NULL;
	size_t len = 0;
	int r;

	if (annotations && cgroup)
		v = json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:O, s:O}", "version",
			      STATE_VERSION, "id", s->id, "bundle", s->bundle, "rootfs",
			      or_empty(s->rootfs), "ociVersion", s->oci_version, "pid",
			      (json_int_t)s->pid, "startTime", (json_int_t)s->start_time, "created",
			      or_empty(s->created), "owner", or_empty(s->owner), "annotations",
			      annotations, "cgroup", cgroup);
	json_decref(annotations);
	json_decref(cgroup);
	if (s->id_range)
		add_member(&v, "idRange", json_string(s->id_range));
	if (s->keyring)
		add_member(&v, "keyring", json_string(s->keyring));
	if (s->rdt.group)
		add_member(&v, "resctrl", json_pack("{s:s, s:s*, s:b}", "group", s->rdt.group, "monitor", s->rdt.monitor,
						    "own", s->rdt.own));
	r = dump_or_fail(v, JSON_COMPACT, &text, &len, e);
	if (r < 0)
		return err_wrap(e, "container %s", s->id);
	r = fd_replace_file(d->fd, "state.json", 0600, text, len, e);
	return r < 0 ? err_wrap(e, "container %s", s->id) : 0;
}

static json_t *oci_head(const char *version, const char *id, json_int_t pid, const char *status,
			const char *bundle)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:s}", "ociVersion", version, "id", id, "pid", pid,
			 "status", status, "bundle", bundle);
}

int state_format(const struct state *s, enum status st, pid_t pid, bool pretty, char **out,
		 size_t *len, struct err *e)
{
	json_t *v = oci_head(s->oci_version, s->id, pid, state_status_name(st), s->bundle);

	add_member(&v, "rootfs", json_string(or_empty(s->rootfs)));
	add_member(&v, "created", json_string(or_empty(s->created)));
	if (s->annotations.n > 0)
		add_member(&v, "annotations", annotations_to_json(&s->annotations));
	add_member(&v, "owner", json_string(or_empty(s->owner)));
	return dump_or_fail(v, pretty ? JSON_INDENT(2) : JSON_COMPACT, out, len, e);
}

int state_format_for_hook(const struct plan *p, const char *status, pid_t pid, char **out,
			  size_t *len, struct err *e)
{
	json_t *v = oci_head(p->oci_version, p->id, pid, status, p->bundle);

	if (p->annotations.n > 0)
		add_member(&v, "annotations", annotations_to_json(&p->annotations));
	return dump_or_fail(v, JSON_COMPACT, out, len, e);
}

/* ---- reading ---- */

static int read_annotations(struct arena *a, json_t *v, struct key_values *out, struct err *e)
{
	struct key_value *kv;
	const char *key;
	json_t *value;
	size_t n = 0;

	if (!v)
		return 0;
	if (!json_is_object(v))
		return err_set(e, EPROTO, "annotations: must be an object");
	kv = arena_array(a, json_object_size(v), sizeof(*kv));
	if (!kv)
		return err_set(e, ENOMEM, "out of memory");
	json_object_foreach(v, key, value)
	{
		if (!json_is_string(value))
			return err_set(e, EPROTO, "annotations.%s: must be a string", key);
		kv[n].key = arena_strdup(a, key);
		kv[n].value = arena_strdup(a, json_string_value(value));
		if (!kv[n].key || !kv[n].value)
			return err_set(e, ENOMEM, "out of memory");
		n++;
	}
	out->n = n;
	out->v = kv;
	return 0;
}

static int read_text(struct arena *a, const json_t *o, const char *key, bool required,
		     const char **out, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	if (!v && !required)
		return 0;
	if (!json_is_string(v))
		return err_set(e, EPROTO, "%s: must be a string", key);
	*out = arena_strdup(a, json_string_value(v));
	return *out ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int read_resctrl(struct arena *a, const json_t *o, struct resctrl *out, struct err *e)
{
	const json_t *v = json_object_get(o, "resctrl");
	int r;

	if (!v)
		return 0;
	if (!json_is_object(v))
		return err_set(e, EPROTO, "resctrl: must be an object");
	r = read_text(a, v, "group", true, &out->group, e);
	if (r == 0)
		r = read_text(a, v, "monitor", false, &out->monitor, e);
	out->own = json_is_true(json_object_get(v, "own"));
	return r < 0 ? err_wrap(e, "resctrl") : 0;
}

static int read_number(const json_t *o, const char *key, int64_t max, int64_t *out, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > max)
		return err_set(e, EPROTO, "%s: must be a number from 0 to %lld", key,
			       (long long)max);
	*out = json_integer_value(v);
	return 0;
}

static int read_document(struct arena *a, const json_t *o, struct state *s, struct err *e)
{
	const struct {
		const char *key;
		bool required;
		const char **out;
	} texts[] = {
		{ "id", true, &s->id },
		{ "bundle", true, &s->bundle },
		{ "rootfs", true, &s->rootfs },
		{ "ociVersion", true, &s->oci_version },
		{ "created", true, &s->created },
		{ "owner", true, &s->owner },
		{ "idRange", false, &s->id_range },
		{ "keyring", false, &s->keyring },
	};
	const json_t *cgroup = json_object_get(o, "cgroup");
	int64_t version, pid, start;
	int r;

	r = read_number(o, "version", INT32_MAX, &version, e);
	if (r == 0 && version != STATE_VERSION)
		r = err_set(e, EPROTO,
			    "version: %lld was written by another caisson; this one reads %d",
			    (long long)version, STATE_VERSION);
	for (size_t i = 0; r == 0 && i < N_ELEMENTS(texts); i++)
		r = read_text(a, o, texts[i].key, texts[i].required, texts[i].out, e);
	if (r == 0)
		r = read_number(o, "pid", INT32_MAX, &pid, e);
	if (r == 0)
		r = read_number(o, "startTime", INT64_MAX, &start, e);
	if (r == 0)
		r = read_annotations(a, json_object_get(o, "annotations"), &s->annotations, e);
	if (r == 0 && !json_is_object(cgroup))
		r = err_set(e, EPROTO, "cgroup: must be an object");
	if (r == 0)
		r = cgroup_from_json(a, cgroup, &s->cgroup, e);
	if (r == 0)
		r = read_resctrl(a, o, &s->rdt, e);
	if (r < 0)
		return r;
	s->pid = (pid_t)pid;
	s->start_time = (uint64_t)start;
	return 0;
}

int state_read(const struct state_dir *d, struct arena *a, const struct state **out, struct err *e)
{
	auto_free char *text = NULL;
	struct state *s = arena_alloc(a, sizeof(*s));
	json_error_t where;
	json_t *v;
	size_t len;
	int r;

	if (!s)
		return err_set(e, ENOMEM, "out of memory");
	r = fd_read_file(d->fd, "state.json", STATE_MAX_BYTES, &text, &len, e);
	if (r == -ENOENT)
		return err_set(
			e, ENODATA,
			"container %s is half made: its creation was cut short; `delete` removes it",
			d->id);
	if (r < 0)
		return err_wrap(e, "container %s", d->id);
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(v)) {
		json_decref(v);
		return err_set(e, EPROTO, "container %s: state.json is not a JSON object", d->id);
	}
	r = read_document(a, v, s, e);
	json_decref(v);
	if (r == 0 && strcmp(s->id, d->id) != 0)
		r = err_set(e, EPROTO, "id: does not match the directory's name");
	if (r < 0)
		return err_wrap(e, "container %s: state.json", d->id);
	*out = s;
	return 0;
}
