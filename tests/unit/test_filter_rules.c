/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile says of calls, answers, sockets and requests to terminals, from its text to the verdict of the program: cases of
 * one's own, and the table of every shipped profile, tests/data/verdicts/table.txt.
 */
#include "test_filter_sim.h"

#include <dirent.h>
#include <jansson.h>
#include <sys/socket.h>

#include "merge_case.h"
#include "policy/profile_fields.h"
#include "policy/resolve.h"

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
enum { ALLOW = SECCOMP_RET_ALLOW };
#define DEADLY SECCOMP_RET_KILL_PROCESS
static const uint32_t natives[] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64 };

static void read_over(struct arena *a, struct profile *io, const char *text)
{
	const struct profile_text label = { .label = "x.json", .name = "x" };
	struct jread_doc doc = { .arena = a };
	struct err e = { 0 };

	cr_assert_eq(jread_load(&doc, "x.json", text, strlen(text), &e), 0, "%s: %s", text, e.text);
	cr_assert_eq(profile_read(a, &label, &doc, io, &e), 0, "%s: %s", text, e.text);
	jread_done(&doc);
}

static int merge_with(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = p, .full = p };

	c->spec.process.caps = (struct capsets){ 0 };
	c->request.choice = &choice;
	return case_merge(c);
}

/* The plan of a container with this profile over a level; ' stands for ". */
static int plan_of(struct merge_case *c, const char *base, const char *members, bool engine)
{
	auto_free char *text = NULL;
	struct profile p = *profile_builtin_named(base);

	cr_assert(asprintf(&text, "{'schema':1%s}", members) > 0);
	for (char *s = text; *s; s++)
		if (*s == '\'')
			*s = '"';
	case_new(c, LEVEL_NONE);
	c->spec.has_seccomp = engine;
	read_over(&c->arena, &p, text);
	return merge_with(c, &p);
}

static uint32_t verdict_of(struct arena *a, const struct plan_filter *f, uint32_t native, uint32_t arch, const char *call,
			   const uint64_t args[6])
{
	struct filter_input in = { 0 };
	struct filter_program p;
	struct filter_numbers nr;
	struct seccomp_data d;
	struct err e = { 0 };

	cr_assert_eq(filter_policy_input(a, f, &f->own, native, &in, &e), 0, "%s", e.text);
	cr_assert_eq(filter_compile(a, &in, &p, &e), 0, "%s", e.text);
	filter_input_done(&in);
	cr_assert(filter_call_resolve(filter_call_find(call, strlen(call)), arch, &nr), "%s", call);
	d = sim_call(arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch, (uint32_t)nr.direct, args);
	return sim_run(p.insns, p.n, &d);
}

