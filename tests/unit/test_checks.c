/* SPDX-License-Identifier: Apache-2.0 */
/* The launch checks: for each a container that triggers it, and its twins that differ in one thing and do not. */
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "merge_case.h"
#include "policy/checks.h"
#include "policy/profile.h"
#include "policy/resolve.h"
#include "policy/syscall_groups.h"

/* ---- files for the view ---- */

#define SERVICE_CAPS (CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_KILL) | CAP_BIT(CAP_DAC_OVERRIDE))

struct tree {
	struct root_file file;		/* what every path but /bin/sh is */
	const char *name;		/* of it; NULL: as asked */
	const char *lists[ROOT_NAMES_MAX + 1]; /* what every directory holds */
	struct root_owner owner;
	const char *missing;		/* what has this in its path is not there; NULL: all is */
};

static int tree_file(void *ctx, struct arena *a, const char *path, struct root_file *out, struct err *e)
{
	const struct tree *t = ctx;

	(void)e;
	*out = (struct root_file){ .path = arena_strdup(a, path), .head = "", .tail = "" };
	if (str_eq(path, "/bin/sh"))
		return 0;
	if (!t->file.head || (t->missing && strstr(path, t->missing)))
		return -ENOENT;
	*out = t->file;
	out->path = arena_strdup(a, t->name ? t->name : path);
	return 0;
}

static int tree_names(void *ctx, struct arena *a, const char *path, struct strings *out, struct err *e)
{
	const struct tree *t = ctx;

	(void)a, (void)path, (void)e;
	*out = (struct strings){ 0, t->lists };
	while (t->lists[out->n])
		out->n++;
	return 0;
}

static int tree_owner(void *ctx, const char *host_path, struct root_owner *out)
{
	const struct tree *t = ctx;

	(void)host_path;
	*out = t->owner;
	return 0;
}

static void put(struct tree *t, const char *bytes, size_t len)
{
	t->file = (struct root_file){ .head = bytes, .head_len = len, .tail = bytes, .tail_len = len };
}

static void script(struct tree *t, const char *text) { put(t, text, strlen(text)); }

/* ---- the cases: in each what triggers, then its twins ---- */

struct world {
	struct merge_case *c;
	struct tree *t;
};

static void as_root(struct world *w, uint64_t caps)
{
	w->c->spec.process.uid = 0;
	w->c->spec.process.gid = 0;
	w->c->spec.process.caps = (struct capsets){ .bounding = caps, .effective = caps, .permitted = caps };
}

static void with_args(struct world *w, const char *const *args)
{
	struct strings list = { 0, args };

	while (args[list.n])
		list.n++;
	w->c->spec.process.args = list;
}

static void with_mounts(struct world *w, const struct mount *v, size_t n)
{
	w->c->spec.mounts = (struct mounts){ n, v };
}

/* L01: at baseline, whose root keeps set-id programs. */
static void file_caps(struct world *w)
{
	w->c->request.level = LEVEL_BASELINE;
	put(w->t, "\177ELF", 4);
	w->t->file.caps = CAP_BIT(CAP_SYS_ADMIN);
	w->t->file.caps_effective = true;
}
static void file_caps_allowed(struct world *w)
{
	file_caps(w);
	w->t->file.caps = CAP_BIT(CAP_CHOWN);
}
static void file_caps_not_effective(struct world *w)
{
	file_caps(w);
	w->t->file.caps_effective = false;
}
static void file_caps_nosuid(struct world *w)
{
	file_caps(w);
	w->c->request.level = LEVEL_HARDENED;
}
static void file_caps_user_namespace(struct world *w)
{
	file_caps(w);
	w->c->spec.ns[NS_USER].mode = NS_NEW;
}
static void file_caps_covered(struct world *w)
{
	static const char *const args[] = { "/data/true", NULL };

	file_caps(w);
	with_args(w, args);
}
static void file_caps_link_to_covered(struct world *w)
{
	file_caps(w);
	w->t->name = "/data/true";
}
static void file_caps_none(struct world *w)
{
	file_caps(w);
	w->c->request.level = LEVEL_NONE;
}

