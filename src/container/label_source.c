/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_source.h"

#include <errno.h>
#include <time.h>

#include "base/str.h"
#include "policy/config.h"

static const struct source { const char *engine, *name; enum config_labels bit; label_source_fn *read; } sources[] = {
	{ "docker", "docker", CONFIG_LABELS_DOCKER, label_docker },
	{ "ctr", "containerd", CONFIG_LABELS_CONTAINERD, label_containerd },
	{ "nerdctl", "containerd", CONFIG_LABELS_CONTAINERD, label_containerd },
	{ "cri-containerd", "containerd", CONFIG_LABELS_CONTAINERD, label_containerd },
	{ "podman", "storage", CONFIG_LABELS_STORAGE, label_storage },
	{ "cri-o", "storage", CONFIG_LABELS_STORAGE, label_storage },
};

static const struct source *source_of(const struct label_query *q)
{
	for (size_t i = 0; i < N_ELEMENTS(sources); i++)
		if (str_eq(q->engine, sources[i].engine) && (q->sources & sources[i].bit))
			return &sources[i];
	return NULL;
}

static uint64_t now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int label_time_left(const struct label_query *q)
{
	uint64_t now = now_us() / 1000;

	return now < q->deadline_ms ? (int)(q->deadline_ms - now) : 0;
}

int label_lists_add(struct label_lists *io, const char *from, const struct key_values *labels, struct err *e)
{
	if (io->n == LABEL_LISTS)
		return err_set(e, E2BIG, "the image comes in more than %d forms", LABEL_LISTS);
	io->v[io->n++] = (struct label_list){ from, *labels };
	return 0;
}

void label_lists_image(struct label_lists *io, const struct image_config *image)
{
	io->image = *image;
	io->n_images++;
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
	struct label_query timed = *q;
	struct label_lists lists = { 0 };
	struct err why = { 0 };
	uint64_t begin;
	int read, err = 0;

	*report = (struct label_report){ 0 };
	if (!s)
		return 0;
	begin = now_us();
	timed.deadline_ms = begin / 1000 + q->timeout_ms;
	report->source = s->name;
	read = s->read(&timed, a, &lists, &why);
	report->microseconds = now_us() - begin;
	report->answered = read == 0;
	report->has_image = read == 0 && lists.n_images == 1;
	report->image = lists.image;
	for (size_t i = 0; err == 0 && i < lists.n; i++)
		err = labels_meet(a, &lists.v[i].labels, lists.v[i].from, io, e);
	if (err == 0 && lists.n)
		*image = lists.v[lists.n - 1].labels;
	if (err == 0 && read == -ENOMEM)
		return err_set(e, ENOMEM, "labels of %s: out of memory", q->engine);
	return err == 0 && read < 0 ? labels_unanswered(a, io, failure_text(a, q->engine, &why), e) : err;
}
