/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capname.h"
#include "cli/launch.h"

static const struct {
	const char *text;
	int want;
	int64_t quota;
} cpus[] = {
	{ "1", 0, 100000 },        { "0.5", 0, 50000 },        { "2.25", 0, 225000 },
	{ ".5", 0, 50000 },        { "1.", 0, 100000 },        { "0.01", 0, 1000 },
	{ "0.00001", -EINVAL, 0 }, { "0", -EINVAL, 0 },        { "", -EINVAL, 0 },
	{ ".", -EINVAL, 0 },       { "-1", -EINVAL, 0 },       { "1e3", -EINVAL, 0 },
	{ "1.2.3", -EINVAL, 0 },   { "99999999", -EINVAL, 0 }, { "1.123456", -EINVAL, 0 },
};

Test(launch_args, cpus_become_a_quota)
{
	for (size_t i = 0; i < N_ELEMENTS(cpus); i++) {
		struct err e = { 0 };
		int64_t quota = 0;

		cr_expect_eq(launch_read_cpus(cpus[i].text, &quota, &e), cpus[i].want, "\"%s\": %s",
			     cpus[i].text, e.text);
		if (cpus[i].want == 0)
			cr_expect_eq(quota, cpus[i].quota, "\"%s\": %lld", cpus[i].text,
				     (long long)quota);
	}
}

static const struct {
	const char *text;
	int want;
	const char *name;
	uint64_t soft, hard;
} ulimits[] = {
	{ "nofile=1024:4096", 0, "RLIMIT_NOFILE", 1024, 4096 },
	{ "nofile=1024", 0, "RLIMIT_NOFILE", 1024, 1024 },
	{ "core=0", 0, "RLIMIT_CORE", 0, 0 },
	{ "memlock=-1:-1", 0, "RLIMIT_MEMLOCK", UINT64_MAX, UINT64_MAX },
	{ "memlock=5:unlimited", 0, "RLIMIT_MEMLOCK", 5, UINT64_MAX },
	{ "nofile", -EINVAL, NULL, 0, 0 },
	{ "nofile=", -EINVAL, NULL, 0, 0 },
	{ "=5", -EINVAL, NULL, 0, 0 },
	{ "nofile=5:4", -EINVAL, NULL, 0, 0 },
	{ "nofile=x", -EINVAL, NULL, 0, 0 },
	{ "nofile=1:2:3", -EINVAL, NULL, 0, 0 },
	{ "nothing=1", -EINVAL, NULL, 0, 0 },
};

Test(launch_args, ulimits_are_read_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(ulimits); i++) {
		struct launch_ulimit u = { 0 };
		struct err e = { 0 };

		cr_expect_eq(launch_read_ulimit(ulimits[i].text, &u, &e), ulimits[i].want, "%s: %s",
			     ulimits[i].text, e.text);
		if (ulimits[i].want < 0) {
			cr_expect(strstr(e.text, ulimits[i].text), "%s", e.text);
			continue;
		}
		cr_expect_str_eq(u.name, ulimits[i].name);
		cr_expect_eq(u.soft, ulimits[i].soft);
		cr_expect_eq(u.hard, ulimits[i].hard);
	}
}

static bool has(const struct launch_mount *m, const char *option)
{
	return str_in(&m->options, option);
}

Test(launch_args, volumes_are_private_recursive_binds)
{
	auto_arena a = { 0 };
	struct launch_mount m = { 0 };
	struct err e = { 0 };

	cr_assert_eq(launch_read_volume(&a, "/tmp:/data/:ro,Z", &m, &e), 0, "%s", e.text);
	cr_expect_str_eq(m.source, "/tmp");
	cr_expect_str_eq(m.destination, "/data");
	cr_expect(m.bind && has(&m, "rbind") && has(&m, "rprivate") && has(&m, "ro"));
	cr_assert_eq(launch_read_volume(&a, "/tmp:/data:rslave", &m, &e), 0, "%s", e.text);
	cr_expect(has(&m, "rslave") && !has(&m, "rprivate"));
	cr_assert_eq(launch_read_mount(&a, "type=bind,src=/tmp,dst=/d,readonly,bind-nonrecursive",
				       &m, &e),
		     0, "%s", e.text);
	cr_expect(has(&m, "bind") && !has(&m, "rbind") && has(&m, "ro"));
}