/* L03 */
static void bounding(struct world *w)
{
	as_root(w, SERVICE_CAPS & ~CAP_BIT(CAP_SETPCAP));
	script(w->t, "#!/bin/sh\nexec /usr/bin/setpriv --reuid=5 --bounding-set=-all \"$@\"\n");
}
static void bounding_setpcap(struct world *w)
{
	bounding(w);
	as_root(w, SERVICE_CAPS);
}
static void bounding_comment(struct world *w)
{
	bounding(w);
	script(w->t, "#!/bin/sh\n# setpriv --bounding-set=-all\nexec setpriv --reuid=5\n");
}
static void bounding_user(struct world *w)
{
	bounding(w);
	w->c->spec.process.uid = w->c->spec.process.gid = 1000;
}
static void bounding_baseline(struct world *w)
{
	bounding(w);
	w->c->request.level = LEVEL_BASELINE;
}

/* L04 */
static void no_kill(struct world *w)
{
	as_root(w, SERVICE_CAPS & ~CAP_BIT(CAP_KILL));
	w->c->request.init = true;
	script(w->t, "#!/bin/sh\nif true; then exec gosu redis \"$0\" \"$@\"; fi\n");
}
static void no_kill_known_init(struct world *w)
{
	static const char *const args[] = { "/sbin/tini", "--", "su-exec", "redis", "redis-server", NULL };

	no_kill(w);
	w->c->request.init = false;
	with_args(w, args);
	put(w->t, "\177ELF", 4);
}
static void no_kill_shell(struct world *w)
{
	static const char *const args[] = { "sh", "-c", "exec gosu redis redis-server", NULL };

	no_kill(w);
	put(w->t, "\177ELF", 4);
	with_args(w, args);
}
static void with_kill(struct world *w)
{
	no_kill(w);
	as_root(w, SERVICE_CAPS);
}
static void no_init(struct world *w)
{
	no_kill(w);
	w->c->request.init = false;
}
static void no_dropper(struct world *w)
{
	no_kill(w);
	script(w->t, "#!/bin/sh\nexec legosu redis\n");
}

/* L05 */
static void shut_volume(struct world *w)
{
	as_root(w, SERVICE_CAPS & ~CAP_BIT(CAP_DAC_OVERRIDE));
	w->t->owner = (struct root_owner){ 999, 999, 0040700 };
}
static void open_volume(struct world *w)
{
	shut_volume(w);
	w->t->owner.mode = 0040755;
}
static void own_volume(struct world *w)
{
	shut_volume(w);
	w->t->owner.uid = 0;
}
static void groups_volume(struct world *w)
{
	static const uint32_t groups[] = { 999 };

	shut_volume(w);
	w->t->owner.mode = 0040770;
	w->c->spec.process.groups = (struct ids){ 1, groups };
}
static void overriding(struct world *w)
{
	shut_volume(w);
	as_root(w, SERVICE_CAPS);
}

/* L06: a profile that lets handles and the capability through. */
static void handles(struct world *w)
{
	static struct profile p;
	static struct policy_choice choice;
	static const char *const names[] = { "open_by_handle_at", NULL };
	static const struct syscall_rule allow = { .names = { 1, names }, .action = SECCOMP_RET_ALLOW };

	p = *profile_builtin(LEVEL_HARDENED);
	p.cap_allow |= CAP_BIT(CAP_DAC_READ_SEARCH);
	p.cap_ceiling |= CAP_BIT(CAP_DAC_READ_SEARCH);
	p.syscalls.groups |= UINT64_C(1) << SYSCALL_GROUP_HANDLE;
	choice = (struct policy_choice){ .name = "p", .from = "t", .floor = "none", .floor_from = "test", .enforced = &p, .full = &p };
	w->c->request.choice = &choice;
	as_root(w, SERVICE_CAPS | CAP_BIT(CAP_DAC_READ_SEARCH));
	w->c->spec.seccomp.rules.n = 1;
	w->c->spec.seccomp.rules.v = &allow;
}
static void handles_no_capability(struct world *w)
{
	handles(w);
	as_root(w, SERVICE_CAPS);
}
static void handles_engine_refuses(struct world *w)
{
	handles(w);
	w->c->spec.seccomp.rules.n = 0;
}
static void handles_level(struct world *w)
{
	handles(w);
	w->c->request.choice = NULL;
}

