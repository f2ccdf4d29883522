/* SPDX-License-Identifier: Apache-2.0 */
/* policy/image_facts.h - what is known of a container's image when its policy is decided. Everything is borrowed. */
#ifndef CAISSON_POLICY_IMAGE_FACTS_H
#define CAISSON_POLICY_IMAGE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/scan.h"
#include "spec/types.h"

struct image_facts {
	struct strings digests;		/* "sha256:...": of the configuration, of manifests */
	bool has_config;		/* what follows is known */
	const char *user;		/* as the image has it, or NULL */
	bool healthcheck;
	struct key_values labels;
	const struct scan *scan;	/* NULL: there is none */
	const char *scan_from;		/* its file, or where it was looked for */
	const char *scan_wrong;		/* why there is none, when it is there and cannot be used */
	int64_t scan_changed;		/* when its file was last written: counts when the report has no date */
	int64_t now;			/* seconds since 1970 */
};

#endif
