/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/state.h"

static char root[64];

static void make_root(void)
{
	snprintf(root, sizeof(root), "/tmp/caisson-state.XXXXXX");
	cr_assert_not_null(mkdtemp(root));
}

static void drop_root(void)
{
	/* Every test removes what it makes, so that this also proves that nothing was left. */
	cr_expect_eq(rmdir(root), 0, "something is left in %s", root);
}

TestSuite(state, .init = make_root, .fini = drop_root, .timeout = 30);

static const struct { const char *id; bool good; } ids[] = {
	{ "a", true }, { "web-1_2.3+x", true }, { "-a", true }, { ".a", true }, { "", false }, { ".", false }, { "..", false },
	{ "a/b", false }, { "a b", false }, { "a\nb", false }, { "\xc3\xa4", false }, { "a:b", false }, { "../x", false },
};

Test(state, ids_are_strict)
{
	char longest[1026];
	struct err e = { 0 };

	for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
		struct err why = { 0 };

		cr_expect_eq(state_check_id(ids[i].id, &why), ids[i].good ? 0 : -EINVAL, "case %zu", i);
		if (!ids[i].good)
			cr_expect(strstr(why.text, "invalid container ID format"), "case %zu said: %s", i, why.text);
	}
	memset(longest, 'a', sizeof(longest));
	longest[1025] = '\0';
	cr_expect_eq(state_check_id(longest, &e), -EINVAL);
	longest[1024] = '\0';
	cr_expect_eq(state_check_id(longest, &e), 0);
	cr_expect_eq(state_check_id(NULL, &e), -EINVAL);
}

static void remove_dir(struct state_dir *d)
{
	struct err e = { 0 };

	cr_expect_eq(state_dir_remove(d, &e), 0, "%s", e.text);
	state_dir_close(d);
}

static struct state sample(pid_t pid)
{
	static const struct key_value notes[] = { { "org.example.k", "v \"quoted\"" }, { "empty", "" } };
	struct state s = {
		.id = "one", .bundle = "/b", .rootfs = "/b/rootfs", .oci_version = "1.0.2", .pid = pid,
		.created = "2026-01-02T03:04:05.000000001Z", .owner = "", .annotations = { 2, notes },
		.cgroup = { .mode = CGROUP_NONE, .name = "/caisson/one" }, .id_range = "range-1", .keyring = "_ses.one",
		.rdt = { "/sys/fs/resctrl/one", "/sys/fs/resctrl/one/mon_groups/one", true },
	};

	cr_assert_eq(state_start_time(pid, &s.start_time), 0);
	return s;
}

Test(state, what_is_written_is_read_back)
{
	auto_state_dir d = STATE_DIR_INIT;
	auto_arena a = { 0 };
	const struct state *back;
	struct state s = sample(getpid());
	struct err e = { 0 };

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_expect_eq(state_read(&d, &a, &back, &e), -ENODATA, "a half-made container was read");
	cr_assert_eq(state_write(&d, &s, &e), 0, "%s", e.text);
	cr_assert_eq(state_read(&d, &a, &back, &e), 0, "%s", e.text);
	cr_expect_str_eq(back->id, "one");
	cr_expect_str_eq(back->bundle, s.bundle);
	cr_expect_str_eq(back->rootfs, s.rootfs);
	cr_expect_str_eq(back->oci_version, s.oci_version);
	cr_expect_str_eq(back->created, s.created);
	cr_expect_str_eq(back->id_range, s.id_range);
	cr_expect_str_eq(back->keyring, s.keyring);
	cr_expect_str_eq(back->rdt.group, s.rdt.group);
	cr_expect_str_eq(back->rdt.monitor, s.rdt.monitor);
	cr_expect(back->rdt.own);
	cr_expect_eq(back->pid, s.pid);
	cr_expect_eq(back->start_time, s.start_time);
	cr_assert_eq(back->annotations.n, 2);
	cr_expect_str_eq(back->annotations.v[0].value, s.annotations.v[0].value);
	cr_expect_eq(back->cgroup.mode, CGROUP_NONE);
	remove_dir(&d);
}

Test(state, a_spoiled_file_is_refused_with_its_reason)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{\"version\":1", "not a JSON object" },
		{ "{\"version\":2}", "version" },
		{ "{\"version\":1,\"id\":\"two\",\"bundle\":\"/b\",\"rootfs\":\"/r\",\"ociVersion\":\"1.0.0\",\"created\":\"\","
		  "\"owner\":\"\",\"pid\":-4,\"startTime\":1,\"annotations\":{},\"cgroup\":{}}", "pid" },
		{ "{\"version\":1,\"id\":7}", "id: must be a string" },
	};
	auto_state_dir d = STATE_DIR_INIT;
	auto_arena a = { 0 };
	const struct state *back;
	struct err e = { 0 };

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct err why = { 0 };

		cr_assert_eq(fd_replace_file(d.fd, "state.json", 0600, cases[i].text, strlen(cases[i].text), &e), 0);
		cr_expect_lt(state_read(&d, &a, &back, &why), 0, "case %zu was read", i);
		cr_expect(strstr(why.text, cases[i].says), "case %zu said: %s", i, why.text);
	}
	remove_dir(&d);
}

