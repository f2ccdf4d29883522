/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of fields: each row is whole, each wrong value has its words, and what is made from the table agrees with it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/fd.h"
#include "base/sys.h"
#include "policy/config.h"
#include "policy/profile_fields.h"
#include "policy/syscall_groups.h"
#include "profile_document.h"

struct reading {
	struct arena a;
	struct profile p;
	struct err e;
};

static int read_over(struct reading *r, const struct profile *base, const char *text)
{
	const struct profile_text t = { .label = "x.json", .name = "x" };
	struct jread_doc doc = { .arena = &r->a };
	int err;

	*r = (struct reading){ .p = *base };
	doc.arena = &r->a;
	err = jread_load(&doc, "x.json", text, strlen(text), &r->e);
	if (err == 0)
		err = profile_read(&r->a, &t, &doc, &r->p, &r->e);
	jread_done(&doc);
	return err;
}

static int read_text(struct reading *r, const char *text)
{
	return read_over(r, profile_builtin(LEVEL_NONE), text);
}

static void done(struct reading *r)
{
	arena_done(&r->a);
}

Test(policy_fields, every_row_is_whole)
{
	uint64_t controls = 0;

	for (size_t i = 0; i < profile_table.n; i++) {
		const struct field *f = &profile_table.v[i];
		cr_assert_not_null(f->name, "row %zu", i);
		cr_expect(f->hidden || f->text, "%s has no text", f->name);
		cr_expect(f->offset + field_size(f) <= sizeof(struct profile), "%s", f->name);
		cr_expect(f->hidden || f->required || f->fallback || f->type == FIELD_TEXT, "%s: what holds without it?", f->name);
		cr_expect((f->type != FIELD_WORD && f->type != FIELD_FLAGS) || f->words, "%s has no words", f->name);
		cr_expect(f->hidden || f->kind == FIELD_INFO || profile_control_of(i), "%s belongs to no control", f->name);
		controls |= profile_control_of(i);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(f->name, profile_table.v[k].name);
	}
	cr_expect_eq(controls, profile_controls_all(), "a control without a field");
}

Test(policy_fields, words_are_in_the_order_of_their_strictness)
{
	for (size_t i = 0; i < profile_table.n; i++) {
		const struct field *f = &profile_table.v[i];
		if (f->type != FIELD_WORD)
			continue;
		for (const struct field_word *w = f->words; w[0].word && w[1].word; w++)
			cr_expect_lt(w[0].value, w[1].value, "%s: %s", f->name, w[0].word);
	}
}

