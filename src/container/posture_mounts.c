/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table of the live container, and what stands at the paths that the plan hides. A path is looked up inside the
 * container's root (links of the image included) and known by its mount id, never by its name in the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "container/posture_parts.h"

enum { MOUNTINFO_MAX = 64 * 1024 * 1024 };

struct table { char *text; size_t n; struct mount_line *v; };

static void table_done(struct table *t)
{
	free(t->text);
	free(t->v);
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = 0;
}

bool posture_mount_line(char *line, struct mount_line *out)
{
	char *fields[6], *rest = line, *dash;
	size_t skip;

	/* id parent major:minor root mount-point options [optional fields] - type source super-options */
	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	dash = str_starts(rest, "- ") ? rest : strstr(rest, " - ");
	if (!dash)
		return false;
	skip = *dash == '-' ? 2 : 3;
	out->peers = rest;
	*dash = 0;
	dash += skip;
	out->type = strsep(&dash, " ");
	if (!dash || !strsep(&dash, " ") || !dash)
		return false;
	out->super = dash;
	out->id = (int)strtol(fields[0], NULL, 10);
	out->at = fields[4];
	out->options = fields[5];
	unescape(out->at);
	return true;
}

bool posture_has_option(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = options; s; s = strchr(s, ',')) {
		s += *s == ',';
		if (strncmp(s, word, n) == 0 && (s[n] == ',' || s[n] == 0))
			return true;
	}
	return false;
}

static int table_read(int procfd, struct table *out, struct err *e)
{
	size_t len, lines = 1;
	char *rest, *line;
	int err = fd_read_file(procfd, "mountinfo", MOUNTINFO_MAX, &out->text, &len, e);

	if (err < 0)
		return err;
	for (const char *s = out->text; *s; s++)
		lines += *s == '\n';
	out->v = calloc(lines, sizeof(*out->v));
	if (!out->v)
		return err_set(e, ENOMEM, "out of memory");
	for (rest = out->text; (line = strsep(&rest, "\n"));)
		if (*line && posture_mount_line(line, &out->v[out->n]))
			out->n++;
	return 0;
}

/* The mount that holds an open path: fdinfo says its id, also for a mount of another namespace. */
static const struct mount_line *mount_of(const struct table *t, int fd)
{
	char path[48], text[512];
	const char *at;
	long id;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return NULL;
	at = strstr(text, "mnt_id:");
	if (!at)
		return NULL;
	id = strtol(at + strlen("mnt_id:"), NULL, 10);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].id == id)
			return &t->v[i];
	return NULL;
}

