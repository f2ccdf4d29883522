/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_proto.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct span { const uint8_t *at, *end; };
enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static bool read_varint(struct span *s, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && s->at < s->end; shift += 7) {
		uint8_t byte = *s->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* The next field: its number, and its bytes when it has some (else body->at is NULL). False at the end, or with *bad set. */
static bool next_field(struct span *s, uint64_t *number, struct span *body, bool *bad)
{
	uint64_t key = 0, n = 0;

	if (s->at == s->end)
		return false;
	*bad = true;
	*body = (struct span){ 0 };
	if (!read_varint(s, &key))
		return false;
	*number = key >> 3;
	switch (key & 7) {
	case WIRE_VARINT:
		if (!read_varint(s, &n))
			return false;
		n = 0;
		break;
	case WIRE_FIXED64:
		n = 8;
		break;
	case WIRE_FIXED32:
		n = 4;
		break;
	case WIRE_BYTES:
		if (!read_varint(s, &n))
			return false;
		break;
	default:
		return false;
	}
	if (n > (uint64_t)(s->end - s->at))
		return false;
	if ((key & 7) == WIRE_BYTES)
		*body = (struct span){ s->at, s->at + n };
	s->at += n;
	*bad = false;
	return true;
}

static const char *text_of(struct arena *a, struct span s, struct err *e)
{
	size_t n = (size_t)(s.end - s.at);
	const char *text;

	if (memchr(s.at, '\0', n)) {
		err_set(e, EPROTO, "a NUL in a label");
		return NULL;
	}
	text = arena_memdup(a, s.at, n);
	if (!text)
		err_set(e, ENOMEM, "out of memory");
	return text;
}

static int read_label(struct span s, struct arena *a, struct key_value *out, struct err *e)
{
	const char **texts[] = { &out->key, &out->value };
	struct span body = { 0 };
	uint64_t number = 0;
	bool bad = false;

	*out = (struct key_value){ "", "" };
	while (next_field(&s, &number, &body, &bad)) {
		if (!body.at || number < 1 || number > 2)
			continue;
		*texts[number - 1] = text_of(a, body, e);
		if (!*texts[number - 1])
			return -e->code;
	}
	return bad ? err_set(e, EPROTO, "a label that is cut off") : 0;
}

static int read_container(struct span s, struct arena *a, struct key_values *out, struct err *e)
{
	struct key_value *list = arena_array(a, LABEL_PROTO_MAX, sizeof(*list));
	struct span body = { 0 };
	uint64_t number = 0;
	bool bad = false;
	size_t n = 0;

	if (!list)
		return err_set(e, ENOMEM, "out of memory");
	while (next_field(&s, &number, &body, &bad)) {
		int err;

		if (number != 2 || !body.at)
			continue;
		if (n == LABEL_PROTO_MAX)
			return err_set(e, E2BIG, "more than %d labels", LABEL_PROTO_MAX);
		err = read_label(body, a, &list[n++], e);
		if (err < 0)
			return err;
	}
	if (bad)
		return err_set(e, EPROTO, "a container's record that is cut off");
	*out = (struct key_values){ .n = n, .v = list };
	return 0;
}

int label_proto_labels(const char *bytes, size_t len, struct arena *a, struct key_values *out, struct err *e)
{
	struct span s = { (const uint8_t *)bytes, (const uint8_t *)bytes + len }, body = { 0 };
	uint64_t number = 0;
	bool bad = false;

	while (next_field(&s, &number, &body, &bad))
		if (number == 1 && body.at)
			return read_container(body, a, out, e);
	return err_set(e, EPROTO, bad ? "an answer that is cut off" : "an answer without a container");
}
