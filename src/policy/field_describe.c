/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields for readers: a value as JSON, the JSON schema of a file, the entries of the manual.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/capname.h"
#include "policy/field_type.h"
#include "policy/profile.h"

/* ---- values ---- */

static json_t *bits_json(const struct field *f, uint64_t mask)
{
	json_t *array;

	if (f->type == FIELD_CAPS && mask == CAP_MASK_ALL)
		return json_string("all");
	array = json_array();
	for (int i = 0; i < 64; i++) {
		const char *word = NULL;
		if (!(mask >> i & 1))
			continue;
		word = f->type == FIELD_CAPS ? capname_of(i) : field_bit_word(f, UINT64_C(1) << i);
		if (word)
			(void)json_array_append_new(array, json_string(word)); /* refuses NULL: shows as missing */
	}
	return array;
}

static json_t *texts_json(const struct strings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		(void)json_array_append_new(array, json_string(list->v[i]));
	return array;
}

static json_t *ids_json(const struct profile_ids *ids)
{
	json_t *array = json_array();

	if (!ids->set) {
		json_decref(array);
		return json_null();
	}
	for (size_t i = 0; i < ids->list.n; i++)
		(void)json_array_append_new(array, json_integer(ids->list.v[i]));
	return array;
}

static json_t *map_json(const struct key_values *map)
{
	json_t *o = json_object();

	for (size_t i = 0; i < map->n; i++)
		(void)json_object_set_new(o, map->v[i].key, json_string(map->v[i].value));
	return o;
}

static json_t *members_json(const struct field_table *t, const char *value)
{
	json_t *o = json_object();

	for (size_t i = 0; i < t->n; i++) {
		json_t *v = field_json(&t->v[i], value + t->v[i].offset);
		if (json_is_null(v))
			json_decref(v);
		else
			(void)json_object_set_new(o, t->v[i].name, v);
	}
	return o;
}

static json_t *list_json(const struct field_table *t, const struct field_any_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		(void)json_array_append_new(array, members_json(t, (const char *)list->v + i * t->size));
	return array;
}

static json_t *octal_json(uint32_t v)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%04o", v); /* 11 digits at most */
	return json_string(text);
}

static json_t *amount_json(uint64_t v)
{
	char text[32];

	if (v == UINT64_MAX)
		return json_null();
	if (v >= 1 << 20 && v % (1 << 20) == 0) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 "M", v >> 20); /* 20 digits at most */
		return json_string(text);
	}
	return json_integer((json_int_t)v);
}

static json_t *limit_json(const struct profile_limit *l)
{
	/* A soft limit that says nothing of its own is not shown. */
	if (l->soft >= l->hard)
		return amount_json(l->hard);
	return json_pack("{s:o, s:o}", "soft", amount_json(l->soft), "hard",
			 l->hard == UINT64_MAX ? json_string("unlimited") : amount_json(l->hard));
}

static json_t *cpus_json(uint64_t v)
{
	char text[48];
	size_t n;

	if (v == UINT64_MAX)
		return json_null();
	n = (size_t)snprintf(text, sizeof(text), "%" PRIu64 ".%05" PRIu64, v / PROFILE_CPU, v % PROFILE_CPU); /* 27 digits at most */
	while (text[n - 1] == '0')
		text[--n] = 0;
	if (text[n - 1] == '.')
		text[n - 1] = 0;
	return json_string(text);
}

