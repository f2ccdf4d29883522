/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt: shares of cache and memory bandwidth.
 */
#include <string.h>

#include "base/str.h"
#include "spec/parts.h"

/* It becomes the name of a directory. */
static const char *class_name(const char *text)
{
	if (str_eq(text, "/"))
		return NULL;
	if (str_eq(text, ".") || str_eq(text, "..") || strchr(text, '/') || strchr(text, '\n'))
		return "must be \"/\", or a name without '/' that is not \".\" or \"..\"";
	return strlen(text) <= 255 ? NULL : "must not be longer than 255 bytes";
}

/* A second line would be a second command. */
static const char *one_line(const char *text)
{
	return strchr(text, '\n') ? "must not hold a newline" : NULL;
}

static const char *bandwidth_line(const char *text)
{
	return str_starts(text, "MB:") ? one_line(text) : "must begin with \"MB:\"";
}

static const char *schema_line(const char *text)
{
	return text[0] ? one_line(text) : "must not be empty";
}

static const struct jread_field rdt_fields[] = {
	{ "closID", jread_string_opt, JREAD_TO(struct intel_rdt, clos_id), .text = class_name },
	{ "l3CacheSchema", jread_string_opt, JREAD_TO(struct intel_rdt, l3_schema), .text = one_line },
	{ "memBwSchema", jread_string_opt, JREAD_TO(struct intel_rdt, mb_schema), .text = bandwidth_line },
	{ "schemata", jread_strings, JREAD_TO(struct intel_rdt, schemata), .text = schema_line },
	{ "enableMonitoring", jread_bool, JREAD_TO(struct intel_rdt, monitoring) },
};
const struct jread_schema spec_rdt_schema = { rdt_fields, N_ELEMENTS(rdt_fields), NULL };

const char *spec_rdt_bandwidth(const char *text)
{
	return bandwidth_line(text);
}

const char *spec_rdt_cache(const char *text)
{
	return schema_line(text);
}
