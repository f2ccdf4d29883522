/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/spec.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "spec_cases.h"

static const struct spec_case cases[] = {
	{ "{'ociVersion':'1.0.0','root':{'path':'rootfs'}}", NULL },
	{ "{'root':{'path':'rootfs'}}", "ociVersion: is required" },
	{ "{'ociVersion':'1.0.0'}", "root: is required" },
	{ "{'ociVersion':'1.0.0','root':{}}", "root.path: is required" },
	{ "{'ociVersion':'1.0.0','root':{'path':''}}", "root.path: must not be empty" },
	{ "{'ociVersion':'1.0.0','root':{'path':1}}", "root.path: must be a string" },
	{ "{'ociVersion':'1.0.0','root':'rootfs'}", "root: must be an object" },
	{ "{'ociVersion':'1.0.0','root':{'path':'r','readonly':1}}", "root.readonly: must be true or false" },
	{ "[1]", "the document: must be an object" },
	{ "nonsense", "config.json: is not valid JSON" },
	{ DOC("'linux':{}"), NULL },
	{ DOC("'linux':null,'process':null,'mounts':null"), NULL },
	{ DOC("'solaris':{'x':1},'vm':{},'windows':{},'zos':{},'freebsd':{},'anything':[1]"), NULL },
	{ DOC("'linux':[]"), "linux: must be an object" },
	{ DOC("'mounts':{}"), "mounts: must be an array" },
	{ DOC("'process':[]"), "process: must be an object" },
	{ DOC("'annotations':{'a':''}"), NULL },
	{ DOC("'annotations':{'':'a'}"), "annotations: has an empty key" },
	{ DOC("'annotations':{'a':1}"), "annotations.a: must be a string" },
	{ DOC("'annotations':['a']"), "annotations: must be an object" },
	{ DOC("'annotations':{'a':'b\\u0000'}"), "\\u0000 is not allowed" },
	/* Host names need a namespace to be set in. */
	{ DOC("'hostname':'a'"), "hostname: needs a uts namespace" },
	{ DOC("'hostname':''"), NULL },
	{ DOC("'domainname':'a'"), "domainname: needs a uts namespace" },
	{ DOC("'hostname':'a','domainname':'b','linux':{'namespaces':[{'type':'uts'}]}"), NULL },
	{ DOC("'hostname':'a','linux':{'namespaces':[{'type':'uts','path':'/run/ns/uts'}]}"), NULL },
	{ DOC("'hostname':'0123456789012345678901234567890123456789012345678901234567890123','linux':{'namespaces':[{'type':'uts'}]}"),
	  NULL },
	{ DOC("'hostname':'01234567890123456789012345678901234567890123456789012345678901234','linux':{'namespaces':[{'type':'uts'}]}"),
	  "hostname: must not be longer than 64 bytes" },
	{ DOC("'hostname':1"), "hostname: must be a string" },
	{ DOC("'domainname':'01234567890123456789012345678901234567890123456789012345678901234','linux':{'namespaces':[{'type':'uts'}]}"),
	  "domainname: must not be longer than 64 bytes" },
	{ "{'ociVersion':1,'root':{'path':'rootfs'}}", "ociVersion: must be a string" },
	/* Hooks. */
	{ DOC("'hooks':{}"), NULL },
	{ DOC("'hooks':{'prestart':[{'path':'/a'}],'unknown':[{}]}"), NULL },
	{ DOC("'hooks':[]"), "hooks: must be an object" },
	{ DOC("'hooks':{'prestart':{}}"), "hooks.prestart: must be an array" },
	{ DOC("'hooks':{'prestart':[{}]}"), "hooks.prestart[0].path: is required" },
	{ DOC("'hooks':{'createRuntime':[{'path':'/a'},{'path':'a'}]}"), "hooks.createRuntime[1].path: must be an absolute path" },
	{ DOC("'hooks':{'createContainer':[{'path':'/a','timeout':0}]}"), "hooks.createContainer[0].timeout: must be between 1 and" },
	{ DOC("'hooks':{'startContainer':[{'path':'/a','timeout':-1}]}"), "hooks.startContainer[0].timeout: must be between 1 and" },
	{ DOC("'hooks':{'poststart':[{'path':'/a','timeout':1.5}]}"), "hooks.poststart[0].timeout: must be an integer" },
	{ DOC("'hooks':{'poststop':[{'path':'/a','env':['A']}]}"), "hooks.poststop[0].env[0]: must have the form NAME=VALUE" },
	{ DOC("'hooks':{'poststop':[{'path':'/a','args':'a'}]}"), "hooks.poststop[0].args: must be an array" },
};

