/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/labels.h - the labels of a bundle's container, asked for when something looks at them and not before.
 */
#ifndef CAISSON_CLI_LABELS_H
#define CAISSON_CLI_LABELS_H

#include "container/image.h"
#include "container/label_source.h"
#include "policy/config.h"
#include "policy/labels.h"

struct cli_labels {
	struct arena *a;
	struct label_query query;	/* without sources and times: those are the configuration's */
	const struct key_values *annotations;
	bool has_file;			/* --image-config */
	struct image_config file;
	bool asked;
	struct key_values image;	/* as rules see them */
	struct label_caps caps;
	struct label_report report;
};

/* Reads --image-config, when there is one: its ports count in any case. */
int cli_labels_init(struct cli_labels *l, struct arena *a, const char *image_config, struct err *e);
/* Asks once; *out is l->image. policy_subject.ask_labels with ctx = l. */
int cli_labels_ask(void *l, const struct policy_config *c, const struct key_values **out, struct err *e);

#endif