/* L07 */
static void hiding(struct world *w)
{
	static const struct mount v[] = { { .destination = "/srv", .source = "tmpfs", .type = "tmpfs", .data = "" } };

	with_mounts(w, v, 1);
	w->t->lists[0] = "index.html";
}
static void hiding_copied(struct world *w)
{
	static const struct mount v[] = { { .destination = "/srv", .source = "tmpfs", .type = "tmpfs", .data = "", .copy_up = true } };

	hiding(w);
	with_mounts(w, v, 1);
}
static void hiding_nothing(struct world *w)
{
	hiding(w);
	w->t->lists[0] = NULL;
}
static void hiding_mount_point(struct world *w)
{
	static const struct mount v[] = { { .destination = "/srv", .source = "tmpfs", .type = "tmpfs", .data = "" },
					  { .destination = "/srv/index.html/x", .source = "/x", .bind = true, .data = "" } };

	hiding(w);
	with_mounts(w, v, 2);
}
static void hiding_dev(struct world *w)
{
	static const struct mount v[] = { { .destination = "/dev", .source = "tmpfs", .type = "tmpfs", .data = "" } };

	hiding(w);
	with_mounts(w, v, 1);
}
static void hiding_on_mount(struct world *w)
{
	static const struct mount v[] = { { .destination = "/srv", .source = "/srv", .bind = true, .data = "" },
					  { .destination = "/srv/x", .source = "tmpfs", .type = "tmpfs", .data = "" } };

	hiding(w);
	with_mounts(w, v, 2);
}

/* L08 */
static void elf(struct world *w, unsigned char class, uint16_t machine)
{
	static Elf32_Ehdr head;

	memset(&head, 0, sizeof(head));
	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = class;
	head.e_machine = machine;
	put(w->t, (const char *)&head, sizeof(head));
}
#if defined(__aarch64__)
enum { OWN_32 = EM_ARM, OTHER_32 = EM_386 };
#else
enum { OWN_32 = EM_386, OTHER_32 = EM_ARM };
#endif
static void small(struct world *w) { elf(w, ELFCLASS32, OWN_32); }
static void small_baseline(struct world *w)
{
	small(w);
	w->c->request.level = LEVEL_BASELINE;
}
static void large(struct world *w) { elf(w, ELFCLASS64, EM_X86_64); }
static void foreign(struct world *w) { elf(w, ELFCLASS32, OTHER_32); }
static void cut_short(struct world *w)
{
	small(w);
	w->t->file.head_len = 5;
}

