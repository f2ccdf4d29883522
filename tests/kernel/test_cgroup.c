/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups of this machine: made, joined, limited, frozen, killed, removed. Needs root and
 * mounted cgroups. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "kernel/cgroup_internal.h"

struct place {
	struct arena a;
	struct cgroup cg;
	struct resources r;
	struct err e;
	char asked[64];
};

static void place_open(struct place *p, const char *what)
{
	*p = (struct place){ 0 };
	if (geteuid() != 0 || cgroup_detect() == CGROUP_NONE)
		cr_skip_test("needs root and mounted cgroups");
	snprintf(p->asked, sizeof(p->asked), "/caisson-test-%s-%d", what, (int)getpid());
	cr_assert_eq(cgroup_locate(&p->a, p->asked, "id", &p->cg, &p->e), 0, "%s", p->e.text);
	cr_assert_gt(p->cg.n, 0);
}

static void place_make(struct place *p)
{
	cr_assert_eq(cgroup_make(&p->cg, &p->r, false, &p->e), 0, "%s", p->e.text);
}

static void place_limit(struct place *p)
{
	cr_assert_eq(cgroup_limit(&p->cg, &p->r, false, &p->e), 0, "%s", p->e.text);
}

static size_t place_left(const struct place *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->cg.n; i++)
		n += access(p->cg.v[i].path, F_OK) == 0;
	return n;
}

static void place_clear(struct place *p)
{
	cr_expect_eq(cgroup_kill(&p->cg, &p->e), 0, "%s", p->e.text);
	cr_expect_eq(cgroup_remove(&p->cg, &p->e), 0, "%s", p->e.text);
	cr_expect_eq(place_left(p), 0, "directories are left");
}

static void place_close(struct place *p)
{
	place_clear(p);
	arena_done(&p->a);
}

/* A process in the cgroup, joined as a launch joins: born in the cgroup2 directory, then "0" into
 * each tasks file. */
static pid_t place_fork(struct place *p, int (*body)(void *), void *arg)
{
	int tasks[CGROUP_MAX_DIRS], n = cgroup_open_tasks(&p->cg, tasks, &p->e),
				    dir = cgroup_open_dir(&p->cg, &p->e);
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid;

	cr_assert_geq(n, 0, "%s", p->e.text);
	if (dir >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)dir;
	}
	pid = (pid_t)sys_clone3(&args);
	if (pid == 0) {
		for (int i = 0; i < n; i++) {
			if (fd_write_all(tasks[i], "0", 1) < 0)
				_exit(99);
		}
		_exit(body(arg));
	}
	cr_assert_gt(pid, 0, "clone3: %s", strerror(errno));
	while (n > 0)
		fd_close(&tasks[--n]);
	fd_close(&dir);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int sleeps(void *unused)
{
	(void)unused;
	while (pause() < 0)
		;
	return 0;
}

static int exits(void *unused)
{
	(void)unused;
	return 7;
}

static const char *read_in(const struct place *p, const char *controller, const char *file,
			   char out[256])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", cgroup_dir_of(&p->cg, controller), file);
	if (fd_read_small(AT_FDCWD, path, out, 256) < 0)
		snprintf(out, 256, "(none)");
	return out;
}

Test(cgroup_kernel, a_process_joins_every_hierarchy)
{
	struct place p;
	char path[64], text[4096];

	place_open(&p, "join");
	place_make(&p);
	place_limit(&p);
	pid_t pid = place_fork(&p, sleeps, NULL);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	for (int tries = 0; tries < 200; tries++) {
		size_t hits = 0;

		fd_read_small(AT_FDCWD, path, text, sizeof(text));
		for (const char *s = text; (s = strstr(s, p.asked)); s++)
			hits++;
		if (hits == p.cg.n)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		cr_expect_lt(tries, 199, "joined %zu of %zu:\n%s", hits, p.cg.n, text);
	}
	pid_t *v;
	cr_expect_eq(cgroup_pids(&p.cg, &v, &p.e), 1);
	cr_expect_eq(v[0], pid);
	free(v);
	cr_expect_eq(cgroup_kill(&p.cg, &p.e), 0);
	cr_expect_eq(wait_for(pid), 128 + SIGKILL);
	place_close(&p);
}

