/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_values.c - numbers, environment and capabilities as Docker's flags spell them. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/fd.h"
#include "policy/merge.h"

enum {
	ENV_FILE_MAX = 4 * 1024 * 1024,
	ENV_MAX = 16384,
	MEMORY_LEAST = 4 * 1024 * 1024,
	CPUS_MOST = 100000
};

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

/* ---- limits ---- */

int launch_read_cpus(const char *text, int64_t *quota, struct err *e)
{
	const char *dot = strchr(text, '.');
	char whole[16] = "0", part[6] = "00000";
	uint64_t w, p;
	size_t wn = dot ? (size_t)(dot - text) : strlen(text);
	size_t pn = dot ? strlen(dot + 1) : 0;

	if (wn >= sizeof(whole) || pn > 5 || wn + pn == 0 || text[strspn(text, "0123456789.")])
		return err_set(
			e, EINVAL,
			"--cpus %s: want a number such as 2 or 0.5, with at most five decimals",
			text);
	if (wn > 0) {
		memcpy(whole, text, wn);
		whole[wn] = '\0';
	}
	memcpy(part, dot ? dot + 1 : "", pn);
	if (str_u64(whole, &w) < 0 || str_u64(part, &p) < 0 || w > CPUS_MOST)
		return err_set(e, EINVAL, "--cpus %s: want a number such as 2 or 0.5", text);
	*quota = (int64_t)(w * LAUNCH_CPU_PERIOD + p * LAUNCH_CPU_PERIOD / 100000);
	/* The kernel takes no quota below a millisecond. */
	if (*quota < 1000)
		return err_set(e, EINVAL, "--cpus %s: the least is 0.01", text);
	return 0;
}

static int limit_read(const char *option, const char *text, uint64_t *out, struct err *e)
{
	if (strcmp(text, "unlimited") == 0 || strcmp(text, "-1") == 0) {
		*out = UINT64_MAX;
		return 0;
	}
	if (str_u64(text, out) < 0)
		return err_set(e, EINVAL, "--ulimit %s: \"%s\" is neither a number nor unlimited",
			       option, text);
	return 0;
}

int launch_read_ulimit(const char *text, struct launch_ulimit *out, struct err *e)
{
	struct launch_ulimit u;
	char name[32], soft[32];
	const char *equals = strchr(text, '='), *colon;
	size_t n = equals ? (size_t)(equals - text) : 0;
	int resource, r;

	if (n == 0 || n >= sizeof(name))
		return err_set(e, EINVAL,
			       "--ulimit %s: want NAME=SOFT[:HARD], such as nofile=1024:4096",
			       text);
	memcpy(name, text, n);
	name[n] = '\0';
	resource = spec_rlimit_find(name);
	u.name = resource < 0 ? NULL : spec_rlimit_name(resource);
	if (!u.name)
		return err_set(e, EINVAL, "--ulimit %s: there is no limit named \"%s\"", text,
			       name);
	colon = strchr(equals + 1, ':');
	n = colon ? (size_t)(colon - equals - 1) : strlen(equals + 1);
	if (n >= sizeof(soft))
		return err_set(e, EINVAL, "--ulimit %s: the number is too long", text);
	memcpy(soft, equals + 1, n);
	soft[n] = '\0';
	r = limit_read(text, soft, &u.soft, e);
	u.hard = u.soft;
	if (r == 0 && colon)
		r = limit_read(text, colon + 1, &u.hard, e);
	if (r < 0)
		return r;
	if (u.soft > u.hard)
		return err_set(e, EINVAL, "--ulimit %s: the soft limit is above the hard one",
			       text);
	*out = u;
	return 0;
}

static int read_ulimits(struct launch *l, struct err *e)
{
	const struct cli_list *list = &l->o->ulimit;

	for (size_t i = 0; i < list->n; i++) {
		struct launch_ulimit u;
		int r = launch_read_ulimit(list->v[i], &u, e);

		if (r < 0)
			return r;
		for (size_t k = 0; k < l->ulimits.n; k++)
			if (str_eq(l->ulimits.v[k].name, u.name))
				return err_set(e, EINVAL, "--ulimit %s: given twice", list->v[i]);
		if (l->ulimits.n == LAUNCH_MAX_ULIMITS)
			return err_set(e, E2BIG, "--ulimit: more than %d", LAUNCH_MAX_ULIMITS);
		l->ulimits.v[l->ulimits.n++] = u;
	}
	return 0;
}

