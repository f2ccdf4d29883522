/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/trusted.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "image: out of memory");
}

/* A report that is there: read, or why not. */
static int read_report(int fd, struct arena *a, struct image_facts *io, struct err *e)
{
	struct scan *scan = arena_alloc(a, sizeof(*scan));
	auto_free char *bytes = NULL;
	struct err why = { 0 };
	struct stat st;
	size_t len = 0;
	int err;

	if (!scan)
		return no_memory(e);
	err = fstat(fd, &st) < 0 ? err_sys(&why, "stat") : 0;
	if (err == 0 && !S_ISREG(st.st_mode))
		err = err_set(&why, EINVAL, "is not a regular file");
	if (err == 0)
		err = fd_read_all(fd, SCAN_MAX_BYTES, &bytes, &len, &why);
	if (err == 0)
		err = scan_read(a, bytes, len, scan, &why);
	if (err == -ENOMEM)
		return no_memory(e);
	if (err < 0) {
		io->scan_wrong = arena_strdup(a, why.text);
		return io->scan_wrong ? 0 : no_memory(e);
	}
	io->scan = scan;
	io->scan_changed = st.st_mtim.tv_sec;
	return 0;
}

static int say_wrong(struct arena *a, struct image_facts *io, const struct err *why, struct err *e)
{
	io->scan_wrong = arena_strdup(a, why->text);
	return io->scan_wrong ? 0 : no_memory(e);
}

static int read_given(const char *path, struct arena *a, struct image_facts *io, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct err why = { 0 };

	io->scan_from = arena_printf(a, "--scan-report %s", path);
	if (!io->scan_from)
		return no_memory(e);
	if (fd >= 0)
		return read_report(fd, a, io, e);
	(void)err_sys(&why, "open");
	return say_wrong(a, io, &why, e);
}

/* DIR/<64 digits>.json, for each name of the image. */
static int look_into(const char *dir_path, struct arena *a, struct image_facts *io, struct err *e)
{
	static const struct trust t = { .what = "a scan report" };
	struct err why = { 0 };
	auto_fd int dir = -1;
	int err = trusted_open_dir(&t, dir_path, &dir, &why);

	io->scan_from = dir_path;
	if (err == -ENOENT)
		err = err_set(&why, ENOENT, "is not there");
	if (err < 0)
		return say_wrong(a, io, &why, e);
	for (size_t i = 0; !io->scan && !io->scan_wrong && i < io->digests.n; i++) {
		const char *name = arena_printf(a, "%s.json", io->digests.v[i] + strlen("sha256:"));
		const char *path = name ? arena_printf(a, "%s/%s", dir_path, name) : NULL;
		auto_fd int fd = -1;

		if (!path)
			return no_memory(e);
		err = trusted_open_file(&t, dir, name, path, &fd, &why);
		if (err == -ENOENT)
			continue;
		io->scan_from = path;
		err = err < 0 ? say_wrong(a, io, &why, e) : read_report(fd, a, io, e);
		if (err < 0)
			return err;
	}
	return 0;
}

static const char *reports_of(const struct policy_choice *c)
{
	if (!c)
		return NULL;
	if (c->full->image.reports)
		return c->full->image.reports;
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].profile->image.reports)
			return c->parts[i].profile->image.reports;
	return NULL;
}

int image_facts_read(const struct image_ask *ask, struct arena *a, struct image_facts *out, struct err *e)
{
	const char **digests = arena_array(a, 3, sizeof(*digests)), *reports = reports_of(ask->choice);
	struct image_facts facts = { .now = time(NULL) };
	const struct image_config *c = ask->config;
	char digest[72];
	size_t n = 0;
	int err = 0;

	if (!digests)
		return no_memory(e);
	if (c) {
		facts.has_config = true;
		facts.user = c->user;
		facts.healthcheck = c->health.n != 0;
		facts.labels = c->labels;
		if (c->digest)
			digests[n++] = c->digest;
	}
	if (scan_digest_in(ask->name, digest)) {
		digests[n] = arena_strdup(a, digest);
		if (!digests[n++])
			return no_memory(e);
	}
	facts.digests = (struct strings){ n, digests };
	if (ask->scan_report)
		err = read_given(ask->scan_report, a, &facts, e);
	else if (reports && n)
		err = look_into(reports, a, &facts, e);
	if (err == 0)
		*out = facts;
	return err;
}