/* clang-format off */
#define P(rest) "{\"schema\":1" rest "}"
static const struct { const char *json, *says; } wrong[] = {
	{ "{}", "$: schema is required" },
	{ "{\"schema\":2}", "$.schema: unsupported schema 2, this caisson reads 1" },
	{ "{\"schema\":\"1\"}", "$.schema: must be the integer 1" },
	{ "{\"schema\":1,\"schema\":1}", "not valid JSON" },
	{ "[]", "$: must be an object" },
	{ P(",\"capabilites\":{}"), "$: unknown key \"capabilites\"; did you mean capabilities?" },
	{ P(",\"capabilities\":{\"alow\":[]}"), "$.capabilities: unknown key \"alow\"; did you mean allow?" },
	{ P(",\"capabilities.allow\":[]"), "unknown key \"capabilities.allow\"" },
	{ P(",\"(fits)\":true"), "unknown key" },
	{ P(",\"capabilities\":[]"), "$.capabilities: must be an object" },
	{ P(",\"capabilities\":{\"allow\":[\"CHOWN\",\"NET_BIND_SERVCE\"]}"), "$.capabilities.allow[1]: unknown capability \"NET_BIND_SERVCE\"; did you mean NET_BIND_SERVICE?" },
	{ P(",\"capabilities\":{\"allow\":\"some\"}"), "$.capabilities.allow: must be an array, or \"all\"" },
	{ P(",\"capabilities\":{\"allow\":{\"plus\":[]}}"), "$.capabilities.allow: unknown key \"plus\": an edit has \"add\" and \"remove\"" },
	{ P(",\"capabilities\":{\"allow\":{\"add\":[7]}}"), "$.capabilities.allow.add[0]: must be a string" },
	{ P(",\"capabilities\":{\"label\":\"yes\"}"), "$.capabilities.label: unknown word \"yes\"" },
	{ P(",\"capabilities\":{\"grant\":[{\"cap\":\"CHOWN\"}]}"), "$.capabilities.grant[0]: why is required" },
	{ P(",\"capabilities\":{\"grant\":[{\"cap\":\"CHOWN\",\"why\":\"\"}]}"), "$.capabilities.grant[0].why: must have 1 to 512 bytes" },
	{ P(",\"capabilities\":{\"securebits\":[\"noroot\"]}"), "$.capabilities.securebits[0]: unknown word \"noroot\"; did you mean no_root?" },
	{ P(",\"name\":\"y\""), "$.name: \"y\" is not the file's name, \"x\"" },
	{ P(",\"name\":\"../x\""), "is not a profile's name" },
	{ P(",\"extends\":[\"a\",7]"), "$.extends[1]: must be a string" },
	{ P(",\"mode\":\"off\""), "$.mode: unknown word \"off\"" },
	{ P(",\"warn\":[\"syscall\"]"), "$.warn[0]: unknown word \"syscall\"; did you mean syscalls?" },
	{ P(",\"user\":{\"uid\":-1}"), "$.user.uid: must be an integer from 0 to 4294967294" },
	{ P(",\"user\":{\"uid\":4294967295}"), "$.user.uid: must be an integer" },
	{ P(",\"user\":{\"uid\":\"1\"}"), "$.user.uid: must be an integer" },
	{ P(",\"user\":{\"groups\":[1,1]}"), "$.user.groups[1]: 1 is there twice" },
	{ P(",\"umask\":27"), "$.umask: must be text of octal digits" },
	{ P(",\"umask\":\"0999\""), "$.umask: must be text of octal digits" },
	{ P(",\"umask\":\"1000\""), "$.umask: must be \"0\" to \"777\"" },
	{ P(",\"no_new_privileges\":1"), "$.no_new_privileges: must be true or false" },
	{ P(",\"tmpfs\":[{\"path\":\"tmp\",\"size\":4096}]"), "$.tmpfs[0].path: \"tmp\" is not an absolute path" },
	{ P(",\"tmpfs\":[{\"path\":\"/a/../b\",\"size\":4096}]"), "is not a clean path" },
	{ P(",\"tmpfs\":[{\"path\":\"/\",\"size\":4096}]"), "is not a clean path below" },
	{ P(",\"tmpfs\":[{\"path\":\"/proc/x\",\"size\":4096}]"), "\"/proc/x\" is the kernel's" },
	{ P(",\"tmpfs\":[{\"path\":\"/dev\",\"size\":4096}]"), "holds the devices" },
	{ P(",\"tmpfs\":[{\"path\":\"/t\"}]"), "$.tmpfs[0]: size is required" },
	{ P(",\"tmpfs\":[{\"path\":\"/t\",\"size\":\"much\"}]"), "$.tmpfs[0].size: must be an integer, or text such as \"64M\"" },
	{ P(",\"tmpfs\":[{\"path\":\"/t\",\"size\":4096},{\"path\":\"/t\",\"size\":4096}]"), "$.tmpfs[1]: \"/t\" is there twice" },
	{ P(",\"paths\":{\"mask\":[\"proc\"]}"), "$.paths.mask[0]: \"proc\" is not an absolute path" },
	{ P(",\"syscalls\":{\"allow\":[\"read\",\"mouth\"]}"), "$.syscalls.allow[1]: unknown system call \"mouth\"; did you mean mount?" },
	{ P(",\"syscalls\":{\"deny\":[\"xyzzyx\"]}"), "$.syscalls.deny[0]: unknown system call \"xyzzyx\"" },
	{ P(",\"syscalls\":{\"deny\":\"some\"}"), "$.syscalls.deny: must be an array, or \"all\"" },
	{ P(",\"syscalls\":{\"kill\":[\"@modul\"]}"), "$.syscalls.kill[0]: unknown word \"@modul\"; did you mean @module?" },
	{ P(",\"syscalls\":{\"errno\":{\"mount\":\"ENOSY\"}}"), "$.syscalls.errno.mount: \"ENOSY\" is not an errno name; did you mean ENOSYS?" },
	{ P(",\"syscalls\":{\"errno\":{\"mount\":\"KILL\"}}"), "$.syscalls.errno.mount: \"KILL\" is not an errno name; calls that end the process are listed in $.syscalls.kill" },
	{ P(",\"syscalls\":{\"errno\":{\"mount\":1}}"), "$.syscalls.errno.mount: must be the name of an errno, such as \"ENOSYS\"" },
	{ P(",\"syscalls\":{\"errno\":{\"mout\":\"EPERM\"}}"), "$.syscalls.errno.mout: unknown system call \"mout\"; did you mean mount?" },
	{ P(",\"syscalls\":{\"errno\":[\"mount\"]}"), "$.syscalls.errno: must be an object of errno names" },
	{ P(",\"syscalls\":{\"log\":1}"), "$.syscalls.log: must be true or false" },
	{ P(",\"sockets\":{\"families\":[\"inet4\"]}"), "$.sockets.families[0]: unknown word \"inet4\"; did you mean inet" },
	{ P(",\"sockets\":{\"families\":[2]}"), "$.sockets.families[0]: must be a string" },
	{ P(",\"sockets\":{\"families\":\"some\"}"), "$.sockets.families: must be an array, or \"all\"" },
	{ P(",\"sockets\":{\"netlink\":[63]}"), "$.sockets.netlink[0]: must be a word, or an integer from 0 to 62" },
	{ P(",\"sockets\":{\"netlink\":[-1]}"), "$.sockets.netlink[0]: must be a word, or an integer from 0 to 62" },
	{ P(",\"sockets\":{\"netlink\":[\"rout\"]}"), "$.sockets.netlink[0]: unknown word \"rout\"; did you mean route?" },
	{ P(",\"ioctl\":{\"deny\":[\"TIOCST\"]}"), "$.ioctl.deny[0]: unknown word \"TIOCST\"; did you mean TIOCSTI?" },
	{ P(",\"ioctl\":{\"deny\":\"all\"}"), "$.ioctl.deny: must be an array" },
	{ P(",\"syscalls\":{\"allow\":[\"@servce\"]}"), "$.syscalls.allow[0]: unknown word \"@servce\"; did you mean @service?" },
	{ P(",\"syscalls\":{\"architectures\":[\"native\"]}"), "$.syscalls.architectures: has no effect while $.syscalls.allow is \"all\"" },
	{ P(",\"syscalls\":{\"architectures\":[\"compat32\"]}"), "$.syscalls.architectures: without \"native\" nothing could run" },
	{ P(",\"capabilities\":{\"label\":\"ignore\",\"label_allow\":[\"KILL\"]}"), "$.capabilities.label_allow: has no effect while" },
	{ P(",\"namespaces\":{\"private\":[\"network\"]}"), "$.namespaces.private[0]: unknown word \"network\"" },
	{ P(",\"rlimits\":{\"nofile\":-5}"), "$.rlimits.nofile: must be an integer" },
	{ P(",\"service\":{\"ports\":[65536]}"), "$.service.ports[0]: must be an integer from 1 to 65535" },
	{ P(",\"service\":{\"ports\":[80,80]}"), "$.service.ports[1]: 80 is there twice" },
	{ P(",\"service\":{\"stop_signal\":\"TERM\"}"), "$.service.stop_signal: unknown word \"TERM\"" },
	{ P(",\"service\":{\"stop_timeout\":\"25h\"}"), "$.service.stop_timeout: must be 0 to 86400 seconds" },
	{ P(",\"service\":{\"stop_timeout\":-1}"), "$.service.stop_timeout: must be seconds, or text such as \"90s\"" },
	{ P(",\"service\":{\"volumes\":[\"data\"]}"), "$.service.volumes[0]: \"data\" is not an absolute path" },
	{ P(",\"service\":{\"health\":[]}"), "$.service.health: must have 1 to 64 members: a program and its arguments" },
	{ P(",\"service\":{\"health\":\"pg_isready -q\"}"), "$.service.health: must be an array" },
	{ P(",\"service\":{\"health\":[\"\"]}"), "$.service.health[0]: must not be empty: it is the program" },
	{ P(",\"service\":{\"health\":[\"./check\"]}"), "$.service.health[0]: \"./check\" is neither an absolute path nor a name without \"/\"" },
	{ P(",\"service\":{\"health\":[\"/bin/../check\"]}"), "$.service.health[0]: \"/bin/../check\" is not a clean path" },
	{ P(",\"service\":{\"health\":[\"x\",7]}"), "$.service.health[1]: must be a string" },
	{ P(",\"service\":{\"health\":[\"x\",\"a\\nb\"]}"), "$.service.health[1]: has a control character" },
	{ P(",\"resources\":{\"pids\":0}"), "$.resources.pids: must be 1 to" },
	{ P(",\"resources\":{\"memory\":\"64K\"}"), "$.resources.memory: must be 524288 to" },
	{ P(",\"description\":\"a\\nb\""), "$.description: has a control character" },
};
/* clang-format on */

