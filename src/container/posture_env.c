/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment that the payload was started with (/proc/PID/environ): does it hold a variable that was to be taken out? A program
 * that runs another one with a variable of its own making shows the same, and cannot be told apart here.
 */
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "container/posture_parts.h"
#include "policy/env.h"
#include "spec/jread.h"

enum { ENVIRON_MAX = 8 << 20 }; /* the kernel's own limit on arguments and environment is a quarter of the stack's */

static void look_at(struct look *l, const char *bytes, size_t len)
{
	const char *first = NULL;
	size_t wrong = 0, n = 0;

	/* fd_read_file() ends the bytes with a NUL. */
	for (const char *at = bytes; at < bytes + len; at += strlen(at) + 1) {
		n++;
		if (!env_is_denied(&l->p->exec.env_deny, at))
			continue;
		wrong++;
		first = first ? first : at;
	}
	if (wrong) {
		char name[80];
		size_t k = strcspn(first, "=");

		k = k < sizeof(name) ? k : sizeof(name) - 1;
		memcpy(name, first, k);
		name[k] = '\0';
		posture_actual(l, VERDICT_DIFFERS, "%zu variables, among them %s", n, jread_quote(name).s);
	} else {
		posture_actual(l, VERDICT_OK, "%zu variables, none of these", n);
	}
}

void posture_look_env(struct look *l, bool started)
{
	auto_free char *bytes = NULL;
	struct err ignored = { 0 };
	size_t len = 0;

	if (!l->p->exec.env_deny.n)
		return;
	posture_planned(l, "environment", "without %s%s", l->p->exec.env_deny.v[0], l->p->exec.env_deny.n > 1 ? " and others" : "");
	if (!started)
		posture_actual(l, VERDICT_NOT_ASKED, "given at start");
	else if (fd_read_file(l->payloadfd, "environ", ENVIRON_MAX, &bytes, &len, &ignored) < 0)
		posture_actual(l, VERDICT_NOT_ASKED, "may not be looked at");
	else
		look_at(l, bytes, len);
}
