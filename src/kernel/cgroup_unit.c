/* SPDX-License-Identifier: Apache-2.0 */
/* A scope's name, and its limits in systemd's words (org.freedesktop.systemd1(5), systemd.resource-control(5)). */
#include "kernel/cgroup_unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cgroup_internal.h"

enum { UNIT_NAME_MAX = 255, CPUS_MAX = 8192, PERIOD_DEFAULT_US = 100000, QUOTA_STEP_US = 10000 };
#define SLICE ".slice"
#define SCOPE ".scope"

/* ---- names ---- */

/* What systemd takes in a unit's name, without ':' (our separator) and '@' (an instance of a template). */
static bool is_unit_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
		      c == '-' || c == '\\'))
			return false;
	}
	return true;
}

/* "a-b.slice" lies in "a.slice": "/a.slice/a-b.slice". The root, "-.slice", is "". NULL: not the name of a slice. */
static bool expand_slice(struct str *out, const char *slice, size_t len)
{
	size_t suffix = strlen(SLICE), stem = len - suffix;

	if (len <= suffix || len > UNIT_NAME_MAX || memcmp(slice + stem, SLICE, suffix) != 0 || !is_unit_text(slice, len))
		return false;
	if (stem == 1 && slice[0] == '-')
		return true;
	for (size_t i = 0; i < stem; i++)
		if (slice[i] == '-' && (i == 0 || i + 1 == stem || slice[i - 1] == '-'))
			return false;
	for (size_t i = 0; i <= stem; i++)
		if (i == stem || slice[i] == '-')
			str_addf(out, "/%.*s" SLICE, (int)i, slice);
	return true;
}

static int bad_form(const char *asked, struct err *e)
{
	return err_set(e, EINVAL,
		       "linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"%.256s\" "
		       "instead", asked);
}

int cgroup_unit_name(struct arena *a, const char *asked, const char *id, bool user, struct cgroup_unit *out, struct err *e)
{
	const char *given = asked && *asked ? asked : arena_printf(a, ":caisson:%s", id);
	const char *first = given ? strchr(given, ':') : NULL, *second = first ? strchr(first + 1, ':') : NULL;
	struct cgroup_unit u = { .slice = user ? "user" SLICE : "system" SLICE };
	auto_str path = { 0 };

	if (!given)
		return err_code(e, ENOMEM, "linux.cgroupsPath");
	if (!second || strchr(second + 1, ':') || !second[1])
		return bad_form(given, e);
	if (first > given)
		u.slice = arena_memdup(a, given, (size_t)(first - given));
	u.name = arena_printf(a, "%.*s%s%s" SCOPE, (int)(second - first - 1), first + 1, second > first + 1 ? "-" : "", second + 1);
	if (!u.slice || !u.name)
		return err_code(e, ENOMEM, "linux.cgroupsPath");
	if (!expand_slice(&path, u.slice, strlen(u.slice)))
		return err_set(e, EINVAL, "linux.cgroupsPath: invalid slice name: \"%.256s\" (as in machine.slice, or a-b.slice)", u.slice);
	if (strlen(u.name) > UNIT_NAME_MAX || !is_unit_text(u.name, strlen(u.name)) || u.name[0] == '.')
		return err_set(e, EINVAL,
			       "linux.cgroupsPath: \"%.260s\" cannot be the name of a systemd unit: letters, digits, '_', '-', '.' and '\\', at "
			       "most %d", u.name, UNIT_NAME_MAX);
	str_addf(&path, "/%s", u.name);
	u.path = path.failed ? NULL : arena_strdup(a, path.s);
	if (!u.path)
		return err_code(e, ENOMEM, "linux.cgroupsPath");
	*out = u;
	return 0;
}

/* ---- what every scope gets ---- */

void cgroup_unit_base(struct str *out, const struct cgroup_unit *u, const char *id, enum cgroup_mode mode)
{
	/* DefaultDependencies: it does not end before the engine when the host goes down. CollectMode: one that has failed does not
	 * keep its name. */
	str_addf(out, "s Description caisson container %s\ns Slice %s\nb Delegate 1\nb DefaultDependencies 0\n", id, u->slice);
	str_addf(out, "s CollectMode inactive-or-failed\nb MemoryAccounting 1\nb CPUAccounting 1\nb TasksAccounting 1\nb %s 1\n",
		 mode == CGROUP_V2 ? "IOAccounting" : "BlockIOAccounting");
}

/* ---- limits ---- */

static void add_u64(struct str *out, const char *name, uint64_t v)
{
	str_addf(out, "t %s %" PRIu64 "\n", name, v);
}

