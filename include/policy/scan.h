/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/scan.h - what a vulnerability scanner says of an image, as values: the report of trivy, grype or snyk (JSON), or SARIF of any.
 *
 * The bytes may come from anywhere: they are bounded (spec/jtree.h), a report that is cut off or has another shape is refused, and a
 * severity that is no known word counts as high. What makes the form is its members, not its file's name. Sources: trivy's report
 * schema 2, grype's "-o json", snyk's "container test --json", SARIF 2.1.0 with "security-severity" as hosting sites use it.
 */
#ifndef CAISSON_POLICY_SCAN_H
#define CAISSON_POLICY_SCAN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum scan_format { SCAN_TRIVY = 1, SCAN_GRYPE = 2, SCAN_SNYK = 4, SCAN_SARIF = 8, SCAN_FORMATS = 15 };
enum scan_severity { SCAN_NONE, SCAN_LOW, SCAN_MEDIUM, SCAN_HIGH, SCAN_CRITICAL };
enum { SCAN_MAX_BYTES = 64 << 20, SCAN_DIGESTS = 32 };

struct scan {
	enum scan_format format;
	int64_t made;			/* seconds since 1970; 0 when the report has no date */
	struct strings digests;		/* "sha256:" and 64 digits, of the image: configuration and manifests */
	enum scan_severity worst;
	const char *worst_id;		/* "CVE-2024-3094"; NULL without findings. As it may be shown */
	size_t findings;
};

/* -EINVAL with what is wrong, -ENOMEM. All texts in `a`. */
int scan_read(struct arena *a, const char *bytes, size_t len, struct scan *out, struct err *e);
const char *scan_severity_name(enum scan_severity s);
const char *scan_format_name(enum scan_format f);
/* RFC 3339; 0 when it is none, or before 1970. */
int64_t scan_time(const char *text);
/* "sha256:..." anywhere in the text, copied into `out`; false when there is none. */
bool scan_digest_in(const char *text, char out[72]);

#endif
