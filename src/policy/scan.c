/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four forms of reports. Each has its own way to name the image; a report that does not name one is for no image.
 */
#include "policy/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/jread.h"

struct reading {
	struct arena *a;
	struct scan out;
	const char *digests[SCAN_DIGESTS + 1];
	size_t n;
	bool no_memory;
};

const char *scan_severity_name(enum scan_severity s)
{
	static const char *const names[] = { "none", "low", "medium", "high", "critical" };

	return names[s];
}

const char *scan_format_name(enum scan_format f)
{
	return f == SCAN_TRIVY ? "trivy" : f == SCAN_GRYPE ? "grype" : f == SCAN_SNYK ? "snyk" : "sarif";
}

/* ---- parts ---- */

static const struct jnode *member(const struct jnode *o, const char *key)
{
	if (o && o->type == JOBJECT)
		jnode_each(m, o)
			if (str_eq(m->key, key))
				return m;
	return NULL;
}

static const char *text(const struct jnode *o, const char *key)
{
	const struct jnode *m = member(o, key);

	return m && m->type == JSTRING ? m->text : NULL;
}

static bool is_list(const struct jnode *v)
{
	return v && v->type == JARRAY;
}

bool scan_digest_in(const char *in, char out[72])
{
	static const char head[] = "sha256:";
	enum { DIGITS = 64 };

	for (const char *at = in ? strstr(in, head) : NULL; at; at = strstr(at + 1, head)) {
		if (strspn(at + strlen(head), "0123456789abcdef") != DIGITS)
			continue;
		memcpy(out, at, strlen(head) + DIGITS);
		out[strlen(head) + DIGITS] = '\0';
		return true;
	}
	return false;
}

static void add_digest(struct reading *r, const char *in)
{
	const struct strings known = { r->n, r->digests };
	char digest[72];

	if (!scan_digest_in(in, digest) || str_in(&known, digest) || r->n == SCAN_DIGESTS)
		return;
	r->digests[r->n] = arena_strdup(r->a, digest);
	r->no_memory |= !r->digests[r->n];
	r->n += r->digests[r->n] != NULL;
}

static void add_digests(struct reading *r, const struct jnode *list)
{
	if (is_list(list))
		jnode_each(m, list)
			if (m->type == JSTRING)
				add_digest(r, m->text);
}

