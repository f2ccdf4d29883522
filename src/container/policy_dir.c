/* SPDX-License-Identifier: Apache-2.0 */
#include "container/policy_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "container/trusted.h"

/* What is too long for a path, or relative, is kept as it is for the refusal. An environment that somebody with fewer rights has made
 * is not looked at (secure_getenv). */
static void find_callers(char *out, size_t size)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");

	if (getuid() == 0 || geteuid() == 0)
		return;
	if (config && config[0])
		(void)snprintf(out, size, "%s/caisson", config); /* cut, it is not there */
	else if (home && home[0] == '/')
		(void)snprintf(out, size, "%s/.config/caisson", home); /* the same */
}

void policy_dir_init(struct policy_dir *d)
{
	*d = (struct policy_dir){ .etc = CAISSON_SYSCONFDIR, .share = CAISSON_PKGDATADIR };
	find_callers(d->caller, sizeof(d->caller));
}

static const char *root_of(const struct policy_dir *d, enum policy_place place)
{
	return place == POLICY_CALLER ? d->caller : place == POLICY_OPERATOR ? d->etc : d->share;
}

/* Where a package puts its releases beside each other, a link says which one is in use. */
static struct trust trust_of(const struct policy_dir *d, enum policy_place place)
{
	return (struct trust){ .what = "policy is read from", .any_owner = d->any_owner, .links = place == POLICY_SHIPPED, .own = place == POLICY_CALLER };
}

/* ---- files ---- */

static int read_into(int fd, const char *path, struct arena *a, struct policy_file *out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int err = fd_read_all(fd, POLICY_FILE_MAX, &text, &len, e);

	if (err == -EFBIG)
		return err_set(e, EFBIG, "%s: is larger than 1 MiB", path);
	if (err < 0)
		return err_wrap(e, "%s", path);
	*out = (struct policy_file){ arena_strdup(a, path), arena_memdup(a, text, len), len };
	return out->path && out->text ? 0 : err_set(e, ENOMEM, "%s: out of memory", path);
}

static int read_at(const struct policy_dir *d, enum policy_place place, int dir, const char *name, const char *path, struct arena *a,
		   struct policy_file *out, struct err *e)
{
	const struct trust t = trust_of(d, place);
	auto_fd int fd = -1;
	int err = trusted_open_file(&t, dir, name, path, &fd, e);

	return err < 0 ? err : read_into(fd, path, a, out, e);
}

static int read_file(const struct policy_dir *d, enum policy_place place, const char *dir_path, const char *name, struct arena *a,
		     struct policy_file *out, struct err *e)
{
	auto_str path = { 0 };
	const struct trust t = trust_of(d, place);
	auto_fd int dir = -1;
	int err = trusted_open_dir(&t, dir_path, &dir, e);

	str_addf(&path, "%s/%s", dir_path, name);
	if (path.failed)
		return err_set(e, ENOMEM, "%s: out of memory", name);
	return err < 0 ? err : read_at(d, place, dir, name, path.s, a, out, e);
}

/* What it costs not to have a policy: this one call. */
static bool is_missing(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	auto_fd int fd = sys_openat2(AT_FDCWD, path, &how);

	return fd < 0 && errno == ENOENT;
}

/* Links on the way to nothing are no matter of ours, nor is what the caller may not see: only what is there must be reached without
 * any. */
static bool is_callers_missing(const struct policy_dir *d)
{
	struct stat st;

	return !d->caller[0] || (d->caller[0] == '/' && lstat(d->caller, &st) < 0);
}

static int check_callers(const struct policy_dir *d, struct err *e)
{
	if (is_callers_missing(d))
		return -ENOENT;
	return d->caller[0] == '/' ? 0 : err_set(e, EINVAL, "XDG_CONFIG_HOME: \"%.256s\" is not an absolute path", secure_getenv("XDG_CONFIG_HOME"));
}

static int dir_config(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e)
{
	const struct policy_dir *d = ctx;
	int err = place == POLICY_CALLER ? check_callers(d, e) : 0;
	auto_str path = { 0 };

	if (err < 0)
		return err;
	str_addf(&path, "%s/caisson.json", root_of(d, place));
	if (path.failed)
		return err_set(e, ENOMEM, "caisson.json: out of memory");
	return is_missing(path.s) ? -ENOENT : read_file(d, place, root_of(d, place), "caisson.json", a, out, e);
}

/* -ENOENT where the caller has no place. */
static int profiles_path(const struct policy_dir *d, enum policy_place place, const char *below, struct str *out, struct err *e)
{
	int err = place == POLICY_CALLER ? check_callers(d, e) : 0;

	if (err < 0)
		return err;
	str_addf(out, "%s/profiles%s", root_of(d, place), below);
	return out->failed ? err_set(e, ENOMEM, "profiles: out of memory") : 0;
}