/* -1 is systemd's "infinity"; 0 means "not given". */
static void add_amount(struct str *out, const char *name, const struct opt_i64 *v)
{
	if (v->set && v->v != 0)
		add_u64(out, name, v->v < 0 ? UINT64_MAX : (uint64_t)v->v);
}

static int add_memory_v2(struct str *out, const struct resources *r, struct err *e)
{
	int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0, swap = r->memory.swap.set ? r->memory.swap.v : 0;
	char text[24];

	add_amount(out, "MemoryMax", &r->memory.limit);
	add_amount(out, "MemoryLow", &r->memory.reservation);
	if (limit < 0 && swap == 0)
		swap = -1; /* as the cgroup gets it */
	if (swap == 0)
		return 0;
	int rc = cgroup_swap_from_memsw(limit, swap, text, e);
	if (rc < 0)
		return rc;
	add_u64(out, "MemorySwapMax", str_eq(text, "max") ? UINT64_MAX : strtoull(text, NULL, 10));
	return 0;
}

/* systemd keeps whole percents of a CPU: rounded up, so that it never allows less than was asked. */
static void add_quota(struct str *out, int64_t quota, uint64_t period)
{
	uint64_t per_second = UINT64_MAX;

	if (period)
		str_addf(out, "t@242 CPUQuotaPeriodUSec %" PRIu64 "\n", period);
	if (quota == 0)
		return;
	if (quota > 0 && (uint64_t)quota < UINT64_MAX / 1000000) {
		per_second = (uint64_t)quota * 1000000 / (period ? period : PERIOD_DEFAULT_US);
		per_second += (QUOTA_STEP_US - per_second % QUOTA_STEP_US) % QUOTA_STEP_US;
	}
	add_u64(out, "CPUQuotaPerSecUSec", per_second);
}

static int add_set(struct str *out, const char *name, const char *property, const char *list, struct err *e)
{
	uint64_t bits[CPUS_MAX / 64];
	size_t n = CPUS_MAX / 8;

	if (!list || !*list)
		return 0;
	int r = str_bits(list, bits, CPUS_MAX);
	if (r < 0)
		return err_set(e, -r, "linux.resources.%s: \"%.64s\" is not a list of numbers below %d, such as 0-3,6", property, list, CPUS_MAX);
	while (n > 0 && !(bits[(n - 1) / 8] >> (n - 1) % 8 * 8 & 0xff))
		n--;
	str_addf(out, "ay@244 %s ", name);
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%02x", (unsigned)(bits[i / 8] >> i % 8 * 8 & 0xff));
	str_add(out, "\n");
	return 0;
}

static int add_limits_v2(struct str *out, const struct resources *r, struct err *e)
{
	int rc = add_memory_v2(out, r, e);

	if (rc == 0)
		rc = add_set(out, "AllowedCPUs", "cpu.cpus", r->cpu.cpus, e);
	if (rc == 0)
		rc = add_set(out, "AllowedMemoryNodes", "cpu.mems", r->cpu.mems, e);
	if (rc < 0)
		return rc;
	if (r->cpu.idle.set && r->cpu.idle.v != 0)
		str_add(out, "t@252 CPUWeight 0\n"); /* "idle"; an older systemd leaves cpu.idle alone */
	else if (r->cpu.shares.set && r->cpu.shares.v)
		add_u64(out, "CPUWeight", cgroup_weight_from_shares(r->cpu.shares.v));
	if (r->blkio.weight.set && r->blkio.weight.v)
		add_u64(out, "IOWeight", cgroup_io_weight_from_blkio(r->blkio.weight.v));
	return 0;
}

static void add_limits_v1(struct str *out, const struct resources *r)
{
	add_amount(out, "MemoryLimit", &r->memory.limit);
	if (r->cpu.shares.set && r->cpu.shares.v)
		add_u64(out, "CPUShares", r->cpu.shares.v);
	if (r->blkio.weight.set && r->blkio.weight.v)
		add_u64(out, "BlockIOWeight", r->blkio.weight.v);
}

/* ---- unified ---- */

/* "max" or a number; anything else is left to the kernel, which names it when it is refused. */
static bool read_amount(const char *text, uint64_t *out)
{
	*out = UINT64_MAX;
	return str_eq(text, "max") || str_u64(text, out) == 0;
}

static void unified_amount(struct str *out, const char *name, const char *text)
{
	uint64_t v;

	if (read_amount(text, &v) && (v > 0 || !str_eq(name, "TasksMax")))
		add_u64(out, name, v);
}

static void unified_weight(struct str *out, const char *name, const char *text)
{
	uint64_t v;

	if (str_starts(text, "default "))
		text += strlen("default ");
	if (str_u64(text, &v) == 0 && v >= 1 && v <= 10000)
		add_u64(out, name, v);
}

static void unified_idle(struct str *out, const char *name, const char *text)
{
	if (str_eq(text, "1"))
		str_addf(out, "t@252 %s 0\n", name);
}

