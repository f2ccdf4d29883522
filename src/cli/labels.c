/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/labels.h"

int cli_labels_init(struct cli_labels *l, struct arena *a, const char *image_config, struct err *e)
{
	int r;

	*l = (struct cli_labels){ .a = a, .has_file = image_config != NULL };
	if (!image_config)
		return 0;
	r = image_config_read(image_config, a, &l->file, e);
	return r < 0 ? err_wrap(e, "--image-config") : 0;
}

/* All that is found counts: none wins over another. */
static int ask(struct cli_labels *l, const struct policy_config *c, struct err *e)
{
	int r = 0;

	if (c->label_sources & CONFIG_LABELS_ANNOTATION)
		r = labels_meet(l->a, l->annotations, "annotation", &l->caps, e);
	if (r == 0)
		r = label_source_ask(&l->query, l->a, &l->caps, &l->image, &l->report, e);
	if (r < 0 || !l->has_file || !(c->label_sources & CONFIG_LABELS_FILE))
		return r;
	l->image = l->file.labels;
	return labels_meet(l->a, &l->image, "image label", &l->caps, e);
}

int cli_labels_ask(void *ctx, const struct policy_config *c, const struct key_values **out, struct err *e)
{
	struct cli_labels *l = ctx;
	int r = 0;

	if (!l->asked) {
		l->query.sources = c->label_sources;
		l->query.timeout_ms = c->label_timeout_ms;
		r = ask(l, c, e);
	}
	l->asked = true;
	*out = &l->image;
	return r;
}
