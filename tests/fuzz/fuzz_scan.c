/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a scanner's report: they are refused with words, or they hold findings no worse than said, of images named by digest.
 * Built and run by tests/run.sh fuzz.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/scan.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct log_options quiet = { .path = "/dev/null" };
	struct err e = { 0 };

	(void)argc;
	(void)argv;
	return log_open(&quiet, &e);
}

static void demand(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan s = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };
	char digest[72];

	if (scan_read(&a, (const char *)data, size, &s, &e) < 0) {
		demand(e.code > 0 && e.text[0] && !s.findings);
		return 0;
	}
	demand((s.findings > 0) == (s.worst_id != NULL) && (s.findings > 0) == (s.worst > SCAN_NONE) && s.worst <= SCAN_CRITICAL);
	demand(s.digests.n <= SCAN_DIGESTS && s.made >= 0);
	for (size_t i = 0; i < s.digests.n; i++)
		demand(scan_digest_in(s.digests.v[i], digest) && str_eq(digest, s.digests.v[i]));
	for (const char *c = s.worst_id; c && *c; c++)
		demand((unsigned char)*c >= 0x20 && *c != 0x7f);
	return 0;
}
