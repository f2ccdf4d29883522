/* SPDX-License-Identifier: Apache-2.0 */
/* cli/image_facts.h - what create and launch can know of the image: its configuration, and a scan report. */
#ifndef CAISSON_CLI_IMAGE_FACTS_H
#define CAISSON_CLI_IMAGE_FACTS_H

#include "container/image.h"
#include "policy/image_facts.h"
#include "policy/resolve.h"

struct image_ask {
	const struct image_config *config;	/* NULL: not given */
	const char *name;			/* as the engine says it, perhaps with "@sha256:..."; NULL: not known */
	const char *scan_report;		/* --scan-report, or NULL */
	const struct policy_choice *choice;	/* whose image.require.scan.reports is looked into; NULL: none */
};

/* Looks for a report only where a profile asks for one, or the command line gives one. A report that cannot be read is no error here:
 * it is for the policy to refuse, or to warn about. -ENOMEM. */
int image_facts_read(const struct image_ask *ask, struct arena *a, struct image_facts *out, struct err *e);

#endif
