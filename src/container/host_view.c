/* SPDX-License-Identifier: Apache-2.0 */
#include "container/host_view.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "kernel/sources.h"

_Static_assert((int)HOST_SOURCE_OUTSIDE == (int)SOURCE_OUTSIDE && (int)HOST_SOURCE_DENIED == (int)SOURCE_DENIED &&
	       (int)HOST_SOURCE_ENGINE == (int)SOURCE_ENGINE && (int)HOST_SOURCE_DEVICE == (int)SOURCE_DEVICE,
	       "both layers count verdicts alike");

static int view_source(void *ctx, const struct plan_sources *s, const char *path, struct err *why)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);

	(void)ctx;
	return fd < 0 ? (int)HOST_SOURCE_FINE : sources_judge(s, fd, path, why);
}

const struct host_view host_view_real = { .source = view_source };