json_t *field_json(const struct field *f, const void *value)
{
	const struct opt_id *id = value;
	const char *text;

	switch (f->type) {
	case FIELD_SCHEMA:
		return json_integer(1);
	case FIELD_SWITCH:
		return json_boolean(*(const bool *)value);
	case FIELD_MAYBE:
		return ((const struct opt_bool *)value)->set ? json_boolean(((const struct opt_bool *)value)->v) : json_null();
	case FIELD_WORD:
		text = field_bit_word(f, *(const uint32_t *)value);
		return text ? json_string(text) : json_null();
	case FIELD_FLAGS:
	case FIELD_CAPS:
		return bits_json(f, *(const uint64_t *)value);
	case FIELD_GROUPS:
		return field_groups_json(value);
	case FIELD_SUBSET:
		return field_subset_json(f, *(const uint64_t *)value);
	case FIELD_CAP:
		return *(const uint64_t *)value ? json_string(capname_of(__builtin_ctzll(*(const uint64_t *)value))) : json_null();
	case FIELD_ALLOW:
		return field_allow_json(f, value);
	case FIELD_DENY:
	case FIELD_PATHS:
	case FIELD_NAMES:
	case FIELD_GLOBS:
	case FIELD_VARIABLES:
		return texts_json(value);
	case FIELD_COMMAND: /* an empty one cannot be said */
		return ((const struct strings *)value)->n ? texts_json(value) : json_null();
	case FIELD_PATH:
	case FIELD_NAME:
	case FIELD_TEXT:
		text = *(const char *const *)value;
		return text ? json_string(text) : json_null();
	case FIELD_AMOUNT:
		return amount_json(*(const uint64_t *)value);
	case FIELD_LIMIT:
		return limit_json(value);
	case FIELD_CPUS:
		return cpus_json(*(const uint64_t *)value);
	case FIELD_SECONDS:
		return *(const uint64_t *)value == UINT64_MAX ? json_null() : json_sprintf("%" PRIu64 "s", *(const uint64_t *)value);
	case FIELD_ID:
		return id->set ? json_integer(id->v) : json_null();
	case FIELD_OCTAL:
		return id->set ? octal_json(id->v) : json_null();
	case FIELD_MODE:
		return octal_json(*(const uint32_t *)value);
	case FIELD_IDS:
	case FIELD_NUMBERS:
		return ids_json(value);
	case FIELD_MAP:
	case FIELD_ANSWERS:
		return map_json(value);
	case FIELD_LANDLOCK:
		return field_json_landlock(value);
	case FIELD_OBJECT:
		return members_json(f->table, value);
	case FIELD_LIST:
		return list_json(f->table, value);
	case FIELD_TYPES:
		break;
	}
	return NULL;
}

/* ---- the schema ---- */

static json_t *words_schema(const struct field_word *words)
{
	json_t *array = json_array();

	for (; words && words->word; words++)
		(void)json_array_append_new(array, json_string(words->word));
	return json_pack("{s:o}", "enum", array);
}

static json_t *item_schema(const struct field *f)
{
	switch (f->type) {
	case FIELD_FLAGS:
		return words_schema(f->words);
	case FIELD_GROUPS:
		return field_groups_schema();
	case FIELD_SUBSET:
		return field_subset_schema(f);
	case FIELD_NAMES:
		return json_pack("{s:s}", "$ref", "#/$defs/name");
	case FIELD_PATHS:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^/[^\\u0000-\\u001f]+$");
	case FIELD_NUMBERS:
		if (f->max)
			return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)f->min, "maximum", (json_int_t)f->max);
		return json_pack("{s:s}", "$ref", "#/$defs/id");
	case FIELD_IDS:
		return json_pack("{s:s}", "$ref", "#/$defs/id");
	case FIELD_VARIABLES:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[^=/\\u0000-\\u001f]+$");
	default:
		return json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
	}
}

static json_t *object_schema(const struct field_table *t, const char *prefix);

static json_t *array_schema(json_t *items)
{
	return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", FIELD_LIST_MAX, "items", items);
}

/* An array, or an edit of the inherited one. */
static json_t *edit_schema(json_t *items, json_t *removed)
{
	return json_pack("{s:[o, {s:s, s:b, s:{s:{}}, s:{s:b, s:o, s:o}}]}", "anyOf", array_schema(items), "type", "object",
			 "additionalProperties", 0, "patternProperties", "^x-", "properties", "$comment", 1, "add",
			 array_schema(json_deep_copy(items)), "remove", array_schema(removed));
}

static json_t *with_word(json_t *schema, const char *word)
{
	(void)json_array_append_new(json_object_get(schema, "anyOf"), json_pack("{s:s}", "const", word));
	return schema;
}

static json_t *amount_schema(const struct field *f)
{
	return json_pack("{s:[{s:s, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer", "minimum", (int)f->min, "type", "string",
			 "pattern", f->max == UINT64_MAX ? "^([0-9]+ ?[bkmgtBKMGT]?(i?[bB])?|unlimited)$"
							 : "^[0-9]+ ?[bkmgtBKMGT]?(i?[bB])?$");
}

static json_t *limit_schema(const struct field *f)
{
	return json_pack("{s:[o, {s:s, s:b, s:[s, s], s:{s:o, s:o}}]}", "anyOf", amount_schema(f), "type", "object", "additionalProperties", 0,
			 "required", "soft", "hard", "properties", "soft", amount_schema(f), "hard", amount_schema(f));
}

