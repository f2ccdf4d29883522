/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

static const char cgroup_base[] = "/sys/fs/cgroup";
enum { MOUNTINFO_MAX = 64 * 1024 * 1024, SELF_MAX = 1024 * 1024, PATH_ROOM = 3500 };

static bool is_mount(const char *path, bool v2)
{
	struct statfs s;

	if (statfs(path, &s) < 0)
		return false;
	return (unsigned long)s.f_type ==
	       (v2 ? (unsigned long)CGROUP2_SUPER_MAGIC : (unsigned long)CGROUP_SUPER_MAGIC);
}

enum cgroup_mode cgroup_detect(void)
{
	if (is_mount("/sys/fs/cgroup", true))
		return CGROUP_V2;
	if (is_mount("/sys/fs/cgroup/unified", true))
		return CGROUP_HYBRID;
	return access("/sys/fs/cgroup", F_OK) == 0 ? CGROUP_V1 : CGROUP_NONE;
}

bool cgroup_has_controller(const char *list, const char *name, char separator)
{
	size_t len = strlen(name);

	for (const char *p = list; p && *p;) {
		const char *end = strchrnul(p, separator);

		if ((size_t)(end - p) == len && memcmp(p, name, len) == 0)
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

/* ---- where things are mounted ---- */

struct hierarchy {
	char controllers[256];	/* "cpu,cpuacct"; "" for cgroup2 */
	char own[PATH_MAX];	/* the caller's own path in it */
	char mount[PATH_MAX];	/* "" = not mounted here */
	char root[PATH_MAX];	/* which part of the tree is mounted there */
};

/* One line of /proc/self/cgroup: "4:cpu,cpuacct:/path". False at the end of the text. */
static bool next_hierarchy(const char **text, struct hierarchy *h)
{
	while (**text) {
		const char *line = *text, *end = strchrnul(line, '\n');
		const char *a = memchr(line, ':', (size_t)(end - line));
		const char *b = a ? memchr(a + 1, ':', (size_t)(end - a - 1)) : NULL;

		*text = *end ? end + 1 : end;
		if (!b || (size_t)(b - a) > sizeof(h->controllers) ||
		    (size_t)(end - b) > sizeof(h->own))
			continue;
		snprintf(h->controllers, sizeof(h->controllers), "%.*s", (int)(b - a - 1), a + 1);
		snprintf(h->own, sizeof(h->own), "%.*s", (int)(end - b - 1), b + 1);
		h->mount[0] = '\0';
		snprintf(h->root, sizeof(h->root), "/");
		return true;
	}
	return false;
}

/* Undoes the octal escapes of mountinfo, in place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to = *s;
		}
	}
	*to = '\0';
}

/* Does this line of mountinfo mount h? Fills h->mount and h->root. */
static bool line_mounts(const char *line, size_t len, struct hierarchy *h)
{
	char super[512], type[32];
	bool v2 = h->controllers[0] == '\0';
	auto_free char *copy = strndup(line, len);
	char *dash = copy ? strstr(copy, " - ") : NULL;
	char first[256];

	if (!dash || sscanf(dash, " - %31s %*s %511s", type, super) != 2 ||
	    !str_eq(type, v2 ? "cgroup2" : "cgroup"))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(h->controllers, ","), h->controllers);
	if (!v2 && !cgroup_has_controller(super, first, ','))
		return false;
	if (sscanf(copy, "%*s %*s %*s %4095s %4095s", h->root, h->mount) != 2) {
		h->mount[0] = '\0';
		return false;
	}
	unescape(h->root);
	unescape(h->mount);
	return true;
}

static int find_in_mountinfo(const struct cgroup_view *view, char **cache, struct hierarchy *h,
			     struct err *e)
{
	const char *text = view->mountinfo;
	size_t len;

	if (!text && !*cache) {
		int r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, cache, &len,
				     e);

		if (r < 0)
			return r;
	}
	for (const char *p = text ? text : *cache; *p;) {
		const char *end = strchrnul(p, '\n');

		if (line_mounts(p, (size_t)(end - p), h))
			return 0;
		p = *end ? end + 1 : end;
	}
	return 0;
}

static bool at_conventional_place(const struct cgroup_view *view, struct hierarchy *h)
{
	const char *name = h->controllers;
	bool v2 = name[0] == '\0';

	if (v2) {
		snprintf(h->mount, sizeof(h->mount), "%s%s", view->base,
			 view->mode == CGROUP_V2 ? "" : "/unified");
		return view->is_mount(h->mount, true);
	}
	if (str_starts(name, "name="))
		name += 5;
	snprintf(h->mount, sizeof(h->mount), "%s/%s", view->base, name);
	if (view->is_mount(h->mount, false))
		return true;
	if (!strchr(name, ','))
		return false;
	snprintf(h->mount, sizeof(h->mount), "%s/%.*s", view->base, (int)strcspn(name, ","), name);
	return view->is_mount(h->mount, false);
}