/* L09 */
static void compiler(struct world *w, const char *name)
{
	static struct profile p;
	static struct policy_choice choice;

	p = *profile_builtin(LEVEL_HARDENED);
	p.deny_write_exec = true;
	choice = (struct policy_choice){ .name = "p", .from = "t", .floor = "none", .floor_from = "test", .enforced = &p, .full = &p };
	w->c->request.choice = &choice;
	put(w->t, "\177ELF", 4);
	w->t->name = name;
}
static void node(struct world *w) { compiler(w, "/usr/bin/node"); }
static void luajit(struct world *w) { compiler(w, "/usr/bin/luajit-2.1.0"); }
static void haproxy(struct world *w) { compiler(w, "/usr/sbin/haproxy"); }
static void postgres(struct world *w) { compiler(w, "/usr/lib/postgresql/15/bin/postgres"); }
static void postgres_plain(struct world *w)
{
	postgres(w);
	w->t->missing = "llvmjit";
}
static void postgres_jit_off(struct world *w)
{
	static const char *const args[] = { "postgres", "-c", "jit=off", NULL };

	postgres(w);
	with_args(w, args);
}
static void php(struct world *w)
{
	static const char *const args[] = { "php", "-d", "opcache.jit=tracing", NULL };

	compiler(w, "/usr/bin/php8.2");
	with_args(w, args);
}
static void php_ini(struct world *w)
{
	compiler(w, "/usr/local/sbin/php-fpm");
	put(w->t, "; x\nopcache.jit_buffer_size = 64M\n", 34);
	w->t->lists[0] = "opcache.ini";
}
static void php_plain(struct world *w) { compiler(w, "/usr/bin/php8.2"); }
static void nginx(struct world *w) { compiler(w, "/usr/sbin/nginx"); }
static void nodetool(struct world *w) { compiler(w, "/usr/bin/node_exporter"); }
static void node_free(struct world *w)
{
	node(w);
	w->c->request.choice = NULL;
}
static void node_old_kernel(struct world *w)
{
	node(w);
	w->c->facts.mdwe = false;
}

/* L10: hardened forces nothing on /tmp; strict's own is noexec. */
static const struct mount noexec_tmp[] = { { .destination = "/tmp", .source = "tmpfs", .type = "tmpfs", .data = "",
					     .attr_set = MOUNT_ATTR_NOEXEC } };
static void java(struct world *w)
{
	static const char *const args[] = { "java", "-jar", "/app.jar", NULL };

	put(w->t, "\177ELF", 4);
	w->t->name = "/usr/lib/jvm/17/bin/java";
	with_args(w, args);
	with_mounts(w, noexec_tmp, 1);
}
static void pyinstaller(struct world *w)
{
	static const char bytes[] = "\177ELF......MEI\014\013\012\013\016......";

	put(w->t, bytes, sizeof(bytes));
	with_mounts(w, noexec_tmp, 1);
}
static void java_exec(struct world *w)
{
	static const struct mount v[] = { { .destination = "/tmp", .source = "tmpfs", .type = "tmpfs", .data = "" } };

	java(w);
	with_mounts(w, v, 1);
}
static void java_elsewhere(struct world *w)
{
	static const char *const args[] = { "java", "-Djava.io.tmpdir=/work", "-jar", "/app.jar", NULL };

	java(w);
	with_args(w, args);
}
static void javascript(struct world *w)
{
	java(w);
	w->t->name = "/usr/bin/javascript";
}

/* L11 */
static void low_port(struct world *w)
{
	static const char *const ports[] = { "8080/tcp", "80/tcp", NULL };
	static const struct strings list = { 2, ports };

	w->c->request.ports = &list;
	w->c->spec.ns[NS_NET].mode = NS_INHERIT;
	w->c->facts.low_port_end = 1024;
}
static void low_port_own_network(struct world *w)
{
	low_port(w);
	w->c->spec.ns[NS_NET].mode = NS_NEW;
}
static void low_port_host_allows(struct world *w)
{
	low_port(w);
	w->c->facts.low_port_end = 80;
}
static void low_port_root(struct world *w)
{
	low_port(w);
	as_root(w, SERVICE_CAPS);
}
static void low_port_ambient(struct world *w)
{
	low_port(w);
	w->c->spec.process.caps.inheritable = w->c->spec.process.caps.ambient = CAP_BIT(CAP_NET_BIND_SERVICE);
}
static void high_port(struct world *w)
{
	static const char *const ports[] = { "8080/tcp", "x", NULL };
	static const struct strings list = { 2, ports };

	low_port(w);
	w->c->request.ports = &list;
}

