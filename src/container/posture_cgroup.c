/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every limit that the launch wrote, read back from the file that it was written to: kernel/cgroup.h tells which. Those that have a
 * line of their own are left to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/posture_parts.h"

static const char blanks[] = " \t\n";

/* Both versions have their own words for "no limit": v1 a number near the largest. */
static bool amount_of(const char *word, size_t len, uint64_t *out)
{
	char text[32], *end;

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = 0;
	*out = str_eq(text, "max") || str_eq(text, "-1") ? UINT64_MAX : strtoull(text, &end, 0);
	if (*out != UINT64_MAX && *end)
		return false;
	if (*out >= INT64_MAX - 65536)
		*out = UINT64_MAX;
	return true;
}

/* Bytes are rounded down: to pages, huge ones with hugetlb. */
static bool is_rounded(const char *file, uint64_t want, uint64_t live)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (live > want)
		return false;
	return str_starts(file, "hugetlb.") || (str_starts(file, "memory.") && want >= page && want - live < page);
}

static bool same_amount(const char *file, const char *want, size_t n_want, const char *live, size_t n_live)
{
	uint64_t a, b;

	if (n_want == n_live && memcmp(want, live, n_want) == 0)
		return true;
	return amount_of(want, n_want, &a) && amount_of(live, n_live, &b) && (a == b || is_rounded(file, a, b));
}

/* Every word of `want` is among those of one line; the first is the first. */
static bool line_holds(const char *file, const char *want, const char *line, size_t len)
{
	const char *end = line + len;
	bool first = true;

	for (want += strspn(want, blanks); *want; want += strspn(want, blanks)) {
		size_t n = strcspn(want, blanks);
		bool found = false;
		for (const char *at = line; at < end && !found;) {
			size_t k = strcspn(at, blanks);
			k = at + k > end ? (size_t)(end - at) : k;
			found = k && same_amount(file, want, n, at, k);
			if (first)
				break;
			at += k + 1;
		}
		if (!found)
			return false;
		want += n;
		first = false;
	}
	return true;
}

/* No line for a device is no limit for it: what is written as 0, or as "max". */
static bool asks_nothing(const char *want)
{
	const char *at = want + strcspn(want, " ");

	if (!*at)
		return false;
	while (*at) {
		at += strspn(at, " ");
		size_t n = strcspn(at, " ");
		bool nothing = (n == 1 && *at == '0') || (n >= 3 && strncmp(at + n - 3, "max", 3) == 0);
		if (n && !nothing)
			return false;
		at += n;
	}
	return true;
}

static bool same_cpus(const char *want, const char *live)
{
	enum { MOST = 65536 };
	uint64_t a[MOST / 64] = { 0 }, b[MOST / 64] = { 0 };

	return str_bits(want, a, MOST) == 0 && str_bits(live, b, MOST) == 0 && memcmp(a, b, sizeof(a)) == 0;
}

/* Files whose only line, or first one, has a name before the number. */
static const char *const names[] = { "default ", "oom_kill_disable " };

bool posture_limit_holds(const char *file, const char *want, const char *live)
{
	char named[64];

	if (str_eq(file, "cpuset.cpus") || str_eq(file, "cpuset.mems"))
		return same_cpus(want, live);
	for (const char *at = live; *at || at == live; at += at[0] == '\n') {
		size_t n = strcspn(at, "\n");
		if (line_holds(file, want, at, n))
			return true;
		for (size_t i = 0; i < N_ELEMENTS(names) && !strpbrk(want, blanks); i++)
			if (snprintf(named, sizeof(named), "%s%.32s", names[i], want) > 0 && line_holds(file, named, at, n))
				return true;
		at += n;
		if (!*at)
			break;
	}
	return asks_nothing(want);
}

/* The files behind lines of posture_limits.c. */
static const struct { const char *file, *control; } shown[] = {
	{ "pids.max", "pids" },
	{ "memory.max", "memory" },
	{ "memory.limit_in_bytes", "memory" },
	{ "memory.swap.max", "memory and swap" },
	{ "memory.memsw.limit_in_bytes", "memory and swap" },
	{ "cpu.max", "cpu quota" },
	{ "cpu.cfs_quota_us", "cpu quota" },
	{ "cpu.cfs_period_us", "cpu period" },
	{ "cpu.shares", "cpu share" },
	{ "cpu.weight", "cpu share" },
	{ "cpuset.cpus", "cpus" },
	{ "cpuset.mems", "memory nodes" },
};

struct tally { const struct look *l; size_t asked, good; char bad[160]; };

static bool is_shown(const struct look *l, const char *file)
{
	for (size_t i = 0; i < N_ELEMENTS(shown); i++)
		if (str_eq(shown[i].file, file) && posture_has_line(l, shown[i].control))
			return true;
	return false;
}

static int note(void *ctx, const char *dir, const char *file, const char *value)
{
	struct tally *t = ctx;
	char path[PATH_MAX], live[16384];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	n = fd_read_small(AT_FDCWD, path, live, sizeof(live));
	if (n < 0 && n != -EINVAL && n != -EACCES)
		return (int)n; /* the launch tried other files as well, in their order */
	if (is_shown(t->l, file))
		return 0;
	t->asked++;
	if (n >= 0 && posture_limit_holds(file, value, live))
		t->good++;
	else if (!t->bad[0])
		(void)snprintf(t->bad, sizeof(t->bad), "; %.60s: %.80s", file, n < 0 ? "cannot be read" : live);
	return 0;
}

static void look_rest(struct look *l)
{
	struct tally t = { .l = l };
	struct err e = { 0 };
	int r = cgroup_limit_tell(l->cg, &l->p->resources, note, &t, &e);

	if (!t.asked && r == 0)
		return;
	t.bad[strcspn(t.bad, "\n")] = 0;
	posture_planned(l, "further limits", "%zu", t.asked);
	posture_actual(l, r == 0 && t.good == t.asked ? VERDICT_OK : VERDICT_DIFFERS, "%zu%s%s%.150s", t.good, t.bad, r < 0 ? "; " : "",
		       r < 0 ? e.text : "");
}

void posture_look_cgroup(struct look *l)
{
	if (!l->cg || l->cg->mode == CGROUP_NONE)
		return;
	look_rest(l);
}
