/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/prctl.h>
#include <unistd.h>

#include "init/raw.h"
#include "init/record.h"
#include "init/stage.h"

/*
 * An engine's filter is often a list of what may be called, and seccomp(2) is seldom on it; then the policy's, which comes after
 * it, could not go on. prctl(2) is nearly always on the list and does the same, without flags: what is lost with them is
 * that denials are logged, and a speculation mitigation that is then kept on.
 */
static int install(uint32_t flags, const struct raw_filter *program, int first)
{
	int fd = raw_seccomp(flags, program);

	if (fd >= 0 || first || (flags & RAW_SECCOMP_NEW_LISTENER) || (errno != EPERM && errno != ENOSYS && errno != EACCES))
		return fd;
	return prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, program, 0, 0);
}

int filters_install(const struct stage *s, struct fault *f)
{
	const unsigned char *at = record_at(s->record, s->record->filters);
	size_t left = s->record->filters.len;

	while (left) {
		const struct finish_filter *head = (const void *)at;
		const struct raw_filter program = { (uint16_t)head->count, (const void *)(head + 1) };
		uint32_t flags = head->flags | (head->notify ? RAW_SECCOMP_NEW_LISTENER : 0);

		int fd = install(flags, &program, left == s->record->filters.len);
		if (fd < 0)
			return fault_sys(f, "install a seccomp program of %u instructions with flags 0x%x", head->count, flags);
		if (head->notify) {
			int rc = gate_send_listener(s, fd, f);
			/* It is born close-on-exec. A late filter may forbid close(2), and the exec comes next anyway. */
			if (!(s->record->flags & FINISH_NO_NEW_PRIVS))
				(void)close(fd);
			if (rc)
				return rc;
		}
		at += record_filter_size(head);
		left -= record_filter_size(head);
	}
	return 0;
}
