/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "init/record.h"

enum span_kind {
	SPAN_BYTES,	/* anything */
	SPAN_STRING,	/* one string, not empty */
	SPAN_PATH,	/* one string that begins with '/' */
	SPAN_STRINGS,	/* NUL-terminated strings */
	SPAN_NUMBERS,	/* whole elements of `unit` bytes, aligned to `align` */
	SPAN_BLOCKS,	/* blocks that size themselves, aligned to `align` */
};

#define SPAN(field) #field, offsetof(struct finish_record, field)

/* clang-format off */
static const struct span_rule {
	const char *name;
	size_t at;
	enum span_kind kind;
	uint32_t align, unit;
	const char *broken;	/* said whatever the rule that the span breaks */
} span_rules[] = {
	{ SPAN(argv),         SPAN_STRINGS, 1, 1,  "argv: not a list of strings inside the record" },
	{ SPAN(env),          SPAN_STRINGS, 1, 1,  "env: not a list of strings inside the record" },
	{ SPAN(cwd),          SPAN_PATH,    1, 1,  "cwd: not one absolute path inside the record" },
	{ SPAN(groups),       SPAN_NUMBERS, 4, 4,  "groups: not whole aligned numbers inside the record" },
	{ SPAN(rlimits),      SPAN_NUMBERS, 8, 24, "rlimits: not whole aligned limits inside the record" },
	{ SPAN(apparmor),     SPAN_STRING,  1, 1,  "apparmor: not one string inside the record" },
	{ SPAN(selinux),      SPAN_STRING,  1, 1,  "selinux: not one string inside the record" },
	{ SPAN(keyring),      SPAN_STRING,  1, 1,  "keyring: not one string inside the record" },
	{ SPAN(filters),      SPAN_BLOCKS,  4, 1,  "filters: not aligned inside the record" },
	{ SPAN(hooks),        SPAN_BLOCKS,  4, 1,  "hooks: not aligned inside the record" },
	{ SPAN(hook_state),   SPAN_BYTES,   1, 1,  "hook_state: not inside the record" },
	{ SPAN(memory_nodes), SPAN_NUMBERS, 8, 8,  "memory_nodes: not whole aligned numbers inside the record" },
	{ SPAN(landlock),     SPAN_BLOCKS,  8, 1,  "landlock: not aligned inside the record" },
	{ SPAN(init_options), SPAN_STRINGS, 1, 1,  "init_options: not a list of strings inside the record" },
};
/* clang-format on */

_Static_assert(sizeof(struct finish_rlimit) == 24, "the table says so");
_Static_assert(sizeof(struct finish_record) == 264, "a record has no padding: every byte of it is checked");
_Static_assert(offsetof(struct finish_error, text) == 8, "no gaps");

enum { FLAGS_KNOWN = 0x3dfff };

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

size_t record_count_strings(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\0';
	return n;
}

static int span_is_good(const struct finish_record *r, const struct span_rule *rule, struct finish_span s)
{
	const char *text = record_text(r, s);

	if (s.off < sizeof(*r) || s.off > r->size || s.len > r->size - s.off)
		return 0;
	if (s.off % rule->align || s.len % rule->unit)
		return 0;
	switch (rule->kind) {
	case SPAN_BYTES:
	case SPAN_NUMBERS:
	case SPAN_BLOCKS: return 1;
	case SPAN_STRINGS: return text[s.len - 1] == '\0';
	case SPAN_PATH:
		if (text[0] != '/')
			return 0;
		/* fall through */
	case SPAN_STRING: return s.len >= 2 && memchr(text, '\0', s.len) == text + s.len - 1;
	}
	return 0;
}

