/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/env.h"

#include <errno.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/profile.h"
#include "policy/secret.h"
#include "spec/jread.h"

enum { SHOWN = 8 };

bool env_is_denied(const struct strings *deny, const char *name)
{
	size_t n = strcspn(name, "=");
	char text[GLOB_TEXT_MAX + 1];

	if (deny->n == 0 || n >= sizeof(text))
		return deny->n != 0;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(name[i] == '/' ? '_' : name[i]);
	text[n] = '\0';
	return glob_match_any(deny, text);
}

/* A stranger's name for people to read. */
static const char *shown(struct arena *a, const char *variable)
{
	size_t n = strcspn(variable, "=");
	const char *name = arena_memdup(a, variable, n > 256 ? 256 : n);

	return name ? arena_strdup(a, jread_quote(name).s) : NULL;
}

int env_remove(struct arena *a, const struct strings *deny, struct strings *io, struct strings *removed, struct err *e)
{
	const char **kept, **names;
	size_t n = 0, k = 0;

	*removed = (struct strings){ 0 };
	if (deny->n == 0 || io->n == 0)
		return 0;
	kept = arena_array(a, io->n + 1, sizeof(*kept));
	names = arena_array(a, io->n + 1, sizeof(*names));
	if (!kept || !names)
		return err_set(e, ENOMEM, "environment: out of memory");
	for (size_t i = 0; i < io->n; i++) {
		if (!env_is_denied(deny, io->v[i])) {
			kept[n++] = io->v[i];
			continue;
		}
		names[k] = shown(a, io->v[i]);
		if (!names[k++])
			return err_set(e, ENOMEM, "environment: out of memory");
	}
	if (k == 0)
		return 0;
	*io = (struct strings){ n, kept };
	*removed = (struct strings){ k, names };
	return 0;
}

int env_secrets(struct arena *a, const struct strings *env, struct strings *out, size_t *more, struct err *e)
{
	const char **texts = arena_array(a, ENV_SECRETS_MAX + 1, sizeof(*texts));
	size_t n = 0;

	*more = 0;
	for (size_t i = 0; texts && i < env->n; i++) {
		struct secret s;
		const char *name;

		if (!secret_in_variable(env->v[i], &s))
			continue;
		if (n == ENV_SECRETS_MAX) {
			++*more;
			continue;
		}
		name = shown(a, env->v[i]);
		texts[n] = name ? arena_printf(a, "variable %s looks like a secret (%s: %zu bytes from byte %zu, sha256 %02x%02x%02x%02x)", name, s.id,
					       s.length, s.position, s.sum[0], s.sum[1], s.sum[2], s.sum[3])
				: NULL;
		if (!texts[n++])
			return err_set(e, ENOMEM, "environment: out of memory");
	}
	if (!texts)
		return err_set(e, ENOMEM, "environment: out of memory");
	*out = (struct strings){ n, texts };
	return 0;
}

const char *env_names(struct arena *a, const struct strings *names)
{
	const char *all = "";

	for (size_t i = 0; all && i < names->n && i < SHOWN; i++)
		all = arena_printf(a, "%s%s%s", all, i ? ", " : "", names->v[i]);
	if (all && names->n > SHOWN)
		all = arena_printf(a, "%s and %zu more", all, names->n - SHOWN);
	return all;
}

int env_exec_warnings(struct arena *a, const struct plan *stored, const struct process *asked, struct strings *out, struct err *e)
{
	const char **texts = arena_array(a, ENV_SECRETS_MAX + 2, sizeof(*texts));
	struct strings env = asked->env, removed = { 0 }, found = { 0 };
	size_t n = 0, more = 0;
	int err = texts ? env_remove(a, &stored->exec.env_deny, &env, &removed, e) : err_set(e, ENOMEM, "environment: out of memory");

	if (err == 0 && removed.n) {
		const char *names = env_names(a, &removed);

		texts[n] = names ? arena_printf(a, "env.deny of the container's policy takes %s from the environment", names) : NULL;
		err = texts[n++] ? 0 : err_set(e, ENOMEM, "environment: out of memory");
	}
	if (err == 0 && stored->exec.env_secrets == PROFILE_SECRETS_WARN)
		err = env_secrets(a, &env, &found, &more, e);
	for (size_t i = 0; err == 0 && i < found.n; i++)
		texts[n++] = found.v[i];
	if (err == 0)
		*out = (struct strings){ n, texts };
	return err;
}
