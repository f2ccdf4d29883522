/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "init/raw.h"
#include "init/record.h"
#include "init/stage.h"

int filters_install(const struct stage *s, struct fault *f)
{
	const unsigned char *at = record_at(s->record, s->record->filters);
	size_t left = s->record->filters.len;

	while (left) {
		const struct finish_filter *head = (const void *)at;
		const struct raw_filter program = { (uint16_t)head->count, (const void *)(head + 1) };
		uint32_t flags = head->flags | (head->notify ? RAW_SECCOMP_NEW_LISTENER : 0);

		int fd = raw_seccomp(flags, &program);
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