#define SERVICE(rest) ",'syscalls':{'allow':['@service']" rest ",'architectures':['native']}"
/* clang-format off */
static const struct { const char *members, *call; uint64_t a0, a1, a2; uint32_t want; } cases[] = {
	/* single calls beside groups, and out of them */
	{ SERVICE(""), "ptrace", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['@service','ptrace']}", "ptrace", 0, 0, 0, ALLOW },
	{ ",'syscalls':{'allow':['@service','ptrace']}", "kcmp", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['@service','mount']}", "mount", 0, 0, 0, ERRNO(EPERM) }, /* not without SYS_ADMIN */
	{ ",'syscalls':{'allow':['@service'],'deny':['read']}", "read", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['@service'],'deny':['read']}", "write", 0, 0, 0, ALLOW },
	{ ",'syscalls':{'deny':['kcmp']}", "kcmp", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'deny':['kcmp']}", "ptrace", 0, 0, 0, ALLOW },
	{ ",'syscalls':{'deny':['kcmp']}", "socket", AF_ALG, 0, 0, ALLOW },
	{ ",'syscalls':{'allow':['execve','unshare','clone']}", "clone", 0x10000000, 0, 0, ALLOW },
	{ ",'syscalls':{'allow':['execve','clone']}", "clone", 0x10000000, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['execve','clone']}", "clone", 0x11, 0, 0, ALLOW },
	{ ",'syscalls':{'allow':['execve','personality']}", "personality", 0x40000, 0, 0, ERRNO(EPERM) },
	/* a call that this architecture or kernel lacks may be named */
	{ ",'syscalls':{'allow':['@start','riscv_hwprobe','s390_sthyi']}", "exit", 0, 0, 0, ALLOW },
	/* what they are told */
	{ ",'syscalls':{'allow':['@service'],'errno':{'mount':'ENOSYS'}}", "mount", 0, 0, 0, ERRNO(ENOSYS) },
	{ ",'syscalls':{'allow':['@service'],'errno':{'mount':'ENOSYS'}}", "umount2", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['@service'],'errno':{'@mount':'EACCES','mount':'ENOSYS'}}", "umount2", 0, 0, 0, ERRNO(EACCES) },
	{ ",'syscalls':{'allow':['@service'],'errno':{'mount':'ENOSYS','@mount':'EACCES'}}", "mount", 0, 0, 0, ERRNO(ENOSYS) },
	{ ",'syscalls':{'allow':['@service'],'errno':{'clone3':'EPERM'}}", "clone3", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'allow':['@service'],'errno':{'read':'EPERM','@io':'EPERM'}}", "read", 0, 0, 0, ALLOW },
	/* what ends the process */
	{ ",'syscalls':{'allow':['@service'],'kill':['@module','ptrace']}", "finit_module", 0, 0, 0, DEADLY },
	{ ",'syscalls':{'allow':['@service'],'kill':['@module','ptrace']}", "ptrace", 0, 0, 0, DEADLY },
	{ ",'syscalls':{'allow':['@service'],'kill':['ptrace'],'errno':{'ptrace':'EPERM'}}", "ptrace", 0, 0, 0, DEADLY },
	{ ",'syscalls':{'allow':['@service'],'kill':['ptrace']}", "kcmp", 0, 0, 0, ERRNO(EPERM) },
	{ ",'syscalls':{'kill':['socket']}", "socket", AF_UNIX, 0, 0, DEADLY },
	{ ",'syscalls':{'kill':['kcmp']}", "ptrace", 0, 0, 0, ALLOW },
	/* sockets, where every call is allowed */
	{ ",'sockets':{'families':['unix']}", "socket", AF_UNIX, 0, 0, ALLOW },
	{ ",'sockets':{'families':['unix']}", "socket", AF_INET, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'sockets':{'families':['unix']}", "socket", 77, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'sockets':{'families':['unix']}", "socketpair", AF_TIPC, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'sockets':{'families':['unix']}", "mount", 0, 0, 0, ALLOW },
	{ ",'sockets':{'families':[]}", "socket", AF_UNIX, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'sockets':{'families':{'remove':['can']}}", "socket", AF_CAN, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'sockets':{'families':{'remove':['can']}}", "socket", AF_INET, 0, 0, ALLOW },
	{ ",'sockets':{'families':{'remove':['can']}}", "socket", 77, 0, 0, ALLOW },
	{ ",'sockets':{'netlink':['route','audit',40]}", "socket", AF_NETLINK, 0, 9, ALLOW },
	{ ",'sockets':{'netlink':['route','audit',40]}", "socket", AF_NETLINK, 0, 40, ALLOW },
	{ ",'sockets':{'netlink':['route','audit',40]}", "socket", AF_NETLINK, 0, 16, ERRNO(EPROTONOSUPPORT) },
	{ ",'sockets':{'netlink':['route','audit',40]}", "socket", AF_INET, 0, 16, ALLOW },
	{ ",'sockets':{'netlink':[]}", "socket", AF_NETLINK, 0, 0, ERRNO(EPROTONOSUPPORT) },
	{ ",'sockets':{'netlink':{'remove':['audit']}}", "socket", AF_NETLINK, 0, 9, ERRNO(EPROTONOSUPPORT) },
	{ ",'sockets':{'netlink':{'remove':['audit']}}", "socket", AF_NETLINK, 0, 0, ALLOW },
	{ ",'sockets':{'families':['netlink']}", "socket", AF_NETLINK, 0, 9, ALLOW },
	{ ",'sockets':{'families':['unix'],'netlink':['route']}", "socket", AF_NETLINK, 0, 0, ERRNO(EAFNOSUPPORT) },
	/* and with a list of calls */
	{ ",'syscalls':{'allow':['@service']},'sockets':{'families':['packet']}", "socket", AF_PACKET, 0, 0, ALLOW },
	{ ",'syscalls':{'allow':['@service']},'sockets':{'families':['packet']}", "socket", AF_UNIX, 0, 0, ERRNO(EAFNOSUPPORT) },
	{ ",'syscalls':{'allow':['@start']},'sockets':{'families':['packet']}", "socket", AF_PACKET, 0, 0, ERRNO(EPERM) },
	/* requests to terminals */
	{ ",'ioctl':{'deny':['TIOCSTI']}", "ioctl", 0, 0x5412, 0, ERRNO(EPERM) },
	{ ",'ioctl':{'deny':['TIOCSTI']}", "ioctl", 0, 0x541c, 0, ALLOW },
	{ ",'ioctl':{'deny':['TIOCSETD','TIOCLINUX']}", "ioctl", 0, 0x5423, 0, ERRNO(EPERM) },
	{ ",'ioctl':{'deny':['TIOCSTI']}", "mount", 0, 0, 0, ALLOW },
};
/* clang-format on */

Test(filter_rules, what_a_profile_says_is_what_the_program_answers)
{
	for (size_t n = 0; n < N_ELEMENTS(natives); n++)
		for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
			const uint64_t args[6] = { cases[i].a0, cases[i].a1, cases[i].a2 };
			uint32_t got;
			auto_case c;

			cr_assert_eq(plan_of(&c, "none", cases[i].members, false), 0, "%s: %s", cases[i].members, c.e.text);
			got = verdict_of(&c.arena, &c.plan->filter, natives[n], natives[n], cases[i].call, args);
			cr_expect_eq(got, cases[i].want, "%zu %s %s: 0x%x", i, cases[i].members, cases[i].call, got);
		}
}

