/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "spec_cases.h"

#define MOUNT(rest) DOC("'mounts':[{" rest "}]")
#define MAP "[{'containerID':0,'hostID':1000,'size':10}]"
#define MAPS "'uidMappings':" MAP ",'gidMappings':" MAP
#define OPTIONS(type, rest) MOUNT("'destination':'/a','type':'" type "','source':'s','options':[" rest "]")

static const struct spec_case cases[] = {
	{ DOC("'mounts':[]"), NULL },
	{ DOC("'mounts':[3]"), "mounts[0]: must be an object" },
	{ MOUNT("'destination':'/proc','type':'proc'"), NULL },
	{ MOUNT("'type':'proc'"), "mounts[0].destination: is required" },
	{ MOUNT("'destination':'','type':'proc'"), "mounts[0].destination: must not be empty" },
	{ MOUNT("'destination':1,'type':'proc'"), "mounts[0].destination: must be a string" },
	{ MOUNT("'destination':'/a','source':'b'"), "mounts[0].type: is required (it is no bind mount)" },
	{ MOUNT("'destination':'/a','type':1"), "mounts[0].type: must be a string" },
	{ MOUNT("'destination':'/a','type':'proc','source':'a\\u0000'"), "\\u0000 is not allowed" },
	{ MOUNT("'destination':'/a','options':['bind']"), "mounts[0].source: is required by a bind mount" },
	{ MOUNT("'destination':'/a','source':'b','options':['rbind']"), NULL },
	{ MOUNT("'destination':'/a','options':['bind','remount','ro']"), NULL },
	{ OPTIONS("bind", "'ro'"), "mounts[0].options: must hold \"bind\" or \"rbind\" for type \"bind\"" },
	{ OPTIONS("bind", "'bind','remount','ro'"), NULL },
	{ OPTIONS("tmpfs", "'ro','size=1k','mode=755'"), NULL },
	{ OPTIONS("bind", "'bind','mode=755'"), NULL },
	{ OPTIONS("bind", "'bind','mode=755','nosiud'"), "mounts[0].options: \"nosiud\" is not known, and a bind mount takes no options" },
	{ OPTIONS("bind", "'foo','rbind'"), "mounts[0].options: \"foo\" is not known" },
	{ OPTIONS("none", "'bind','RO'"), "mounts[0].options: \"RO\" is not known" },
	{ OPTIONS("tmpfs", "'ro',1"), "mounts[0].options[1]: must be a string" },
	{ MOUNT("'destination':'/a','type':'tmpfs','options':'ro'"), "mounts[0].options: must be an array" },
	{ DOC("'mounts':[{'destination':'/a','type':'x'},{'destination':'/b','type':'x'},{'destination':'/c','type':'x','options':{}}]"),
	  "mounts[2].options: must be an array" },
	{ OPTIONS("tmpfs", "'tmpcopyup'"), NULL },
	{ OPTIONS("proc", "'tmpcopyup'"), "mounts[0].options: \"tmpcopyup\" is only for type \"tmpfs\"" },
	/* id maps */
	{ MOUNT("'destination':'/a','source':'b','options':['bind','idmap']," MAPS), NULL },
	{ MOUNT("'destination':'/a','source':'b','options':['bind']," MAPS), NULL },
	{ MOUNT("'destination':'/a','source':'b','options':['bind'],'uidMappings':" MAP), "mounts[0].gidMappings: is required beside uidMappings" },
	{ MOUNT("'destination':'/a','source':'b','options':['bind'],'gidMappings':" MAP), "mounts[0].uidMappings: is required beside gidMappings" },
	{ MOUNT("'destination':'/a','source':'b','options':['bind','idmap']"), "mounts[0].options: \"idmap\" needs uidMappings and gidMappings" },
	{ MOUNT("'destination':'/a','source':'b','options':['bind','ridmap']"), "mounts[0].options: \"ridmap\" needs uidMappings and gidMappings" },
	{ DOC("'mounts':[{'destination':'/a','source':'b','options':['bind','idmap']}],'linux':{'namespaces':[{'type':'user'}]," MAPS "}"), NULL },
	{ MOUNT("'destination':'/a','source':'b','options':['bind'],'uidMappings':[{'containerID':0,'hostID':0}],'gidMappings':" MAP),
	  "mounts[0].uidMappings[0].size: is required" },
};

