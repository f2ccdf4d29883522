/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "init/privs.h"
#include "init/raw.h"
#include "init/skip.h"

static uint64_t cap_bit(int cap)
{
	return UINT64_C(1) << cap;
}

static int drop_bounding(uint64_t keep, struct fault *f)
{
	for (int cap = 0; cap <= RAW_CAP_MAX; cap++) {
		if (keep & cap_bit(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;	/* past the last capability that this kernel has */
		if (errno == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue;	/* not ours to drop, and not there */
		return fault_sys(f, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int set_ids(const struct privs *p, struct fault *f)
{
	if (p->has_groups && !skip_here("groups") && raw_setgroups(p->n_groups, p->groups) < 0)
		return fault_sys(f, "setgroups with %lu groups", (unsigned long)p->n_groups);
	if (!p->has_ids)
		return 0;
	if (!skip_here("gid") && raw_setresgid(p->gid) < 0)
		return fault_sys(f, "setresgid %u", p->gid);
	if (!skip_here("uid") && raw_setresuid(p->uid) < 0)
		return fault_sys(f, "setresuid %u", p->uid);
	return 0;
}

static void split(struct raw_cap_data data[2], uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
}

static int set_securebits(const struct privs *p, struct fault *f)
{
	struct raw_cap_data now[2];

	if (!p->securebits || skip_here("secure bits"))
		return 0;
	/* The switch of uid has emptied the effective set, and this needs CAP_SETPCAP. */
	if (p->has_caps && raw_capget(now) == 0) {
		now[0].effective = now[0].permitted;
		now[1].effective = now[1].permitted;
		(void)raw_capset(now);	/* what this misses, the next call says */
	}
	if (prctl(PR_SET_SECUREBITS, (unsigned long)p->securebits, 0, 0, 0) < 0)
		return fault_sys(f, "set the secure bits 0x%x", p->securebits);
	return 0;
}

static int set_caps(const struct privs *p, struct fault *f)
{
	struct raw_cap_data want[2];

	if (!p->has_caps || skip_here("capability sets"))
		return 0;
	split(want, p->effective, p->permitted, p->inheritable);
	if (raw_capset(want) < 0)
		return fault_sys(f, "set capabilities: permitted 0x%lx, inheritable 0x%lx", (unsigned long)p->permitted,
				 (unsigned long)p->inheritable);
	return 0;
}

static int set_ambient(const struct privs *p, struct fault *f)
{
	if (!p->has_caps || skip_here("ambient set"))
		return 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && (errno != EINVAL || p->ambient))
		return fault_sys(f, "clear the ambient capabilities");
	for (int cap = 0; cap <= RAW_CAP_MAX; cap++)
		if ((p->ambient & cap_bit(cap)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fault_sys(f, "raise ambient capability %d", cap);
	return 0;
}

int privs_apply(const struct privs *p, struct fault *f)
{
	int rc = 0;

	if (p->has_caps) {
		rc = skip_here("bounding set") ? 0 : drop_bounding(p->bounding, f);
		/* Or the switch of uid would empty the permitted set. */
		if (!rc && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
			rc = fault_sys(f, "keep capabilities over the change of user");
	}
	/* Without sets of our own to apply, nothing survives the switch that could set these later. */
	if (!rc && !p->has_caps)
		rc = set_securebits(p, f);
	if (!rc)
		rc = set_ids(p, f);
	if (rc)
		return rc;
	if (p->has_umask && !skip_here("umask"))
		(void)umask(p->umask);
	if (p->has_caps && (rc = set_securebits(p, f)))
		return rc;
	if (p->has_caps && !p->securebits && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fault_sys(f, "let go of capabilities at the next change of user");
	if ((rc = set_caps(p, f)))
		return rc;
	if (p->no_new_privs && !skip_here("no_new_privs") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fault_sys(f, "set no_new_privs");
	return set_ambient(p, f);
}

/* ---- the identity check ---- */

static int check_id(const char *what, int sys, uint32_t want, struct fault *f)
{
	uint32_t real, effective, saved;

	if (syscall(sys, &real, &effective, &saved) < 0)
		return fault_sys(f, "read the %s back", what);
	if (real != want || effective != want || saved != want)
		return fault_set(f, EPERM, "the %s is %u, %u, %u (real, effective, saved), and should be %u", what, real,
				 effective, saved, want);
	/* -1 is no id, so this only asks. */
	uint32_t fs = (uint32_t)syscall(sys == SYS_getresuid ? SYS_setfsuid : SYS_setfsgid, UINT32_MAX);
	if (fs != want)
		return fault_set(f, EPERM, "the file system %s is %u, and should be %u", what, fs, want);
	return 0;
}

static bool has_group(const uint32_t *list, size_t n, uint32_t group)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == group)
			return true;
	return false;
}

static int compare_groups(const struct privs *p, const uint32_t *now, size_t n, struct fault *f)
{
	if (p->has_groups && n != p->n_groups)
		return fault_set(f, EPERM, "%lu supplementary groups, and should be %lu", (unsigned long)n,
				 (unsigned long)p->n_groups);
	for (size_t i = 0; p->has_groups && i < n; i++)
		if (!has_group(now, n, p->groups[i]))
			return fault_set(f, EPERM, "supplementary group %u is missing", p->groups[i]);
	if (p->non_root && has_group(now, n, 0))
		return fault_set(f, EPERM, "group 0 is among the supplementary groups, and the policy demands a user "
				 "that is not root");
	return 0;
}

static int check_groups(const struct privs *p, struct fault *f)
{
	enum { FEW = 64 };
	uint32_t few[FEW], *now = few;

	int n = raw_getgroups(0, NULL);
	if (n < 0)
		return fault_sys(f, "count the supplementary groups");
	size_t size = (size_t)n * sizeof(*now);
	if (n > FEW) {
		now = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (now == MAP_FAILED)
			return fault_sys(f, "memory for %d groups", n);
	}
	int rc = 0;
	if (n && raw_getgroups((size_t)n, now) != n)
		rc = fault_sys(f, "read the supplementary groups");
	else
		rc = compare_groups(p, now, (size_t)n, f);
	if (now != few)
		(void)munmap(now, size);
	return rc;
}

static int check_set(const char *what, uint64_t is, uint64_t want, struct fault *f)
{
	if (is == want)
		return 0;
	return fault_set(f, EPERM, "the %s capabilities are 0x%lx, and should be 0x%lx", what, (unsigned long)is,
			 (unsigned long)want);
}

static int check_caps(const struct privs *p, struct fault *f)
{
	struct raw_cap_data now[2];
	uint64_t bounding = 0, ambient = 0;

	if (raw_capget(now) < 0)
		return fault_sys(f, "read the capabilities back");
	/* The kernel keeps the ambient set within these two. */
	const uint64_t can_be_ambient = (uint64_t)(now[1].permitted & now[1].inheritable) << 32 |
					(now[0].permitted & now[0].inheritable);
	for (int cap = 0; cap <= RAW_CAP_MAX; cap++) {
		int in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (in < 0)
			break;
		bounding |= in ? cap_bit(cap) : 0;
		if ((can_be_ambient & cap_bit(cap)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			ambient |= cap_bit(cap);
	}
	int rc = check_set("bounding", bounding, p->bounding, f);
	if (!rc)
		rc = check_set("effective", (uint64_t)now[1].effective << 32 | now[0].effective, p->effective, f);
	if (!rc)
		rc = check_set("permitted", (uint64_t)now[1].permitted << 32 | now[0].permitted, p->permitted, f);
	if (!rc)
		rc = check_set("inheritable", (uint64_t)now[1].inheritable << 32 | now[0].inheritable, p->inheritable, f);
	return rc ? rc : check_set("ambient", ambient, p->ambient, f);
}

int privs_check(const struct privs *p, struct fault *f)
{
	int rc = 0;

	if (p->has_ids) {
		rc = check_id("user id", SYS_getresuid, p->uid, f);
		if (!rc)
			rc = check_id("group id", SYS_getresgid, p->gid, f);
	}
	if (!rc && p->non_root && p->uid == 0)
		rc = fault_set(f, EPERM, "the user is uid 0, and the policy demands a user that is not root");
	if (!rc && p->non_root && p->gid == 0)
		rc = fault_set(f, EPERM, "the group is gid 0, and the policy demands a user that is not root");
	if (!rc && (p->has_groups || p->non_root))
		rc = check_groups(p, f);
	if (!rc && p->has_caps)
		rc = check_caps(p, f);
	if (!rc && p->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		rc = fault_set(f, EPERM, "no_new_privs is off, and should be on");
	if (!rc && p->securebits && (uint32_t)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != p->securebits)
		rc = fault_set(f, EPERM, "the secure bits are not 0x%x", p->securebits);
	/* There is no call that only asks; this one sets what should be there anyway. */
	if (!rc && p->has_umask && umask(p->umask) != (p->umask & 0777))
		rc = fault_set(f, EPERM, "the umask is not 0%u%u%u", p->umask >> 6 & 7, p->umask >> 3 & 7, p->umask & 7);
	return rc;
}

/* ---- names ---- */

/* In number order, from 0; each ends in a blank. */
static const char cap_names[] =
	"CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
	"NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
	"SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
	"MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE ";

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins(const char *name, size_t len, const char *with, size_t n)
{
	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (upper(name[i]) != with[i])
			return false;
	return true;
}

int privs_capability(const char *name, size_t len)
{
	int cap = 0;

	if (begins(name, len, "CAP_", 4)) {
		name += 4;
		len -= 4;
	}
	for (const char *at = cap_names; *at; cap++) {
		size_t n = 0;

		while (at[n] != ' ')
			n++;
		if (n == len && begins(name, len, at, n))
			return cap;
		at += n + 1;
	}
	return -EINVAL;
}
