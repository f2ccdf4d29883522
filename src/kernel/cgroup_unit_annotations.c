/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.systemd.property.*: whoever writes a container's annotations (the author of a pod) is not whoever may set a unit's properties
 * (root of the host; CVE-2024-3154). So: a table of what can do no harm, and values read here, never handed on as they are.
 *
 * The texts are those of GVariant as engines write them: 15, uint64 10000000, true, 'inactive-or-failed', ['crio.service'].
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cgroup_unit.h"

enum { WORDS_MAX = 64, TEXT_MAX = 256, SIGNAL_MAX = 64 };
#define SECONDS_MAX (UINT64_C(365) * 24 * 3600)

/* Each returns what is wrong, or NULL. */

static const char *bare_number(const char *text, uint64_t *out)
{
	static const char *const types[] = { "byte ", "int16 ", "uint16 ", "int32 ", "uint32 ", "int64 ", "uint64 " };

	for (size_t i = 0; i < N_ELEMENTS(types); i++) {
		if (str_starts(text, types[i])) {
			text += strlen(types[i]);
			break;
		}
	}
	return str_u64(text, out) < 0 ? "is not a number, such as 15 or uint64 15" : NULL;
}

static const char *read_signal(struct str *out, const char *name, const char *text)
{
	uint64_t v;
	const char *wrong = bare_number(text, &v);

	if (wrong)
		return wrong;
	if (v < 1 || v > SIGNAL_MAX)
		return "is not a signal from 1 to 64";
	str_addf(out, "i %s %" PRIu64 "\n", name, v);
	return NULL;
}

static const char *read_usec(struct str *out, const char *name, const char *text)
{
	uint64_t v;
	const char *wrong = bare_number(text, &v);

	if (!wrong)
		str_addf(out, "t %s %" PRIu64 "\n", name, v);
	return wrong;
}

/* D-Bus knows microseconds only. */
static const char *read_sec(struct str *out, const char *name, const char *text)
{
	uint64_t v;
	const char *wrong = bare_number(text, &v);

	if (wrong)
		return wrong;
	if (v > SECONDS_MAX)
		return "is longer than a year";
	str_addf(out, "t %s %" PRIu64 "\n", name, v * 1000000);
	return NULL;
}

static const char *read_bool(struct str *out, const char *name, const char *text)
{
	bool v = str_eq(text, "true");

	if (!v && !str_eq(text, "false"))
		return "is neither true nor false";
	str_addf(out, "b %s %d\n", name, v);
	return NULL;
}

/* 'text' or "text": the length between the quotes, or -1. No escapes: nothing that is allowed needs one. */
static int quoted(const char *text)
{
	char quote = *text;
	const char *end = quote == '\'' || quote == '"' ? strchr(text + 1, quote) : NULL;

	for (const char *p = text + 1; end && p < end; p++)
		if ((unsigned char)*p < ' ' || *p == '\\' || *p == 127)
			return -1;
	return end && end - text <= TEXT_MAX ? (int)(end - text - 1) : -1;
}

static const char *read_text(struct str *out, const char *name, const char *text)
{
	int n = quoted(text);

	if (n < 0 || text[n + 2])
		return "is not a short text in quotes";
	str_addf(out, "s %s %.*s\n", name, n, text + 1);
	return NULL;
}

static const char *read_collect_mode(struct str *out, const char *name, const char *text)
{
	static const char *const modes[] = { "inactive", "inactive-or-failed" };
	int n = quoted(text);

	for (size_t i = 0; n >= 0 && !text[n + 2] && i < N_ELEMENTS(modes); i++) {
		if (strlen(modes[i]) == (size_t)n && memcmp(text + 1, modes[i], (size_t)n) == 0) {
			str_addf(out, "s %s %s\n", name, modes[i]);
			return NULL;
		}
	}
	return "is neither 'inactive' nor 'inactive-or-failed'";
}

static bool is_unit_name(const char *s, size_t n)
{
	static const char more[] = ":_.\\-@";

	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
		      memchr(more, s[i], sizeof(more) - 1)))
			return false;
	return n > 0 && memchr(s, '.', n);
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* Only an order is given by these, nothing is started or stopped. */
static const char *read_units(struct str *out, const char *name, const char *text)
{
	static const char wrong[] = "is not a list of units, such as ['a.service', 'b.target']";
	const char *p = text;
	auto_str words = { 0 };

	if (*p++ != '[')
		return wrong;
	for (unsigned i = 0; i < WORDS_MAX; i++) {
		p = skip_blanks(p);
		int n = quoted(p);
		if (n < 0 || !is_unit_name(p + 1, (size_t)n))
			return wrong;
		str_addf(&words, " %.*s", n, p + 1);
		p = skip_blanks(p + n + 2);
		if (*p == ']' && !*skip_blanks(p + 1)) {
			str_addf(out, "as %s%s\n", name, words.failed ? "" : words.s);
			out->failed |= words.failed;
			return NULL;
		}
		if (*p++ != ',')
			return wrong;
	}
	return wrong;
}

static const struct {
	const char *annotation, *name;
	const char *(*read)(struct str *, const char *, const char *);
} allowed[] = {
	{ "KillSignal", "KillSignal", read_signal },		/* podman, for a container that has a stop signal */
	{ "TimeoutStopUSec", "TimeoutStopUSec", read_usec },	/* podman, its stop timeout; CRI-O */
	{ "TimeoutStopSec", "TimeoutStopUSec", read_sec },
	{ "CollectMode", "CollectMode", read_collect_mode },
	{ "DefaultDependencies", "DefaultDependencies", read_bool },	/* CRI-O */
	{ "Description", "Description", read_text },
	{ "After", "After", read_units },			/* CRI-O: ['crio.service'] */
	{ "Before", "Before", read_units },
};

static int read_one(struct str *out, const struct key_value *kv, struct err *e)
{
	const char *asked = kv->key + strlen(CGROUP_UNIT_ANNOTATION);

	for (size_t i = 0; i < N_ELEMENTS(allowed); i++) {
		if (!str_eq(asked, allowed[i].annotation))
			continue;
		const char *wrong = allowed[i].read(out, allowed[i].name, kv->value);
		return wrong ? err_set(e, EINVAL, "annotations[\"%s\"]: \"%.64s\" %s", kv->key, kv->value, wrong) : 0;
	}
	return err_set(e, EPERM,
		       "annotations[\"%.128s\"]: this property is not one that a container may set: KillSignal, TimeoutStopUSec, "
		       "TimeoutStopSec, CollectMode, DefaultDependencies, Description, After, Before", kv->key);
}

int cgroup_unit_annotations(struct str *out, const struct key_values *annotations, struct err *e)
{
	for (size_t i = 0; i < annotations->n; i++) {
		int r = str_starts(annotations->v[i].key, CGROUP_UNIT_ANNOTATION) ? read_one(out, &annotations->v[i], e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