/* Is the caller's own cgroup visible below the mount? Not so where only a part of the tree is
 * mounted. */
static bool own_is_below(const struct hierarchy *h)
{
	auto_str p = { 0 };

	if (str_eq(h->own, "/"))
		return true;
	str_addf(&p, "%s%s", h->mount, h->own);
	return !p.failed && access(p.s, F_OK) == 0;
}

static int find_mount(const struct cgroup_view *view, char **cache, bool need_own,
		      struct hierarchy *h, struct err *e)
{
	if (at_conventional_place(view, h) && (!need_own || own_is_below(h)))
		return 0;
	h->mount[0] = '\0';
	/* cgroup2 that is not where this mode looks for it is another's. */
	return h->controllers[0] || view->mode == CGROUP_V2 ? find_in_mountinfo(view, cache, h, e)
							    : 0;
}

/* ---- from cgroupsPath to directories ---- */

static int check_asked(const char *asked, struct err *e)
{
	const char *p = asked + (*asked == '/');
	size_t len = strlen(asked);

	if (*p == '\0')
		return err_set(e, EINVAL, "linux.cgroupsPath: '%s' is not a cgroup of its own",
			       asked);
	if (len > PATH_ROOM)
		return err_set(e, ENAMETOOLONG,
			       "linux.cgroupsPath: is %zu bytes long, more than %d", len,
			       PATH_ROOM);
	for (; *p; p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return err_set(
				e, EINVAL,
				"linux.cgroupsPath: '%s' has an empty, '.' or '..' component",
				asked);
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)p[i] < ' ')
				return err_set(e, EINVAL,
					       "linux.cgroupsPath: holds a control character");
		}
		p += n;
	}
	return 0;
}

/* The path in the tree: asked as it is, or below (v1) or beside (v2) the caller's own cgroup. */
static char *path_in_tree(struct arena *a, const struct hierarchy *h, const char *asked,
			  int asked_len, bool beside)
{
	const char *own = h->own;
	size_t root_len = strlen(h->root), len;

	if (*asked == '/')
		return arena_printf(a, "%.*s", asked_len, asked);
	/* Only a part of the tree is mounted: what /proc says starts with that part's own path. */
	if (root_len > 1 && str_starts(own, h->root) &&
	    (own[root_len] == '/' || own[root_len] == '\0'))
		own += root_len;
	/* Outside of the caller's cgroup namespace, /proc says "/..": the mount's root is all there
	 * is. */
	if (*own != '/' || str_starts(own, "/.."))
		own = "/";
	len = strlen(own);
	if (beside)
		while (len > 0 && own[len - 1] != '/')
			len--;
	while (len > 0 && own[len - 1] == '/')
		len--;
	return arena_printf(a, "%.*s/%.*s", (int)len, own, asked_len, asked);
}

int cgroup_locate_in(struct arena *a, const struct cgroup_view *view, const char *asked,
		     const char *id, struct cgroup *out, struct err *e)
{
	struct cgroup cg = { .mode = view->mode };
	auto_free char *cache = NULL;
	auto_free struct hierarchy *h = malloc(sizeof(*h));
	struct cgroup_dir *v = arena_array(a, CGROUP_MAX_DIRS, sizeof(*v));
	const char *text = view->self;
	int len, r = 0;

	if (!asked || !*asked)
		asked = arena_printf(a, "caisson-%s", id);
	if (!asked || !v || !h)
		return err_set(e, ENOMEM, "cgroup: out of memory");
	r = check_asked(asked, e);
	if (r < 0)
		return r;
	len = (int)strlen(asked) - (asked[strlen(asked) - 1] == '/');
	while (next_hierarchy(&text, h)) {
		bool v2 = h->controllers[0] == '\0';

		if (view->mode == CGROUP_NONE || (v2 && view->mode == CGROUP_V1) ||
		    (!v2 && view->mode == CGROUP_V2))
			continue;
		r = find_mount(view, &cache, *asked != '/', h, e);
		if (r < 0)
			return r;
		if (!h->mount[0])
			continue;
		if (cg.n == CGROUP_MAX_DIRS)
			return err_set(e, E2BIG, "cgroup: more than %d hierarchies are mounted",
				       CGROUP_MAX_DIRS);

		const char *in_tree = path_in_tree(a, h, asked, len, view->mode == CGROUP_V2);
		v[cg.n].controllers = arena_strdup(a, h->controllers);
		v[cg.n].path = in_tree ? arena_printf(a, "%s%s", h->mount, in_tree) : NULL;
		if (!v[cg.n].path || !v[cg.n].controllers)
			return err_set(e, ENOMEM, "cgroup: out of memory");
		if (!cg.name || v2)
			cg.name = in_tree;
		cg.n++;
	}
	cg.v = v;
	if (!cg.name)
		cg.name = "";
	*out = cg;
	return 0;
}