Test(filter_rules, foreign_calls_are_let_through_or_end_the_process_as_the_profile_says)
{
	static const struct { const char *members, *call; uint32_t arch; uint64_t a0, a1; uint32_t want; } foreign[] = {
		{ ",'ioctl':{'deny':['TIOCSTI']}", "ioctl", SCMP_ARCH_X86, 0, 0x5412, ERRNO(EPERM) },
		{ ",'ioctl':{'deny':['TIOCSTI']}", "ioctl", SCMP_ARCH_X32, 0, 0x5412, ERRNO(EPERM) },
		{ ",'ioctl':{'deny':['TIOCSTI']}", "read", SCMP_ARCH_X86, 0, 0, ALLOW },
		{ ",'ioctl':{'deny':['TIOCSTI']},'syscalls':{'architectures':['native']}", "read", SCMP_ARCH_X86, 0, 0, DEADLY },
		{ ",'ioctl':{'deny':['TIOCSTI']},'syscalls':{'architectures':['native']}", "read", SCMP_ARCH_X32, 0, 0, DEADLY },
		{ ",'sockets':{'families':['unix']}", "socket", SCMP_ARCH_X86, AF_ALG, 0, ERRNO(EAFNOSUPPORT) },
		{ ",'sockets':{'families':['unix']}", "socketcall", SCMP_ARCH_X86, 1, 0, ALLOW },
		{ ",'sockets':{'families':['unix']},'syscalls':{'architectures':['native']}", "socketcall", SCMP_ARCH_X86, 1, 0, DEADLY },
	};

	for (size_t i = 0; i < N_ELEMENTS(foreign); i++) {
		const uint64_t args[6] = { foreign[i].a0, foreign[i].a1 };
		bool said = false;
		uint32_t got;
		auto_case c;

		cr_assert_eq(plan_of(&c, "none", foreign[i].members, false), 0, "%s", c.e.text);
		got = verdict_of(&c.arena, &c.plan->filter, SCMP_ARCH_X86_64, foreign[i].arch, foreign[i].call, args);
		cr_expect_eq(got, foreign[i].want, "%zu %s: 0x%x", i, foreign[i].members, got);
		for (size_t k = 0; k < c.plan->warnings.n; k++)
			said |= strstr(c.plan->warnings.v[k], "socketcall(2)") != NULL;
		cr_expect_eq(said, strstr(foreign[i].members, "families") && !strstr(foreign[i].members, "native"), "%zu", i);
	}
}

Test(filter_rules, the_rules_of_baseline_hold_beside_others_where_the_engine_filters)
{
	const uint64_t alg[6] = { AF_ALG }, can[6] = { AF_CAN };

	for (int engine = 0; engine <= 1; engine++) {
		auto_case c;

		cr_assert_eq(plan_of(&c, "baseline", ",'sockets':{'families':{'remove':['can']}}", engine), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->filter.own.set, engine ? FILTER_SET_BASELINE : FILTER_SET_RULES);
		cr_expect_eq(verdict_of(&c.arena, &c.plan->filter, SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, "socket", can), (uint32_t)ERRNO(EAFNOSUPPORT));
		cr_expect_eq(verdict_of(&c.arena, &c.plan->filter, SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, "socket", alg),
			     (uint32_t)(engine ? ERRNO(EAFNOSUPPORT) : ALLOW));
		case_done(&c);
		cr_assert_eq(plan_of(&c, "baseline", ",'syscalls':{'allow':['@service']}", engine), 0, "%s", c.e.text);
		cr_expect_eq(verdict_of(&c.arena, &c.plan->filter, SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, "socket", alg),
			     (uint32_t)(engine ? ERRNO(EAFNOSUPPORT) : ALLOW));
	}
}

