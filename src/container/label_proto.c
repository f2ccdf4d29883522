/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_proto.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

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

/* One more label; `list` has room for LABEL_PROTO_MAX. */
static int add_label(struct span body, struct arena *a, struct key_value *list, struct label_record *io, struct err *e)
{
	if (io->labels.n == LABEL_PROTO_MAX)
		return err_set(e, E2BIG, "more than %d labels", LABEL_PROTO_MAX);
	return read_label(body, a, &list[io->labels.n++], e);
}

/* The last field of this number that has bytes: 0, also when there is none (out->at is NULL then). */
static int last_field(struct span s, uint64_t wanted, struct span *out, struct err *e)
{
	struct span body = { 0 };
	uint64_t number = 0;
	bool bad = false;

	*out = (struct span){ 0 };
	while (next_field(&s, &number, &body, &bad))
		if (number == wanted && body.at)
			*out = body;
	return bad ? err_set(e, EPROTO, "an answer that is cut off") : 0;
}

static bool span_is(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.at && (size_t)(s.end - s.at) == n && memcmp(s.at, text, n) == 0;
}

static int add_extension(struct span entry, struct label_record *io, struct err *e)
{
	struct span name, any, value;
	int err = last_field(entry, 1, &name, e);

	if (err == 0)
		err = last_field(entry, 2, &any, e);
	if (err < 0)
		return err;
	if (span_is(name, "io.cri-containerd.sandbox.metadata"))
		io->sandbox = true;
	if (!any.at || !span_is(name, "io.cri-containerd.container.metadata"))
		return 0;
	err = last_field(any, 2, &value, e);
	if (err == 0 && value.at) {
		io->metadata = (const char *)value.at;
		io->metadata_len = (size_t)(value.end - value.at);
	}
	return err;
}

static int read_container(struct span s, struct arena *a, struct label_record *out, struct err *e)
{
	struct key_value *list = arena_array(a, LABEL_PROTO_MAX, sizeof(*list));
	struct label_record r = { .image = "" };
	struct span body = { 0 };
	uint64_t number = 0;
	bool bad = false;
	int err = list ? 0 : err_set(e, ENOMEM, "out of memory");

	while (err == 0 && next_field(&s, &number, &body, &bad)) {
		if (!body.at)
			continue;
		if (number == 2)
			err = add_label(body, a, list, &r, e);
		else if (number == 3)
			err = (r.image = text_of(a, body, e)) ? 0 : -e->code;
		else if (number == 10)
			err = add_extension(body, &r, e);
	}
	if (err == 0 && bad)
		err = err_set(e, EPROTO, "a container's record that is cut off");
	r.labels.v = list;
	if (err == 0)
		*out = r;
	return err;
}

int label_proto_container(const char *bytes, size_t len, struct arena *a, struct label_record *out, struct err *e)
{
	struct span s = { (const uint8_t *)bytes, (const uint8_t *)bytes + len }, body;
	int err = last_field(s, 1, &body, e);

	if (err == 0 && !body.at)
		err = err_set(e, EPROTO, "an answer without a container");
	return err < 0 ? err : read_container(body, a, out, e);
}

int label_proto_target(const char *bytes, size_t len, struct arena *a, const char **digest, struct err *e)
{
	struct span s = { (const uint8_t *)bytes, (const uint8_t *)bytes + len };
	static const uint64_t way[] = { 1, 3, 2 };
	const char *text;

	for (size_t i = 0; i < N_ELEMENTS(way); i++) {
		struct span body;
		int err = last_field(s, way[i], &body, e);
		if (err == 0 && !body.at)
			err = err_set(e, EPROTO, "an answer without an image");
		if (err < 0)
			return err;
		s = body;
	}
	text = text_of(a, s, e);
	if (!text)
		return -e->code;
	*digest = text;
	return 0;
}
