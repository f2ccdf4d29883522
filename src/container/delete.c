/* SPDX-License-Identifier: Apache-2.0 */
/* delete: takes away all that create made, also what a runtime that was killed half-way left. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/wait.h"
#include "container/gate.h"
#include "container/id_ranges.h"
#include "container/keep.h"
#include "container/lifecycle.h"
#include "container/unit.h"
#include "launch/hooks.h"

/* A create that was killed before it wrote down its process. Without a gate the process ends by itself when the runtime goes;
 * with one it waits there. The gate is made after the cgroup was found empty, or made: only then is it ours to empty. */
static int kill_unknown(const struct state_dir *d, const struct state *s, struct err *e)
{
	if (!s->cgroup.n || faccessat(d->fd, GATE_NAME, F_OK, 0) < 0)
		return 0;
	return cgroup_kill(&s->cgroup, e);
}

static int kill_and_wait(const struct state_dir *d, const struct state *s, struct err *e)
{
	struct err gone = { 0 };

	if (s->pid <= 0)
		return kill_unknown(d, s, e);
	auto_fd int pidfd = state_pidfd(s, &gone);

	if (pidfd >= 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* ESRCH is what we want */
	/* Thaws too: a frozen process cannot die on v1. */
	int r = s->cgroup.n ? cgroup_kill(&s->cgroup, e) : 0;
	if (r < 0 || pidfd < 0)
		return r;
	r = wait_end(pidfd, s->pid, WAIT_END_MS, e);
	return r < 0 ? err_wrap(e, "container init still running after SIGKILL") : 0;
}

/* OCI: a failing poststop hook is a warning, the others still run, and the delete succeeds. */
static void run_poststop(const struct state *s, const struct plan *p)
{
	const struct hooks *h = &p->hooks[HOOK_POSTSTOP];
	auto_free char *text = NULL;
	size_t len;
	struct err e = { 0 };

	if (h->n && (state_format(s, STATUS_STOPPED, 0, false, &text, &len, &e) < 0 ||
		     hooks_run(h, HOOK_POSTSTOP, s->bundle, text, true, &e) < 0))
		log_warn("%s", e.text);
}

static int destroy(struct state_dir *d, struct arena *a, const struct state *s, struct err *e)
{
	const struct plan *p = NULL;
	struct err no_plan = { 0 };

	if (keep_read_plan(d, a, &p, &no_plan) < 0)
		p = NULL; /* the runtime was killed before it wrote one: there were no hooks to match either */
	int r = fault_here("delete: remove the cgroup", e);
	if (r == 0 && s->cgroup.n)
		r = unit_remove_cgroup(&s->cgroup, e);
	if (r == 0)
		r = resctrl_remove(&s->rdt, e);
	if (r == 0)
		r = fault_here("delete: remove the state", e);
	if (r == 0)
		r = state_dir_remove(d, e);
	if (r < 0)
		return r;
	if (s->id_range)
		id_range_release(s->id_range);
	if (p)
		run_poststop(s, p);
	return 0;
}

/* No state.json: a create was killed before it had made anything else. */
static int remove_half_made(struct state_dir *d, bool force, struct err *e)
{
	int r = state_dir_remove(d, e);

	if (r < 0 || force)
		return r;
	return err_set(e, ENOENT, "container does not exist (what a broken create had left was removed)");
}

int container_delete(const char *state_root, const char *id, bool force, struct err *e)
{
	auto_arena a = { 0 };
	auto_state_dir d = STATE_DIR_INIT;
	const struct state *s;
	int r = state_dir_open(state_root, id, true, &d, e);

	if (r == -ENOENT && force)
		return 0;
	if (r < 0)
		return r;
	r = state_read(&d, &a, &s, e);
	if (r == -ENODATA)
		return remove_half_made(&d, force, e);
	if (r < 0)
		return r;
	enum status st = state_status(&d, s);
	/* OCI says that a created container cannot be deleted; every caller relies on the contrary (cli-table 6.9). */
	if (!force && (st == STATUS_RUNNING || st == STATUS_PAUSED))
		return err_set(e, EBUSY, "cannot delete container %s that is not stopped: %s (use --force)", id,
			       state_status_name(st));
	r = kill_and_wait(&d, s, e);
	return r < 0 ? r : destroy(&d, &a, s, e);
}