Test(policy_fields, every_wrong_value_is_refused_with_its_path)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		struct reading r;
		cr_expect_lt(read_text(&r, wrong[i].json), 0, "%s was taken", wrong[i].json);
		cr_expect(strstr(r.e.text, wrong[i].says), "%s said: %s", wrong[i].json, r.e.text);
		done(&r);
	}
}

Test(policy_fields, comments_are_allowed_everywhere)
{
	struct reading r;

	cr_expect_eq(read_text(&r, P(",\"$comment\":[1],\"x-team\":{},\"user\":{\"$comment\":\"a\",\"uid\":5}")), 0, "%s", r.e.text);
	cr_expect(r.p.uid.set && r.p.uid.v == 5);
	done(&r);
}

Test(policy_fields, an_array_replaces_and_an_edit_edits)
{
	const struct profile *strict = profile_builtin(LEVEL_STRICT);
	struct reading r;

	cr_assert_eq(read_over(&r, strict, P(",\"syscalls\":{\"allow\":{\"add\":[\"@aio\"],\"remove\":[\"@net\"]}}")), 0, "%s", r.e.text);
	cr_expect_eq(r.p.syscalls.groups, (SYSCALLS_SERVICE | UINT64_C(1) << SYSCALL_GROUP_AIO) & ~(UINT64_C(1) << SYSCALL_GROUP_NET));
	done(&r);
	cr_assert_eq(read_over(&r, strict, P(",\"paths\":{\"mask\":{\"add\":[\"/proc/x\"],\"remove\":[\"/proc/kcore\"]}}")), 0);
	cr_expect_eq(r.p.mask.n, strict->mask.n);
	cr_expect(str_in(&r.p.mask, "/proc/x") && !str_in(&r.p.mask, "/proc/kcore"));
	done(&r);
	cr_assert_eq(read_over(&r, strict, P(",\"tmpfs\":{\"add\":[{\"path\":\"/tmp\",\"size\":\"1M\"}],\"remove\":[\"/run\"]}")), 0);
	cr_assert_eq(r.p.tmpfs.n, 3);
	cr_expect_str_eq(r.p.tmpfs.v[2].path, "/tmp");
	cr_expect_eq(r.p.tmpfs.v[2].size, 1 << 20);
	cr_expect_eq(r.p.tmpfs.v[2].mode, 01777);
	done(&r);
	cr_assert_eq(read_over(&r, strict, P(",\"paths\":{\"mask\":[\"/proc/x\"]}")), 0);
	cr_expect_eq(r.p.mask.n, 1);
	done(&r);
	cr_assert_eq(read_over(&r, profile_builtin(LEVEL_NONE), P(",\"syscalls\":{\"allow\":{\"remove\":[\"@bpf\"]}}")), 0);
	cr_expect_eq(r.p.syscalls.groups, SYSCALLS_EVERY & ~(UINT64_C(1) << SYSCALL_GROUP_BPF));
	done(&r);
}