int launch_read_limits(struct launch *l, struct err *e)
{
	const struct launch_options *o = l->o;
	uint64_t bytes;
	int r;

	if (o->memory) {
		if (str_size(o->memory, &bytes) < 0 || bytes > INT64_MAX)
			return err_set(e, EINVAL,
				       "--memory %s: want bytes, or a number with k, m or g",
				       o->memory);
		if (bytes < MEMORY_LEAST)
			return err_set(e, EINVAL, "--memory %s: the least is 4m", o->memory);
		l->memory = (struct opt_i64){ true, (int64_t)bytes };
	}
	if (o->cpus) {
		r = launch_read_cpus(o->cpus, &l->cpu_quota.v, e);
		if (r < 0)
			return r;
		l->cpu_quota.set = true;
	}
	if (o->pids_limit) {
		if (str_i64(o->pids_limit, &l->pids.v) < 0 || l->pids.v < -1 || l->pids.v == 0)
			return err_set(e, EINVAL,
				       "--pids-limit %s: want a number above 0, or -1 for none",
				       o->pids_limit);
		l->pids.set = true;
	}
	return read_ulimits(l, e);
}

/* ---- environment ---- */

static int env_grow(struct launch *l, struct err *e)
{
	size_t max = l->env.max ? l->env.max * 2 : 32;
	const char **v;

	if (l->env.n + 1 < l->env.max)
		return 0;
	if (max > ENV_MAX)
		return err_set(e, E2BIG, "more than %d environment variables", ENV_MAX);
	v = arena_array(l->a, max, sizeof(*v));
	if (!v)
		return no_memory(e);
	if (l->env.n)
		memcpy(v, l->env.v, l->env.n * sizeof(*v));
	l->env.v = v;
	l->env.max = max;
	return 0;
}

/* "KEY=VALUE" replaces an earlier KEY; "KEY" alone takes the caller's value, and is left out when
 * the caller has none. */
int launch_env_set(struct launch *l, const char *assignment, struct err *e)
{
	const char *equals = strchr(assignment, '=');
	size_t n = equals ? (size_t)(equals - assignment) : strlen(assignment);
	const char *text = assignment;
	int r;

	if (n == 0)
		return err_set(e, EINVAL, "environment: \"%s\" has no name", assignment);
	if (!equals) {
		const char *value = getenv(assignment);

		if (!value)
			return 0;
		text = arena_printf(l->a, "%s=%s", assignment, value);
		if (!text)
			return no_memory(e);
	}
	for (size_t i = 0; i < l->env.n; i++) {
		if (strncmp(l->env.v[i], text, n) == 0 && l->env.v[i][n] == '=') {
			l->env.v[i] = text;
			return 0;
		}
	}
	r = env_grow(l, e);
	if (r < 0)
		return r;
	l->env.v[l->env.n++] = text;
	return 0;
}

/* Docker's format: one assignment a line, no quoting; blank lines and lines that begin with '#' do
 * not count. */
static int read_env_file(struct launch *l, const char *file, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t len = 0, line_number = 0;
	int r = fd_read_file(AT_FDCWD, file, ENV_FILE_MAX, &bytes, &len, e);

	if (r < 0)
		return err_wrap(e, "--env-file");
	if (strlen(bytes) != len)
		return err_set(e, EINVAL, "--env-file %s: contains a NUL byte", file);
	for (char *line = bytes, *next; line; line = next) {
		const char *copy;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line_number++;
		line[strcspn(line, "\r")] = '\0';
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		copy = arena_strdup(l->a, line);
		if (!copy)
			return no_memory(e);
		r = launch_env_set(l, copy, e);
		if (r < 0)
			return err_wrap(e, "--env-file %s: line %zu", file, line_number);
	}
	return 0;
}

