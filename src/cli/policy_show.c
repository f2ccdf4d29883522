/* SPDX-License-Identifier: Apache-2.0 */
/* A profile flattened, and two of them side by side. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/policy.h"
#include "container/policy_dir.h"
#include "policy/profile_fields.h"

enum { COL_FIELD = 26, COL_VALUE = 48 };

static const void *member(const struct profile *p, size_t f)
{
	return (const char *)p + profile_table.v[f].offset;
}

static bool is_shown(size_t f)
{
	return !profile_table.v[f].hidden && f != PF_SCHEMA && f != PF_NAME;
}

/* A value in one line; "-" for one that nobody has said. Malloc'd. */
static char *value_text(const struct profile *p, size_t f)
{
	json_t *v = field_json(&profile_table.v[f], member(p, f));
	char *text = !v || json_is_null(v) ? strdup("-") : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(v);
	return text;
}

static void put_cell(struct str *out, const char *text, size_t width)
{
	str_add(out, text);
	for (size_t n = strlen(text); n < width; n++)
		str_add(out, " ");
	str_add(out, "  ");
}

static int load(const struct policy_options *o, struct arena *a, const char *name, const struct profile **out, struct err *e)
{
	struct policy_files files;
	struct policy_dir dir;
	bool callers;

	policy_place_init(o, &dir);
	policy_dir_files(&dir, &files);
	return policy_profile_load_any(a, &files, name, out, &callers, e);
}

static const char *source(struct arena *a, const struct profile *p, size_t f)
{
	const char *rule;

	if (!p->rule[f] && field_same(&profile_table.v[f], member(p, f), member(profile_builtin(LEVEL_NONE), f)))
		return "-";
	rule = profile_rule(a, p, (enum profile_field)f);
	return rule ? rule : "-";
}

static json_t *show_json(struct arena *a, const struct profile *p)
{
	json_t *fields = json_object();

	for (size_t f = 0; f < profile_table.n; f++)
		if (is_shown(f))
			(void)json_object_set_new(fields, profile_table.v[f].name,
						  json_pack("{s:o, s:s}", "value", field_json(&profile_table.v[f], member(p, f)),
							    "from", source(a, p, f)));
	return json_pack("{s:s, s:o}", "name", p->name, "fields", fields);
}

int policy_show(const struct policy_options *o, const char *name, struct err *e)
{
	const struct profile *p = NULL;
	auto_arena a = { 0 };
	auto_str out = { 0 };
	int err = load(o, &a, name, &p, e);

	if (err < 0)
		return err;
	if (o->json)
		return cli_print_json(show_json(&a, p), 0, e);
	put_cell(&out, "field", COL_FIELD);
	put_cell(&out, "value", COL_VALUE);
	str_add(&out, "from\n");
	for (size_t f = 0; f < profile_table.n; f++) {
		auto_free char *text = NULL;
		if (!is_shown(f))
			continue;
		text = value_text(p, f);
		put_cell(&out, profile_table.v[f].name, COL_FIELD);
		put_cell(&out, text ? text : "-", COL_VALUE);
		str_addf(&out, "%s\n", source(&a, p, f));
	}
	return out.failed ? err_set(e, ENOMEM, "policy: out of memory") : cli_write(out.s, out.len, e);
}

/* ---- two of them ---- */

/* What the second one is beside the first. */
static const char *verdict(struct arena *a, const struct profile *one, const struct profile *two, size_t f)
{
	const struct field *field = &profile_table.v[f];
	struct profile left = *one, right = *two;
	bool tightens = false, loosens = false;
	struct err e = { 0 };

	if (field->kind != FIELD_CEILING && field->kind != FIELD_ON)
		return "different";
	if (field_meet(field, a, (char *)&left + field->offset, member(two, f), &tightens, &e) < 0 ||
	    field_meet(field, a, (char *)&right + field->offset, member(one, f), &loosens, &e) < 0)
		return "different";
	return tightens && loosens ? "different" : tightens ? "stricter" : "looser";
}

static json_t *diff_row(struct arena *a, const struct profile *one, const struct profile *two, size_t f)
{
	const struct field *field = &profile_table.v[f];

	return json_pack("{s:s, s:o, s:o, s:s}", "field", field->name, "one", field_json(field, member(one, f)), "two",
			 field_json(field, member(two, f)), "verdict", verdict(a, one, two, f));
}

static bool differ(const struct profile *one, const struct profile *two, size_t f)
{
	return is_shown(f) && f != PF_DESCRIPTION && f != PF_EXTENDS &&
	       !field_same(&profile_table.v[f], member(one, f), member(two, f));
}

static int diff_json(struct arena *a, const struct profile *one, const struct profile *two, struct err *e)
{
	json_t *rows = json_array();

	for (size_t f = 0; f < profile_table.n; f++)
		if (differ(one, two, f))
			(void)json_array_append_new(rows, diff_row(a, one, two, f));
	return cli_print_json(json_pack("{s:s, s:s, s:o}", "one", one->name, "two", two->name, "fields", rows), 0, e);
}

int policy_diff(const struct policy_options *o, const char *name_one, const char *name_two, struct err *e)
{
	const struct profile *one = NULL, *two = NULL;
	auto_arena a = { 0 };
	auto_str out = { 0 };
	int err = load(o, &a, name_one, &one, e);

	if (err == 0)
		err = load(o, &a, name_two, &two, e);
	if (err < 0)
		return err;
	if (o->json)
		return diff_json(&a, one, two, e);
	for (size_t f = 0; f < profile_table.n; f++) {
		auto_free char *left = NULL, *right = NULL;
		if (!differ(one, two, f))
			continue;
		left = value_text(one, f);
		right = value_text(two, f);
		str_addf(&out, "%s: %s is %s\n  %s  %s\n  %s  %s\n", profile_table.v[f].name, two->name, verdict(&a, one, two, f),
			 one->name, left ? left : "-", two->name, right ? right : "-");
	}
	if (!out.len)
		str_add(&out, "no difference\n");
	return out.failed ? err_set(e, ENOMEM, "policy: out of memory") : cli_write(out.s, out.len, e);
}
