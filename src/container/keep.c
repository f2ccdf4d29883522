/* SPDX-License-Identifier: Apache-2.0 */
#include "container/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "policy/store.h"

enum { FILTERS_MAX = FILTER_PROGRAMS * 4096 * 8 + 1024, PLAN_MAX = 64 << 20 };
#define KEEP_MAGIC UINT32_C(0x31464943) /* "CIF1" */

struct keep_head { uint32_t magic, n; };
struct keep_program { uint32_t count, flags, notify, zero; };

static int write_filters(const struct state_dir *d, const struct filters *f, struct err *e)
{
	const struct keep_head head = { KEEP_MAGIC, (uint32_t)f->n };
	auto_str s = { 0 };

	if (!f->n)
		return 0;
	str_add_bytes(&s, &head, sizeof(head));
	for (size_t i = 0; i < f->n; i++) {
		const struct keep_program p = { f->v[i].n, f->v[i].flags, f->v[i].notify, 0 };
		str_add_bytes(&s, &p, sizeof(p));
		str_add_bytes(&s, f->v[i].insns, f->v[i].n * sizeof(*f->v[i].insns));
	}
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

/* One program from *at; 0, or -EPROTO when the bytes do not add up. */
static int take_program(const char **at, const char *end, struct filter_program *out)
{
	struct keep_program p;

	if ((size_t)(end - *at) < sizeof(p))
		return -EPROTO;
	memcpy(&p, *at, sizeof(p));
	*at += sizeof(p);
	size_t bytes = (size_t)p.count * sizeof(struct sock_filter);
	if (p.count == 0 || p.count > BPF_MAXINSNS || (size_t)(end - *at) < bytes)
		return -EPROTO;
	*out = (struct filter_program){ (const void *)*at, (uint16_t)p.count, p.flags, p.notify != 0 };
	*at += bytes;
	return 0;
}

int keep_read_filters(const struct state_dir *d, struct arena *a, struct filters *out, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t len;
	struct keep_head head;
	struct filters f = { .n = 0 };
	int r = fd_read_file(d->fd, "filters", FILTERS_MAX, &bytes, &len, e);

	if (r == -ENOENT) {
		*out = f;
		return 0;
	}
	if (r < 0)
		return r;
	const char *at = arena_memdup(a, bytes, len);
	if (!at)
		return err_code(e, ENOMEM, "seccomp programs");
	const char *end = at + len;
	if (len < sizeof(head))
		return err_set(e, EPROTO, "filters: the file in the state directory is damaged");
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	if (head.magic != KEEP_MAGIC || head.n > FILTER_PROGRAMS)
		return err_set(e, EPROTO, "filters: the file in the state directory is damaged");
	for (; f.n < head.n; f.n++)
		if (take_program(&at, end, &f.v[f.n]) < 0)
			return err_set(e, EPROTO, "filters: the file in the state directory is damaged");
	*out = f;
	return 0;
}
