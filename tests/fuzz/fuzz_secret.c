/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a variable of an environment: what is found lies within the value, is known by a name, and is the same when it is looked
 * for again. Built and run by tests/run.sh fuzz.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret one = { 0 }, two = { 0 };
	char *text = malloc(size + 1); /* of just this size, so that a look beyond shows */
	const char *equals;
	bool found;

	demand(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	found = secret_in_variable(text, &one);
	demand(found == secret_in_variable(text, &two));
	equals = strchr(text, '=');
	if (found) {
		demand(equals && one.id && one.length > 0 && one.position + one.length <= strlen(equals + 1));
		demand(str_eq(one.id, two.id) && one.position == two.position && memcmp(one.sum, two.sum, sizeof(one.sum)) == 0);
	} else {
		demand(one.id == NULL);
	}
	free(text);
	return 0;
}
