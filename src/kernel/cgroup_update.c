/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing limits, with a way back: an update of a running container that fails half-way restores
 * what was there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

/* Files with a line for each device: what to write for a device that had no line. */
static const struct { const char *prefix, *nothing; } keyed_files[] = {
	{ "io.max",               "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight",            "default"                               },
	{ "io.bfq.weight",        "default"                               },
	{ "blkio.",               "0"                                     },
	{ "rdma.max",             "hca_handle=max hca_object=max"         },
	{ "net_prio.ifpriomap",   "0"                                     },
};

static const char *nothing_for(const char *file)
{
	for (size_t i = 0; i < N_ELEMENTS(keyed_files); i++) {
		if (str_starts(file, keyed_files[i].prefix))
			return keyed_files[i].nothing;
	}
	return NULL;
}

/* The old value of what `value` is about to replace, in the form the file takes. NULL: no memory or
 * nothing to restore. */
static char *old_value(const char *file, const char *value, char *old)
{
	size_t key = strcspn(value, " ");
	const char *nothing = nothing_for(file);
	char *text = NULL;

	if (!nothing || !value[key]) {
		/* "default 100" and one line for each device follow: the first is the one that is
		 * about to change. */
		old[strcspn(old, "\n")] = '\0';
		return strdup(old);
	}
	for (const char *p = old; *p;) {
		size_t n = strcspn(p, "\n");

		if (n > key && strncmp(p, value, key) == 0 && p[key] == ' ')
			return strndup(p, n);
		p += n + (p[n] == '\n');
	}
	if (asprintf(&text, "%.*s %s", (int)key, value, nothing) < 0)
		return NULL;
	return text;
}

static int remember(struct cgroup_job *j, const char *path, const char *file, const char *value)
{
	char old[CGROUP_VALUE_MAX];
	ssize_t n = fd_read_small(AT_FDCWD, path, old, sizeof(old));

	if (n < 0)
		return n == -ENOENT ? -ENOENT : 0; /* write-only: nothing to restore */
	if (j->n == j->size) {
		size_t size = j->size ? j->size * 2 : 16;
		struct cgroup_undo *u = reallocarray(j->undo, size, sizeof(*u));

		if (!u)
			return -ENOMEM;
		j->undo = u;
		j->size = size;
	}
	struct cgroup_undo u = { .dir_file = strdup(path), .value = old_value(file, value, old) };
	if (!u.dir_file || !u.value) {
		free(u.dir_file);
		free(u.value);
		return -ENOMEM;
	}
	j->undo[j->n++] = u;
	return 0;
}

int cgroup_put(struct cgroup_job *j, const char *dir, const char *file, const char *value)
{
	char path[PATH_MAX];

	if (j->note)
		return j->note(j->ctx, dir, file, value);
	if (!j->update && fault_skip("cgroup %s", file))
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (j->update) {
		size_t before = j->n;
		int r = remember(j, path, file, value);

		if (r < 0)
			return r;
		r = fd_write_to(AT_FDCWD, path, value);
		if (r < 0 && j->n > before) { /* nothing changed: nothing to take back */
			j->n--;
			free(j->undo[j->n].dir_file);
			free(j->undo[j->n].value);
		}
		return r;
	}
	return fd_write_to(AT_FDCWD, path, value);
}

size_t cgroup_job_rollback(struct cgroup_job *j)
{
	size_t failed = 0;

	for (size_t i = j->n; i-- > 0;)
		failed += fd_write_to(AT_FDCWD, j->undo[i].dir_file, j->undo[i].value) < 0;
	return failed;
}

void cgroup_job_done(struct cgroup_job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		free(j->undo[i].dir_file);
		free(j->undo[i].value);
	}
	free(j->undo);
	j->undo = NULL;
	j->n = j->size = 0;
}

/* ---- errors ---- */

static const struct { int code; const char *hint;
} hints[] = {
	{ ENOENT, "this kernel, or this cgroup, has no such file" },
	{ EINVAL, "the kernel does not take this value here" },
	{ EBUSY, "in use: for memory, more is in use than the new limit" },
	{ ERANGE, "out of the range that the kernel takes" },
	{ EOPNOTSUPP, "not supported by this kernel any longer" },
	{ 524, "not supported by this kernel any longer" },
	{ ENODEV, "no such block device, or its driver does not take this limit" },
	{ EACCES,
	  "the caller may not write it: run as root, or in a cgroup delegated to this user" },
	{ EPERM,
	  "the caller may not write it: run as root, or in a cgroup delegated to this user" },
};

int cgroup_refused(int rc, const char *property, const char *dir, const char *file,
		   const char *value, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(hints); i++) {
		if (hints[i].code == -rc)
			return err_set(e, -rc == 524 ? EOPNOTSUPP : -rc,
				       "%s: write '%s' to %s/%s: %s (%s)", property, value, dir,
				       file, -rc == 524 ? "Operation not supported" : strerror(-rc),
				       hints[i].hint);
	}
	return err_code(e, -rc, "%s: write '%s' to %s/%s", property, value, dir, file);
}

int cgroup_no_controller(const struct cgroup *cg, const char *property, const char *controller,
			 struct err *e)
{
	return err_set(e, ENOENT, "%s: the %s controller is not mounted on this host (cgroup %s)",
		       property, controller, cg->mode == CGROUP_V2 ? "v2" : "v1");
}

int cgroup_set(struct cgroup_job *j, const char *property, const char *dir, const char *file,
	       const char *value, struct err *e)
{
	int r = cgroup_put(j, dir, file, value);

	return r < 0 ? cgroup_refused(r, property, dir, file, value, e) : 0;
}

int cgroup_set_i64(struct cgroup_job *j, const char *property, const char *dir, const char *file,
		   int64_t v, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	return cgroup_set(j, property, dir, file, text, e);
}

int cgroup_set_u64(struct cgroup_job *j, const char *property, const char *dir, const char *file,
		   uint64_t v, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	return cgroup_set(j, property, dir, file, text, e);
}

/* ---- reading ---- */

bool cgroup_file_exists(const char *dir, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

static int number(const char *s, uint64_t *out)
{
	char *end;

	if (str_eq(s, "max")) {
		*out = UINT64_MAX;
		return 0;
	}
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno || end == s || *end ? -EINVAL : 0;
}

int cgroup_get_u64(const char *dir, const char *file, uint64_t *out)
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	ssize_t n = fd_read_small(AT_FDCWD, path, text, sizeof(text));

	return n < 0 ? (int)n : number(text, out);
}

int cgroup_get_key(const char *dir, const char *file, const char *key, uint64_t *out)
{
	char path[PATH_MAX], text[CGROUP_VALUE_MAX], word[32];
	size_t len = strlen(key);

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	ssize_t n = fd_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	for (const char *p = text; *p;) {
		size_t line = strcspn(p, "\n");

		if (line > len && strncmp(p, key, len) == 0 && p[len] == ' ') {
			snprintf(word, sizeof(word), "%.*s", (int)(line - len - 1), p + len + 1);
			return number(word, out);
		}
		p += line + (p[line] == '\n');
	}
	return -ENOENT;
}
