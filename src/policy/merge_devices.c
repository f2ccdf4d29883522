/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: the document's nodes and its cgroup's rules, within what the profile allows. A name under /dev means what the host has there,
 * not what the document says of it. The devices that every container has are added later, and always remain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/device_entry.h"
#include "policy/host_view.h"
#include "policy/merge_step.h"

/* All members of one list as rules that allow. */
struct list { size_t n; struct device_rule *v; };

bool device_entry_is_path(const char *text)
{
	return str_starts(text, "/dev/") && text[5] && !strstr(text, "//") && !strstr(text, "/.");
}

static bool parse_number(const char **s, int64_t *out)
{
	char *end;

	if (**s == '*') {
		*out = -1;
		(*s)++;
		return true;
	}
	if (**s < '0' || **s > '9')
		return false;
	errno = 0;
	*out = strtoll(*s, &end, 10);
	*s = end;
	return errno == 0 && *out <= UINT32_MAX;
}

bool device_entry_parse(const char *text, struct device_rule *out)
{
	struct device_rule d = { .allow = true, .type = text[0] };
	const char *s = text + 2;

	if ((text[0] != 'c' && text[0] != 'b') || text[1] != ' ' || !parse_number(&s, &d.major) || *s++ != ':' ||
	    !parse_number(&s, &d.minor) || *s++ != ' ' || !*s)
		return false;
	for (; *s; s++) {
		bool *right = *s == 'r' ? &d.r : *s == 'w' ? &d.w : *s == 'm' ? &d.m : NULL;
		if (!right || *right)
			return false;
		*right = true;
	}
	*out = d;
	return true;
}

/* A name that the host has no device for stands for nothing. */
static int read_list(const struct merge *m, const struct strings *from, struct list *out, struct err *e)
{
	const struct host_view *host = m->r->host;

	*out = (struct list){ 0, arena_array(m->a, from->n + 1, sizeof(*out->v)) };
	if (!out->v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < from->n; i++) {
		struct device_rule *d = &out->v[out->n];
		bool known = device_entry_parse(from->v[i], d) ||
			     (device_entry_is_path(from->v[i]) && host && host->device(host->ctx, from->v[i], d) == 0);
		out->n += known;
	}
	return 0;
}

static bool number_meets(int64_t a, int64_t b, int64_t *out)
{
	*out = a < 0 ? b : a;
	return a < 0 || b < 0 || a == b;
}

/* What both allow. */
static bool meet_rules(const struct device_rule *a, const struct device_rule *b, struct device_rule *out)
{
	*out = (struct device_rule){ .allow = true, .type = b->type, .r = a->r && b->r, .w = a->w && b->w, .m = a->m && b->m };
	return (a->type == 'a' || a->type == 0 || a->type == b->type) && number_meets(a->major, b->major, &out->major) &&
	       number_meets(a->minor, b->minor, &out->minor) && (out->r || out->w || out->m);
}

static bool covers(const struct list *list, const struct device *d)
{
	if (d->type == 'p')
		return true;
	for (size_t i = 0; i < list->n; i++) {
		const struct device_rule *a = &list->v[i];
		if (a->type == (d->type == 'u' ? 'c' : d->type) && (a->major < 0 || a->major == d->major) &&
		    (a->minor < 0 || a->minor == d->minor))
			return true;
	}
	return false;
}

static int meet_nodes(struct merge *m, const struct list *list, struct err *e)
{
	const struct devices *asked = &m->plan->devices;
	struct device *v = arena_array(m->a, asked->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < asked->n; i++)
		if (covers(list, &asked->v[i]))
			v[n++] = asked->v[i];
	m->plan->devices = (struct devices){ n, v };
	return 0;
}

/* Rules hold in their order, the last word counts: each that allows becomes what it has in common with the list, each that denies
 * stays, and so nothing comes out that either side does not allow. */
static int meet_cgroup(struct merge *m, const struct list *list, struct err *e)
{
	struct resources *r = &m->plan->resources;
	size_t n = 0, most = 0;
	struct device_rule *v;

	for (size_t i = 0; i < r->devices.n; i++)
		most += r->devices.v[i].allow ? list->n : 1;
	v = arena_array(m->a, most + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < r->devices.n; i++) {
		const struct device_rule *asked = &r->devices.v[i];
		if (!asked->allow)
			v[n++] = *asked;
		for (size_t k = 0; asked->allow && k < list->n; k++)
			n += meet_rules(asked, &list->v[k], &v[n]);
	}
	r->devices.n = n;
	r->devices.v = v;
	return 0;
}

int merge_devices(struct merge *m, struct err *e)
{
	const struct glob_lists *allow = &m->p->devices;
	const struct devices *nodes = &m->plan->devices;
	size_t before = nodes->n;
	int err = 0;

	for (size_t i = 0; err == 0 && i < allow->n; i++) {
		struct list list;
		err = read_list(m, &allow->v[i], &list, e);
		err = err < 0 ? err : meet_nodes(m, &list, e);
		err = err < 0 ? err : meet_cgroup(m, &list, e);
	}
	if (err == 0 && allow->n)
		merge_reason(m, nodes->n < before || m->s->resources.devices.n ? REASON_NARROWED : REASON_KEPT, "devices",
			     merge_text(m, "%zu nodes, %zu rules", before, m->s->resources.devices.n),
			     merge_text(m, "%zu nodes, %zu rules", nodes->n, m->plan->resources.devices.n),
			     merge_rule(m, PF_DEVICES_ALLOW));
	return err;
}