Test(launch_args, a_tmpfs_is_restricted_unless_it_says_otherwise)
{
	auto_arena a = { 0 };
	struct launch_mount m = { 0 };
	struct err e = { 0 };

	cr_assert_eq(launch_read_tmpfs(&a, "/cache", &m, &e), 0, "%s", e.text);
	cr_expect(has(&m, "nosuid") && has(&m, "nodev") && has(&m, "noexec") &&
		  has(&m, "mode=1777"));
	cr_assert_eq(launch_read_tmpfs(&a, "/cache:size=1m,exec,mode=0700", &m, &e), 0, "%s",
		     e.text);
	cr_expect(has(&m, "exec") && !has(&m, "noexec") && has(&m, "size=1m") &&
		  !has(&m, "mode=1777"));
	cr_assert_eq(
		launch_read_mount(&a, "type=tmpfs,dst=/c,tmpfs-size=2m,tmpfs-mode=0711", &m, &e), 0,
		"%s", e.text);
	cr_expect(has(&m, "size=2m") && has(&m, "mode=0711"));
}

static const struct {
	char kind;
	const char *text, *says;
} bad_mounts[] = {
	{ 'v', "/tmp", "SRC:DST" },
	{ 'v', "/tmp:", "SRC:DST" },
	{ 'v', ":/x", "SRC:DST" },
	{ 'v', "name:/x", "named volumes" },
	{ 'v', "/tmp:x", "absolute" },
	{ 'v', "/tmp:/", "over /" },
	{ 'v', "/tmp:/x/..", "over /" },
	{ 'v', "/tmp:/proc", "over /proc" },
	{ 'v', "/tmp://sys/.", "over /sys" },
	{ 'v', "/tmp:/dev", "over /dev" },
	{ 'v', "/nonexistent:/x", "No such file" },
	{ 'v', "/tmp:/x:what", "unknown option \"what\"" },
	{ 'v', "/tmp:/x:suid", "unknown option \"suid\"" },
	{ 't', "relative", "absolute" },
	{ 't', "/proc", "over /proc" },
	{ 'm', "type=bind,src=/tmp", "dst=PATH is missing" },
	{ 'm', "type=bind,dst=/x", "src=PATH is missing" },
	{ 'm', "type=volume,src=x,dst=/x", "type=volume is not supported" },
	{ 'm', "type=tmpfs,src=/tmp,dst=/x", "has no src" },
	{ 'm', "type=bind,src=/tmp,dst=/x,bogus=1", "unknown field \"bogus\"" },
	{ 'm', "type=bind,src=/tmp,dst=/x,readonly=maybe", "true or false" },
	{ 'm', "type=bind,src=,dst=/x", "src needs a value" },
};

Test(launch_args, a_mount_that_cannot_be_meant_is_refused_in_its_own_words)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_mounts); i++) {
		auto_arena a = { 0 };
		struct launch_mount m = { .destination = "untouched" };
		struct err e = { 0 };
		int r = bad_mounts[i].kind == 'v'
				? launch_read_volume(&a, bad_mounts[i].text, &m, &e)
			: bad_mounts[i].kind == 't'
				? launch_read_tmpfs(&a, bad_mounts[i].text, &m, &e)
				: launch_read_mount(&a, bad_mounts[i].text, &m, &e);

		cr_expect_lt(r, 0, "%s", bad_mounts[i].text);
		cr_expect(strstr(e.text, bad_mounts[i].says), "%s said: %s", bad_mounts[i].text,
			  e.text);
		cr_expect_str_eq(m.destination, "untouched");
	}
}

Test(launch_args, the_environment_replaces_and_passes_on)
{
	auto_arena a = { 0 };
	struct launch l = { .a = &a };
	struct err e = { 0 };

	setenv("LAUNCH_TEST_VARIABLE", "host", 1);
	unsetenv("LAUNCH_TEST_ABSENT");
	cr_expect_eq(launch_env_set(&l, "A=1", &e), 0);
	cr_expect_eq(launch_env_set(&l, "AB=2", &e), 0);
	cr_expect_eq(launch_env_set(&l, "A=3", &e), 0);
	cr_expect_eq(launch_env_set(&l, "LAUNCH_TEST_VARIABLE", &e), 0);
	cr_expect_eq(launch_env_set(&l, "LAUNCH_TEST_ABSENT", &e), 0);
	cr_expect_eq(launch_env_set(&l, "=x", &e), -EINVAL);
	cr_assert_eq(l.env.n, 3);
	cr_expect_str_eq(l.env.v[0], "A=3");
	cr_expect_str_eq(l.env.v[1], "AB=2");
	cr_expect_str_eq(l.env.v[2], "LAUNCH_TEST_VARIABLE=host");
}

/* ---- whole command lines ---- */

struct line {
	struct launch_options o;
	struct launch l;
	struct arena a;
	struct err e;
};

