/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "policy/merge.h"
#include "policy/store.h"

/* Column widths; the last column has no end. A longer text goes on under itself. */
enum { COL_CONTROL = 19, COL_ASKED = 34, COL_RESULT = 44, GAP = 2 };

static const char *const kinds[] = {
	[REASON_KEPT] = "kept", [REASON_NARROWED] = "narrowed", [REASON_ADDED] = "added", [REASON_WARNED] = "warned",
};

/* Texts may come from a document: nothing that could move a terminal's cursor gets out. */
static void put_clean(struct str *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
		str_add_bytes(out, &c, 1);
	}
}

static void put_blanks(struct str *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_add_bytes(out, " ", 1);
}

/* How much of s fits into width: up to a blank where there is one. */
static size_t fit(const char *s, size_t width)
{
	size_t n = strlen(s), cut = width;

	if (n <= width)
		return n;
	while (cut > 0 && s[cut] != ' ')
		cut--;
	return cut ? cut : width;
}

static void put_row(struct str *out, const char *const cells[4])
{
	static const size_t widths[4] = { COL_CONTROL, COL_ASKED, COL_RESULT, 60 };
	const char *left[4] = { cells[0], cells[1], cells[2], cells[3] };

	do {
		size_t pending = 0;
		for (size_t i = 0; i < 4; i++) {
			size_t n = fit(left[i], widths[i]);
			put_blanks(out, pending);
			pending = 0;
			put_clean(out, left[i], n);
			pending = i < 3 ? widths[i] - n + GAP : 0;
			left[i] += n;
			while (*left[i] == ' ')
				left[i]++;
			/* Blanks only when something follows on this line. */
			for (size_t k = i + 1; k < 4 && pending; k++) {
				if (*left[k])
					break;
				if (k == 3)
					pending = 0;
			}
		}
		str_add_bytes(out, "\n", 1);
	} while (*left[0] || *left[1] || *left[2] || *left[3]);
}

void explain_table(const struct plan *p, const struct spec *s, struct str *out)
{
	static const char *const head[4] = { "control", "asked", "result", "rule" };

	put_row(out, head);
	for (size_t i = 0; i < p->reasons.n; i++) {
		const struct reason *r = &p->reasons.v[i];
		const char *const cells[4] = { r->control, r->asked, r->result, r->rule };
		put_row(out, cells);
	}
	for (size_t i = 0; i < p->warnings.n; i++) {
		str_add(out, "warning: ");
		put_clean(out, p->warnings.v[i], strlen(p->warnings.v[i]));
		str_add_bytes(out, "\n", 1);
	}
	str_addf(out, "exposure %.1f of 10 (asked %.1f)\n", explain_exposure(p), explain_exposure_asked(s));
}

/* A text of the document's may hold bytes that JSON cannot. */
static json_t *text_json(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(not UTF-8)");
}

static json_t *controls_json(const struct reasons *reasons)
{
	json_t *array = json_array();

	for (size_t i = 0; i < reasons->n; i++) {
		const struct reason *r = &reasons->v[i];
		json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:s}", "control", text_json(r->control), "asked",
				      text_json(r->asked), "result", text_json(r->result), "rule", text_json(r->rule),
				      "kind", kinds[r->kind]);
		(void)json_array_append_new(array, o); /* refuses NULL: an incomplete list shows as the missing plan does */
	}
	return array;
}

json_t *explain_json(const struct plan *p, const struct spec *s)
{
	json_t *o, *warnings, *plan = NULL;
	char *text = NULL;
	struct err e = { 0 };
	size_t len;

	if (plan_write(p, &text, &len, &e) < 0)
		return NULL;
	plan = json_loadb(text, len, 0, NULL);
	free(text);
	if (!plan)
		return NULL;
	warnings = json_array();
	for (size_t i = 0; i < p->warnings.n; i++)
		(void)json_array_append_new(warnings, text_json(p->warnings.v[i]));
	o = json_pack("{s:s, s:o, s:o, s:o, s:o, s:f, s:f, s:o}", "level", policy_level_name(p->level), "profile",
		      text_json(p->profile ? p->profile : policy_level_name(p->level)), "levelFrom",
		      text_json(p->level_from), "controls", controls_json(&p->reasons), "warnings", warnings, "exposure",
		      explain_exposure(p), "exposureAsked", explain_exposure_asked(s), "plan", plan);
	return o;
}