Test(spec_mounts, are_read_or_refused_with_their_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

static const struct { const char *written, *clean; } destinations[] = {
	{ "/a", "/a" }, { "a", "/a" }, { "a/b/", "/a/b" }, { "//a//b", "/a/b" }, { "/a/./b", "/a/b" }, { "/a/../b", "/b" },
	{ "../../etc", "/etc" }, { "/../..", "/" }, { ".", "/" },
};

Test(spec_mounts, destinations_are_cleaned_and_stay_below_the_root)
{
	for (size_t i = 0; i < N_ELEMENTS(destinations); i++) {
		char text[300];

		snprintf(text, sizeof(text), MOUNT("'destination':'%s','type':'tmpfs'"), destinations[i].written);
		cr_expect_str_eq(spec_of(text)->mounts.v[0].destination, destinations[i].clean, "%s", destinations[i].written);
	}
}

Test(spec_mounts, a_destination_longer_than_a_path_is_refused)
{
	auto_str s = { 0 };
	auto_arena a = { 0 };
	const struct spec *spec = NULL;
	struct err e = { 0 };

	str_add(&s, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"mounts\":[{\"type\":\"tmpfs\",\"destination\":\"");
	for (int i = 0; i < 500; i++)
		str_add(&s, "/12345678");
	str_add(&s, "\"}]}");
	cr_expect_eq(spec_parse(&a, s.s, s.len, &spec, &e), -EINVAL);
	cr_expect(strstr(e.text, "mounts[0].destination: is longer than 4096 bytes"), "%s", e.text);
}

#define ATIME MOUNT_ATTR__ATIME
#define ATTR(set, clear) .m = { .attr_set = set, .attr_clear = clear }
#define TREE(set, clear) .m = { .rattr_set = set, .rattr_clear = clear }

/* One row for each word, alone. */
static const struct { const char *word; struct mount m; } words[] = {
	{ "async", .m = { 0 } },
	{ "atime", ATTR(0, ATIME) },
	{ "bind", .m = { .bind = true } },
	{ "defaults", .m = { 0 } },
	{ "dev", ATTR(0, MOUNT_ATTR_NODEV) },
	{ "diratime", ATTR(0, MOUNT_ATTR_NODIRATIME) },
	{ "dirsync", .m = { .sb_flags = MS_DIRSYNC } },
	{ "exec", ATTR(0, MOUNT_ATTR_NOEXEC) },
	{ "idmap", .m = { .idmap = true } },
	{ "iversion", .m = { .sb_flags = 1 << 23 } },
	{ "lazytime", .m = { .sb_flags = 1 << 25 } },
	{ "loud", .m = { 0 } },
	{ "mand", .m = { .sb_flags = MS_MANDLOCK } },
	{ "noatime", ATTR(MOUNT_ATTR_NOATIME, ATIME) },
	{ "nodev", ATTR(MOUNT_ATTR_NODEV, 0) },
	{ "nodiratime", ATTR(MOUNT_ATTR_NODIRATIME, 0) },
	{ "noexec", ATTR(MOUNT_ATTR_NOEXEC, 0) },
	{ "noiversion", .m = { 0 } },
	{ "nolazytime", .m = { 0 } },
	{ "nomand", .m = { 0 } },
	{ "norelatime", .m = { 0 } },
	{ "nostrictatime", ATTR(0, ATIME) },
	{ "nosuid", ATTR(MOUNT_ATTR_NOSUID, 0) },
	{ "nosymfollow", ATTR(MOUNT_ATTR_NOSYMFOLLOW, 0) },
	{ "private", .m = { .propagation = MS_PRIVATE } },
	{ "ratime", TREE(0, ATIME) },
	{ "rbind", .m = { .bind = true, .recursive = true } },
	{ "rdev", TREE(0, MOUNT_ATTR_NODEV) },
	{ "rdiratime", TREE(0, MOUNT_ATTR_NODIRATIME) },
	{ "relatime", ATTR(0, ATIME) },
	{ "remount", .m = { .remount = true } },
	{ "rexec", TREE(0, MOUNT_ATTR_NOEXEC) },
	{ "ridmap", .m = { .idmap = true, .idmap_recursive = true } },
	{ "rnoatime", TREE(MOUNT_ATTR_NOATIME, ATIME) },
	{ "rnodev", TREE(MOUNT_ATTR_NODEV, 0) },
	{ "rnodiratime", TREE(MOUNT_ATTR_NODIRATIME, 0) },
	{ "rnoexec", TREE(MOUNT_ATTR_NOEXEC, 0) },
	{ "rnorelatime", .m = { 0 } },
	{ "rnostrictatime", TREE(0, ATIME) },
	{ "rnosuid", TREE(MOUNT_ATTR_NOSUID, 0) },
	{ "rnosymfollow", TREE(MOUNT_ATTR_NOSYMFOLLOW, 0) },
	{ "ro", .m = { .attr_set = MOUNT_ATTR_RDONLY, .sb_flags = MS_RDONLY } },
	{ "rprivate", .m = { .propagation = MS_PRIVATE | MS_REC } },
	{ "rrelatime", TREE(0, ATIME) },
	{ "rro", TREE(MOUNT_ATTR_RDONLY, 0) },
	{ "rrw", TREE(0, MOUNT_ATTR_RDONLY) },
	{ "rshared", .m = { .propagation = MS_SHARED | MS_REC } },
	{ "rslave", .m = { .propagation = MS_SLAVE | MS_REC } },
	{ "rstrictatime", TREE(MOUNT_ATTR_STRICTATIME, ATIME) },
	{ "rsuid", TREE(0, MOUNT_ATTR_NOSUID) },
	{ "rsymfollow", TREE(0, MOUNT_ATTR_NOSYMFOLLOW) },
	{ "runbindable", .m = { .propagation = MS_UNBINDABLE | MS_REC } },
	{ "rw", ATTR(0, MOUNT_ATTR_RDONLY) },
	{ "shared", .m = { .propagation = MS_SHARED } },
	{ "silent", .m = { .sb_flags = MS_SILENT } },
	{ "slave", .m = { .propagation = MS_SLAVE } },
	{ "strictatime", ATTR(MOUNT_ATTR_STRICTATIME, ATIME) },
	{ "suid", ATTR(0, MOUNT_ATTR_NOSUID) },
	{ "symfollow", ATTR(0, MOUNT_ATTR_NOSYMFOLLOW) },
	{ "sync", .m = { .sb_flags = MS_SYNCHRONOUS } },
	{ "tmpcopyup", .m = { .copy_up = true } },
	{ "unbindable", .m = { .propagation = MS_UNBINDABLE } },
};

static struct mount read_words(const char *const *v, size_t n)
{
	static struct arena a;
	const struct strings list = { n, v };
	struct mount m = { 0 };
	struct err e = { 0 };

	cr_assert_eq(spec_mount_options(&a, &list, &m, "-v", &e), 0, "%s", e.text);
	return m;
}

static void expect_same(const char *word, const struct mount *got, const struct mount *want)
{
	cr_expect_eq(got->attr_set, want->attr_set, "%s: set %lx", word, (unsigned long)got->attr_set);
	cr_expect_eq(got->attr_clear, want->attr_clear, "%s: clear %lx", word, (unsigned long)got->attr_clear);
	cr_expect_eq(got->rattr_set, want->rattr_set, "%s: tree set %lx", word, (unsigned long)got->rattr_set);
	cr_expect_eq(got->rattr_clear, want->rattr_clear, "%s: tree clear %lx", word, (unsigned long)got->rattr_clear);
	cr_expect_eq(got->sb_flags, want->sb_flags, "%s: flags %lx", word, got->sb_flags);
	cr_expect_eq(got->propagation, want->propagation, "%s: propagation %lx", word, got->propagation);
	cr_expect_eq(got->bind, want->bind, "%s", word);
	cr_expect_eq(got->recursive, want->recursive, "%s", word);
	cr_expect_eq(got->remount, want->remount, "%s", word);
	cr_expect_eq(got->copy_up, want->copy_up, "%s", word);
	cr_expect_eq(got->idmap, want->idmap, "%s", word);
	cr_expect_eq(got->idmap_recursive, want->idmap_recursive, "%s", word);
	cr_expect_str_eq(got->data, "", "%s reached the file system", word);
}

Test(spec_mounts, every_word_does_what_it_says)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		struct mount m = read_words(&words[i].word, 1);

		expect_same(words[i].word, &m, &words[i].m);
	}
}