static int check_spans(const struct finish_record *r, const char **why)
{
	for (size_t i = 0; i < sizeof(span_rules) / sizeof(span_rules[0]); i++) {
		struct finish_span s;

		memcpy(&s, (const unsigned char *)r + span_rules[i].at, sizeof(s));
		if (s.len && !span_is_good(r, &span_rules[i], s))
			return refuse(why, span_rules[i].broken);
	}
	if (!r->argv.len)
		return refuse(why, "argv: is required");
	if (r->init_options.len && !(r->flags & FINISH_PID1))
		return refuse(why, "init_options: only with FINISH_PID1");
	if (r->memory_nodes.len && !(r->flags & FINISH_HAS_MEMORY_POLICY))
		return refuse(why, "memory_nodes: only with FINISH_HAS_MEMORY_POLICY");
	if (r->memory_nodes.len > RECORD_MAX_NODES / 8)
		return refuse(why, "memory_nodes: too many");
	if ((r->flags & FINISH_NEW_KEYRING) && !r->keyring.len)
		return refuse(why, "keyring: FINISH_NEW_KEYRING needs a name");
	return 0;
}

static int check_header(const struct finish_record *r, size_t size, const char **why)
{
	if (r->magic != FINISH_MAGIC)
		return refuse(why, "magic: not a finish record");
	if (r->version != FINISH_VERSION)
		return refuse(why, "version: of another build");
	if (r->size != size)
		return refuse(why, "size: is not the file's");
	if (r->flags & ~(uint32_t)FLAGS_KNOWN)
		return refuse(why, "flags: an unknown one");
	if (r->uid == UINT32_MAX || r->gid == UINT32_MAX)
		return refuse(why, "uid, gid: 4294967295 is no id");
	if ((r->flags & FINISH_HAS_UMASK) && r->umask > 0777)
		return refuse(why, "umask: more than 0777");
	if (r->cap_effective & ~r->cap_permitted)
		return refuse(why, "cap_effective: holds what cap_permitted does not");
	if (r->cap_ambient & ~(r->cap_permitted & r->cap_inheritable))
		return refuse(why, "cap_ambient: holds what cap_permitted or cap_inheritable does not");
	return 0;
}

static int is_kept(const struct finish_record *r, int32_t fd)
{
	return r->n_kept_fds && (uint32_t)fd >= r->first_kept_fd && (uint32_t)fd - r->first_kept_fd < r->n_kept_fds;
}

static int check_descriptors(const struct finish_record *r, const char **why)
{
	if (r->n_kept_fds > RECORD_MAX_KEPT_FDS)
		return refuse(why, "n_kept_fds: too many");
	if (r->n_kept_fds && (r->first_kept_fd < 3 || r->first_kept_fd > RECORD_MAX_KEPT_FDS))
		return refuse(why, "first_kept_fd: out of range");
	if (r->sync_fd < 3 || is_kept(r, r->sync_fd))
		return refuse(why, "sync_fd: standard, or among those kept for the payload");
	if (!(r->flags & FINISH_GATE_SOCKET))
		return r->gate_fd == -1 ? 0 : refuse(why, "gate_fd: must be -1 without FINISH_GATE_SOCKET");
	if (r->gate_fd < 3 || r->gate_fd == r->sync_fd || is_kept(r, r->gate_fd))
		return refuse(why, "gate_fd: standard, the sync socket, or among those kept for the payload");
	return 0;
}

static int check_numbers(const struct finish_record *r, const char **why)
{
	const uint32_t *groups = record_at(r, r->groups);
	const struct finish_rlimit *limits = record_at(r, r->rlimits);

	if (r->groups.len / sizeof(*groups) > 65536)
		return refuse(why, "groups: more than 65536");
	if (r->groups.len && !(r->flags & FINISH_HAS_GROUPS))
		return refuse(why, "groups: only with FINISH_HAS_GROUPS");
	for (size_t i = 0; i < r->groups.len / sizeof(*groups); i++)
		if (groups[i] == UINT32_MAX)
			return refuse(why, "groups: 4294967295 is no id");
	for (size_t i = 0; i < r->rlimits.len / sizeof(*limits); i++) {
		if (limits[i].resource > RECORD_MAX_RLIMIT || limits[i].zero)
			return refuse(why, "rlimits: an unknown resource");
		if (limits[i].soft > limits[i].hard)
			return refuse(why, "rlimits: a soft limit above its hard one");
	}
	return 0;
}

