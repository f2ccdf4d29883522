/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles back into the documents that they could have been read from. */
#ifndef CAISSON_TEST_PROFILE_DOCUMENT_H
#define CAISSON_TEST_PROFILE_DOCUMENT_H

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "policy/profile_fields.h"

/* One field at its place; nothing where it is of the built-in profiles alone, or says nothing. */
static inline void profile_document_add(json_t *doc, const struct profile *p, size_t field)
{
	const struct field *f = &profile_table.v[field];
	json_t *v = f->hidden ? NULL : field_json(f, (const char *)p + f->offset);
	char name[96], *part = name, *dot;

	if (!v || json_is_null(v)) {
		json_decref(v);
		return;
	}
	snprintf(name, sizeof(name), "%s", f->name);
	for (; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
		*dot = '\0';
		if (!json_object_get(doc, part))
			json_object_set_new(doc, part, json_object());
		doc = json_object_get(doc, part);
	}
	json_object_set_new(doc, part, v);
}

#endif
