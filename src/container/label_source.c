/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_source.h"

#include <errno.h>
#include <time.h>

#include "base/str.h"

static const struct source { const char *engine, *name; label_source_fn *read; } sources[] = {
	{ "docker", "docker", label_docker },
	{ "ctr", "containerd", label_containerd },
	{ "nerdctl", "containerd", label_containerd },
	{ "cri-containerd", "containerd", label_containerd },
	{ "podman", "storage", label_storage },
	{ "cri-o", "storage", label_storage },
};

static const struct source *source_of(const struct label_query *q)
{
	for (size_t i = 0; i < N_ELEMENTS(sources); i++)
		if (str_eq(q->engine, sources[i].engine))
			return &sources[i];
	return NULL;
}

static uint64_t now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A parser's complaint may quote a stranger's bytes. */
static const char *failure_text(struct arena *a, const char *engine, const struct err *why)
{
	char *text = arena_printf(a, "the labels of %s cannot be read: %s", engine, why->text);

	for (char *c = text; c && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return text;
}

int label_source_ask(const struct label_query *q, struct arena *a, struct label_caps *io, struct key_values *image,
		     struct label_report *report, struct err *e)
{
	const struct source *s = source_of(q);
	struct label_lists lists = { 0 };
	struct err why = { 0 };
	uint64_t begin;
	int err;

	*report = (struct label_report){ 0 };
	if (!s)
		return 0;
	begin = now_us();
	report->source = s->name;
	err = s->read(q, a, &lists, &why);
	report->microseconds = now_us() - begin;
	if (err == -ENOMEM)
		return err_set(e, ENOMEM, "labels of %s: out of memory", q->engine);
	if (err < 0)
		return labels_unanswered(a, io, failure_text(a, q->engine, &why), e);
	report->answered = true;
	for (size_t i = 0; err == 0 && i < lists.n; i++)
		err = labels_meet(a, &lists.v[i].labels, lists.v[i].from, io, e);
	if (err == 0 && lists.n)
		*image = lists.v[lists.n - 1].labels;
	return err;
}