static json_t *value_schema(const struct field *f)
{
	switch (f->type) {
	case FIELD_SCHEMA:
		return json_pack("{s:i}", "const", 1);
	case FIELD_SWITCH:
	case FIELD_MAYBE:
		return json_pack("{s:s}", "type", "boolean");
	case FIELD_WORD:
		return words_schema(f->words);
	case FIELD_FLAGS:
	case FIELD_PATHS:
	case FIELD_DENY:
	case FIELD_VARIABLES:
		return edit_schema(item_schema(f), item_schema(f));
	case FIELD_ALLOW:
		return with_word(edit_schema(item_schema(f), item_schema(f)), f->words[0].word);
	case FIELD_CAPS:
	case FIELD_GROUPS:
	case FIELD_SUBSET:
		return with_word(edit_schema(item_schema(f), item_schema(f)), "all");
	case FIELD_NAMES:
	case FIELD_GLOBS:
	case FIELD_NUMBERS:
		return json_pack("{s:[o, o]}", "anyOf", item_schema(f), array_schema(item_schema(f)));
	case FIELD_IDS:
		return array_schema(item_schema(f));
	case FIELD_PATH:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^/[^\\u0000-\\u001f]+$");
	case FIELD_LIMIT:
		return limit_schema(f);
	case FIELD_CPUS:
		return json_pack("{s:[{s:s, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer", "minimum", 1, "type", "string", "pattern",
				 "^[0-9]*(\\.[0-9]{1,5})?$");
	case FIELD_AMOUNT:
		return amount_schema(f);
	case FIELD_SECONDS:
		return json_pack("{s:[{s:s, s:i, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer", "minimum", (int)f->min, "maximum",
				 (int)f->max, "type", "string", "pattern", "^[0-9]{1,7}[smh]$");
	case FIELD_ID:
		return json_pack("{s:s}", "$ref", "#/$defs/id");
	case FIELD_OCTAL:
	case FIELD_MODE:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-7]{1,5}$");
	case FIELD_NAME:
		return json_pack("{s:s}", "$ref", "#/$defs/name");
	case FIELD_TEXT:
		return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", (int)f->max);
	case FIELD_COMMAND:
		return json_pack("{s:s, s:i, s:i, s:{s:s, s:i}}", "type", "array", "minItems", (int)f->min, "maxItems", (int)f->max, "items",
				 "type", "string", "maxLength", FIELD_WORD_MAX);
	case FIELD_MAP:
		return json_pack("{s:s, s:{s:s, s:i}}", "type", "object", "additionalProperties", "type", "string", "minLength", 1);
	case FIELD_ANSWERS:
		return field_answers_schema();
	case FIELD_LANDLOCK:
		return field_schema_landlock();
	case FIELD_OBJECT:
		return object_schema(f->table, "");
	case FIELD_LIST:
		return f->table->has_key ? edit_schema(object_schema(f->table, ""), json_pack("{s:s}", "type", "string"))
					 : array_schema(object_schema(f->table, ""));
	default:
		return json_pack("{s:s}", "type", "string");
	}
}

static json_t *described(json_t *schema, const struct field *f)
{
	(void)json_object_set_new(schema, "description", json_string(f->text));
	return schema;
}