/* A command is one thing: a profile that says one says all of it. */
Test(policy_fields, a_health_command_is_inherited_or_replaced)
{
	const struct field *f = &profile_table.v[PF_SERVICE_HEALTH];
	struct reading parent, child;
	char *text;

	cr_assert_eq(read_text(&parent, P(",\"service\":{\"health\":[\"pg_isready\",\"-q\",\"\"]}")), 0, "%s", parent.e.text);
	cr_assert_eq(read_over(&child, &parent.p, P("")), 0, "%s", child.e.text);
	cr_expect(field_same(f, &child.p.service.health, &parent.p.service.health));
	json_t *shown = field_json(f, &child.p.service.health);
	text = json_dumps(shown, JSON_COMPACT);
	cr_expect_str_eq(text, "[\"pg_isready\",\"-q\",\"\"]");
	free(text);
	json_decref(shown);
	done(&child);
	cr_assert_eq(read_over(&child, &parent.p, P(",\"service\":{\"health\":[\"/bin/true\"]}")), 0, "%s", child.e.text);
	cr_assert_eq(child.p.service.health.n, 1);
	cr_expect_str_eq(child.p.service.health.v[0], "/bin/true");
	cr_expect_null(child.p.service.health.v[1]);
	cr_expect_not(field_same(f, &child.p.service.health, &parent.p.service.health));
	done(&child);
	done(&parent);
	shown = field_json(f, &profile_builtin(LEVEL_STRICT)->service.health);
	cr_expect(json_is_null(shown), "an empty command cannot be read again");
	json_decref(shown);
}

