/* SPDX-License-Identifier: Apache-2.0 */
#include "container/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/filter_pack.h"
#include "policy/store.h"

enum { PLAN_MAX = 64 << 20 };

static int write_filters(const struct state_dir *d, const struct filters *f, struct err *e)
{
	auto_str s = { 0 };

	if (!f->n)
		return 0;
	filters_pack(f, &s);
	if (s.failed)
		return err_code(e, ENOMEM, "keep the seccomp programs");
	return fd_replace_file(d->fd, "filters", 0600, s.s, s.len, e);
}

int keep_write_plan(const struct state_dir *d, const struct plan *p, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = plan_write(p, &text, &len, e);

	return r < 0 ? r : fd_replace_file(d->fd, "plan.json", 0600, text, len, e);
}

int keep_write(const struct state_dir *d, const struct plan *p, const struct filters *f, struct err *e)
{
	int r = keep_write_plan(d, p, e);

	return r < 0 ? r : write_filters(d, f, e);
}

int keep_read_plan(const struct state_dir *d, struct arena *a, const struct plan **out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file(d->fd, "plan.json", PLAN_MAX, &text, &len, e);

	return r < 0 ? r : plan_read(a, text, len, out, e);
}

int keep_read_filters(const struct state_dir *d, struct arena *a, struct filters *out, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t len;
	int r = fd_read_file(d->fd, "filters", FILTERS_PACKED_MAX, &bytes, &len, e);

	if (r == -ENOENT) {
		*out = (struct filters){ .n = 0 };
		return 0;
	}
	if (r < 0)
		return r;
	const char *kept = arena_memdup(a, bytes, len);
	if (!kept)
		return err_code(e, ENOMEM, "seccomp programs");
	return filters_unpack(kept, len, out) < 0 ? err_set(e, EPROTO, "filters: the file in the state directory is damaged") : 0;
}
