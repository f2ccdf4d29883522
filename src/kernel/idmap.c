/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/wait.h"

enum { HELPER_DEADLINE_MS = 30 * 1000, HELPER_MAX_ENTRIES = 340 }; /* UID_GID_MAP_MAX_EXTENTS, Linux 4.15 */

static int map_text(const struct id_maps *m, struct str *out)
{
	for (size_t i = 0; i < m->n; i++)
		str_addf(out, "%u %u %u\n", m->v[i].container, m->v[i].host, m->v[i].size);
	return out->failed ? -ENOMEM : 0;
}

/* newuidmap PID container host size ... */
static int run_helper(const char *program, pid_t pid, const struct id_maps *m, struct err *e)
{
	static char *const no_env[] = { NULL };
	char words[3 * HELPER_MAX_ENTRIES][16], pid_word[16];
	char *argv[3 * HELPER_MAX_ENTRIES + 3], path[64];
	size_t n = 0;
	pid_t helper;
	siginfo_t info;

	if (m->n > HELPER_MAX_ENTRIES)
		return err_set(e, E2BIG, "%s: more than %d mappings", program, HELPER_MAX_ENTRIES);
	snprintf(path, sizeof(path), "/usr/bin/%s", program);
	snprintf(pid_word, sizeof(pid_word), "%d", (int)pid);
	argv[n++] = path;
	argv[n++] = pid_word;
	for (size_t i = 0; i < m->n; i++) {
		const uint32_t id[3] = { m->v[i].container, m->v[i].host, m->v[i].size };
		for (size_t k = 0; k < 3; k++) {
			char *w = words[3 * i + k];
			snprintf(w, sizeof(words[0]), "%u", id[k]);
			argv[n++] = w;
		}
	}
	argv[n] = NULL;
	int r = posix_spawn(&helper, path, NULL, NULL, argv, no_env);
	if (r)
		return err_code(e, r, "run %s (package uidmap): these id mappings need it", path);
	auto_fd int pidfd = sys_pidfd_open(helper, 0);
	if (pidfd < 0)
		return err_sys(e, "watch %s", path);
	r = wait_reap(pidfd, helper, HELPER_DEADLINE_MS, &info, e);
	if (r < 0) {
		(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* ended meanwhile: as good */
		return err_wrap(e, "%s", path);
	}
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		return err_set(e, EPERM, "%s refused the mapping: see /etc/subuid and /etc/subgid", path);
	return 0;
}

static int write_map(pid_t pid, const char *file, const char *helper, const struct id_maps *m, struct err *e)
{
	char path[64];
	auto_str text = { 0 };

	if (map_text(m, &text) < 0)
		return err_code(e, ENOMEM, "%s", file);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int r = fd_write_to(AT_FDCWD, path, text.s);
	if (r == 0)
		return 0;
	if (r == -EPERM && geteuid() != 0)
		return run_helper(helper, pid, m, e);
	return err_code(e, -r, "write %s", path);
}

/* An ordinary user may write a gid_map of its own only after giving setgroups(2) up (user_namespaces(7)). */
static int deny_setgroups(pid_t pid, const struct id_maps *gids, struct err *e)
{
	char path[64];

	if (geteuid() == 0 || gids->n != 1 || gids->v[0].size != 1)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	int r = fd_write_to(AT_FDCWD, path, "deny");
	return r < 0 ? err_code(e, -r, "write %s", path) : 0;
}

int idmap_write(pid_t pid, const struct id_maps *uids, const struct id_maps *gids, struct err *e)
{
	int r = uids->n ? write_map(pid, "uid_map", "newuidmap", uids, e) : 0;

	if (r == 0 && gids->n)
		r = deny_setgroups(pid, gids, e);
	if (r == 0 && gids->n)
		r = write_map(pid, "gid_map", "newgidmap", gids, e);
	return r;
}

int idmap_to_host(const struct id_maps *maps, uint32_t id, uint32_t *out)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct id_map *m = &maps->v[i];
		if (id >= m->container && id - m->container < m->size) {
			*out = m->host + (id - m->container);
			return 0;
		}
	}
	return -EINVAL;
}

/* There only to be looked at from outside; it must not outlive who looks, however that ends. */
static _Noreturn void namespace_holder(pid_t runtime)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != runtime)
		_exit(1);
	for (;;)
		pause();
}

int idmap_namespace(const struct id_maps *uids, const struct id_maps *gids, struct err *e)
{
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD, .exit_signal = SIGCHLD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd };
	const pid_t runtime = getpid();
	long pid = sys_clone3(&args);

	if (pid < 0)
		return err_sys(e, "make a user namespace for an id-mapped mount");
	if (pid == 0)
		namespace_holder(runtime);
	auto_fd int keep = pidfd;
	char path[64];
	int fd = -1;
	int r = idmap_write((pid_t)pid, uids, gids, e);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = err_sys(e, "open %s", path);
	}
	(void)sys_pidfd_send_signal(keep, SIGKILL, NULL, 0); /* it does nothing but wait */
	struct err late = { 0 };
	if (wait_reap(keep, (pid_t)pid, WAIT_END_MS, NULL, &late) < 0 && r == 0) {
		*e = late;
		r = -e->code;
	}
	if (r < 0)
		fd_close(&fd);
	return r < 0 ? r : fd;
}