enum outcome { NOTHING, WARNS, REFUSES };
static const struct { const char *id; enum outcome outcome; void (*make)(struct world *w); const char *says; } cases[] = {
	{ "L01", REFUSES, file_caps, "/bin/true cannot be run: its file demands SYS_ADMIN" },
	{ "L01", REFUSES, file_caps, "remove the file's capabilities (setcap -r)" },
	{ "L01", NOTHING, file_caps_allowed, NULL },
	{ "L01", NOTHING, file_caps_not_effective, NULL },
	{ "L01", NOTHING, file_caps_nosuid, NULL },
	{ "L01", NOTHING, file_caps_user_namespace, NULL },
	{ "L01", NOTHING, file_caps_covered, NULL },
	{ "L01", NOTHING, file_caps_link_to_covered, NULL },
	{ "L01", NOTHING, file_caps_none, NULL },
	{ "L03", WARNS, bounding, "without SETPCAP; allow SETPCAP beside SETUID and SETGID" },
	{ "L03", NOTHING, bounding_setpcap, NULL },
	{ "L03", NOTHING, bounding_comment, NULL },
	{ "L03", NOTHING, bounding_user, NULL },
	{ "L03", NOTHING, bounding_baseline, NULL },
	{ "L04", WARNS, no_kill, "gosu makes the program another user's: a stop waits until its timeout; allow KILL" },
	{ "L04", WARNS, no_kill_known_init, "su-exec makes" },
	{ "L04", WARNS, no_kill_shell, "gosu makes" },
	{ "L04", NOTHING, with_kill, NULL },
	{ "L04", NOTHING, no_init, NULL },
	{ "L04", NOTHING, no_dropper, NULL },
	{ "L05", WARNS, shut_volume, "the volume /data of uid 999 (mode 0700): a first start may work, a restart fails; start as" },
	{ "L05", NOTHING, open_volume, NULL },
	{ "L05", NOTHING, own_volume, NULL },
	{ "L05", NOTHING, groups_volume, NULL },
	{ "L05", NOTHING, overriding, NULL },
	{ "L06", REFUSES, handles, "DAC_READ_SEARCH with open_by_handle_at reads every file of the host's; take DAC_OVERRIDE" },
	{ "L06", NOTHING, handles_no_capability, NULL },
	{ "L06", NOTHING, handles_engine_refuses, NULL },
	{ "L06", NOTHING, handles_level, NULL },
	{ "L07", WARNS, hiding, "the tmpfs on /srv hides what the image has there: index.html; copy it up" },
	{ "L07", NOTHING, hiding_copied, NULL },
	{ "L07", NOTHING, hiding_nothing, NULL },
	{ "L07", NOTHING, hiding_mount_point, NULL },
	{ "L07", NOTHING, hiding_dev, NULL },
	{ "L07", NOTHING, hiding_on_mount, NULL },
	{ "L08", REFUSES, small, "/bin/true is a 32-bit program, and only native system calls are let through; add \"compat32\"" },
	{ "L08", NOTHING, small_baseline, NULL },
	{ "L08", NOTHING, large, NULL },
	{ "L08", NOTHING, foreign, NULL },
	{ "L08", NOTHING, cut_short, NULL },
	{ "L09", REFUSES, node, "/usr/bin/node is Node.js, which writes code into memory and runs it; say \"memory\": {\"deny_write_exec\": false}" },
	{ "L09", REFUSES, luajit, "LuaJIT" },
	{ "L09", REFUSES, haproxy, "whose patterns are compiled" },
	{ "L09", REFUSES, postgres, "PostgreSQL with its LLVM compiler" },
	{ "L09", NOTHING, postgres_plain, NULL },
	{ "L09", NOTHING, postgres_jit_off, NULL },
	{ "L09", REFUSES, php, "PHP with opcache.jit" },
	{ "L09", REFUSES, php_ini, "PHP with opcache.jit" },
	{ "L09", NOTHING, php_plain, NULL },
	{ "L09", NOTHING, nginx, NULL },
	{ "L09", NOTHING, nodetool, NULL },
	{ "L09", NOTHING, node_free, NULL },
	{ "memory", REFUSES, node_old_kernel, "this kernel (6.0) cannot deny memory that is written and executed, Linux 6.3 can; add \"mdwe\" to" },
	{ "L10", WARNS, java, "java is a Java machine, which may unpack code into /tmp and run it there: /tmp is noexec; give" },
	{ "L10", WARNS, pyinstaller, "/bin/true is a PyInstaller program" },
	{ "L10", NOTHING, java_exec, NULL },
	{ "L10", NOTHING, java_elsewhere, NULL },
	{ "L10", NOTHING, javascript, NULL },
	{ "L11", WARNS, low_port, "listens on port 80, which uid 1000 may not take in the host's network; give it a network of its own" },
	{ "L11", NOTHING, low_port_own_network, NULL },
	{ "L11", NOTHING, low_port_host_allows, NULL },
	{ "L11", NOTHING, low_port_root, NULL },
	{ "L11", NOTHING, low_port_ambient, NULL },
	{ "L11", NOTHING, high_port, NULL },
};

