/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The finish record, as caisson-init finds it. Whatever is accepted is walked as the last stage walks it, so that the sanitizers see
 * every byte that it would touch. Every second input gets a right header, or hardly any would come past the magic.
 */
#include <stdlib.h>
#include <string.h>

#include "init/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t touched;

static void touch(const struct finish_record *r, struct finish_span s)
{
	const unsigned char *at = record_at(r, s);

	for (uint32_t i = 0; i < s.len; i++)
		touched += at[i];
}

static void walk_strings(const struct finish_record *r, struct finish_span s)
{
	const char *at = record_text(r, s), *end = at + s.len;

	for (; at < end; at += strlen(at) + 1)
		touched += (unsigned char)at[0];
}

static void walk_blocks(const struct finish_record *r)
{
	const unsigned char *at = record_at(r, r->filters);

	for (size_t left = r->filters.len; left;) {
		const struct finish_filter *f = (const void *)at;
		touched += at[record_filter_size(f) - 1];
		left -= record_filter_size(f);
		at += record_filter_size(f);
	}
	at = record_at(r, r->hooks);
	for (size_t left = r->hooks.len; left;) {
		const struct finish_hook *h = (const void *)at;
		const char *text = (const char *)(h + 1);
		for (size_t i = 0; i < (size_t)1 + h->argc + h->envc; i++) {
			touched += (unsigned char)text[0];
			text += strlen(text) + 1;
		}
		if (text > (const char *)(h + 1) + h->text_len)
			abort();
		left -= record_hook_size(h);
		at += record_hook_size(h);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;

	/* A copy of just this size, aligned as a mapping is. */
	unsigned char *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	if (size >= sizeof(struct finish_record) && (copy[0] & 1)) {
		struct finish_record *r = (struct finish_record *)copy;
		r->magic = FINISH_MAGIC;
		r->version = FINISH_VERSION;
		r->size = (uint32_t)size;
	}
	if (record_check(copy, size, &why) == 0) {
		const struct finish_record *r = (const struct finish_record *)copy;
		const struct finish_span all[] = { r->argv, r->env, r->cwd, r->groups, r->rlimits, r->apparmor, r->selinux,
						   r->keyring, r->filters, r->hooks, r->hook_state, r->init_options };
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (all[i].len)
				touch(r, all[i]);
		walk_strings(r, r->argv);
		if (r->env.len)
			walk_strings(r, r->env);
		walk_blocks(r);
	} else if (!why) {
		abort();	/* a refusal says why */
	}
	free(copy);
	return 0;
}