Test(cgroup_kernel, parents_that_were_made_are_taken_back_when_making_fails)
{
	struct place p;

	place_open(&p, "fail");
	snprintf(p.asked, sizeof(p.asked), "/caisson-test-fail-%d/a/b", (int)getpid());
	cr_assert_eq(cgroup_locate(&p.a, p.asked, "id", &p.cg, &p.e), 0);
	struct cgroup_dir *v = arena_array(&p.a, p.cg.n + 1, sizeof(*v));
	memcpy(v, p.cg.v, p.cg.n * sizeof(*v));
	v[p.cg.n] = (struct cgroup_dir){ "none", "/proc/self/nowhere/x" };
	p.cg.v = v;
	p.cg.n++;
	cr_expect_lt(cgroup_make(&p.cg, &p.r, false, &p.e), 0);
	p.cg.n--;
	cr_expect_eq(place_left(&p), 0);
	*strchr(p.asked + 1, '/') = '\0';
	cr_assert_eq(cgroup_locate(&p.a, p.asked, "id", &p.cg, &p.e), 0);
	cr_expect_eq(place_left(&p), 0, "a parent is left");
	arena_done(&p.a);
}

Test(cgroup_kernel, a_cgroup_in_use_is_refused)
{
	struct place p;

	place_open(&p, "used");
	place_make(&p);
	place_make(&p); /* empty: taken */
	pid_t pid = place_fork(&p, sleeps, NULL);
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	cr_expect_eq(cgroup_make(&p.cg, &p.r, false, &p.e), -EBUSY);
	cr_expect(strstr(p.e.text, "cgroup is not empty"), "said: %s", p.e.text);
	cr_expect_eq(place_left(&p), p.cg.n, "what is in use was removed");
	kill(pid, SIGKILL);
	wait_for(pid);
	place_close(&p);
}

Test(cgroup_kernel, frozen_processes_are_killed_and_thawed)
{
	struct place p;

	place_open(&p, "freeze");
	place_make(&p);
	pid_t pid = place_fork(&p, sleeps, NULL);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	cr_expect(!cgroup_is_frozen(&p.cg));
	cr_expect_eq(cgroup_freeze(&p.cg, &p.e), 0, "%s", p.e.text);
	cr_expect(cgroup_is_frozen(&p.cg));
	cr_expect_eq(cgroup_thaw(&p.cg, &p.e), 0, "%s", p.e.text);
	cr_expect(!cgroup_is_frozen(&p.cg));
	cr_expect_eq(cgroup_freeze(&p.cg, &p.e), 0, "%s", p.e.text);
	cr_expect_eq(cgroup_kill(&p.cg, &p.e), 0, "%s", p.e.text);
	cr_expect_eq(wait_for(pid), 128 + SIGKILL);
	place_close(&p);
}