Test(spec_mounts, the_list_of_words_is_whole_and_in_order)
{
	size_t n = 0;

	for (; spec_mount_option_words[n]; n++) {
		cr_assert_lt(n, N_ELEMENTS(words));
		cr_expect_str_eq(spec_mount_option_words[n], words[n].word);
		cr_expect(n == 0 || strcmp(words[n - 1].word, words[n].word) < 0);
	}
	cr_expect_eq(n, N_ELEMENTS(words));
}

#define LIST(...) { __VA_ARGS__, NULL }
static const struct { const char *words[6]; struct mount m; } pairs[] = {
	{ LIST("ro", "rw"), ATTR(0, MOUNT_ATTR_RDONLY) },
	{ LIST("rw", "ro"), .m = { .attr_set = MOUNT_ATTR_RDONLY, .sb_flags = MS_RDONLY } },
	{ LIST("nosuid", "suid"), ATTR(0, MOUNT_ATTR_NOSUID) },
	{ LIST("suid", "nosuid"), ATTR(MOUNT_ATTR_NOSUID, 0) },
	{ LIST("nosuid", "nodev", "noexec"), ATTR(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0) },
	{ LIST("noatime", "strictatime"), ATTR(MOUNT_ATTR_STRICTATIME, ATIME) },
	{ LIST("strictatime", "noatime"), ATTR(MOUNT_ATTR_NOATIME, ATIME) },
	{ LIST("noatime", "relatime"), ATTR(0, ATIME) },
	{ LIST("noatime", "atime"), ATTR(0, ATIME) },
	{ LIST("strictatime", "atime"), ATTR(MOUNT_ATTR_STRICTATIME, ATIME) },
	{ LIST("strictatime", "nostrictatime"), ATTR(0, ATIME) },
	{ LIST("noatime", "nostrictatime"), ATTR(MOUNT_ATTR_NOATIME, ATIME) },
	{ LIST("sync", "async", "dirsync"), .m = { .sb_flags = MS_DIRSYNC } },
	{ LIST("silent", "loud", "mand", "nomand"), .m = { 0 } },
	{ LIST("lazytime", "nolazytime", "iversion", "noiversion"), .m = { 0 } },
	{ LIST("rshared", "private"), .m = { .propagation = MS_PRIVATE } },
	{ LIST("rbind", "ro", "rprivate"), .m = { .bind = true, .recursive = true, .attr_set = MOUNT_ATTR_RDONLY,
						  .propagation = MS_PRIVATE | MS_REC } },
	{ LIST("ro", "rrw"), .m = { .attr_set = MOUNT_ATTR_RDONLY, .sb_flags = MS_RDONLY, .rattr_clear = MOUNT_ATTR_RDONLY } },
	{ LIST("rro", "rrw"), TREE(0, MOUNT_ATTR_RDONLY) },
};