static int read_line(struct line *x, const char *const *words)
{
	static const struct cli_globals g = { .root = "/run/caisson-test" };
	struct strings operands;
	char **argv;
	int argc = 0, r;

	memset(x, 0, sizeof(*x));
	while (words[argc])
		argc++;
	argv = arena_array(&x->a, (size_t)argc + 1, sizeof(*argv));
	for (int i = 0; i < argc; i++)
		argv[i] = arena_strdup(&x->a, words[i]);
	r = cli_parse(launch_option_table, true, argc, argv, &x->o, &operands, &x->e);
	return r < 0 ? r : launch_read(&g, &x->o, (int)operands.n, argv, &x->a, &x->l, &x->e);
}

static void line_done(struct line *x)
{
	launch_done(&x->l);
	cli_options_done(launch_option_table, &x->o);
	arena_done(&x->a);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(launch_args, strict_is_the_default_and_its_room_is_closed)
{
	struct line x;

	cr_assert_eq(read_line(&x, WORDS("/tmp", "--", "/bin/x", "-y")), 0, "%s", x.e.text);
	cr_expect_eq(x.l.policy.level, LEVEL_STRICT);
	cr_expect(x.l.read_only && x.l.init && x.l.own_users && !x.l.nnp_off);
	cr_expect_eq(x.l.network, LAUNCH_NET_NONE);
	cr_expect_eq(x.l.cap_base | x.l.cap_asked, 0);
	cr_assert_eq(x.l.args.n, 2);
	cr_expect_str_eq(x.l.args.v[1], "-y");
	cr_expect(str_starts(x.l.id, "launch-") && strlen(x.l.id) == 15);
	line_done(&x);
}

Test(launch_args, a_label_asks_and_cap_add_adds_within_the_ceiling)
{
	struct line x;

	cr_assert_eq(read_line(&x, WORDS("--label", "security.capabilities=CHOWN,net_bind_service",
					 "--cap-add", "KILL", "/tmp", "x")),
		     0, "%s", x.e.text);
	cr_expect_eq(x.l.cap_base, CAP_BIT(0) | CAP_BIT(10));
	cr_expect_eq(x.l.cap_asked, CAP_BIT(0) | CAP_BIT(10) | CAP_BIT(5));
	line_done(&x);
	cr_assert_eq(read_line(&x, WORDS("--label", "security.capabilities=CHOWN,KILL",
					 "--cap-drop", "ALL", "--cap-add", "kill", "/tmp", "x")),
		     0, "%s", x.e.text);
	cr_expect_eq(x.l.cap_base, 0);
	cr_expect_eq(x.l.cap_asked, CAP_BIT(5));
	line_done(&x);
	cr_assert_eq(read_line(&x, WORDS("--label", "security.capabilities=all", "/tmp", "x")), 0,
		     "%s", x.e.text);
	cr_expect_eq(x.l.cap_base | x.l.cap_asked, 0);
	line_done(&x);
}

static const struct {
	const char *words[8];
	const char *says;
} refused[] = {
	{ { NULL }, "requires a root file system" },
	{ { "/nonexistent", "x" }, "root file system /nonexistent" },
	{ { "/dev/null", "x" }, "neither a directory nor a file" },
	{ { "/tmp" }, "nothing to run" },
	{ { "--read-write", "/tmp", "x" }, "level strict keeps the root read-only" },
	{ { "--read-write", "--read-only", "--policy", "none", "/tmp", "x" },
	  "exclude each other" },
	{ { "--init", "--no-init", "/tmp", "x" }, "exclude each other" },
	{ { "-d", "-t", "/tmp", "x" }, "-d and -t" },
	{ { "-d", "-i", "/tmp", "x" }, "-d and -i" },
	{ { "--name", "a/b", "/tmp", "x" }, "invalid container ID format" },
	{ { "--network", "bridge", "/tmp", "x" }, "--network bridge" },
	{ { "--userns", "maybe", "/tmp", "x" }, "--userns maybe" },
	{ { "--memory", "1q", "/tmp", "x" }, "--memory 1q" },
	{ { "--memory", "1k", "/tmp", "x" }, "the least is 4m" },
	{ { "--pids-limit", "0", "/tmp", "x" }, "--pids-limit 0" },
	{ { "--pids-limit", "-2", "/tmp", "x" }, "--pids-limit -2" },
	{ { "-w", "relative", "/tmp", "x" }, "not absolute" },
	{ { "--stop-signal", "SIGNOPE", "/tmp", "x" }, "stop signal" },
	{ { "--stop-signal", "STOP", "/tmp", "x" }, "does not stop anything" },
	{ { "--stop-timeout", "soon", "/tmp", "x" }, "--stop-timeout soon" },
	{ { "-d", "--no-init", "--stop-timeout", "5", "/tmp", "x" }, "--stop-timeout with -d: only with caisson-init as PID 1" },
	{ { "--no-init", "--drain", "5", "/tmp", "x" }, "--drain: only with caisson-init as PID 1" },
	{ { "--drain", "", "/tmp", "x" }, "--drain : want seconds" },
	{ { "--drain", "-1", "/tmp", "x" }, "--drain -1: want seconds" },
	{ { "--drain", "86401", "/tmp", "x" }, "--drain 86401: want seconds" },
	{ { "--drain", "99999999999", "/tmp", "x" }, "want seconds" },
	{ { "--drain", "1.5s", "/tmp", "x" }, "--drain 1.5s: want seconds" },
	{ { "--cap-add", "NET_BIND_SERVIC", "/tmp", "x" }, "did you mean NET_BIND_SERVICE?" },
	{ { "--cap-add", "SYS_ADMIN", "/tmp", "x" }, "allow it with --policy baseline" },
	{ { "--label", "security.capabilities=NET_RAW", "/tmp", "x" },
	  "--cap-add and --policy baseline" },
	{ { "--label", "=x", "/tmp", "x" }, "KEY=VALUE" },
	{ { "--security-opt", "magic", "/tmp", "x" }, "--security-opt magic" },
	{ { "--security-opt", "no-new-privileges=perhaps", "/tmp", "x" }, "no-new-privileges" },
	{ { "--security-opt", "seccomp=/nonexistent.json", "/tmp", "x" }, "/nonexistent.json" },
	{ { "--security-opt", "label=shape:round", "/tmp", "x" }, "label=disable" },
	{ { "--image-config", "/nonexistent.json", "/tmp", "x" }, "/nonexistent.json" },
	{ { "--env-file", "/nonexistent.env", "/tmp", "x" }, "/nonexistent.env" },
	{ { "-v", "/tmp:/a", "--tmpfs", "/a", "/tmp", "x" }, "mounted at /a already" },
	{ { "--ulimit", "nofile=1", "--ulimit", "nofile=2", "/tmp", "x" }, "given twice" },
};

Test(launch_args, each_refusal_says_what_and_why)
{
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct line x;

		cr_expect_lt(read_line(&x, refused[i].words), 0, "case %zu", i);
		cr_expect(strstr(x.e.text, refused[i].says), "case %zu said: %s", i, x.e.text);
		line_done(&x);
	}
}