static const char *warning_of(const struct plan *p, const char *id)
{
	char begin[32];

	(void)snprintf(begin, sizeof(begin), "launch check %s: ", id);
	for (size_t i = 0; i < p->warnings.n; i++)
		if (str_starts(p->warnings.v[i], begin))
			return p->warnings.v[i];
	return NULL;
}

static bool has_row(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->reasons.n; i++)
		if (str_starts(p->reasons.v[i].control, "launch check ") && strstr(p->reasons.v[i].control, id))
			return p->reasons.v[i].kind == REASON_WARNED && p->reasons.v[i].asked[0] && p->reasons.v[i].result[0];
	return false;
}

Test(checks, each_has_a_container_that_triggers_it_and_twins_that_do_not)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_case c;
		struct tree t = { 0 };
		const struct root_view view = { &t, tree_file, tree_names, tree_owner };
		const char *said;
		int r;

		case_new(&c, LEVEL_HARDENED);
		c.request.view = &view;
		cases[i].make(&(struct world){ &c, &t });
		r = case_merge(&c);
		if (cases[i].outcome == REFUSES) {
			cr_expect_eq(r, -EPERM, "case %zu (%s): %d", i, cases[i].id, r);
			cr_expect(strstr(c.e.text, cases[i].id) && strstr(c.e.text, cases[i].says), "case %zu said: %s", i, c.e.text);
			continue;
		}
		cr_assert_eq(r, 0, "case %zu (%s): %s", i, cases[i].id, c.e.text);
		said = warning_of(c.plan, cases[i].id);
		cr_expect_eq(said != NULL, cases[i].outcome == WARNS, "case %zu (%s): %s", i, cases[i].id, said ? said : "-");
		cr_expect_eq(has_row(c.plan, cases[i].id), cases[i].outcome == WARNS, "case %zu (%s): row", i, cases[i].id);
		if (said && cases[i].says)
			cr_expect(strstr(said, cases[i].says), "case %zu said: %s", i, said);
	}
}

Test(checks, without_a_view_of_the_root_nothing_is_known_of_it)
{
	auto_case c;
	struct tree t = { 0 };

	case_new(&c, LEVEL_HARDENED);
	small(&(struct world){ &c, &t });
	cr_expect_eq(case_merge(&c), 0, "%s", c.e.text);
}

static const struct { const char *text; bool named; } texts[] = {
	{ "exec gosu redis", true }, { "/usr/local/bin/gosu x", true }, { "\"gosu\"", true }, { "x=$(gosu)", true },
	{ "a#gosu", true },	     { "# gosu", false },		{ "x # gosu\ny", false }, { "gosux", false },
	{ "my-gosu", false },	     { "", false },			{ "#", false },
};

Test(checks, a_word_of_a_script_is_found_outside_of_its_comments)
{
	static const char *const words[] = { "gosu", NULL };

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		cr_expect_eq(check_text_names(texts[i].text, words) != NULL, texts[i].named, "%s", texts[i].text);
}