Test(policy_fields, capabilities_that_a_file_allows_end_what_a_name_could_give)
{
	const struct profile *strict = profile_builtin(LEVEL_STRICT);
	struct reading r;

	cr_assert_eq(read_over(&r, strict, P(",\"capabilities\":{\"allow\":[\"cap_chown\"]}")), 0);
	cr_expect_eq(r.p.cap_allow, CAP_BIT(CAP_CHOWN));
	cr_expect_eq(r.p.cap_ceiling, CAP_BIT(CAP_CHOWN));
	cr_expect_eq(r.p.cap_launch, 0);
	done(&r);
	cr_assert_eq(read_over(&r, strict, P(",\"capabilities\":{\"label_allow\":[\"KILL\"],\"allow\":[\"CHOWN\"]}")), 0);
	cr_expect_eq(r.p.cap_ceiling, CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_KILL));
	done(&r);
}

Test(policy_fields, no_restriction_of_a_file_hangs_on_what_it_inherited)
{
	struct reading r;

	cr_assert_eq(read_text(&r, P(",\"paths\":{\"mask\":[\"/proc/x\"]}")), 0);
	cr_expect(r.p.mask_always && r.p.fits);
	cr_expect_eq(r.p.privileged, PROFILE_PRIVILEGED_MEET);
	cr_expect_eq(r.p.label, PROFILE_LABEL_USE);
	done(&r);
	cr_assert_eq(read_text(&r, P(",\"privileged\":\"pass\",\"paths\":{\"always\":false,\"mask\":[\"/x\"]}")), 0);
	cr_expect_eq(r.p.privileged, PROFILE_PRIVILEGED_PASS);
	cr_expect(!r.p.mask_always);
	done(&r);
}

Test(policy_fields, a_level_laid_over_nothing_is_that_level)
{
	for (int level = 0; level < LEVELS; level++) {
		struct profile p = *profile_builtin(LEVEL_NONE);
		profile_lay(&p, profile_builtin(level));
		for (size_t i = 0; i < profile_table.n; i++)
			if (i != PF_NAME)
				cr_expect(field_same(&profile_table.v[i], (char *)&p + profile_table.v[i].offset,
						     (const char *)profile_builtin(level) + profile_table.v[i].offset),
					  "level %d: %s", level, profile_table.v[i].name);
	}
}

Test(policy_fields, a_level_is_weaker_than_the_next_and_no_stricter_one_is_weaker)
{
	for (int one = 0; one < LEVELS; one++)
		for (int two = 0; two < LEVELS; two++) {
			auto_arena a = { 0 };
			struct err e = { 0 };
			struct profile_field_set weaker;
			enum profile_field f = PF_SCHEMA;
			cr_assert_eq(profile_weaker(&a, profile_builtin(one), profile_builtin(two), &weaker, &e), 0);
			cr_expect_eq(profile_fields_take(&weaker, &f), one < two, "%d against %d: %s", one, two,
				     profile_field_name(f));
		}
}