/* ---- the document ---- */

static json_t *document(struct line *x, uint32_t uid)
{
	char *text = NULL;
	size_t len = 0;
	json_t *doc;

	x->l.own_users = false;
	x->l.user = (struct passwd_user){ .uid = uid, .gid = uid, .home = "/" };
	cr_assert_eq(launch_document(&x->l, &text, &len, &x->e), 0, "%s", x->e.text);
	doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	return doc;
}

static const json_t *at(const json_t *v, const char *a, const char *b, const char *c)
{
	v = json_object_get(v, a);
	v = b ? json_object_get(v, b) : v;
	return c ? json_object_get(v, c) : v;
}

Test(launch_args, what_an_ordinary_user_asks_for_by_name_is_ambient_and_roots_is_not)
{
	struct line x;
	json_t *doc;

	cr_assert_eq(read_line(&x, WORDS("--policy", "hardened", "--cap-add", "NET_BIND_SERVICE",
					 "/tmp", "x")),
		     0, "%s", x.e.text);
	doc = document(&x, 1000);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "ambient")), 1);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "effective")), 1);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "bounding")), 10);
	json_decref(doc);
	doc = document(&x, 0);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "ambient")), 0);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "inheritable")), 0);
	cr_expect_eq(json_array_size(at(doc, "process", "capabilities", "effective")), 10);
	json_decref(doc);
	line_done(&x);
}