Test(state, a_second_container_of_the_same_name_is_refused)
{
	auto_state_dir d = STATE_DIR_INIT, other = STATE_DIR_INIT;
	struct err e = { 0 };

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_expect_eq(state_dir_make(root, "one", &other, &e), -EEXIST);
	cr_expect(strstr(e.text, "container with given ID already exists"), "said: %s", e.text);
	remove_dir(&d);
}

Test(state, an_unknown_container_does_not_exist)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err e = { 0 };

	cr_expect_eq(state_dir_open(root, "none", true, &d, &e), -ENOENT);
	cr_expect(strstr(e.text, "container does not exist"), "said: %s", e.text);
	cr_expect_eq(state_dir_open("/nonexistent-root", "none", false, &d, &e), -ENOENT);
	cr_expect_eq(state_dir_open(root, "../etc", false, &d, &e), -EINVAL);
	cr_expect_eq(state_dir_open("", "one", false, &d, &e), -EINVAL);
}

Test(state, a_link_in_place_of_the_directory_is_not_followed)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/one", root);
	cr_assert_eq(symlink("/tmp", path), 0);
	cr_expect_lt(state_dir_open(root, "one", false, &d, &e), 0);
	cr_expect_eq(unlink(path), 0);
}

Test(state, a_directory_of_another_user_is_refused)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err e = { 0 };
	char path[128];

	if (geteuid() != 0)
		cr_skip("needs root to give a directory away");
	snprintf(path, sizeof(path), "%s/one", root);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chown(path, 1000, 1000), 0);
	cr_expect_eq(state_dir_open(root, "one", false, &d, &e), -EPERM);
	cr_expect(strstr(e.text, "1000"), "said: %s", e.text);
	cr_expect_eq(rmdir(path), 0);
}

struct waiter { int r; struct err e; struct state_dir d; };

static void *open_locked(void *p)
{
	struct waiter *w = p;

	w->r = state_dir_open(root, "one", true, &w->d, &w->e);
	return NULL;
}

Test(state, whoever_waited_for_a_removed_container_learns_that_it_is_gone)
{
	struct state_dir d = STATE_DIR_INIT;
	struct waiter w = { .d = STATE_DIR_INIT };
	struct err e = { 0 };
	pthread_t thread;

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_assert_eq(pthread_create(&thread, NULL, open_locked, &w), 0);
	usleep(50 * 1000);
	remove_dir(&d);
	pthread_join(thread, NULL);
	cr_expect_eq(w.r, -ENOENT, "got %d: %s", w.r, w.e.text);
	cr_expect(strstr(w.e.text, "container does not exist"), "said: %s", w.e.text);
	state_dir_close(&w.d);
}

Test(state, whoever_waits_gets_the_lock_when_it_is_given_back)
{
	struct state_dir d = STATE_DIR_INIT;
	struct waiter w = { .d = STATE_DIR_INIT };
	struct err e = { 0 };
	pthread_t thread;

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_assert_eq(pthread_create(&thread, NULL, open_locked, &w), 0);
	usleep(50 * 1000);
	state_dir_close(&d);
	pthread_join(thread, NULL);
	cr_expect_eq(w.r, 0, "%s", w.e.text);
	remove_dir(&w.d);
}

Test(state, removal_takes_everything_but_never_follows_a_link)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err e = { 0 };
	char outside[64] = "/tmp/caisson-outside.XXXXXX", path[128];
	int fd;

	cr_assert_not_null(mkdtemp(outside));
	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_assert_eq(symlinkat(outside, d.fd, "link"), 0);
	cr_assert_eq(mkdirat(d.fd, "sub", 0700), 0);
	cr_assert_eq(mkdirat(d.fd, "sub/deeper", 0700), 0);
	fd = openat(d.fd, "sub/deeper/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/precious", outside);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	remove_dir(&d);
	cr_expect_eq(access(path, F_OK), 0, "a file outside was removed");
	unlink(path);
	rmdir(outside);
}