static char lower_of(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b)
{
	while (*a && lower_of(*a) == *b) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/* What a scanner cannot rate may be anything. */
static enum scan_severity severity_of(const char *word)
{
	static const struct { const char *word; enum scan_severity s; } words[] = {
		{ "critical", SCAN_CRITICAL }, { "high", SCAN_HIGH }, { "medium", SCAN_MEDIUM }, { "moderate", SCAN_MEDIUM },
		{ "low", SCAN_LOW }, { "negligible", SCAN_LOW },
	};

	for (size_t i = 0; word && i < N_ELEMENTS(words); i++)
		if (same_word(word, words[i].word))
			return words[i].s;
	return SCAN_HIGH;
}

static void add_finding(struct reading *r, const char *id, enum scan_severity s)
{
	r->out.findings++;
	if (s <= r->out.worst && r->out.worst_id)
		return;
	r->out.worst = s > r->out.worst ? s : r->out.worst;
	r->out.worst_id = arena_strdup(r->a, id ? jread_quote(id).s : "one without a name");
	r->no_memory |= !r->out.worst_id;
}

/* ---- time ---- */

static bool digits(const char **p, size_t n, int64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

static bool mark(const char **p, const char *any)
{
	if (!**p || !strchr(any, **p))
		return false;
	(*p)++;
	return true;
}

/* Days from 1970-01-01, counted in years that begin with March, whose last day is the odd one. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

int64_t scan_time(const char *in)
{
	int64_t year, month, day, hour, minute, second, off_h = 0, off_m = 0, sign = 0, at;
	const char *p = in ? in : "";

	if (!digits(&p, 4, &year) || !mark(&p, "-") || !digits(&p, 2, &month) || !mark(&p, "-") || !digits(&p, 2, &day) ||
	    !mark(&p, "Tt ") || !digits(&p, 2, &hour) || !mark(&p, ":") || !digits(&p, 2, &minute) || !mark(&p, ":") || !digits(&p, 2, &second))
		return 0;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 || year < 1970)
		return 0;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	if (*p == '+' || *p == '-') {
		sign = *p++ == '+' ? -1 : 1;
		if (!digits(&p, 2, &off_h) || !mark(&p, ":") || !digits(&p, 2, &off_m) || off_h > 23 || off_m > 59)
			return 0;
	} else if (!mark(&p, "Zz")) {
		return 0;
	}
	at = days_to(year, month, day) * 86400 + hour * 3600 + minute * 60 + second + sign * (off_h * 3600 + off_m * 60);
	return *p == '\0' && at > 0 ? at : 0;
}

/* ---- forms ---- */

static int wrong(struct err *e, const char *form, const char *what)
{
	return err_set(e, EINVAL, "looks like a report of %s, but %s", form, what);
}

static int read_trivy(struct reading *r, const struct jnode *doc, struct err *e)
{
	const struct jnode *results = member(doc, "Results"), *about = member(doc, "Metadata");
	const char *kind = text(doc, "ArtifactType");

	r->out.format = SCAN_TRIVY;
	r->out.made = scan_time(text(doc, "CreatedAt"));
	if (!is_list(results))
		return wrong(e, "trivy", "\"Results\" is no list");
	if (kind && !str_eq(kind, "container_image"))
		return wrong(e, "trivy", "\"ArtifactType\" is not \"container_image\"");
	add_digest(r, text(about, "ImageID"));
	add_digests(r, member(about, "RepoDigests"));
	jnode_each(result, results) {
		const struct jnode *list = member(result, "Vulnerabilities");

		if (result->type != JOBJECT || (list && !is_list(list) && list->type != JNULL))
			return wrong(e, "trivy", "a member of \"Results\" has no list of \"Vulnerabilities\"");
		if (is_list(list))
			jnode_each(v, list)
				add_finding(r, text(v, "VulnerabilityID"), severity_of(text(v, "Severity")));
	}
	return 0;
}

static int read_grype(struct reading *r, const struct jnode *doc, struct err *e)
{
	const struct jnode *matches = member(doc, "matches"), *source = member(doc, "source"), *target = member(source, "target");

	r->out.format = SCAN_GRYPE;
	r->out.made = scan_time(text(member(doc, "descriptor"), "timestamp"));
	if (!is_list(matches))
		return wrong(e, "grype", "\"matches\" is no list");
	if (!str_eq(text(source, "type"), "image"))
		return wrong(e, "grype", "\"source\" is not an image");
	add_digest(r, text(target, "imageID"));
	add_digest(r, text(target, "manifestDigest"));
	add_digests(r, member(target, "repoDigests"));
	jnode_each(m, matches) {
		const struct jnode *v = member(m, "vulnerability");

		if (!v || v->type != JOBJECT)
			return wrong(e, "grype", "a member of \"matches\" has no \"vulnerability\"");
		add_finding(r, text(v, "id"), severity_of(text(v, "severity")));
	}
	return 0;
}

/* One project: snyk lists the image itself and each application in it. It says no date, and the image's digest only where the image
 * was asked for by it. */
static int read_snyk_project(struct reading *r, const struct jnode *doc, struct err *e)
{
	static const char *const names[] = { "path", "projectName", "targetFile", "displayTargetFile" };
	const struct jnode *list = member(doc, "vulnerabilities"), *docker = member(doc, "docker");

	if (!is_list(list))
		return wrong(e, "snyk", text(doc, "error") ? "it is an error message" : "\"vulnerabilities\" is no list");
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		add_digest(r, text(doc, names[i]));
	add_digest(r, text(docker, "imageId"));
	add_digests(r, member(docker, "repoDigests"));
	jnode_each(v, list) {
		if (v->type != JOBJECT)
			return wrong(e, "snyk", "a member of \"vulnerabilities\" is no object");
		add_finding(r, text(v, "id"), severity_of(text(v, "severity")));
	}
	return 0;
}

static int read_snyk(struct reading *r, const struct jnode *doc, struct err *e)
{
	const struct jnode *apps = member(doc, "applications");
	int err = 0;

	r->out.format = SCAN_SNYK;
	if (doc->type == JOBJECT)
		err = read_snyk_project(r, doc, e);
	else
		jnode_each(project, doc)
			err = err < 0 ? err : read_snyk_project(r, project, e);
	if (err == 0 && is_list(apps))
		jnode_each(app, apps)
			err = err < 0 ? err : read_snyk_project(r, app, e);
	return err;
}

/* A CVSS number in a text, by the bands of CVSS 3. */
static enum scan_severity severity_of_number(const char *number)
{
	char *end;
	double n = strtod(number, &end);

	if (end == number || *end || !(n >= 0 && n <= 10))
		return SCAN_HIGH;
	return n >= 9 ? SCAN_CRITICAL : n >= 7 ? SCAN_HIGH : n >= 4 ? SCAN_MEDIUM : SCAN_LOW;
}

static const struct jnode *rule_of(const struct jnode *rules, const struct jnode *result)
{
	const struct jnode *index = member(result, "ruleIndex");
	const char *id = text(result, "ruleId");
	uint64_t i = 0;

	if (!is_list(rules))
		return NULL;
	jnode_each(rule, rules) {
		if (index && index->type == JINTEGER && !index->negative ? index->magnitude == i : id && str_eq(text(rule, "id"), id))
			return rule;
		i++;
	}
	return NULL;
}

static enum scan_severity severity_of_level(const char *level)
{
	if (!level || str_eq(level, "error"))
		return SCAN_HIGH;
	return str_eq(level, "warning") ? SCAN_MEDIUM : str_eq(level, "note") ? SCAN_LOW : SCAN_HIGH;
}

static void read_sarif_result(struct reading *r, const struct jnode *rules, const struct jnode *result)
{
	static const char *const harmless[] = { "pass", "notApplicable", "informational" };
	const struct jnode *rule = rule_of(rules, result);
	const char *kind = text(result, "kind"), *number = text(member(rule, "properties"), "security-severity");
	const char *level = text(result, "level");

	for (size_t i = 0; i < N_ELEMENTS(harmless); i++)
		if (str_eq(kind, harmless[i]))
			return;
	if (!level)
		level = text(member(rule, "defaultConfiguration"), "level");
	add_finding(r, text(result, "ruleId"), number ? severity_of_number(number) : severity_of_level(level));
}

static int read_sarif_run(struct reading *r, const struct jnode *run, struct err *e)
{
	const struct jnode *results = member(run, "results"), *about = member(run, "properties"), *calls = member(run, "invocations");
	const struct jnode *rules = member(member(member(run, "tool"), "driver"), "rules");
	size_t before = r->n;
	int64_t made = 0;

	if (!is_list(results))
		return wrong(e, "SARIF", "a run has no list of \"results\"");
	add_digest(r, text(about, "imageID"));
	add_digest(r, text(about, "imageDigest"));
	add_digests(r, member(about, "repoDigests"));
	if (r->n == before && before == 0)
		return wrong(e, "SARIF", "a run's \"properties\" name no image by its digest (imageID, imageDigest or repoDigests)");
	if (is_list(calls))
		jnode_each(call, calls) {
			int64_t t = scan_time(text(call, "endTimeUtc"));
			made = t > made ? t : made;
		}
	/* Of several runs the oldest counts. */
	if (made && (!r->out.made || made < r->out.made))
		r->out.made = made;
	jnode_each(result, results)
		read_sarif_result(r, rules, result);
	return 0;
}

static int read_sarif(struct reading *r, const struct jnode *doc, struct err *e)
{
	const struct jnode *runs = member(doc, "runs");
	int err = 0;

	r->out.format = SCAN_SARIF;
	if (!is_list(runs) || runs->len == 0)
		return wrong(e, "SARIF", "\"runs\" is no list of runs");
	jnode_each(run, runs)
		err = err < 0 ? err : read_sarif_run(r, run, e);
	return err;
}

static int read_any(struct reading *r, const struct jnode *doc, struct err *e)
{
	if (doc->type == JARRAY)
		return doc->len ? read_snyk(r, doc, e) : err_set(e, EINVAL, "is an empty list");
	if (member(doc, "runs"))
		return read_sarif(r, doc, e);
	if (member(doc, "SchemaVersion") || member(doc, "ArtifactName"))
		return read_trivy(r, doc, e);
	if (member(doc, "matches"))
		return read_grype(r, doc, e);
	if (member(doc, "vulnerabilities") || member(doc, "ok"))
		return read_snyk(r, doc, e);
	return err_set(e, EINVAL, "is no report of trivy, grype or snyk, and no SARIF");
}

int scan_read(struct arena *a, const char *bytes, size_t len, struct scan *out, struct err *e)
{
	auto_arena pool = { 0 };
	struct reading r = { .a = a };
	const struct jnode *doc;
	const char **digests;
	int err;

	if (len > SCAN_MAX_BYTES)
		return err_set(e, EFBIG, "is larger than %d MiB", SCAN_MAX_BYTES >> 20);
	err = jtree_parse(&pool, "scan report", bytes, len, &doc, e);
	if (err == 0)
		err = read_any(&r, doc, e);
	if (err < 0)
		return err;
	digests = arena_array(a, r.n + 1, sizeof(*digests));
	if (!digests || r.no_memory)
		return err_set(e, ENOMEM, "scan report: out of memory");
	memcpy(digests, r.digests, r.n * sizeof(*digests));
	*out = r.out;
	out->digests = (struct strings){ r.n, digests };
	return 0;
}
