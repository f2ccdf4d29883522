/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decides about devices in a live cgroup: v1 lists its exceptions; on v2 a program is known by its tag, a hash of its instructions
 * (bpf(2), BPF_PROG_QUERY: Linux 4.15), so the same rules are loaded once more and the two compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

enum { LIST_MAX = 1024 * 1024, PROGRAMS_MAX = 64 };

static bool parse_number(const char *s, int64_t *out)
{
	*out = -1;
	return str_eq(s, "*") || str_i64(s, out) == 0;
}

/* "c 1:3 rwm" */
static bool parse_line(char *line, struct cgroup_device *out)
{
	char *type = strsep(&line, " "), *major = strsep(&line, ":"), *minor = strsep(&line, " ");

	if (!major || !minor || !line)
		return false;
	*out = (struct cgroup_device){ .type = type[0] };
	for (; *line; line++)
		out->access |= *line == 'r' ? CGROUP_DEV_READ : *line == 'w' ? CGROUP_DEV_WRITE : *line == 'm' ? CGROUP_DEV_MKNOD : 0u;
	return parse_number(major, &out->major) && parse_number(minor, &out->minor);
}

static bool number_within(int64_t inner, int64_t outer)
{
	return outer < 0 || inner == outer;
}

static bool is_planned(const struct cgroup_device *d, const struct cgroup_device *v, size_t n)
{
	unsigned left = d->access;

	for (size_t i = 0; i < n; i++)
		if (v[i].type == d->type && number_within(d->major, v[i].major) && number_within(d->minor, v[i].minor))
			left &= ~v[i].access;
	return !left;
}

static int v1_holds(const char *dir, const struct cgroup_device *rules, size_t n_rules)
{
	auto_fd int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free struct cgroup_device *v = NULL;
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	size_t n, len;
	bool allow;

	if (fd < 0 || fd_read_file(fd, "devices.list", LIST_MAX, &text, &len, &ignored) < 0 ||
	    cgroup_device_fold(rules, n_rules, &allow, &v, &n, &ignored) < 0)
		return -ENOENT;
	char *rest = text;
	for (char *line; !allow && (line = strsep(&rest, "\n"));) {
		struct cgroup_device d;
		if (*line && (!parse_line(line, &d) || !is_planned(&d, v, n)))
			return 0;
	}
	return 1; /* with "allow" as the default the kernel shows no exceptions */
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int tag_of(int program, unsigned char out[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (__u32)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
		return -errno;
	memcpy(out, info.tag, BPF_TAG_SIZE);
	return 0;
}

/* The ids of the programs that are attached, or -errno. */
static int attached(const char *dir, __u32 ids[PROGRAMS_MAX])
{
	auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union bpf_attr attr = { 0 };

	if (fd < 0)
		return -errno;
	attr.query.target_fd = (__u32)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	return sys_bpf(BPF_PROG_QUERY, &attr) < 0 ? -errno : (int)attr.query.prog_cnt;
}

static int v2_holds(const char *dir, const struct cgroup_device *rules, size_t n_rules)
{
	unsigned char want[BPF_TAG_SIZE], got[BPF_TAG_SIZE];
	auto_free struct bpf_insn *v = NULL;
	__u32 ids[PROGRAMS_MAX];
	struct err ignored = { 0 };
	int found;
	size_t n;

	if (cgroup_device_program(rules, n_rules, &v, &n, &ignored) < 0)
		return -ENOENT;
	auto_fd int ours = cgroup_device_load(v, n);
	found = ours < 0 || tag_of(ours, want) < 0 ? -ENOENT : attached(dir, ids);
	for (int i = 0; i < found; i++) {
		union bpf_attr attr = { .prog_id = ids[i] };
		auto_fd int program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (program >= 0 && tag_of(program, got) == 0 && memcmp(want, got, sizeof(want)) == 0)
			return 1;
	}
	return found < 0 ? -ENOENT : 0;
}

int cgroup_devices_hold(const struct cgroup *cg, const struct resources *r)
{
	auto_free struct cgroup_device *rules = NULL;
	const char *dir = cg->mode == CGROUP_V2 ? cgroup_unified_dir(cg) : cgroup_dir_of(cg, "devices");
	struct err ignored = { 0 };
	size_t n;

	if (!dir || cg->rootless || cgroup_device_rules(r, &rules, &n, &ignored) < 0)
		return -ENOENT;
	return cg->mode == CGROUP_V2 ? v2_holds(dir, rules, n) : v1_holds(dir, rules, n);
}