static int dir_profile(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out,
		       struct err *e)
{
	const struct policy_dir *d = ctx;
	auto_str path = { 0 }, file = { 0 };
	int err = profiles_path(d, place, "", &path, e);

	str_addf(&file, "%s.json", name);
	if (err == 0 && file.failed)
		err = err_set(e, ENOMEM, "%s: out of memory", name);
	return err < 0 ? err : read_file(d, place, path.s, file.s, a, out, e);
}

/* ---- lists ---- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_json(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && name[0] != '.' && str_eq(name + n - 5, ".json");
}

static int list_dir(const struct policy_dir *d, enum policy_place place, const char *path, struct arena *a, struct strings *out, struct err *e)
{
	const char **names = arena_array(a, POLICY_DROP_INS_MAX + 1, sizeof(*names));
	const struct trust t = trust_of(d, place);
	auto_fd int dir = -1;
	const struct dirent *entry;
	size_t n = 0;
	DIR *stream;
	int fd, err;

	*out = (struct strings){ 0 };
	err = trusted_open_dir(&t, path, &dir, e);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		err = err_sys(e, "%s", path);
		fd_close(&fd);
		return err;
	}
	while (err == 0 && names && (entry = readdir(stream)) != NULL) {
		if (!is_json(entry->d_name))
			continue;
		if (n == POLICY_DROP_INS_MAX)
			err = err_set(e, E2BIG, "%s: has more than %d files", path, POLICY_DROP_INS_MAX);
		else
			names[n++] = arena_strdup(a, entry->d_name);
		if (err == 0 && !names[n - 1])
			err = err_set(e, ENOMEM, "%s: out of memory", path);
	}
	(void)closedir(stream); /* of a directory that was only read */
	if (!names)
		return err_set(e, ENOMEM, "%s: out of memory", path);
	if (err < 0)
		return err;
	qsort(names, n, sizeof(*names), by_bytes);
	*out = (struct strings){ n, names };
	return 0;
}

static int dir_drop_ins(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out,
			struct err *e)
{
	const struct policy_dir *d = ctx;
	struct policy_file *files;
	struct strings names;
	auto_str path = { 0 }, below = { 0 };
	int err;

	str_addf(&below, "/%s.d", name);
	if (below.failed)
		return err_set(e, ENOMEM, "%s: out of memory", name);
	err = profiles_path(d, place, below.s, &path, e);
	if (err == 0)
		err = list_dir(d, place, path.s, a, &names, e);
	*out = (struct policy_file_list){ 0 };
	if (err < 0)
		return err == -ENOENT ? 0 : err_wrap(e, "policy");
	files = arena_array(a, names.n + 1, sizeof(*files));
	if (!files)
		return err_set(e, ENOMEM, "%s: out of memory", name);
	for (size_t i = 0; i < names.n; i++) {
		err = read_file(d, place, path.s, names.v[i], a, &files[i], e);
		if (err == -ENOENT)
			err = err_set(e, ENOENT, "%s/%s: went away while it was read", path.s, names.v[i]);
		if (err < 0)
			return err_wrap(e, "policy");
	}
	*out = (struct policy_file_list){ names.n, files };
	return 0;
}

void policy_dir_files(const struct policy_dir *d, struct policy_files *out)
{
	union { const struct policy_dir *in; void *out; } ctx = { .in = d }; /* the functions below take it back as const */

	*out = (struct policy_files){ .ctx = ctx.out, .config = dir_config, .profile = dir_profile, .drop_ins = dir_drop_ins };
}

int policy_dir_read_any(const char *path, struct arena *a, struct policy_file *out, struct err *e)
{
	const struct policy_dir any = { .any_owner = true };
	int err = read_at(&any, POLICY_OPERATOR, AT_FDCWD, path, path, a, out, e);

	return err == -ENOENT ? err_code(e, ENOENT, "%s", path) : err;
}

int policy_dir_list(const struct policy_dir *d, enum policy_place place, struct arena *a, struct strings *out, struct err *e)
{
	auto_str path = { 0 };
	const char **names;
	int err = profiles_path(d, place, "", &path, e);

	if (err == 0)
		err = list_dir(d, place, path.s, a, out, e);
	if (err == -ENOENT)
		*out = (struct strings){ 0 };
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	names = arena_array(a, out->n + 1, sizeof(*names));
	if (!names)
		return err_set(e, ENOMEM, "%s: out of memory", path.s);
	for (size_t i = 0; i < out->n; i++) {
		names[i] = arena_memdup(a, out->v[i], strlen(out->v[i]) - strlen(".json"));
		if (!names[i])
			return err_set(e, ENOMEM, "%s: out of memory", path.s);
	}
	out->v = names;
	return 0;
}
