/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

enum { SCHEMATA_MAX = 1 << 20, RESCTRL_MAGIC = 0x7655821 };

int resctrl_check(struct err *e)
{
	struct statfs s;

	if (statfs(RESCTRL_ROOT, &s) < 0 || s.f_type != RESCTRL_MAGIC)
		return err_set(e, ENOTSUP, "linux.intelRdt: there is no resctrl file system at " RESCTRL_ROOT " (mount -t resctrl "
			       "resctrl " RESCTRL_ROOT "; the CPU and the kernel must have RDT)");
	return 0;
}

/* Directories that the kernel makes beside the classes. */
static bool is_reserved(const char *name)
{
	return str_eq(name, "info") || str_eq(name, "mon_groups") || str_eq(name, "mon_data");
}

int resctrl_locate(struct arena *a, const char *root, const char *id, const struct intel_rdt *want, struct resctrl *out,
		   struct err *e)
{
	const char *name = want->clos_id ? want->clos_id : id;
	struct resctrl g = { 0 };

	if (is_reserved(name) || (want->monitoring && is_reserved(id)))
		return err_set(e, EINVAL, "linux.intelRdt: \"%s\" is a name that resctrl keeps for itself",
			       is_reserved(name) ? name : id);
	g.group = str_eq(name, "/") ? arena_strdup(a, root) : arena_printf(a, "%s/%s", root, name);
	if (want->monitoring && g.group)
		g.monitor = arena_printf(a, "%s/mon_groups/%s", g.group, id);
	if (!g.group || (want->monitoring && !g.monitor))
		return err_code(e, ENOMEM, "linux.intelRdt");
	g.own = !want->clos_id && access(g.group, F_OK) < 0;
	*out = g;
	return 0;
}

/* ---- schemata ---- */

static bool has_shares(const struct intel_rdt *r)
{
	return r->l3_schema || r->mb_schema || r->schemata.n;
}

/* Why the kernel refused; it says so for the last command only. */
static void add_reason(const struct resctrl *g, struct err *e)
{
	char path[4200], text[200];

	snprintf(path, sizeof(path), "%s/../info/last_cmd_status", g->group);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0) {
		snprintf(path, sizeof(path), "%s/info/last_cmd_status", g->group);
		if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
			return;
	}
	if (text[0] && !str_eq(text, "ok"))
		(void)err_wrap(e, "resctrl says \"%s\"", text);
}

static int write_line(const struct resctrl *g, const char *line, struct err *e)
{
	char path[4200];
	auto_str text = { 0 };

	if (!line)
		return 0;
	snprintf(path, sizeof(path), "%s/schemata", g->group);
	str_addf(&text, "%s\n", line);
	if (text.failed)
		return err_code(e, ENOMEM, "linux.intelRdt");
	int r = fd_write_to(AT_FDCWD, path, text.s);
	if (r == 0)
		return 0;
	(void)err_code(e, -r, "linux.intelRdt: write \"%s\" to %s", line, path);
	add_reason(g, e);
	return r;
}

/* OCI: L3, then the memory bandwidth, then the list. */
static int write_shares(const struct resctrl *g, const struct intel_rdt *want, struct err *e)
{
	int r = write_line(g, want->l3_schema, e);

	if (r == 0)
		r = write_line(g, want->mb_schema, e);
	for (size_t i = 0; r == 0 && i < want->schemata.n; i++)
		r = write_line(g, want->schemata.v[i], e);
	return r;
}

/* The text after "NAME:" of the line of that resource; NULL when there is none. Lines are indented. */
static const char *find_resource(const char *text, const char *name, size_t len)
{
	for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL) {
		text += strspn(text, " \t");
		if (strncmp(text, name, len) == 0 && text[len] == ':')
			return text + len + 1;
	}
	return NULL;
}

/* The value of one domain in "0=ff;1=0f". The kernel pads with zeros and blanks. */
static bool find_domain(const char *list, unsigned long id, unsigned long *value)
{
	while (list && *list && *list != '\n') {
		char *end;
		unsigned long one = strtoul(list, &end, 10);

		if (end == list || *end != '=')
			return false;
		/* Decimal or hexadecimal: read alike on both sides, equal is equal. */
		*value = strtoul(end + 1, &end, 16);
		if (one == id)
			return true;
		end += strspn(end, " \t");
		list = *end == ';' ? end + 1 : NULL;
	}
	return false;
}

