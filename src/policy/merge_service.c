/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile knows of its service: shown, and held against the room that results. Nothing of it gives a right.
 */
#include <errno.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/merge_step.h"
#include "spec/jread.h"

static const char *numbers_text(struct merge *m, const struct ids *list)
{
	const char *text = list->n ? "" : "none";

	for (size_t i = 0; text && i < list->n; i++)
		text = merge_text(m, "%s%s%u", text, i ? " " : "", list->v[i]);
	return text;
}

static const char *texts_text(struct merge *m, const struct strings *list)
{
	const char *text = list && list->n ? "" : "-";

	for (size_t i = 0; list && text && i < list->n; i++)
		text = merge_text(m, "%s%s%s", text, i ? " " : "", jread_quote(list->v[i]).s);
	return text;
}

/* The last mount at the path or above it is the one that shows. */
static bool is_readonly(const struct plan *p, const char *path)
{
	bool readonly = p->root.readonly;

	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *mount = &p->mounts.v[i];
		if (path_is_below(path, mount->destination))
			readonly = (mount->attr_set | mount->rattr_set) & MOUNT_ATTR_RDONLY;
	}
	return readonly;
}

static void check_writable(struct merge *m, const struct strings *paths, enum profile_field f)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *what;
		if (!is_readonly(m->plan, paths->v[i]))
			continue;
		what = merge_text(m, "the service writes to %s, where nothing can be written", paths->v[i]);
		merge_warn(m, "launch check L15: %s; mount a volume there (-v DIR:%s), or give its profile a tmpfs", what ? what : "",
			   paths->v[i]);
		merge_reason(m, REASON_WARNED, "launch check L15", what, "mount a volume there, or give its profile a tmpfs",
			     merge_rule(m, f));
	}
}

/* The operator's word before that of the image's author. */
static void choose_health(struct merge *m)
{
	const struct strings *own = &m->p->service.health, *image = m->r->health;

	if (own->n)
		m->plan->health = *own;
	else if (image)
		m->plan->health = *image;
	if (m->plan->health.n)
		merge_reason(m, REASON_KEPT, "health", texts_text(m, image), texts_text(m, &m->plan->health),
			     own->n ? merge_rule(m, PF_SERVICE_HEALTH) : "image");
}

int merge_service(struct merge *m, struct err *e)
{
	const struct profile_service *s = &m->p->service;

	(void)e;
	if (s->ports.set)
		merge_reason(m, REASON_KEPT, "ports", texts_text(m, m->r->ports), numbers_text(m, &s->ports.list),
			     merge_rule(m, PF_SERVICE_PORTS));
	if (m->r->stop)
		merge_reason(m, REASON_KEPT, "stop", "-", m->r->stop, m->r->stop_from);
	choose_health(m);
	check_writable(m, &s->volumes, PF_SERVICE_VOLUMES);
	check_writable(m, &s->writable, PF_SERVICE_WRITABLE);
	return 0;
}
