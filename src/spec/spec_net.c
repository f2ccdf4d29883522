/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: an object whose keys are devices of the host.
 */
#include <net/if.h>
#include <string.h>

#include "base/str.h"
#include "spec/parts.h"

/* As the kernel has it (dev_valid_name): such names are parts of paths, and ':' is of aliases. */
static const char *device_name(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ)
		return "must be a device name of 1 to 15 bytes";
	if (str_eq(text, ".") || str_eq(text, ".."))
		return "must not be \".\" or \"..\"";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == '/' || text[i] == ':' || text[i] == 127)
			return "must not hold a blank, '/' or ':'";
	return NULL;
}

static const char *host_name(const char *text)
{
	return strchr(text, '%') ? "must not hold a '%'" : device_name(text);
}

/* One "%d" stands for the first free number. */
static const char *name_inside(const char *text)
{
	const char *percent = strchr(text, '%');

	if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
		return "may hold \"%d\" once, and no other '%'";
	return device_name(text);
}

static const struct jread_field device_fields[] = {
	{ "name", jread_string_opt, JREAD_TO(struct net_device, name), .text = name_inside },
};
static const struct jread_schema device_schema = { device_fields, N_ELEMENTS(device_fields), NULL };

static int read_device(const struct jread_at *at, const struct jnode *v, struct net_device *out,
		       struct err *e)
{
	const char *wrong = host_name(v->key);
	int r;

	if (wrong)
		return jread_refuse(at, NULL, e, "%s", wrong);
	out->host = arena_strdup(at->doc->arena, v->key);
	if (!out->host)
		return jread_no_memory(at, e);
	r = v->type == JNULL ? 0 : jread_members(at, v, &device_schema, out, e);
	if (r == 0 && !out->name)
		out->name = out->host;
	return r;
}

/* A name with a number to be chosen may be asked for twice, any other not. */
static bool taken(const struct net_device *d, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(name, '%') && str_eq(d[i].name, name))
			return true;
	return false;
}

int spec_net_devices(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		     void *out, struct err *e)
{
	struct net_devices *list = out;
	struct net_device *d;
	size_t n = 0;

	(void)f;
	if (v->type != JOBJECT)
		return jread_refuse(at, NULL, e, "must be an object");
	if (v->len > SPEC_MAX_ITEMS)
		return jread_refuse(at, NULL, e, "more than %d devices", SPEC_MAX_ITEMS);
	d = arena_array(at->doc->arena, v->len, sizeof(*d));
	if (v->len && !d)
		return jread_no_memory(at, e);
	jnode_each(item, v) {
		struct jread_at here = jread_key(at, item->key);
		int r = read_device(&here, item, &d[n], e);

		if (r < 0)
			return r;
		if (taken(d, n, d[n].name))
			return jread_refuse(&here, "name", e, "\"%s\" is given twice",
					    jread_quote(d[n].name).s);
		n++;
	}
	*list = (struct net_devices){ n, d };
	return 0;
}