/* The members whose names begin with `prefix`, those with further dots in objects of their own. */
static json_t *object_schema(const struct field_table *t, const char *prefix)
{
	json_t *properties = json_object(), *required = json_array();
	size_t skip = strlen(prefix);
	json_t *o;

	for (size_t i = 0; i < t->n; i++) {
		const char *name = t->v[i].name + skip;
		char part[64], deeper[96];
		size_t n;

		if (t->v[i].hidden || !str_starts(t->v[i].name, prefix))
			continue;
		n = strcspn(name, ".");
		(void)snprintf(part, sizeof(part), "%.*s", (int)n, name); /* table names fit */
		if (json_object_get(properties, part))
			continue;
		(void)snprintf(deeper, sizeof(deeper), "%s%s.", prefix, part);
		(void)json_object_set_new(properties, part,
					  name[n] ? object_schema(t, deeper) : described(value_schema(&t->v[i]), &t->v[i]));
		if (t->v[i].required && !name[n])
			(void)json_array_append_new(required, json_string(part));
	}
	(void)json_object_set_new(properties, "$comment", json_true());
	o = json_pack("{s:s, s:b, s:{s:{}}, s:o}", "type", "object", "additionalProperties", 0, "patternProperties", "^x-",
		      "properties", properties);
	if (json_array_size(required))
		(void)json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

json_t *fields_schema(const struct field_table *t, const char *title)
{
	json_t *o = object_schema(t, "");

	(void)json_object_set_new(o, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	(void)json_object_set_new(o, "title", json_string(title));
	(void)json_object_set_new(o, "$defs",
				  json_pack("{s:{s:s, s:s}, s:{s:s, s:i, s:I}}", "name", "type", "string", "pattern",
					    "^[a-z0-9][a-z0-9._-]{0,63}$", "id", "type", "integer", "minimum", 0, "maximum",
					    (json_int_t)0xfffffffe));
	return o;
}

/* ---- the manual ---- */

static const char *const type_texts[FIELD_TYPES] = {
	[FIELD_SCHEMA] = "the integer 1",
	[FIELD_SWITCH] = "true or false",
	[FIELD_MAYBE] = "true or false",
	[FIELD_FLAGS] = "array of words",
	[FIELD_CAPS] = "array of capability names, or \"all\"",
	[FIELD_CAP] = "capability name",
	[FIELD_GROUPS] = "array of system calls and of groups of them, or \"all\"",
	[FIELD_SUBSET] = "array of words, or \"all\"",
	[FIELD_ANSWERS] = "object of names of errors",
	[FIELD_PATHS] = "array of absolute paths",
	[FIELD_PATH] = "absolute path",
	[FIELD_AMOUNT] = "integer, or text with a suffix (\"64M\")",
	[FIELD_LIMIT] = "integer, text with a suffix or \"unlimited\", or {\"soft\": .., \"hard\": ..}",
	[FIELD_CPUS] = "integer, or text (\"1.5\")",
	[FIELD_SECONDS] = "seconds, or text with a unit (\"90s\", \"2m\", \"1h\")",
	[FIELD_ID] = "integer from 0 to 4294967294",
	[FIELD_IDS] = "array of integers",
	[FIELD_OCTAL] = "text of octal digits",
	[FIELD_MODE] = "text of octal digits",
	[FIELD_NAME] = "name of a profile",
	[FIELD_NAMES] = "name of a profile, or an array of them",
	[FIELD_TEXT] = "text",
	[FIELD_GLOBS] = "pattern, or an array of them",
	[FIELD_VARIABLES] = "array of patterns of names",
	[FIELD_COMMAND] = "array of a program and its arguments",
	[FIELD_NUMBERS] = "integer, or an array of them",
	[FIELD_MAP] = "object of texts",
	[FIELD_ALLOW] = "array of texts",
	[FIELD_DENY] = "array of texts",
	[FIELD_LANDLOCK] = "\"off\", \"derive\", or object",
	[FIELD_OBJECT] = "object",
	[FIELD_LIST] = "array of objects",
};

static const char *const kind_texts[] = {
	[FIELD_INFO] = "",
	[FIELD_CEILING] = "; ceiling",
	[FIELD_ON] = "; can only be turned on",
	[FIELD_ADDITION] = "; addition",
	[FIELD_IDENTITY] = "; identity",
	[FIELD_GRANT] = "; grant",
};

static void put_words(struct str *out, const struct field_word *words)
{
	for (const struct field_word *w = words; w->word; w++)
		str_addf(out, "%s\\(dq%s\\(dq", w == words ? "" : w[1].word ? ", " : " or ", w->word);
}

/* Quotes and backslashes mean something to roff, as does a dot that begins a line. */
static void put_roff(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"')
			str_add(out, "\\(dq");
		else if (*s == '\\')
			str_add(out, "\\e");
		else if (*s == '-')
			str_add(out, "\\-");
		else
			str_add_bytes(out, s, 1);
	}
}

static void put_table(const struct field_table *t, const char *inside, struct str *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->v[i];

		if (f->hidden)
			continue;
		str_add(out, ".TP\n.B ");
		put_roff(out, inside);
		put_roff(out, f->name);
		str_add(out, "\n(");
		if (f->type == FIELD_WORD)
			put_words(out, f->words);
		else
			put_roff(out, type_texts[f->type]);
		if (f->type == FIELD_ALLOW) {
			str_add(out, ", or ");
			put_words(out, f->words);
		}
		if (f->type == FIELD_FLAGS) {
			str_add(out, ": ");
			put_words(out, f->words);
		}
		str_addf(out, "%s", kind_texts[f->kind]);
		if (f->required)
			str_add(out, "; required");
		if (f->fallback) {
			str_add(out, "; default: ");
			put_roff(out, f->fallback);
		}
		str_add(out, ")\n");
		put_roff(out, f->text);
		str_add(out, ".\n");
		if (f->table) {
			char deeper[96];
			(void)snprintf(deeper, sizeof(deeper), "%s%s%s.", inside, f->name, f->type == FIELD_LIST ? "[]" : "");
			put_table(f->table, deeper, out);
		}
	}
}

void fields_manual(const struct field_table *t, struct str *out)
{
	put_table(t, "", out);
}
