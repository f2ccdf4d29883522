/* SPDX-License-Identifier: Apache-2.0 */
#include "container/filter_pack.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <string.h>

#define PACK_MAGIC UINT32_C(0x31464943) /* "CIF1" */

struct pack_head { uint32_t magic, n; };
struct pack_program { uint32_t count, flags, notify, zero; };

void filters_pack(const struct filters *f, struct str *out)
{
	const struct pack_head head = { PACK_MAGIC, (uint32_t)f->n };

	str_add_bytes(out, &head, sizeof(head));
	for (size_t i = 0; i < f->n; i++) {
		const struct pack_program p = { f->v[i].n, f->v[i].flags, f->v[i].notify, 0 };
		str_add_bytes(out, &p, sizeof(p));
		str_add_bytes(out, f->v[i].insns, f->v[i].n * sizeof(*f->v[i].insns));
	}
}

/* One program from *at. */
static int take_program(const char **at, const char *end, struct filter_program *out)
{
	struct pack_program p;

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

int filters_unpack(const char *bytes, size_t len, struct filters *out)
{
	const char *at = bytes, *end = bytes + len;
	struct filters f = { .n = 0 };
	struct pack_head head;

	if (len < sizeof(head))
		return -EPROTO;
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	if (head.magic != PACK_MAGIC || head.n > FILTER_PROGRAMS)
		return -EPROTO;
	for (; f.n < head.n; f.n++)
		if (take_program(&at, end, &f.v[f.n]) < 0)
			return -EPROTO;
	if (at != end)
		return -EPROTO;
	*out = f;
	return 0;
}
