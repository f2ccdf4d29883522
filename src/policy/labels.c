/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/labels.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/capname.h"

enum { LABEL_MAX = 4096, TOKEN_SHOWN = 40 };

static const char *const label_keys[] = { "security.capabilities", "io.containers.capabilities" };
static const char *const words_none[] = { "none", "drop-all", "drop_all" };

static bool is_separator(char c)
{
	return c == ',' || c == '+' || isspace((unsigned char)c);
}

static bool token_is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

/* Labels are bytes of a stranger's: shown without anything that could disturb a log. */
static const char *shown(struct arena *a, const char *s, size_t len)
{
	size_t n = len < TOKEN_SHOWN ? len : TOKEN_SHOWN;
	char *copy = arena_memdup(a, s, n);

	for (size_t i = 0; copy && i < n; i++)
		if ((unsigned char)copy[i] < 0x20 || (unsigned char)copy[i] >= 0x7f || copy[i] == '"')
			copy[i] = '?';
	return copy;
}

static int warn(struct arena *a, struct label_caps *io, const char *text, struct err *e)
{
	const char **v = arena_array(a, io->warnings.n + 2, sizeof(*v));

	if (!v || !text)
		return err_set(e, ENOMEM, "capability label: out of memory");
	for (size_t i = 0; i < io->warnings.n; i++)
		v[i] = io->warnings.v[i];
	v[io->warnings.n] = text;
	io->warnings.v = v;
	io->warnings.n++;
	return 0;
}

static int meet_token(struct arena *a, const char *s, size_t len, const char *from, uint64_t *set,
		      struct label_caps *io, struct err *e)
{
	const char *near;
	int cap;

	for (size_t i = 0; i < N_ELEMENTS(words_none); i++)
		if (token_is(s, len, words_none[i]))
			return 0;
	if (token_is(s, len, "all")) {
		*set = CAP_MASK_ALL;
		return warn(a, io, arena_printf(a, "%s: \"all\" narrows nothing", from), e);
	}
	cap = capname_find(s, len);
	if (cap >= 0) {
		*set |= CAP_BIT(cap);
		return 0;
	}
	near = capname_nearest(s, len);
	return warn(a, io, arena_printf(a, "%s: unknown capability \"%s\" counts for nothing%s%s%s", from,
					shown(a, s, len), near ? "; did you mean " : "", near ? near : "",
					near ? "?" : ""), e);
}

/* A label of nothing but bad tokens can hold thousands of them: a few warnings say as much. */
enum { WARNINGS_MAX = 16 };

static int meet_value(struct arena *a, const char *value, const char *from, struct label_caps *io, struct err *e)
{
	uint64_t set = 0;
	int err;

	if (strnlen(value, LABEL_MAX + 1) > LABEL_MAX) {
		err = warn(a, io, arena_printf(a, "%s: longer than %d bytes: read as no capability at all", from,
					       LABEL_MAX), e);
		if (err < 0)
			return err;
		value = "";
	}
	while (*value) {
		size_t len = 0;
		if (is_separator(*value)) {
			value++;
			continue;
		}
		while (value[len] && !is_separator(value[len]))
			len++;
		if (io->warnings.n < WARNINGS_MAX || capname_find(value, len) >= 0 || token_is(value, len, "all")) {
			err = meet_token(a, value, len, from, &set, io, e);
			if (err < 0)
				return err;
		}
		value += len;
	}
	io->caps = io->found ? io->caps & set : set;
	io->found = true;
	return 0;
}

int labels_meet(struct arena *a, const struct key_values *kv, const char *source, struct label_caps *io, struct err *e)
{
	struct label_caps met = *io;

	for (size_t i = 0; i < kv->n; i++) {
		for (size_t k = 0; k < N_ELEMENTS(label_keys); k++) {
			const char *from;
			int err;

			if (!str_eq(kv->v[i].key, label_keys[k]))
				continue;
			from = arena_printf(a, "%s %s", source, label_keys[k]);
			if (!from)
				return err_set(e, ENOMEM, "capability label: out of memory");
			err = meet_value(a, kv->v[i].value ? kv->v[i].value : "", from, &met, e);
			if (err < 0)
				return err;
			met.from = met.from ? arena_printf(a, "%s, %s", met.from, from) : from;
			if (!met.from)
				return err_set(e, ENOMEM, "capability label: out of memory");
		}
	}
	*io = met;
	return 0;
}

int labels_unanswered(struct arena *a, struct label_caps *io, const char *text, struct err *e)
{
	int err = warn(a, io, text, e);

	if (err == 0)
		io->unanswered = text;
	return err;
}
