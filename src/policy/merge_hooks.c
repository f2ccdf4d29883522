/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks are programs of the host that run with the runtime's rights. A profile names which: by the file that a path leads to, and that
 * file is what is run. startContainer is a program of the container's, run with its rights: there the name decides.
 */
#include <errno.h>

#include "policy/host_view.h"
#include "policy/merge_step.h"

static const char *const kinds[HOOK_KINDS] = {
	[HOOK_PRESTART] = "prestart",			[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",			[HOOK_POSTSTOP] = "poststop",
};

/* The file behind a path of the host's; the path itself where nobody can look. */
static const char *real(struct merge *m, const char *path)
{
	const struct host_view *host = m->r->host;
	const char *out = path;

	if (host && host->real_path(host->ctx, m->a, path, &out) < 0)
		m->no_memory = true;
	return out;
}

/* A list may name the file, or a link to it (/sbin where that is /usr/sbin). */
static bool names(struct merge *m, const struct strings *list, const char *path)
{
	if (glob_match_any(list, path))
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(real(m, list->v[i]), path))
			return true;
	return false;
}

static bool is_allowed(struct merge *m, const char *path)
{
	for (size_t i = 0; i < m->p->hooks.n; i++)
		if (!names(m, &m->p->hooks.v[i], path))
			return false;
	return true;
}

/* Run under the name that it was called by. */
static int pin(struct merge *m, struct hook *h, const char *file, struct err *e)
{
	const char **args = arena_array(m->a, 2, sizeof(*args));

	if (!args)
		return err_set(e, ENOMEM, "policy: out of memory");
	args[0] = h->path;
	if (!h->args.n)
		h->args = (struct strings){ 1, args };
	h->path = file;
	return 0;
}

static const char *named(struct merge *m, const char *path, const char *file)
{
	const char *text = str_eq(path, file) ? path : merge_text(m, "%s, which is %s,", path, file);

	return text ? text : path;
}

static int meet_kind(struct merge *m, enum hook_kind k, struct err *e)
{
	struct hooks *hooks = &m->plan->hooks[k];
	struct hook *v = arena_array(m->a, hooks->n + 1, sizeof(*v));
	int err = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; err == 0 && i < hooks->n; i++) {
		const char *file = k == HOOK_START_CONTAINER ? hooks->v[i].path : real(m, hooks->v[i].path);
		v[i] = hooks->v[i];
		if (!is_allowed(m, file))
			return merge_refuse(m, e, PF_HOOKS_ALLOW, "hooks", "hooks.%s[%zu]: %s is not among the programs that may be hooks; leave it "
					    "out, or add it to hooks.allow of the profile", kinds[k], i, named(m, v[i].path, file));
		if (k != HOOK_START_CONTAINER && !str_eq(file, v[i].path))
			err = pin(m, &v[i], file, e);
	}
	hooks->v = v;
	return err;
}

int merge_hooks(struct merge *m, struct err *e)
{
	size_t n = 0;
	int err = 0;

	if (!m->p->hooks.n)
		return 0;
	for (int k = 0; err == 0 && k < HOOK_KINDS; k++) {
		n += m->plan->hooks[k].n;
		err = meet_kind(m, (enum hook_kind)k, e);
	}
	if (err == 0 && n)
		merge_reason(m, REASON_KEPT, "hooks", merge_text(m, "%zu", n), merge_text(m, "%zu, all allowed", n), m->asked_by);
	return err;
}