Test(launch_args, the_document_is_one_that_the_reader_takes)
{
	const struct spec *spec = NULL;
	char *text = NULL;
	struct line x;
	size_t len = 0;

	cr_assert_eq(
		read_line(&x, WORDS("--policy", "none", "--memory", "64m", "--cpus", "0.5",
				    "--pids-limit", "7", "--ulimit", "memlock=1:-1", "--tmpfs",
				    "/cache:size=1m", "-v", "/tmp:/data:ro", "--hostname", "h",
				    "-e", "A=b", "--label", "who=me", "--label",
				    "io.caisson.profile=none", "-w", "/srv", "/tmp", "x", "-y")),
		0, "%s", x.e.text);
	x.l.own_users = true;
	x.l.range_size = 65536;
	x.l.range = (struct id_range){ 1000000, 2000000 };
	x.l.user = (struct passwd_user){ .uid = 5, .gid = 6, .home = "/" };
	cr_assert_eq(launch_document(&x.l, &text, &len, &x.e), 0, "%s", x.e.text);
	cr_assert_eq(spec_parse(&x.a, text, len, &spec, &x.e), 0, "%s", x.e.text);
	cr_expect_eq(spec->process.uid, 5);
	cr_expect_eq(spec->resources.memory.limit.v, 64 << 20);
	cr_expect_eq(spec->resources.cpu.quota.v, 50000);
	cr_expect_eq(spec->resources.pids_limit.v, 7);
	cr_assert_eq(spec->process.rlimits.n, 1);
	cr_expect_eq(spec->process.rlimits.v[0].hard, UINT64_MAX);
	cr_expect_eq(spec->process.rlimits.v[0].soft, 1);
	cr_expect_eq(spec->ns[NS_USER].mode, NS_NEW);
	cr_expect_eq(spec->ns[NS_NET].mode, NS_NEW);
	cr_expect_eq(spec->uid_map.v[0].host, 1000000);
	cr_expect_eq(spec->gid_map.v[0].host, 2000000);
	cr_expect_str_eq(spec->hostname, "h");
	cr_expect_str_eq(spec->process.cwd, "/srv");
	/* A label never steers the runtime. */
	cr_assert_eq(spec->annotations.n, 1);
	cr_expect_str_eq(spec->annotations.v[0].key, "who");
	free(text);
	line_done(&x);
}

Test(launch_args, a_user_beyond_the_range_is_refused)
{
	char *text = NULL;
	struct line x;
	size_t len = 0;

	cr_assert_eq(read_line(&x, WORDS("/tmp", "x")), 0, "%s", x.e.text);
	x.l.range_size = 65536;
	x.l.user = (struct passwd_user){ .uid = 65536, .gid = 1, .home = "/" };
	cr_expect_eq(launch_document(&x.l, &text, &len, &x.e), -EINVAL);
	cr_expect(strstr(x.e.text, "--userns host"), "%s", x.e.text);
	line_done(&x);
}

Test(launch_args, what_is_not_utf8_is_refused)
{
	char *text = NULL;
	struct line x;
	size_t len = 0;

	cr_assert_eq(read_line(&x, WORDS("/tmp", "x", "\xff\xfe")), 0, "%s", x.e.text);
	x.l.own_users = false;
	x.l.user.home = "/";
	cr_expect_eq(launch_document(&x.l, &text, &len, &x.e), -EILSEQ);
	line_done(&x);
}

/* ---- Docker's seccomp profiles ---- */

Test(launch_args, conditions_of_a_docker_profile_are_settled_against_the_capabilities)
{
	static const char profile[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
				      "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\","
				      "\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
				      "{\"architecture\":\"SCMP_ARCH_AARCH64\","
				      "\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],"
				      "\"syscalls\":["
				      "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"args\":null,\"includes\":{},\"excludes\":{}},"
				      "{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"includes\":{\"caps\":[\"CAP_SYS_CHROOT\"]}},"
				      "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
				      "{\"names\":[\"s390\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"includes\":{\"arches\":[\"s390\"]}},"
				      "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"includes\":{\"minKernel\":\"4.8\"}},"
				      "{\"names\":[\"later\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"includes\":{\"minKernel\":\"99.0\"}},"
				      "{\"names\":[\"odd\"],\"action\":\"SCMP_ACT_ALLOW\","
				      "\"includes\":{\"minKernel\":\"new\"}}]}";
	json_t *doc = json_loads(profile, 0, NULL);
	struct err e = { 0 };
	json_t *out;

	out = launch_seccomp_reduce(doc, 0, &e);
	cr_assert(out, "%s", e.text);
	cr_expect_eq(json_array_size(json_object_get(out, "syscalls")), 3);
	cr_expect_eq(json_array_size(json_object_get(out, "architectures")), 2);
	cr_expect_null(json_object_get(out, "archMap"));
	json_decref(out);
	out = launch_seccomp_reduce(doc, CAP_BIT(18) | CAP_BIT(21), &e);
	cr_assert(out);
	cr_expect_eq(json_array_size(json_object_get(out, "syscalls")), 3);
	json_decref(out);
	json_decref(doc);
	doc = json_array();
	cr_expect_null(launch_seccomp_reduce(doc, 0, &e));
	json_decref(doc);
}