Test(spec, documents_are_read_or_refused_with_the_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

static const struct { const char *version; bool fine; } versions[] = {
	{ "1.0.0", true }, { "1.0.2-dev", true }, { "1.3.0", true }, { "1.3.0+dev", true }, { "1.99.0", true },
	{ "1.0.0-rc5", true }, { "1.0.0-rc.1+build.5", true }, { "0.5.0-dev", false }, { "0.9.9", false },
	{ "2.0.0", false }, { "10.0.0", false }, { "1.0", false }, { "1", false }, { "", false }, { "v1.0.0", false },
	{ "1.0.0.0", false }, { "01.0.0", false }, { "1.00.0", false }, { "1.0.x", false }, { "1.0.0-", false },
	{ "1.0.0+", false }, { "1.0.0-a..b", false }, { " 1.0.0", false }, { "1.0.0 ", false },
	{ "1.0.99999999999999999999", false }, { "-1.0.0", false }, { "1.0.0-a_b", false },
};

Test(spec, a_version_is_semver_of_major_1)
{
	for (size_t i = 0; i < N_ELEMENTS(versions); i++) {
		auto_arena a = { 0 };
		const struct spec *s = NULL;
		struct err e = { 0 };
		char json[200];

		snprintf(json, sizeof(json), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", versions[i].version);
		cr_expect_eq(spec_parse(&a, json, strlen(json), &s, &e), versions[i].fine ? 0 : -EINVAL, "%s: %s",
			     versions[i].version, e.text);
		cr_expect(versions[i].fine || strstr(e.text, "ociVersion: "), "%s: %s", versions[i].version, e.text);
	}
}

Test(spec, the_parts_arrive)
{
	const struct spec *s = spec_of(DOC("'hostname':'h','domainname':'d','annotations':{'k':'v','e':''},"
		"'hooks':{'prestart':[{'path':'/p','args':['p','q'],'env':['A=','B=c=d'],'timeout':7},{'path':'/o'}],"
		"'poststop':[{'path':'/s'}]},'linux':{'namespaces':[{'type':'uts'}]}"));

	cr_expect_str_eq(s->oci_version, "1.2.0");
	cr_expect_str_eq(s->root_path, "rootfs");
	cr_expect_not(s->root_readonly);
	cr_expect_not(s->has_process);
	cr_expect_not(s->has_resources);
	cr_expect_not(s->has_seccomp);
	cr_expect_str_eq(s->hostname, "h");
	cr_expect_str_eq(s->domainname, "d");
	cr_expect_eq(s->annotations.n, 2);
	cr_expect_str_eq(s->annotations.v[0].key, "k");
	cr_expect_str_eq(s->annotations.v[1].value, "");
	cr_expect_eq(s->hooks[HOOK_PRESTART].n, 2);
	cr_expect_str_eq(s->hooks[HOOK_PRESTART].v[0].path, "/p");
	cr_expect_str_eq(s->hooks[HOOK_PRESTART].v[0].args.v[1], "q");
	cr_expect_str_eq(s->hooks[HOOK_PRESTART].v[0].env.v[1], "B=c=d");
	cr_expect_eq(s->hooks[HOOK_PRESTART].v[0].timeout, 7);
	cr_expect_eq(s->hooks[HOOK_PRESTART].v[1].timeout, 0);
	cr_expect_eq(s->hooks[HOOK_POSTSTOP].n, 1);
	cr_expect_eq(s->hooks[HOOK_POSTSTART].n, 0);
}

Test(spec, a_process_document_stands_alone)
{
	static const char good[] = "{\"user\":{\"uid\":1000,\"gid\":1000},\"args\":[\"/bin/id\"],\"cwd\":\"/srv\"}";
	static const char bad[] = "{\"user\":{\"uid\":1000,\"gid\":1000},\"args\":[\"/bin/id\"],\"cwd\":\"srv\"}";
	const struct process *p = NULL;
	struct err e = { 0 };
	auto_arena a = { 0 };

	cr_expect_eq(spec_parse_process(&a, good, strlen(good), &p, &e), 0, "%s", e.text);
	cr_expect_eq(p->uid, 1000);
	cr_expect_eq(spec_parse_process(&a, bad, strlen(bad), &p, &e), -EINVAL);
	cr_expect_str_eq(e.text, "process.cwd: must be an absolute path");
	cr_expect_eq(spec_parse_process(&a, "[]", 2, &p, &e), -EINVAL);
	cr_expect_str_eq(e.text, "process: must be an object");
	cr_expect_eq(spec_parse_process(&a, "", 0, &p, &e), -EINVAL);
	cr_expect(strstr(e.text, "process: is not valid JSON"), "%s", e.text);
}

Test(spec, a_resources_document_stands_alone)
{
	static const char good[] = "{\"memory\":{\"swap\":4096},\"pids\":{\"limit\":5}}";
	static const char bad[] = "{\"memory\":{\"limit\":-2}}";
	const struct resources *r = NULL;
	struct err e = { 0 };
	auto_arena a = { 0 };

	/* swap alone: the limit may be in force already. */
	cr_expect_eq(spec_parse_resources(&a, good, strlen(good), &r, &e), 0, "%s", e.text);
	cr_expect_eq(r->pids_limit.v, 5);
	cr_expect_eq(spec_parse_resources(&a, bad, strlen(bad), &r, &e), -EINVAL);
	cr_expect(strstr(e.text, "resources.memory.limit: must be between -1 and"), "%s", e.text);
	cr_expect_eq(spec_parse_resources(&a, "{", 1, &r, &e), -EINVAL);
	cr_expect(strstr(e.text, "resources: is not valid JSON"), "%s", e.text);
}

Test(spec, a_full_arena_is_out_of_memory_and_no_crash)
{
	static const char text[] = DOC("'process':" PROC("'env':['A=b'],'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':2}]")
		",'mounts':[{'destination':'/a','type':'tmpfs','source':'s','options':['ro','size=1k']}],'annotations':{'a':'b'},"
		"'hooks':{'poststop':[{'path':'/a','args':['a']}]},'linux':{'sysctl':{'net.a':'1'},'maskedPaths':['/a'],"
		"'devices':[{'type':'p','path':'/a'}],'resources':{'devices':[{'allow':true}],'rdma':{'a':{'hcaHandles':1}},"
		"'unified':{'a':'b'}},'seccomp':{'defaultAction':'SCMP_ACT_LOG','architectures':['SCMP_ARCH_X86'],"
		"'syscalls':[{'names':['a'],'action':'SCMP_ACT_ALLOW','args':[{'index':1,'value':1,'op':'SCMP_CMP_EQ'}]}]}}");
	char *json = spec_quotes(text);
	bool fitted = false;

	for (size_t limit = 16; !fitted; limit += 16) {
		auto_arena a = { .limit = limit };
		const struct spec *s = NULL;
		struct err e = { 0 };
		int r = spec_parse(&a, json, strlen(json), &s, &e);

		cr_assert(r == 0 || r == -ENOMEM, "limit %zu: %d %s", limit, r, e.text);
		fitted = r == 0;
	}
	free(json);
}

static int open_data(const char *kind)
{
	const char *top = getenv("CAISSON_SRCDIR");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/%s", top ? top : ".", kind);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void try_folder(int dir, const char *name)
{
	auto_free char *json = NULL, *says = NULL;
	char path[300];
	size_t len, says_len;
	const struct spec *s = NULL;
	struct err e = { 0 };
	auto_arena a = { 0 };
	int r;

	snprintf(path, sizeof(path), "%s/config.json", name);
	cr_assert_eq(fd_read_file(dir, path, SPEC_MAX_BYTES, &json, &len, &e), 0, "%s: %s", path, e.text);
	r = spec_parse(&a, json, len, &s, &e);
	snprintf(path, sizeof(path), "%s/error", name);
	if (faccessat(dir, path, R_OK, 0) < 0) {
		cr_expect_eq(r, 0, "%s: %s", name, e.text);
		return;
	}
	struct err unread = { 0 };
	cr_assert_eq(fd_read_file(dir, path, 4096, &says, &says_len, &unread), 0, "%s", unread.text);
	says[strcspn(says, "\n")] = '\0';
	cr_expect_eq(r, -EINVAL, "%s: %d", name, r);
	cr_expect(says[0] && strstr(e.text, says), "%s said \"%s\", not \"%s\"", name, e.text, says);
}

static size_t walk(const char *kind)
{
	int fd = open_data(kind);
	size_t n = 0;
	DIR *dir;

	cr_assert(fd >= 0, "tests/data/%s is not there (CAISSON_SRCDIR names the sources)", kind);
	dir = fdopendir(fd);
	for (struct dirent *d; (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		try_folder(fd, d->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

Test(spec, every_valid_document_is_read)
{
	cr_expect_geq(walk("valid"), 20);
}

Test(spec, every_invalid_document_is_refused_as_its_folder_says)
{
	cr_expect_geq(walk("invalid"), 20);
}
