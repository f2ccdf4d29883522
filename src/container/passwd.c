/* SPDX-License-Identifier: Apache-2.0 */
/* container/passwd.c - names to numbers, from files that the image's author wrote. */
#include "container/passwd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

enum { MAX_FIELDS = 8, NAME_MAX_BYTES = 256 };

/* The wanted user or group: a number or a name. */
struct wanted {
	bool is_number;
	uint32_t number;
	const char *name;
};

struct table {
	char *bytes;
	size_t len;
};
#define auto_table __attribute__((cleanup(table_done))) struct table

static void table_done(struct table *t)
{
	free_p(&t->bytes);
}

/* A file that is missing is an empty one; a file that is not regular, too large or unreadable is an
 * error. */
static int table_read(int root, const char *path, struct table *out, struct err *e)
{
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (root < 0)
		return 0;
	fd = path_probe_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_code(e, -fd, "open %s of the image", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s of the image", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "%s of the image is not a regular file", path);
	r = fd_read_all(fd, PASSWD_MAX_BYTES, &out->bytes, &out->len, e);
	return r < 0 ? err_wrap(e, "%s of the image", path) : 0;
}

/* Cuts the next line off *at and splits it at ':' in place. Returns the number of fields, 0 at the
 * end. */
static size_t next_line(char **at, char *end, char *fields[MAX_FIELDS])
{
	char *line = *at, *stop;
	size_t n = 0;

	if (line >= end)
		return 0;
	stop = memchr(line, '\n', (size_t)(end - line));
	if (!stop)
		stop = end;
	*at = stop + 1;
	*stop = '\0'; /* fd_read_all() left a byte after the end */
	if (strlen(line) != (size_t)(stop - line))
		*line = '\0'; /* a NUL inside: not a line of ours */
	for (char *p = line; n < MAX_FIELDS; p++) {
		fields[n++] = p;
		p = strchr(p, ':');
		if (!p)
			break;
		*p = '\0';
	}
	return n;
}

static bool id_read(const char *text, uint32_t *out)
{
	return isdigit((unsigned char)text[0]) && str_u32(text, out) == 0 && *out != UINT32_MAX;
}

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static int wanted_read(const char *text, const char *what, struct wanted *out, struct err *e)
{
	*out = (struct wanted){ .name = text };
	if (!*text)
		return err_set(e, EINVAL, "the %s is empty", what);
	if (strlen(text) > NAME_MAX_BYTES)
		return err_set(e, EINVAL, "the %s name is longer than %d bytes", what,
			       NAME_MAX_BYTES);
	if (all_digits(text)) {
		out->is_number = true;
		if (!id_read(text, &out->number))
			return err_set(e, ERANGE, "%s %s: the largest id is 4294967294", what,
				       text);
		return 0;
	}
	/* "-1", "+1", "1 ": nobody means a name by these. */
	if (text[0] == '-' || text[0] == '+' || strpbrk(text, " \t\n:"))
		return err_set(e, EINVAL, "%s \"%s\" is neither a number nor a name", what, text);
	return 0;
}

static bool wanted_is(const struct wanted *w, const char *name, uint32_t id)
{
	return w->is_number ? w->number == id : str_eq(w->name, name);
}

static int not_found(int root, const char *what, const char *name, const char *file, struct err *e)
{
	if (root < 0)
		return err_set(e, ENOENT,
			       "%s \"%s\" is a name, and there is no root to look it up in; give "
			       "its number",
			       what, name);
	return err_set(e, ENOENT, "no %s \"%s\" in the image's %s; give its number", what, name,
		       file);
}

static int find_user(int root, const struct wanted *w, struct arena *a, struct passwd_user *out,
		     struct err *e)
{
	auto_table t = { 0 };
	char *fields[MAX_FIELDS], *at, *end;
	int r = table_read(root, "/etc/passwd", &t, e);
	size_t n;

	if (r < 0)
		return r;
	at = t.bytes;
	end = t.bytes ? t.bytes + t.len : NULL;
	while ((n = next_line(&at, end, fields)) > 0) {
		uint32_t uid, gid;

		if (n < 4 || !fields[0][0] || !id_read(fields[2], &uid) ||
		    !id_read(fields[3], &gid))
			continue;
		if (!wanted_is(w, fields[0], uid))
			continue;
		out->uid = uid;
		out->gid = gid;
		out->name = arena_strdup(a, fields[0]);
		out->home = n > 5 && fields[5][0] == '/' ? arena_strdup(a, fields[5]) : "/";
		return out->name && out->home ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	if (!w->is_number)
		return not_found(root, "user", w->name, "/etc/passwd", e);
	out->uid = out->gid = w->number;
	out->home = "/";
	return 0;
}

static int find_group(int root, const struct wanted *w, uint32_t *gid, struct err *e)
{
	auto_table t = { 0 };
	char *fields[MAX_FIELDS], *at, *end;
	int r;
	size_t n;

	if (w->is_number) {
		*gid = w->number;
		return 0;
	}
	r = table_read(root, "/etc/group", &t, e);
	if (r < 0)
		return r;
	at = t.bytes;
	end = t.bytes ? t.bytes + t.len : NULL;
	while ((n = next_line(&at, end, fields)) > 0)
		if (n >= 3 && str_eq(fields[0], w->name) && id_read(fields[2], gid))
			return 0;
	return not_found(root, "group", w->name, "/etc/group", e);
}

static bool is_member(char *members, const char *name)
{
	char *save = NULL;

	for (char *m = strtok_r(members, ",", &save); m; m = strtok_r(NULL, ",", &save))
		if (str_eq(m, name))
			return true;
	return false;
}

static bool id_listed(const uint32_t *v, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

static int find_memberships(int root, struct arena *a, struct passwd_user *u, struct err *e)
{
	auto_table t = { 0 };
	char *fields[MAX_FIELDS], *at, *end;
	int r = table_read(root, "/etc/group", &t, e);
	uint32_t *v, gid;
	size_t n, count = 0;

	if (r < 0)
		return r;
	v = arena_array(a, PASSWD_MAX_GROUPS, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "out of memory");
	at = t.bytes;
	end = t.bytes ? t.bytes + t.len : NULL;
	while ((n = next_line(&at, end, fields)) > 0) {
		if (n < 4 || !id_read(fields[2], &gid) || !is_member(fields[3], u->name))
			continue;
		if (gid == u->gid || id_listed(v, count, gid))
			continue;
		if (count == PASSWD_MAX_GROUPS)
			return err_set(e, E2BIG, "user %s is in more than %d groups", u->name,
				       PASSWD_MAX_GROUPS);
		v[count++] = gid;
	}
	u->groups = (struct ids){ .n = count, .v = v };
	return 0;
}

int passwd_find(int root, const char *who, struct arena *a, struct passwd_user *out, struct err *e)
{
	struct passwd_user u = { 0 };
	struct wanted user, group;
	const char *colon = strchr(who, ':');
	char *name = arena_memdup(a, who, colon ? (size_t)(colon - who) : strlen(who));
	int r;

	if (!name)
		return err_set(e, ENOMEM, "out of memory");
	r = wanted_read(name, "user", &user, e);
	if (r == 0 && colon)
		r = wanted_read(colon + 1, "group", &group, e);
	if (r == 0)
		r = find_user(root, &user, a, &u, e);
	if (r == 0 && colon)
		r = find_group(root, &group, &u.gid, e);
	else if (r == 0 && u.name)
		r = find_memberships(root, a, &u, e);
	if (r < 0)
		return r;
	*out = u;
	return 0;
}