/* "QUOTA [PERIOD]" */
static void unified_quota(struct str *out, const char *name, const char *text)
{
	char first[24], second[24] = "0";
	uint64_t quota, period;

	(void)name;
	if (sscanf(text, "%23s %23s", first, second) < 1 || !read_amount(first, &quota) || str_u64(second, &period) < 0)
		return;
	add_quota(out, quota > INT64_MAX ? -1 : (int64_t)quota, period);
}

static void unified_set(struct str *out, const char *name, const char *text)
{
	struct err ignored = { 0 }; /* the kernel says it better when it is given the same text */

	(void)add_set(out, name, "unified", text, &ignored);
}

static const struct { const char *file, *name; void (*add)(struct str *, const char *, const char *); } unified[] = {
	{ "cpu.weight", "CPUWeight", unified_weight },
	{ "cpu.idle", "CPUWeight", unified_idle },
	{ "cpu.max", NULL, unified_quota },
	{ "cpuset.cpus", "AllowedCPUs", unified_set },
	{ "cpuset.mems", "AllowedMemoryNodes", unified_set },
	{ "io.weight", "IOWeight", unified_weight },
	{ "memory.min", "MemoryMin", unified_amount },
	{ "memory.low", "MemoryLow", unified_amount },
	{ "memory.high", "MemoryHigh", unified_amount },
	{ "memory.max", "MemoryMax", unified_amount },
	{ "memory.swap.max", "MemorySwapMax", unified_amount },
	{ "pids.max", "TasksMax", unified_amount },
};

static void add_unified(struct str *out, const struct key_values *kv)
{
	for (size_t i = 0; i < kv->n; i++)
		for (size_t k = 0; k < N_ELEMENTS(unified); k++)
			if (str_eq(kv->v[i].key, unified[k].file))
				unified[k].add(out, unified[k].name, kv->v[i].value);
}

/* ---- devices, v1 ---- */

/* systemd names a whole major by its driver (/proc/devices). Of others than these it does not hear, and a daemon-reload on v1 takes
 * them away until the next update. */
static const struct { char type; int64_t major; const char *driver; } drivers[] = {
	{ 'c', 13, "input" }, { 'c', 116, "alsa" }, { 'c', 136, "pts" }, { 'c', 226, "drm" },
};

static const char *driver_of(const struct cgroup_device *d)
{
	if (d->major < 0)
		return "*";
	for (size_t i = 0; i < N_ELEMENTS(drivers); i++)
		if (d->type == drivers[i].type && d->major == drivers[i].major)
			return drivers[i].driver;
	return NULL;
}

static void add_device(struct str *out, const struct cgroup_device *d)
{
	const char *kind = d->type == 'b' ? "block" : "char", *driver = driver_of(d);

	if (d->major >= 0 && d->minor >= 0)
		str_addf(out, " /dev/%s/%" PRId64 ":%" PRId64, kind, d->major, d->minor);
	else if (driver)
		str_addf(out, " %s-%s", kind, driver);
	else
		return;
	str_addf(out, " %s%s%s", d->access & CGROUP_DEV_READ ? "r" : "", d->access & CGROUP_DEV_WRITE ? "w" : "",
		 d->access & CGROUP_DEV_MKNOD ? "m" : "");
}

static int add_devices(struct str *out, const struct resources *r, struct err *e)
{
	auto_free struct cgroup_device *rules = NULL;
	auto_free struct cgroup_device *v = NULL;
	size_t n_rules, n;
	bool allow;
	int rc = cgroup_device_rules(r, &rules, &n_rules, e);

	if (rc == 0)
		rc = cgroup_device_fold(rules, n_rules, &allow, &v, &n, e);
	if (rc < 0 || allow)
		return rc; /* everything is allowed: systemd's own default */
	str_add(out, "s DevicePolicy strict\na(ss) DeviceAllow");
	for (size_t i = 0; i < n; i++)
		add_device(out, &v[i]);
	str_add(out, "\n");
	return 0;
}

int cgroup_unit_limits(struct str *out, const struct resources *r, enum cgroup_mode mode, bool devices, struct err *e)
{
	const bool v2 = mode == CGROUP_V2;
	int rc = 0;

	if (v2)
		rc = add_limits_v2(out, r, e);
	else
		add_limits_v1(out, r);
	if (rc < 0)
		return rc;
	add_quota(out, r->cpu.quota.set ? r->cpu.quota.v : 0, r->cpu.period.set ? r->cpu.period.v : 0);
	add_amount(out, "TasksMax", &r->pids_limit);
	if (v2)
		add_unified(out, &r->unified);
	else if (devices)
		rc = add_devices(out, r, e);
	return rc;
}
