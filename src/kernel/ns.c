/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

static const struct { const char *name; uint64_t flag; } kinds[NS_KINDS] = {
	[NS_USER] = { "user", CLONE_NEWUSER },	 [NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP },
	[NS_IPC] = { "ipc", CLONE_NEWIPC },	 [NS_UTS] = { "uts", CLONE_NEWUTS },
	[NS_NET] = { "net", CLONE_NEWNET },	 [NS_PID] = { "pid", CLONE_NEWPID },
	[NS_MOUNT] = { "mnt", CLONE_NEWNS },	 [NS_TIME] = { "time", CLONE_NEWTIME },
};

const char *ns_proc_name(enum ns_kind k)
{
	return kinds[k].name;
}

uint64_t ns_clone_flag(enum ns_kind k)
{
	return kinds[k].flag;
}

void ns_fds_close(struct ns_fds *f)
{
	for (int k = 0; k < NS_KINDS; k++)
		fd_close(&f->v[k]);
}

static int open_one(enum ns_kind k, const char *path, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "%s namespace: open %s", kinds[k].name, path);
	int type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_set(e, EINVAL, "%s namespace: %s is not a namespace", kinds[k].name, path);
	if ((uint64_t)(unsigned)type != kinds[k].flag)
		return err_set(e, EINVAL, "%s namespace: %s is a namespace of another kind", kinds[k].name, path);
	return fd_take(&fd);
}

int ns_open_all(const struct namespace ns[NS_KINDS], struct ns_fds *out, struct err *e)
{
	auto_ns_fds f = { .v = { -1, -1, -1, -1, -1, -1, -1, -1 } };

	for (int k = 0; k < NS_KINDS; k++) {
		if (ns[k].mode != NS_JOIN)
			continue;
		f.v[k] = open_one((enum ns_kind)k, ns[k].path, e);
		if (f.v[k] < 0)
			return f.v[k];
	}
	*out = f;
	for (int k = 0; k < NS_KINDS; k++)
		f.v[k] = -1;
	return 0;
}

uint64_t ns_flags(const struct namespace ns[NS_KINDS], enum ns_mode mode)
{
	uint64_t flags = 0;

	for (int k = 0; k < NS_KINDS; k++)
		if (ns[k].mode == mode && !(mode == NS_NEW && k != NS_MOUNT && fault_skip("namespace %s", kinds[k].name)))
			flags |= kinds[k].flag;
	return flags;
}

int ns_join(int fd, enum ns_kind k, struct err *e)
{
	if (setns(fd, (int)kinds[k].flag) < 0)
		return err_sys(e, "join the %s namespace", kinds[k].name);
	return 0;
}

static int add_offset(struct str *s, const char *clock, const struct time_offset *o)
{
	if (o->set)
		str_addf(s, "%s %" PRId64 " %" PRIu32 "\n", clock, o->secs, o->nanosecs);
	return s->failed ? -ENOMEM : 0;
}

int ns_write_time_offsets(const struct time_offset *monotonic, const struct time_offset *boottime, struct err *e)
{
	auto_str s = { 0 };

	if (add_offset(&s, "monotonic", monotonic) < 0 || add_offset(&s, "boottime", boottime) < 0)
		return err_code(e, ENOMEM, "time offsets");
	if (!s.len)
		return 0;
	int r = fd_write_to(AT_FDCWD, "/proc/self/timens_offsets", s.s);
	return r < 0 ? err_code(e, -r, "linux.timeOffsets: write /proc/self/timens_offsets") : 0;
}