Test(state, a_process_is_known_by_its_start_time_too)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct state s = sample(getpid());
	struct err e = { 0 };
	int fd;

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_expect_eq(state_status(&d, &s), STATUS_RUNNING);
	fd = openat(d.fd, "start.sock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(state_status(&d, &s), STATUS_CREATED);
	s.start_time++;
	cr_expect_eq(state_status(&d, &s), STATUS_STOPPED);
	cr_expect_eq(state_pidfd(&s, &e), -ESRCH, "another process was taken for ours");
	cr_expect(strstr(e.text, "container not running"), "said: %s", e.text);
	s.start_time--;
	fd = state_pidfd(&s, &e);
	cr_expect_geq(fd, 0, "%s", e.text);
	close(fd);
	s.pid = 0;
	cr_expect_eq(state_status(&d, &s), STATUS_STOPPED);
	remove_dir(&d);
}

Test(state, without_a_process_it_is_being_made_while_its_maker_lives)
{
	auto_state_dir maker = STATE_DIR_INIT, other = STATE_DIR_INIT;
	struct state s = sample(getpid());
	struct err e = { 0 };

	s.pid = 0;
	cr_assert_eq(state_dir_make(root, "one", &maker, &e), 0, "%s", e.text);
	cr_assert_eq(state_dir_open(root, "one", false, &other, &e), 0, "%s", e.text);
	cr_expect_eq(state_status(&other, &s), STATUS_CREATING);
	cr_expect_eq(state_status(&maker, &s), STATUS_STOPPED);
	state_dir_close(&maker);
	cr_expect_eq(state_status(&other, &s), STATUS_STOPPED);
	remove_dir(&other);
}

Test(state, a_zombie_is_stopped)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err e = { 0 };
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		pause();
	struct state s = sample(pid);

	cr_assert_eq(state_dir_make(root, "one", &d, &e), 0, "%s", e.text);
	cr_expect_eq(state_status(&d, &s), STATUS_RUNNING);
	kill(pid, SIGKILL);
	cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	cr_expect_eq(state_status(&d, &s), STATUS_STOPPED);
	waitpid(pid, NULL, 0);
	cr_expect_eq(state_status(&d, &s), STATUS_STOPPED);
	remove_dir(&d);
}

Test(state, a_name_full_of_parentheses_does_not_move_the_fields)
{
	uint64_t before = 0, after = 0;
	char old[32];
	auto_fd int fd = open("/proc/self/comm", O_RDWR | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_gt(read(fd, old, sizeof(old)), 0);
	cr_assert_eq(state_start_time(getpid(), &before), 0);
	cr_assert_gt(write(fd, ") Z 1 (2) 3 4", 13), 0);
	cr_expect_eq(state_start_time(getpid(), &after), 0);
	cr_expect_eq(before, after);
	cr_expect_gt(before, 0);
}

Test(state, the_oci_form_has_every_member_in_order)
{
	struct state s = sample(getpid());
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t len = 0;

	s.annotations.n = 1;
	cr_assert_eq(state_format(&s, STATUS_CREATED, 42, true, &text, &len, &e), 0, "%s", e.text);
	cr_expect_eq(len, strlen(text));
	cr_expect_str_eq(text, "{\n  \"ociVersion\": \"1.0.2\",\n  \"id\": \"one\",\n  \"pid\": 42,\n  \"status\": \"created\",\n"
			       "  \"bundle\": \"/b\",\n  \"rootfs\": \"/b/rootfs\",\n"
			       "  \"created\": \"2026-01-02T03:04:05.000000001Z\",\n"
			       "  \"annotations\": {\n    \"org.example.k\": \"v \\\"quoted\\\"\"\n  },\n  \"owner\": \"\"\n}");
}

Test(state, no_annotations_no_member)
{
	struct state s = sample(getpid());
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t len = 0;

	s.annotations.n = 0;
	cr_assert_eq(state_format(&s, STATUS_STOPPED, 0, false, &text, &len, &e), 0, "%s", e.text);
	cr_expect_null(strstr(text, "annotations"));
	cr_expect_null(strchr(text, '\n'));
}

Test(state, the_time_is_rfc_3339_with_nanoseconds)
{
	static const struct { int64_t seconds; const char *want; } cases[] = {
		{ 0, "1970-01-01T00:00:00.000000007Z" },
		{ 951782399, "2000-02-28T23:59:59.000000007Z" },
		{ 951782400, "2000-02-29T00:00:00.000000007Z" },
		{ 951868800, "2000-03-01T00:00:00.000000007Z" },
		{ 1767323045, "2026-01-02T03:04:05.000000007Z" },
		{ 1798761599, "2026-12-31T23:59:59.000000007Z" },
		{ 4107542400, "2100-03-01T00:00:00.000000007Z" },
	};
	auto_arena a = { 0 };
	const char *now = state_now(&a);

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		cr_expect_str_eq(state_time(&a, cases[i].seconds, 7), cases[i].want);

	cr_assert_not_null(now);
	cr_expect_eq(strlen(now), strlen("2026-01-02T03:04:05.123456789Z"));
	cr_expect(now[10] == 'T' && now[19] == '.' && now[29] == 'Z', "%s", now);
}