static bool line_is_there(const char *text, const char *line)
{
	line += strspn(line, " \t");
	size_t len = strcspn(line, ":");
	const char *have = line[len] ? find_resource(text, line, len) : NULL;
	const char *at = line + len + 1;

	while (have && *at) {
		char *end;
		unsigned long id = strtoul(at, &end, 10), want, is;

		if (end == at || *end != '=' || !find_domain(have, id, &is))
			return false;
		want = strtoul(end + 1, &end, 16);
		if (want != is)
			return false;
		end += strspn(end, " \t");
		if (*end && *end != ';')
			return false;
		at = *end ? end + 1 : end;
	}
	return have;
}

static int compare_line(const struct resctrl *g, const char *text, const char *line, struct err *e)
{
	if (!line || line_is_there(text, line))
		return 0;
	return err_set(e, EEXIST, "linux.intelRdt: %s is there and has other shares than \"%s\"", g->group, line);
}

static int compare_shares(const struct resctrl *g, const struct intel_rdt *want, struct err *e)
{
	char path[4200];
	auto_free char *text = NULL;
	size_t len;

	if (!has_shares(want))
		return 0;
	snprintf(path, sizeof(path), "%s/schemata", g->group);
	int r = fd_read_file(AT_FDCWD, path, SCHEMATA_MAX, &text, &len, e);
	if (r < 0)
		return err_wrap(e, "linux.intelRdt");
	r = compare_line(g, text, want->l3_schema, e);
	if (r == 0)
		r = compare_line(g, text, want->mb_schema, e);
	for (size_t i = 0; r == 0 && i < want->schemata.n; i++)
		r = compare_line(g, text, want->schemata.v[i], e);
	return r;
}

/* ---- the directories ---- */

/* 1: made; 0: it was there. */
static int make_dir(const char *path, struct err *e)
{
	if (mkdir(path, 0755) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	return err_sys(e, "linux.intelRdt: make %s%s", path, errno == ENOSPC ? " (the CPU has no more classes of service)" : "");
}

static int make_group(const struct resctrl *g, const struct intel_rdt *want, bool *made, struct err *e)
{
	if (want->clos_id && !has_shares(want)) {
		if (access(g->group, F_OK) == 0)
			return 0;
		return err_set(e, ENOENT, "linux.intelRdt.closID: there is no class %s, and no schema to make it with", g->group);
	}
	int r = make_dir(g->group, e);
	if (r < 0)
		return r;
	*made = r;
	return want->clos_id && !*made ? compare_shares(g, want, e) : write_shares(g, want, e);
}

int resctrl_make(const struct resctrl *g, const struct intel_rdt *want, struct err *e)
{
	bool made = false;
	int r = make_group(g, want, &made, e);

	if (r == 0 && g->monitor)
		r = make_dir(g->monitor, e);
	if (r < 0 && made)
		(void)rmdir(g->group); /* the first error is the one to report */
	return r < 0 ? r : 0;
}

static int add_task(const struct resctrl *g, const char *dir, pid_t pid, struct err *e)
{
	char path[4200], text[16];

	snprintf(path, sizeof(path), "%s/tasks", dir);
	snprintf(text, sizeof(text), "%d", (int)pid);
	int r = fd_write_to(AT_FDCWD, path, text);
	if (r == 0)
		return 0;
	(void)err_code(e, -r, "linux.intelRdt: write %s to %s", text, path);
	add_reason(g, e);
	return r;
}

int resctrl_join(const struct resctrl *g, pid_t pid, struct err *e)
{
	int r = g->group ? add_task(g, g->group, pid, e) : 0;

	return r == 0 && g->monitor ? add_task(g, g->monitor, pid, e) : r;
}

int resctrl_update(const struct resctrl *g, const struct intel_rdt *want, struct err *e)
{
	if (!g->group)
		return err_set(e, ENOTSUP, "the container was made without linux.intelRdt");
	return write_shares(g, want, e);
}

int resctrl_remove(const struct resctrl *g, struct err *e)
{
	if (g->monitor && rmdir(g->monitor) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", g->monitor);
	if (g->group && g->own && rmdir(g->group) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", g->group);
	return 0;
}