int launch_read_env(struct launch *l, struct err *e)
{
	int r = launch_env_set(
		l, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", e);

	if (r == 0 && l->terminal)
		r = launch_env_set(l, "TERM=xterm", e);
	for (size_t i = 0; r == 0 && i < l->image.env.n; i++) {
		/* An image's "KEY" without a value must not draw in the host's. */
		if (strchr(l->image.env.v[i], '='))
			r = launch_env_set(l, l->image.env.v[i], e);
	}
	if (r == 0 && l->o->env_file)
		r = read_env_file(l, l->o->env_file, e);
	for (size_t i = 0; r == 0 && i < l->o->env.n; i++)
		r = launch_env_set(l, l->o->env.v[i], e);
	return r;
}

/* ---- capabilities ---- */

/* What stock server images need (level hardened); what Docker gives. */
#define CAPS_SERVER                                                                               \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) |                   \
	 CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETPCAP) | \
	 CAP_BIT(CAP_KILL) | CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT))
#define CAPS_LABEL  (CAPS_SERVER | CAP_BIT(CAP_AUDIT_WRITE))
#define CAPS_DOCKER (CAPS_LABEL | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) | CAP_BIT(CAP_SETFCAP))

static int caps_read(const char *option, const struct cli_list *list, uint64_t *out, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *name = list->v[i], *near;
		int cap;

		if (strcasecmp(name, "all") == 0) {
			*out = CAP_MASK_ALL;
			continue;
		}
		cap = capname_find(name, strlen(name));
		if (cap < 0) {
			near = capname_nearest(name, strlen(name));
			return err_set(e, EINVAL, "%s %s: unknown capability%s%s%s", option, name,
				       near ? "; did you mean " : "", near ? near : "",
				       near ? "?" : "");
		}
		*out |= CAP_BIT(cap);
	}
	return 0;
}

static int caps_check_ceiling(const struct launch *l, struct err *e)
{
	uint64_t over_label = l->label_caps.caps & ~l->cap_drop & ~l->cap_add & ~CAPS_LABEL;
	const struct profile *p = l->policy.profile;
	uint64_t over_add = l->cap_add & ~(p->cap_ceiling | p->cap_launch);
	char names[512];

	if (l->label_caps.found && over_label) {
		capname_list(over_label, names, sizeof(names));
		(void)err_set(e, EPERM,
			      "%s asks for %s, which a label cannot have; leave it out with "
			      "--cap-drop, or give it with "
			      "--cap-add and --policy baseline",
			      l->label_caps.from, names);
		return err_class(e, "policy.refused");
	}
	if (over_add) {
		capname_list(over_add, names, sizeof(names));
		(void)err_set(e, EPERM,
			      "--cap-add %s: beyond the ceiling of %s %s; allow it with "
			      "--policy baseline",
			      names, p->from_file ? "profile" : "level", p->name);
		return err_class(e, "policy.refused");
	}
	return 0;
}

int launch_read_caps(struct launch *l, struct err *e)
{
	/* Docker's set, as far as the profile gives it without being asked by name. */
	uint64_t base = l->policy.profile->cap_allow & CAPS_DOCKER;
	int r = caps_read("--cap-add", &l->o->cap_add, &l->cap_add, e);

	if (r == 0)
		r = caps_read("--cap-drop", &l->o->cap_drop, &l->cap_drop, e);
	if (r == 0 && (l->policy.config->label_sources & CONFIG_LABELS_FILE))
		r = labels_meet(l->a, &l->labels, "image label", &l->label_caps, e);
	if (r < 0)
		return r;
	/* "all" names nothing: an author who writes it has not said what the program needs. */
	if (l->label_caps.found && l->label_caps.caps == CAP_MASK_ALL)
		l->label_caps.found = false;
	/* Docker: a named capability is added back after ALL were dropped. */
	if (l->cap_drop != CAP_MASK_ALL)
		l->cap_add &= ~l->cap_drop;
	r = caps_check_ceiling(l, e);
	if (r < 0)
		return r;
	l->label_caps.caps &= ~(l->cap_drop & ~l->cap_add);
	l->cap_base = (l->label_caps.found ? l->label_caps.caps : base) & ~l->cap_drop;
	l->cap_asked = (l->label_caps.found ? l->label_caps.caps & ~l->cap_drop : 0) | l->cap_add;
	return 0;
}