int cgroup_locate(struct arena *a, const char *asked, const char *id, struct cgroup *out,
		  struct err *e)
{
	struct cgroup_view view = { .base = cgroup_base,
				    .mode = cgroup_detect(),
				    .is_mount = is_mount };
	auto_free char *self = NULL;
	size_t len;
	int r = fd_read_file(AT_FDCWD, "/proc/self/cgroup", SELF_MAX, &self, &len, e);

	if (r < 0)
		return r;
	view.self = self;
	return cgroup_locate_in(a, &view, asked, id, out, e);
}

const char *cgroup_dir_of(const struct cgroup *cg, const char *name)
{
	if (cg->mode == CGROUP_V2)
		return cg->n ? cg->v[0].path : NULL;
	for (size_t i = 0; i < cg->n; i++) {
		if (cgroup_has_controller(cg->v[i].controllers, name, ','))
			return cg->v[i].path;
	}
	return NULL;
}

const char *cgroup_unified_dir(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++) {
		if (cg->v[i].controllers[0] == '\0')
			return cg->v[i].path;
	}
	return NULL;
}

const char *cgroup_main_dir(const struct cgroup *cg)
{
	static const char *const first[] = { "devices", "freezer", "pids", "name=systemd" };
	const char *dir = cgroup_unified_dir(cg);

	for (size_t i = 0; !dir && i < N_ELEMENTS(first); i++)
		dir = cgroup_dir_of(cg, first[i]);
	return dir || cg->n == 0 ? dir : cg->v[0].path;
}

/* ---- joining ---- */

int cgroup_open_dir(const struct cgroup *cg, struct err *e)
{
	const char *dir = cg->mode == CGROUP_NONE ? NULL : cgroup_unified_dir(cg);
	int fd;

	if (!dir)
		return -1;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cgroup: open %s", dir) : fd;
}

int cgroup_open_tasks(const struct cgroup *cg, int fds[CGROUP_MAX_DIRS], struct err *e)
{
	char path[PATH_MAX];
	int n = 0;

	for (size_t i = 0; cg->mode != CGROUP_NONE && i < cg->n; i++) {
		if (cg->v[i].controllers[0] == '\0')
			continue;
		snprintf(path, sizeof(path), "%s/tasks", cg->v[i].path);
		fds[n] = open(path, O_WRONLY | O_CLOEXEC);
		if (fds[n] < 0) {
			int r = err_sys(e, "cgroup: open %s", path);

			while (n > 0)
				fd_close(&fds[--n]);
			return r;
		}
		n++;
	}
	return n;
}

int cgroup_add(const struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[24], path[PATH_MAX];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; cg->mode != CGROUP_NONE && i < cg->n; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cg->v[i].path);
		int r = fd_write_to(AT_FDCWD, path, text);

		if (r < 0)
			return err_code(e, -r, "cgroup: move process %d into %s", (int)pid,
					cg->v[i].path);
	}
	return 0;
}

/* Is any name of the comma-separated `wanted` one of this directory's controllers? NULL: all are
 * meant. */
