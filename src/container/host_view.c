/* SPDX-License-Identifier: Apache-2.0 */
#include "container/host_view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/ns.h"
#include "kernel/sources.h"

static int view_source(void *ctx, const struct plan_sources *s, const char *path, struct err *why)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);

	(void)ctx;
	return fd < 0 ? (int)SOURCE_FINE : sources_judge(s, fd, path, why);
}

static int view_device(void *ctx, const char *path, struct device_rule *out)
{
	struct stat st;

	(void)ctx;
	if (stat(path, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return -ENOENT;
	*out = (struct device_rule){ .allow = true, .type = S_ISCHR(st.st_mode) ? 'c' : 'b', .major = major(st.st_rdev),
				     .minor = minor(st.st_rdev), .r = true, .w = true, .m = true };
	return 0;
}

static bool view_own_namespace(void *ctx, enum ns_kind kind, const char *path)
{
	struct stat own, other;
	char link[64];

	(void)ctx;
	(void)snprintf(link, sizeof(link), "/proc/self/ns/%s", ns_proc_name(kind)); /* always fits */
	return stat(link, &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static int view_real_path(void *ctx, struct arena *a, const char *path, const char **out)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	char link[48], at[PATH_MAX];
	const char *copy;

	(void)ctx;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* always fits */
	ssize_t n = fd < 0 ? -1 : readlink(link, at, sizeof(at) - 1);
	if (n <= 0 || at[0] != '/')
		return 0;
	at[n] = '\0';
	copy = arena_strdup(a, at);
	if (!copy)
		return -ENOMEM;
	*out = copy;
	return 0;
}

const struct host_view host_view_real = {
	.source = view_source, .device = view_device, .own_namespace = view_own_namespace, .real_path = view_real_path,
};