static int check_filters(const struct finish_record *r, const char **why)
{
	const unsigned char *at = record_at(r, r->filters);
	size_t left = r->filters.len, n = 0, notifiers = 0;

	while (left) {
		const struct finish_filter *f = (const void *)at;

		if (left < sizeof(*f) || ++n > RECORD_MAX_FILTERS)
			return refuse(why, "filters: a header is cut off, or there are too many");
		if (!f->count || f->count > RECORD_MAX_INSNS || left < record_filter_size(f))
			return refuse(why, "filters: a program is empty, too long or cut off");
		if (f->notify > 1 || f->zero || (f->flags & 8))
			return refuse(why, "filters: a field of a header is out of range");
		notifiers += f->notify;
		at += record_filter_size(f);
		left -= record_filter_size(f);
	}
	return notifiers > 1 ? refuse(why, "filters: only one program may notify") : 0;
}

static int hook_is_good(const struct finish_hook *h)
{
	const char *text = (const char *)(h + 1);
	size_t padded = record_hook_size(h) - sizeof(*h);

	if (!h->text_len || text[h->text_len - 1] != '\0' || text[0] != '/')
		return 0;
	if (record_count_strings(text, h->text_len) != (size_t)1 + h->argc + h->envc)
		return 0;
	for (size_t i = h->text_len; i < padded; i++)
		if (text[i])
			return 0;
	return 1;
}

static int check_hooks(const struct finish_record *r, const char **why)
{
	const unsigned char *at = record_at(r, r->hooks);
	size_t left = r->hooks.len, n = 0;

	while (left) {
		const struct finish_hook *h = (const void *)at;

		if (left < sizeof(*h) || ++n > RECORD_MAX_HOOKS)
			return refuse(why, "hooks: a header is cut off, or there are too many");
		if (h->text_len > left || left < record_hook_size(h))
			return refuse(why, "hooks: the text is cut off");
		/* Counted as size_t below: two huge counts must not add up to a small one. */
		if (h->argc > h->text_len || h->envc > h->text_len || !hook_is_good(h))
			return refuse(why, "hooks: the text is not an absolute path, argc and envc strings, and zeros");
		at += record_hook_size(h);
		left -= record_hook_size(h);
	}
	return 0;
}

static int landlock_is_good(const struct finish_landlock *l)
{
	const char *text = (const char *)(l + 1);
	size_t padded = record_landlock_size(l) - sizeof(*l);
	bool path = l->kind != FINISH_LANDLOCK_LAYER && l->kind != FINISH_LANDLOCK_PORT;

	if (l->kind >= FINISH_LANDLOCK_KINDS || path != (l->text_len != 0))
		return 0;
	if (path && (text[0] != '/' || memchr(text, '\0', l->text_len) != text + l->text_len - 1))
		return 0;
	for (size_t i = l->text_len; i < padded; i++)
		if (text[i])
			return 0;
	return 1;
}

static int check_landlock(const struct finish_record *r, const char **why)
{
	const unsigned char *at = record_at(r, r->landlock);
	size_t left = r->landlock.len, layers = 0;

	while (left) {
		const struct finish_landlock *l = (const void *)at;

		if (left < sizeof(*l) || l->text_len > left || left < record_landlock_size(l))
			return refuse(why, "landlock: a line is cut off");
		layers += l->kind == FINISH_LANDLOCK_LAYER;
		if (!layers || layers > RECORD_MAX_LAYERS || !landlock_is_good(l))
			return refuse(why, "landlock: not layers of an absolute path or a port each");
		at += record_landlock_size(l);
		left -= record_landlock_size(l);
	}
	return 0;
}

int record_check(const void *data, size_t size, const char **why)
{
	static int (*const checks[])(const struct finish_record *, const char **) = {
		check_descriptors, check_spans, check_numbers, check_filters, check_landlock, check_hooks,
	};
	const struct finish_record *r = data;

	if ((uintptr_t)data % 8)
		return refuse(why, "size: the record is not aligned");
	if (size < sizeof(*r) || size > FINISH_MAX_SIZE)
		return refuse(why, "size: shorter than a header, or longer than allowed");

	int rc = check_header(r, size, why);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !rc; i++)
		rc = checks[i](r, why);
	return rc;
}