Test(filter_rules, a_list_without_execve_is_refused)
{
	auto_case c;

	cr_assert_lt(plan_of(&c, "strict", ",'syscalls':{'deny':['execve']}", false), 0);
	cr_expect(strstr(c.e.text, "(syscalls): without execve no program could be started; allow execve, or @start"), "%s", c.e.text);
	case_done(&c);
	cr_assert_lt(plan_of(&c, "none", ",'syscalls':{'kill':'all'}", false), 0);
	cr_expect(strstr(c.e.text, "without execve"), "%s", c.e.text);
}

Test(filter_rules, what_is_refused_is_logged_and_what_does_not_exist_is_not)
{
	static const struct { const char *members; size_t programs; } logs[] = {
		{ "", 2 }, { ",'syscalls':{'log':false}", 1 }, { ",'syscalls':{'log':true}", 2 },
	};

	for (size_t i = 0; i < N_ELEMENTS(logs); i++) {
		struct filters f;
		auto_case c;

		cr_assert_eq(plan_of(&c, "strict", logs[i].members, false), 0, "%s", c.e.text);
		cr_assert_eq(filter_build(&c.arena, &c.plan->filter, &f, &c.e), 0, "%s", c.e.text);
		cr_assert_eq(f.n, logs[i].programs, "%s", logs[i].members);
		cr_expect(!(f.v[0].flags & SECCOMP_FILTER_FLAG_LOG));
		if (f.n < 2)
			continue;
		cr_expect(f.v[1].flags & SECCOMP_FILTER_FLAG_LOG);
		cr_assert_eq(f.v[1].n, f.v[0].n);
		for (size_t k = 0; k < f.v[0].n; k++) {
			bool missing = f.v[0].insns[k].code == (BPF_RET | BPF_K) && f.v[0].insns[k].k == (uint32_t)ERRNO(ENOSYS);
			cr_expect_eq(f.v[1].insns[k].k, missing ? (uint32_t)ALLOW : f.v[0].insns[k].k, "%zu", k);
		}
	}
}

Test(filter_rules, a_set_is_the_same_bytes_however_it_was_said)
{
	static const char *const same[][2] = {
		{ "['@namespace']", "['setns','unshare']" }, { "['@bpf','@namespace']", "['unshare','@bpf','setns','bpf']" },
		{ "['@service']", "{'add':['@service','read'],'remove':['ptrace']}" },
	};

	for (size_t i = 0; i < N_ELEMENTS(same); i++) {
		struct profile p[2];
		auto_arena a = { 0 };

		for (int k = 0; k < 2; k++) {
			char text[256];

			snprintf(text, sizeof(text), "{'schema':1,'syscalls':{'deny':%s}}", same[i][k]);
			for (char *s = text; *s; s++)
				*s = *s == '\'' ? '"' : *s;
			p[k] = *profile_builtin(LEVEL_NONE);
			read_over(&a, &p[k], text);
		}
		cr_expect(memcmp(&p[0].syscalls_denied, &p[1].syscalls_denied, sizeof(p[0].syscalls_denied)) == 0, "%zu", i);
	}
}

/* ---- the table ---- */

static json_t *shipped(const char *name)
{
	const char *top = getenv("CAISSON_SRCDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/profiles/%s.json", top ? top : ".", name);
	return json_load_file(path, 0, NULL);
}

/* The level at its root. */
static const char *lay_shipped(struct arena *a, const char *name, struct profile *io)
{
	json_t *doc = shipped(name);
	const char *level;
	char *text;

	if (!doc) {
		cr_assert(profile_builtin_named(name), "%s", name);
		*io = *profile_builtin_named(name);
		return profile_builtin_named(name)->name;
	}
	level = lay_shipped(a, json_string_value(json_object_get(doc, "extends")), io);
	(void)json_object_del(doc, "name");
	text = json_dumps(doc, 0);
	read_over(a, io, text);
	free(text);
	json_decref(doc);
	return level;
}

struct programs { struct filter_program native[N_ELEMENTS(natives)]; bool strict; };

static void build_shipped(struct arena *a, const char *name, struct programs *out)
{
	struct profile p;
	struct filter_input in;
	struct err e = { 0 };
	auto_case c;

	out->strict = str_eq(lay_shipped(a, name, &p), "strict");
	case_new(&c, LEVEL_NONE);
	c.spec.has_seccomp = false;
	cr_assert_eq(merge_with(&c, &p), 0, "%s: %s", name, c.e.text);
	for (size_t n = 0; n < N_ELEMENTS(natives); n++) {
		struct plan_filter f = c.plan->filter;

		f.caps = CAP_MASK_ALL;
		in = (struct filter_input){ 0 };
		cr_assert_eq(filter_policy_input(a, &f, &f.own, natives[n], &in, &e), 0, "%s", e.text);
		cr_assert_eq(filter_compile(a, &in, &out->native[n], &e), 0, "%s", e.text);
		filter_input_done(&in);
	}
}