static bool is_meant(const char *wanted, const char *controllers)
{
	if (!wanted || !*wanted)
		return true;
	for (const char *p = wanted; *p;) {
		char name[64];
		size_t n = strcspn(p, ",");

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (cgroup_has_controller(controllers, name, ','))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

int cgroup_sub(struct arena *a, const struct cgroup *cg, const char *ctrl, const char *sub,
	       struct cgroup *out, struct err *e)
{
	struct cgroup_dir *v = arena_array(a, cg->n, sizeof(*v));
	bool top = str_eq(sub, "/") || str_eq(sub, "");
	size_t hits = 0;

	if (!v)
		return err_set(e, ENOMEM, "cgroup: out of memory");
	if (cg->mode == CGROUP_NONE)
		return err_set(e, ENOTSUP, "--cgroup: this container has no cgroup");
	if (*sub == '/' && !top)
		return err_set(e, EINVAL,
			       "--cgroup: '%s' must be relative to the container's own cgroup",
			       sub);
	if (!top && check_asked(sub, e) < 0)
		return err_set(e, EINVAL,
			       "--cgroup: '%s' must be a path below the container's own cgroup",
			       sub);
	for (size_t i = 0; i < cg->n; i++) {
		v[i] = cg->v[i];
		if (!is_meant(ctrl, v[i].controllers))
			continue;
		hits++;
		if (top)
			continue;
		v[i].path = arena_printf(a, "%s/%s", cg->v[i].path, sub);
		if (!v[i].path)
			return err_set(e, ENOMEM, "cgroup: out of memory");
		if (access(v[i].path, F_OK) < 0)
			return err_sys(e, "--cgroup: %s", v[i].path);
	}
	if (hits == 0)
		return err_set(e, EINVAL,
			       "--cgroup: no controller '%s' in this container's cgroups",
			       ctrl ? ctrl : "");
	*out = *cg;
	out->v = v;
	out->name = top ? cg->name : arena_printf(a, "%s/%s", cg->name, sub);
	return out->name ? 0 : err_set(e, ENOMEM, "cgroup: out of memory");
}

/* ---- stored and read again ---- */

static const char *const mode_names[] = { "none", "v1", "hybrid", "v2" };

json_t *cgroup_to_json(const struct cgroup *cg)
{
	json_t *dirs = json_array();

	for (size_t i = 0; dirs && i < cg->n; i++) {
		if (json_array_append_new(dirs, json_pack("{s:s, s:s}", "controllers",
							  cg->v[i].controllers, "path",
							  cg->v[i].path)) < 0) {
			json_decref(dirs);
			return NULL;
		}
	}
	json_t *v = json_pack("{s:s, s:s, s:b, s:o}", "mode", mode_names[cg->mode], "name",
			      cg->name ? cg->name : "", "rootless", cg->rootless, "dirs", dirs);

	if (v && cg->unit && (json_object_set_new(v, "unit", json_string(cg->unit)) < 0 ||
			      json_object_set_new(v, "manager", json_string(cg->user_unit ? "user" : "system")) < 0)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static int read_dirs(struct arena *a, const json_t *dirs, struct cgroup *cg, struct err *e)
{
	struct cgroup_dir *v = arena_array(a, json_array_size(dirs), sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "cgroup: out of memory");
	for (cg->n = 0; cg->n < json_array_size(dirs); cg->n++) {
		const json_t *d = json_array_get(dirs, cg->n);
		const char *controllers = json_string_value(json_object_get(d, "controllers"));
		const char *path = json_string_value(json_object_get(d, "path"));

		if (!controllers || !path || *path != '/' || strlen(path) > PATH_MAX - 64 ||
		    strstr(path, "/../"))
			return err_set(e, EINVAL,
				       "cgroup.dirs[%zu]: needs controllers and an absolute path",
				       cg->n);
		v[cg->n].controllers = arena_strdup(a, controllers);
		v[cg->n].path = arena_strdup(a, path);
		if (!v[cg->n].controllers || !v[cg->n].path)
			return err_set(e, ENOMEM, "cgroup: out of memory");
	}
	cg->v = v;
	return 0;
}

static int read_unit(struct arena *a, const json_t *v, struct cgroup *cg, struct err *e)
{
	const char *unit = json_string_value(json_object_get(v, "unit"));
	const char *manager = json_string_value(json_object_get(v, "manager"));

	if (!unit)
		return 0;
	cg->user_unit = str_eq(manager, "user");
	if (!*unit || (!cg->user_unit && !str_eq(manager, "system")))
		return err_set(e, EINVAL, "cgroup.manager: must be system or user");
	cg->unit = arena_strdup(a, unit);
	return cg->unit ? 0 : err_set(e, ENOMEM, "cgroup: out of memory");
}

int cgroup_from_json(struct arena *a, const json_t *v, struct cgroup *out, struct err *e)
{
	struct cgroup cg = { 0 };
	const char *mode = json_string_value(json_object_get(v, "mode"));
	const char *name = json_string_value(json_object_get(v, "name"));
	const json_t *dirs = json_object_get(v, "dirs");
	size_t i = 0;

	while (mode && i < N_ELEMENTS(mode_names) && strcmp(mode, mode_names[i]) != 0)
		i++;
	if (!mode || i == N_ELEMENTS(mode_names) || !name || !json_is_array(dirs) ||
	    json_array_size(dirs) > CGROUP_MAX_DIRS)
		return err_set(e, EINVAL, "cgroup: not a stored cgroup");
	cg.mode = (enum cgroup_mode)i;
	cg.rootless = json_is_true(json_object_get(v, "rootless"));
	cg.name = arena_strdup(a, name);
	if (!cg.name)
		return err_set(e, ENOMEM, "cgroup: out of memory");
	int r = read_dirs(a, dirs, &cg, e);
	if (r == 0)
		r = read_unit(a, v, &cg, e);
	if (r < 0)
		return r;
	*out = cg;
	return 0;
}