Test(policy_fields, meeting_takes_the_stricter_of_each_and_says_who_won)
{
	struct reading one, two;
	struct profile p;

	cr_assert_eq(read_text(&one, P(",\"capabilities\":{\"allow\":[\"CHOWN\",\"KILL\"]},\"resources\":{\"pids\":9},\"user\":{\"non_root\":\"warn\"}")), 0);
	cr_assert_eq(read_text(&two, P(",\"capabilities\":{\"allow\":[\"KILL\",\"SETUID\"]},\"resources\":{\"pids\":70},\"user\":{\"non_root\":\"require\"},"
				       "\"paths\":{\"mask\":[\"/x\"]},\"tmpfs\":[{\"path\":\"/t\",\"size\":4096}]")), 0);
	p = one.p;
	cr_assert_eq(profile_meet(&one.a, &p, &two.p, "floor", &one.e), 0);
	cr_expect_eq(p.cap_allow, CAP_BIT(CAP_KILL));
	cr_expect_eq(p.pids, 9);
	cr_expect_eq(p.user, PROFILE_USER_NON_ROOT);
	cr_expect(str_in(&p.mask, "/x"));
	cr_expect_eq(p.tmpfs.n, 1);
	cr_expect_str_eq(profile_rule(&one.a, &p, PF_PIDS), "x.json $.resources.pids");
	cr_expect_str_eq(profile_rule(&one.a, &p, PF_NON_ROOT), "floor x.json $.user.non_root");
	done(&two);
	done(&one);
}

Test(policy_fields, a_grant_is_never_met_with)
{
	struct reading one, two;
	struct profile p;

	cr_assert_eq(read_text(&one, P("")), 0);
	cr_assert_eq(read_text(&two, P(",\"capabilities\":{\"grant\":[{\"cap\":\"SYS_ADMIN\",\"why\":\"w\"}],\"ambient\":\"granted\"}")), 0);
	p = one.p;
	cr_assert_eq(profile_meet(&one.a, &p, &two.p, NULL, &one.e), 0);
	cr_expect_eq(p.grant.n, 0);
	cr_expect_eq(p.ambient, PROFILE_AMBIENT_AS_ASKED);
	done(&two);
	done(&one);
}

Test(policy_fields, what_show_prints_can_be_read_again)
{
	for (int level = LEVEL_BASELINE; level < LEVELS; level++) {
		json_t *doc = json_pack("{s:i}", "schema", 1);
		struct reading r;
		char *text;

		for (size_t i = 0; i < profile_table.n; i++)
			if (profile_table.v[i].kind != FIELD_INFO && !(i == PF_SYSCALLS_ARCHS && level == LEVEL_BASELINE))
				profile_document_add(doc, profile_builtin(level), i);
		text = json_dumps(doc, 0);
		cr_assert_eq(read_text(&r, text), 0, "%s: %s", r.e.text, text);
		for (size_t i = 0; i < profile_table.n; i++) {
			const struct field *f = &profile_table.v[i];
			if (f->hidden || f->kind == FIELD_INFO || i == PF_TMPFS) /* who owns a tmpfs is not said the same way */
				continue;
			cr_expect(field_same(f, (char *)&r.p + f->offset, (const char *)profile_builtin(level) + f->offset),
				  "level %d: %s", level, f->name);
		}
		done(&r);
		free(text);
		json_decref(doc);
	}
}

static void same_as_shipped(const char *file, json_t *made)
{
	const char *top = getenv("CAISSON_SRCDIR");
	char path[4096];
	json_t *shipped;

	snprintf(path, sizeof(path), "%s/profiles/%s", top ? top : ".", file);
	shipped = json_load_file(path, 0, NULL);
	cr_expect(shipped && json_equal(made, shipped), "%s is not what `caisson policy schema` prints", path);
	json_decref(shipped);
	json_decref(made);
}

Test(policy_fields, the_shipped_schemas_are_those_of_the_tables)
{
	same_as_shipped("profile.schema.json", fields_schema(&profile_table, "A profile of caisson"));
	same_as_shipped("caisson.schema.json", fields_schema(&config_table, "caisson.json"));
}

Test(policy_fields, the_manual_names_every_field)
{
	auto_str out = { 0 };

	fields_manual(&profile_table, &out);
	fields_manual(&config_table, &out);
	for (size_t i = 0; i < profile_table.n; i++) {
		char line[128];
		snprintf(line, sizeof(line), ".B %s\n", profile_table.v[i].name);
		cr_expect_eq(strstr(out.s, line) != NULL, !profile_table.v[i].hidden, "%s", profile_table.v[i].name);
	}
	cr_expect(strstr(out.s, ".B rules[].match.caller_uid\n") != NULL);
}