static uint32_t word_verdict(const char *word)
{
	if (str_eq(word, "ALLOW"))
		return ALLOW;
	cr_assert(err_number(word), "no verdict: %s", word);
	return ERRNO((uint32_t)err_number(word));
}

struct row { char call[40], strict[24], hardened[24], others[200]; uint64_t args[6]; };

static bool read_row(const char *line, struct row *out)
{
	char left[200], *save = NULL, *word;
	size_t n = 0;

	*out = (struct row){ 0 };
	if (line[0] == '#' || sscanf(line, "%199[^:]: %23s : %23s :%199[^\n]", left, out->strict, out->hardened, out->others) < 3)
		return false;
	word = strtok_r(left, " ", &save);
	snprintf(out->call, sizeof(out->call), "%s", word);
	while ((word = strtok_r(NULL, " ", &save)) && n < 6)
		out->args[n++] = strtoull(word, NULL, 0);
	return true;
}

static const char *wanted(const struct row *r, const char *profile, bool strict, char room[24])
{
	char key[80];
	const char *at;

	snprintf(key, sizeof(key), " %s=", profile);
	at = strstr(r->others, key);
	if (!at)
		return strict ? r->strict : r->hardened;
	sscanf(at + strlen(key), "%23s", room);
	return room;
}

static void check_row(const char *profile, const struct programs *p, const struct row *r)
{
	for (size_t n = 0; n < N_ELEMENTS(natives); n++) {
		struct filter_numbers nr = { .direct = (int32_t)strtol(r->call, NULL, 0) };
		struct seccomp_data d;
		char room[24];
		const char *want = wanted(r, profile, p->strict, room);
		uint32_t got;

		if (!strchr("0123456789", r->call[0]) &&
		    !filter_call_resolve(filter_call_find(r->call, strlen(r->call)), natives[n], &nr))
			continue; /* chown on arm64 */
		d = sim_call(natives[n], (uint32_t)nr.direct, r->args);
		got = sim_run(p->native[n].insns, p->native[n].n, &d);
		cr_expect_eq(got, word_verdict(want), "%s, arch 0x%x: %s %llx %llx: 0x%x, not %s", profile, natives[n], r->call,
			     (unsigned long long)r->args[0], (unsigned long long)r->args[1], got, want);
	}
}

static size_t check_profile(const char *name)
{
	const char *top = getenv("CAISSON_SRCDIR");
	char path[512], line[400];
	struct programs p;
	auto_arena a = { 0 };
	size_t rows = 0;
	struct row r;
	FILE *f;

	build_shipped(&a, name, &p);
	snprintf(path, sizeof(path), "%s/tests/data/verdicts/table.txt", top ? top : ".");
	f = fopen(path, "re");
	cr_assert(f, "%s", path);
	while (fgets(line, sizeof(line), f))
		if (read_row(line, &r)) {
			check_row(name, &p, &r);
			rows++;
		}
	fclose(f);
	return rows;
}

Test(filter_rules, every_shipped_profile_answers_as_the_table_says)
{
	const char *top = getenv("CAISSON_SRCDIR");
	struct dirent *entry;
	size_t profiles = 0;
	char path[512];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/profiles", top ? top : ".");
	dir = opendir(path);
	cr_assert(dir, "%s", path);
	cr_expect_gt(check_profile("strict"), 80);
	cr_expect_gt(check_profile("hardened"), 80);
	while ((entry = readdir(dir)) != NULL) {
		char name[80];
		size_t len = strcspn(entry->d_name, ".");

		if (!str_starts(entry->d_name, "svc-") || !str_eq(entry->d_name + len, ".json"))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, entry->d_name);
		(void)check_profile(name);
		profiles++;
	}
	closedir(dir);
	cr_expect_gt(profiles, 20);
}

Test(filter_rules, none_and_baseline_limit_nothing_of_their_own)
{
	auto_case c;

	cr_assert_eq(plan_of(&c, "none", "", true), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_NONE);
	cr_expect(!c.plan->filter.own.log && c.plan->filter.own.allow_compat32);
	case_done(&c);
	cr_assert_eq(plan_of(&c, "baseline", "", true), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_BASELINE);
	cr_expect(!c.plan->filter.own.log && c.plan->filter.own.allow_compat32);
}