static const struct { uint64_t attr; const char *word; } flags[] = {
	{ MOUNT_ATTR_RDONLY, "ro" }, { MOUNT_ATTR_NOSUID, "nosuid" }, { MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
};

static uint64_t live_flags(const struct mount_line *m)
{
	uint64_t set = 0;

	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		if (posture_has_option(m->options, flags[i].word))
			set |= flags[i].attr;
	if (posture_has_option(m->super, "ro"))
		set |= MOUNT_ATTR_RDONLY;
	return set;
}

static const char *flags_text(uint64_t set, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		if (set & flags[i].attr && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "", flags[i].word);
	return n ? buf : "-";
}

static void look_root(struct look *l, const struct table *t, int root, struct spread *spread)
{
	const struct plan_root *r = &l->p->root;
	uint64_t want = (r->readonly ? MOUNT_ATTR_RDONLY : 0) | (r->nosuid ? MOUNT_ATTR_NOSUID : 0) |
			(r->nodev ? MOUNT_ATTR_NODEV : 0);
	const struct mount_line *m = mount_of(t, root);
	char text[64];
	uint64_t got;

	posture_planned(l, "root", "%s", flags_text(want, text, sizeof(text)));
	if (!m) {
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be found in the mount table");
		return;
	}
	posture_spread_add(l, spread, l->p->root.propagation, "/", m->peers);
	got = live_flags(m);
	posture_actual(l, !want ? VERDICT_NOT_ASKED : (got & want) == want ? VERDICT_OK : VERDICT_DIFFERS, "%s",
		       flags_text(got, text, sizeof(text)));
}

/* Is `path` the place itself, or below it? */
static bool is_within(const char *path, const char *place)
{
	size_t n = strlen(place);

	if (!str_starts(path, place))
		return false;
	return path[n] == 0 || path[n] == '/' || (n && place[n - 1] == '/');
}

/* A later mount at the same place, or at a directory above it, is the one that shows. */
static bool is_last_at(const struct mounts *all, size_t i)
{
	for (size_t k = i + 1; k < all->n; k++) {
		const struct mount *later = &all->v[k];
		if (later->remount ? str_eq(later->destination, all->v[i].destination)
				   : is_within(all->v[i].destination, later->destination))
			return false;
	}
	return true;
}

/* Is it the planned mount that is there, not what lies below its place? Then the open path is where its mount is. */
static bool is_there(const struct mount *m, const struct mount_line *live, int fd)
{
	bool plain = !m->bind && !m->remount && m->type && !str_starts(m->type, "cgroup"); /* on v1 a tmpfs holds those */
	char link[48], at[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, at, sizeof(at) - 1);
	if (n < 0)
		return false;
	at[n] = 0;
	if (!str_eq(at, live->at))
		return false;
	return !plain || str_eq(live->type, m->type);
}

/* How far the mount propagates, where that was asked for and the root does not undo it. */
static const char *propagates(const struct look *l, const struct mount *m, const struct mount_line *live)
{
	if (l->p->root.propagation & MS_SHARED || !(m->propagation & (MS_PRIVATE | MS_SLAVE)))
		return NULL;
	if (strstr(live->peers, "shared:"))
		return "shared with others";
	return m->propagation & MS_PRIVATE && strstr(live->peers, "master:") ? "a slave of others" : NULL;
}

/* A procfs that shows more than planned. */
static const char *shows(const struct mount *m, const struct mount_line *live)
{
	static const char *const words[] = { "hidepid=invisible", "subset=pid" };

	for (size_t i = 0; str_eq(m->type, "proc") && m->data && i < N_ELEMENTS(words); i++)
		if (posture_has_option(m->data, words[i]) && !posture_has_option(live->super, words[i]))
			return words[i];
	return NULL;
}

/* What the live mount lacks; NULL when it is as planned. */
static const char *lacks(const struct look *l, const struct mount *m, const struct mount_line *live, char *text, size_t size)
{
	const uint64_t mask = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	uint64_t missing;
	const char *more;

	if (!live)
		return "not there";
	missing = m->attr_set & mask & ~live_flags(live);
	if (missing)
		return flags_text(missing, text, size);
	more = propagates(l, m, live);
	return more ? more : shows(m, live);
}

static void look_mount_table(struct look *l, const struct table *t, int root, struct spread *spread)
{
	size_t good = 0, asked = 0;
	char bad[200] = "";

	for (size_t i = 0; i < l->p->mounts.n; i++) {
		const struct mount *m = &l->p->mounts.v[i];
		const struct mount_line *live;
		const char *what;
		char text[64];
		auto_fd int fd = -1;

		if (!is_last_at(&l->p->mounts, i))
			continue;
		asked++;
		fd = path_probe_in(root, m->destination, O_PATH);
		live = fd >= 0 ? mount_of(t, fd) : NULL;
		if (live && !is_there(m, live, fd))
			live = NULL;
		if (live)
			posture_spread_add(l, spread, m->propagation, m->destination, live->peers);
		what = lacks(l, m, live, text, sizeof(text));
		good += !what;
		if (what && !bad[0])
			(void)snprintf(bad, sizeof(bad), "; %.100s: %s", m->destination, what);
	}
	posture_planned(l, "mounts", "%zu with their flags", asked);
	posture_actual(l, good == asked ? VERDICT_OK : VERDICT_DIFFERS, "%zu%s%s", good, bad[0] ? ", missing" : "", bad);
}

/* A masked file is the null device; a masked directory is an empty read-only file system of its own. */
static bool is_masked(const struct table *t, int fd)
{
	const struct mount_line *m = mount_of(t, fd);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (!S_ISDIR(st.st_mode))
		return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
	return m && str_eq(m->type, "tmpfs") && (live_flags(m) & MOUNT_ATTR_RDONLY) && st.st_nlink <= 2;
}

static bool is_readonly(const struct table *t, int fd)
{
	const struct mount_line *m = mount_of(t, fd);

	return m && (live_flags(m) & MOUNT_ATTR_RDONLY);
}

static void look_paths(struct look *l, const struct table *t, int root, const char *control, const struct strings *paths,
		       bool (*holds)(const struct table *t, int fd))
{
	size_t good = 0, there = 0;
	const char *bad = NULL;

	for (size_t i = 0; i < paths->n; i++) {
		auto_fd int fd = path_probe_in(root, paths->v[i], O_PATH);
		if (fd < 0)
			continue; /* this kernel does not have it: nothing to hide */
		there++;
		if (holds(t, fd))
			good++;
		else if (!bad)
			bad = paths->v[i];
	}
	posture_planned(l, control, "%zu", paths->n);
	posture_actual(l, !paths->n ? VERDICT_NOT_ASKED : good == there ? VERDICT_OK : VERDICT_DIFFERS, "%zu of %zu there%s%s", good,
		       there, bad ? "; not so: " : "", bad ? bad : "");
}

void posture_look_mounts(struct look *l)
{
	__attribute__((cleanup(table_done))) struct table t = { 0 };
	auto_fd int root = openat(l->procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(posture_spread_done))) struct spread spread = { 0 };
	struct err e = { 0 };

	if (root < 0 || table_read(l->procfd, &t, &e) < 0) {
		posture_planned(l, "mounts", "%zu with their flags", l->p->mounts.n);
		posture_actual(l, VERDICT_NOT_ASKED, "may not be looked at");
		return;
	}
	look_root(l, &t, root, &spread);
	look_mount_table(l, &t, root, &spread);
	posture_spread_say(l, &spread);
	look_paths(l, &t, root, "masked paths", &l->p->masked_paths, is_masked);
	look_paths(l, &t, root, "read-only paths", &l->p->readonly_paths, is_readonly);
}