Test(spec_mounts, the_later_word_wins)
{
	for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
		size_t n = 0;

		while (pairs[i].words[n])
			n++;
		struct mount m = read_words(pairs[i].words, n);

		expect_same(pairs[i].words[0], &m, &pairs[i].m);
	}
}

Test(spec_mounts, other_words_become_data_in_their_order)
{
	static const char *const list[] = { "mode=755", "ro", "", "size=65536k", "nosuid", "x" };
	struct mount m = read_words(list, N_ELEMENTS(list));

	cr_expect_str_eq(m.data, "mode=755,size=65536k,x");
	cr_expect_eq(m.attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
}

Test(spec_mounts, a_refused_list_leaves_the_mount_alone)
{
	static const char *const list[] = { "ro", "bind", "foo" };
	const struct strings words_of_list = { N_ELEMENTS(list), list };
	struct mount m = { .index = 7 };
	struct err e = { 0 };
	auto_arena a = { 0 };

	cr_expect_eq(spec_mount_options(&a, &words_of_list, &m, "--mount", &e), -EINVAL);
	cr_expect(strstr(e.text, "--mount: \"foo\" is not known"), "%s", e.text);
	cr_expect(m.index == 7 && !m.bind && !m.attr_set && !m.sb_flags);
}

Test(spec_mounts, everything_arrives)
{
	const struct mounts *all = &spec_of(DOC("'mounts':[{'destination':'/a','type':'tmpfs','source':'s','options':['mode=1']},"
		"{'destination':'b','type':'bind','source':'src','options':['rbind','ro']," MAPS "},{'destination':'/c','type':'proc'}]"))->mounts;

	cr_expect_eq(all->n, 3);
	cr_expect_eq(all->v[0].index, 0);
	cr_expect_str_eq(all->v[0].type, "tmpfs");
	cr_expect_str_eq(all->v[0].source, "s");
	cr_expect_str_eq(all->v[0].data, "mode=1");
	cr_expect_eq(all->v[1].index, 1);
	cr_expect_null(all->v[1].type, "a bind mount has no type");
	cr_expect(all->v[1].bind && all->v[1].recursive && all->v[1].idmap);
	cr_expect_eq(all->v[1].uid_map.v[0].host, 1000);
	cr_expect_eq(all->v[1].sb_flags, 0, "a bind mount changes no file system");
	cr_expect_null(all->v[2].source);
	cr_expect_str_eq(all->v[2].data, "");
}