/* A process that is on its way out has left its cgroup already. */
static bool has_vanished(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		if (kill(pid, 0) < 0)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

Test(cgroup_kernel, rounds_of_kill_end_a_tree_without_cgroup_kill)
{
	struct place p;
	struct cgroup v1;
	pid_t pids[20];

	place_open(&p, "rounds");
	if (p.cg.mode == CGROUP_V2)
		cr_skip_test("for cgroup v1");
	place_make(&p);
	for (size_t i = 0; i < 20; i++)
		pids[i] = place_fork(&p, sleeps, NULL);
	v1 = p.cg;
	v1.mode = CGROUP_V1;
	v1.n -= cgroup_unified_dir(&p.cg) != NULL; /* the last one */
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	signal(SIGCHLD, SIG_IGN); /* nobody waits: they vanish */
	cr_expect_eq(cgroup_kill(&v1, &p.e), 0, "%s", p.e.text);
	for (size_t i = 0; i < 20; i++)
		cr_expect(has_vanished(pids[i]), "%d", (int)pids[i]);
	place_close(&p);
}

Test(cgroup_kernel, children_made_inside_are_removed_however_deep)
{
	struct place p;
	char path[PATH_MAX];

	place_open(&p, "deep");
	place_make(&p);
	for (size_t i = 0; i < p.cg.n; i++) {
		int n = snprintf(path, sizeof(path), "%s", p.cg.v[i].path);
		for (int depth = 0; depth < 30; depth++) {
			n += snprintf(path + n, sizeof(path) - (size_t)n, "/d");
			cr_assert_eq(mkdir(path, 0755), 0, "%s: %s", path, strerror(errno));
		}
		snprintf(path, sizeof(path), "%s/d/second", p.cg.v[i].path);
		cr_assert_eq(mkdir(path, 0755), 0);
	}
	place_close(&p);
}

Test(cgroup_kernel, limits_arrive_and_updates_move_both_ways)
{
	struct place p;
	char text[256];

	place_open(&p, "limits");
	if (p.cg.mode == CGROUP_V2 || !cgroup_dir_of(&p.cg, "memory"))
		cr_skip_test("for cgroup v1 with a memory controller");
	p.r.memory.limit = (struct opt_i64){ true, 64 << 20 };
	p.r.memory.swap = (struct opt_i64){ true, 96 << 20 };
	p.r.pids_limit = (struct opt_i64){ true, 50 };
	p.r.cpu.shares = (struct opt_u64){ true, 512 };
	p.r.cpu.quota = (struct opt_i64){ true, 50000 };
	p.r.cpu.period = (struct opt_u64){ true, 100000 };
	p.r.cpu.burst = (struct opt_u64){ true, 20000 };
	p.r.cpu.cpus = "0";
	place_make(&p);
	place_limit(&p);
	cr_expect_str_eq(read_in(&p, "memory", "memory.limit_in_bytes", text), "67108864");
	cr_expect_str_eq(read_in(&p, "memory", "memory.memsw.limit_in_bytes", text), "100663296");
	cr_expect_str_eq(read_in(&p, "pids", "pids.max", text), "50");
	cr_expect_str_eq(read_in(&p, "cpu", "cpu.shares", text), "512");
	cr_expect_str_eq(read_in(&p, "cpu", "cpu.cfs_quota_us", text), "50000");
	cr_expect_str_eq(read_in(&p, "cpu", "cpu.cfs_burst_us", text), "20000");
	cr_expect_str_eq(read_in(&p, "cpuset", "cpuset.cpus", text), "0");
	cr_expect_str_neq(read_in(&p, "cpuset", "cpuset.mems", text), "");

	struct resources up = { 0 };
	up.memory.limit = (struct opt_i64){ true, 128 << 20 };	/* above the old sum */
	up.memory.swap = (struct opt_i64){ true, 192 << 20 };
	up.cpu.quota = (struct opt_i64){ true, 10000 };		/* below the old burst */
	up.cpu.burst = (struct opt_u64){ true, 5000 };
	cr_expect_eq(cgroup_limit(&p.cg, &up, true, &p.e), 0, "%s", p.e.text);
	cr_expect_str_eq(read_in(&p, "memory", "memory.memsw.limit_in_bytes", text), "201326592");
	cr_expect_str_eq(read_in(&p, "cpu", "cpu.cfs_burst_us", text), "5000");
	up.memory.limit.v = 32 << 20;				/* and down, below both */
	up.memory.swap.v = 48 << 20;
	up.cpu.quota.v = 90000;
	up.cpu.burst.v = 80000;
	cr_expect_eq(cgroup_limit(&p.cg, &up, true, &p.e), 0, "%s", p.e.text);
	cr_expect_str_eq(read_in(&p, "memory", "memory.limit_in_bytes", text), "33554432");
	cr_expect_str_eq(read_in(&p, "cpu", "cpu.cfs_burst_us", text), "80000");

	struct resources bad = { 0 };
	bad.memory.limit = (struct opt_i64){ true, 40 << 20 };
	bad.pids_limit = (struct opt_i64){ true, 70 };
	bad.cpu.cpus = "0-1";
	bad.cpu.mems = "4000";
	cr_expect_lt(cgroup_limit(&p.cg, &bad, true, &p.e), 0);
	cr_expect(strstr(p.e.text, "resources.cpu.mems"), "said: %s", p.e.text);
	cr_expect_str_eq(read_in(&p, "cpuset", "cpuset.cpus", text), "0",
			 "an earlier value was not restored: %s", text);
	cr_expect_str_eq(read_in(&p, "memory", "memory.limit_in_bytes", text), "33554432");
	up.memory.limit.v = 4096;
	pid_t pid = place_fork(&p, exits, NULL);
	cr_expect_eq(wait_for(pid), 7);
	place_close(&p);
}

struct device_try { const char *path; dev_t dev; };

/* Is making or opening the node refused? 0 = both allowed, 1 = open refused, 2 = mknod refused. */
static int tries_device(void *arg)
{
	const struct device_try *t = arg;

	if (mknod(t->path, S_IFCHR | 0600, t->dev) < 0)
		return 2;
	int fd = open(t->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 && errno == EPERM ? 1 : 0;

	fd_close(&fd);
	unlink(t->path);
	return r;
}

static void expect_devices(struct place *p)
{
	static const struct {
		dev_t dev;
		int want;
	} cases[] = { { 0x103, 0 }, { 0x101, 1 }, { 0x10b, 1 }, { 0xac8, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_try t = { "/tmp/caisson-test-node", cases[i].dev };

		unlink(t.path);
		int got = wait_for(place_fork(p, tries_device, &t));
		cr_expect_eq(got, cases[i].want, "device %lx: %d", (unsigned long)t.dev, got);
		unlink(t.path);
	}
}

Test(cgroup_kernel, devices_are_closed_but_for_the_defaults)
{
	struct place p;

	place_open(&p, "dev");
	place_make(&p);
	place_limit(&p);
	expect_devices(&p);
	place_close(&p);
}

Test(cgroup_kernel, the_device_program_is_taken_and_obeyed)
{
	struct place p;
	struct cgroup_dir dir;

	place_open(&p, "bpf");
	if (!cgroup_unified_dir(&p.cg))
		cr_skip_test("no cgroup2 tree");
	dir = (struct cgroup_dir){ "", cgroup_unified_dir(&p.cg) };
	p.cg.mode = CGROUP_V2;
	p.cg.v = &dir;
	p.cg.n = 1;
	place_make(&p);
	place_limit(&p);
	expect_devices(&p);
	place_close(&p);
}

Test(cgroup_kernel, stats_have_every_part)
{
	static const char *const parts[] = {
		"cpu",   "cpuset",  "memory",    "pids",
		"blkio", "hugetlb", "intel_rdt", "network_interfaces",
	};
	struct place p;

	place_open(&p, "stats");
	place_make(&p);
	pid_t pid = place_fork(&p, sleeps, NULL);
	json_t *s = NULL;
	for (int tries = 0; tries < 200; tries++) { /* until the child has moved in */
		json_decref(s);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		s = cgroup_stats(&p.cg, &p.e);
		cr_assert(s, "%s", p.e.text);
		if (!cgroup_dir_of(&p.cg, "pids") ||
		    json_integer_value(json_object_get(json_object_get(s, "pids"), "current")) == 1)
			break;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_expect(json_object_get(s, parts[i]), "no %s", parts[i]);
	if (cgroup_dir_of(&p.cg, "pids"))
		cr_expect_eq(
			json_integer_value(json_object_get(json_object_get(s, "pids"), "current")),
			1);
	json_decref(s);
	kill(pid, SIGKILL);
	wait_for(pid);
	place_clear(&p);
	cr_expect_null(cgroup_stats(&p.cg, &p.e));
	arena_done(&p.a);
}

static int eats(void *unused)
{
	size_t size = 64 << 20;
	char *m = malloc(size);

	(void)unused;
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	for (size_t i = 0; m && i < size; i += 4096)
		((volatile char *)m)[i] = 1;
	return 0;
}

Test(cgroup_kernel, running_out_of_memory_is_heard)
{
	struct place p;

	place_open(&p, "oom");
	if (!cgroup_dir_of(&p.cg, "memory") || p.cg.mode == CGROUP_V2)
		cr_skip_test("no memory controller");
	p.r.memory.limit = (struct opt_i64){ true, 16 << 20 };
	p.r.memory.swap = (struct opt_i64){ true, 16 << 20 };
	place_make(&p);
	place_limit(&p);
	struct cgroup_watch w = CGROUP_WATCH_INIT;
	cr_assert_eq(cgroup_watch_open(&p.cg, &w, &p.e), 0, "%s", p.e.text);
	cr_expect_eq(cgroup_watch_wait(&w, 10, &p.e), -ETIMEDOUT, "nothing has happened yet");
	pid_t pid = place_fork(&p, eats, NULL);
	cr_expect_eq(wait_for(pid), 128 + SIGKILL);
	cr_expect_eq(cgroup_watch_wait(&w, 10, &p.e), 0, "it came while nobody waited: %s", p.e.text);
	place_clear(&p);
	cr_expect_eq(cgroup_watch_wait(&w, 5000, &p.e), 1, "the cgroup is gone");
	cgroup_watch_close(&w);
	cr_expect_eq(cgroup_watch_open(&p.cg, &w, &p.e), 1, "and has gone for good");
	arena_done(&p.a);
}
