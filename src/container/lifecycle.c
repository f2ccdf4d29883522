/* SPDX-License-Identifier: Apache-2.0 */
/* start, kill, pause, resume, update: what happens to a container between create and delete. */
#include "container/lifecycle.h"

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
#include "container/keep.h"
#include "container/notify.h"
#include "launch/hooks.h"
#include "launch/launch.h"
#include "policy/update.h"

/* An opened container: the directory, locked when asked, and its state. */
struct opened {
	struct arena arena;
	struct state_dir dir;
	const struct state *state;
	enum status status;
};
#define OPENED_INIT { .dir = STATE_DIR_INIT }

static void opened_done(struct opened *o)
{
	state_dir_close(&o->dir);
	arena_done(&o->arena);
}
#define auto_opened __attribute__((cleanup(opened_done))) struct opened

static int open_state(const char *root, const char *id, bool lock, struct opened *o, struct err *e)
{
	int r = state_dir_open(root, id, lock, &o->dir, e);

	if (r == 0)
		r = state_read(&o->dir, &o->arena, &o->state, e);
	if (r < 0)
		return r;
	o->status = state_status(&o->dir, o->state);
	return 0;
}

static int run_poststart(const struct opened *o, const struct plan *p, struct err *e)
{
	const struct hooks *h = &p->hooks[HOOK_POSTSTART];
	auto_free char *text = NULL;
	size_t len;

	if (!h->n)
		return 0;
	int r = state_format(o->state, STATUS_RUNNING, o->state->pid, false, &text, &len, e);
	return r < 0 ? r : hooks_run(h, HOOK_POSTSTART, o->state->bundle, text, false, e);
}

static int stopped_already(const struct state *s, struct err *e)
{
	err_set(e, ESRCH, "cannot start a container that has stopped: its process has ended before `start`");
	return cgroup_oom_explain(&s->cgroup, 0, e);
}

/* Whoever asks for the state next is to hear that it has stopped. */
static void kill_init(const struct state *s)
{
	struct err gone = { 0 };
	auto_fd int pidfd = state_pidfd(s, &gone);

	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0)
		(void)wait_end(pidfd, s->pid, WAIT_END_MS, &gone);
}

static int open_gate(struct opened *o, const struct plan *p, struct err *e)
{
	int status;
	auto_fd int sock = gate_connect(&o->dir, o->state->pid, e);

	if (sock < 0)
		return sock == -ECONNREFUSED ? stopped_already(o->state, e) : sock;
	int r = launch_serve_gate(sock, p, state_format_for_hook, o->state->pid, &status, e);
	/* It has heard the word and may act on it whenever it wakes up: nobody would know that this container runs. */
	if (r == -ETIMEDOUT)
		kill_init(o->state);
	gate_remove(&o->dir);
	return r < 0 ? cgroup_oom_explain(&o->state->cgroup, 0, e) : 0;
}

/* The program runs by now, and what goes wrong here does not stop it. */
static void await_ready(struct opened *o, int sock, const char *manager)
{
	struct err e = { 0 };
	const pid_t pid = o->state->pid;
	auto_fd int pidfd = state_pidfd(o->state, &e);

	if (pidfd < 0)
		return; /* it has ended */
	opened_done(o); /* the lock: others may stop it meanwhile */
	if (notify_wait(sock, manager, pid, pidfd, &e) < 0)
		log_warn("%s", e.text);
}

int container_start(const char *state_root, const char *id, const char *notify, struct err *e)
{
	auto_fd int sock = -1;
	auto_opened o = OPENED_INIT;
	const struct plan *p;
	int r = open_state(state_root, id, true, &o, e);

	if (r < 0)
		return r;
	if (o.status == STATUS_STOPPED)
		return stopped_already(o.state, e);
	if (o.status != STATUS_CREATED)
		return err_set(e, EBUSY, "cannot start an already running container (it is %s)", state_status_name(o.status));
	r = keep_read_plan(&o.dir, &o.arena, &p, e);
	if (r == 0 && !p->has_process)
		r = err_set(e, EINVAL, "process: is required by `start`, and the configuration that this container was created from "
			    "has none");
	if (r == 0 && notify && (sock = notify_listen(&o.dir, e)) < 0 && sock != -ENOENT)
		r = sock;
	if (r == 0)
		r = fault_here("start: open the gate", e);
	if (r == 0)
		r = open_gate(&o, p, e);
	if (r < 0)
		return r;
	r = run_poststart(&o, p, e);
	if (r == 0 && sock >= 0)
		await_ready(&o, sock, notify);
	if (r == 0)
		return 0;
	/* OCI 1.3: a failed poststart hook stops and destroys the container. */
	struct err ignored = { 0 };
	opened_done(&o);
	(void)container_delete(state_root, id, true, &ignored); /* the hook's error is the one to report */
	return r;
}

int container_check_memory(const char *state_root, const char *id, struct err *e)
{
	struct err ignored = { 0 }; /* gone already: then there is nothing to say */
	struct cgroup_oom oom;
	auto_opened o = OPENED_INIT;

	if (open_state(state_root, id, false, &o, &ignored) < 0 || !cgroup_oom(&o.state->cgroup, &oom) || !oom.kills)
		return 0;
	(void)err_set(e, ENOMEM, "container %s", id);
	return cgroup_oom_explain(&o.state->cgroup, 0, e);
}

static bool shares_pid_namespace(struct opened *o)
{
	const struct plan *p;
	struct err ignored = { 0 };

	return keep_read_plan(&o->dir, &o->arena, &p, &ignored) == 0 && p->ns[NS_PID].mode != NS_NEW;
}

static int signal_init(const struct state *s, int sig, struct err *e)
{
	auto_fd int pidfd = state_pidfd(s, e);

	if (pidfd < 0)
		return err_set(e, ESRCH, "container not running");
	if (sys_pidfd_send_signal(pidfd, sig, NULL, 0) == 0)
		return 0;
	return errno == ESRCH ? err_set(e, ESRCH, "container not running") : err_sys(e, "send signal %d", sig);
}

int container_kill(const char *state_root, const char *id, int sig, bool all, struct err *e)
{
	auto_opened o = OPENED_INIT;
	int r = open_state(state_root, id, false, &o, e);

	if (r < 0)
		return r;
	if (all && o.state->cgroup.n)
		return sig == SIGKILL ? cgroup_kill(&o.state->cgroup, e) : cgroup_signal(&o.state->cgroup, sig, e);
	if (o.status == STATUS_STOPPED)
		return all ? 0 : err_set(e, ESRCH, "container not running");
	/* Without a pid namespace of its own the end of PID 1 ends nobody else. */
	if (sig == SIGKILL && o.state->cgroup.n && shares_pid_namespace(&o))
		return cgroup_kill(&o.state->cgroup, e);
	r = signal_init(o.state, sig, e);
	/* A frozen process dies only when it thaws (cgroup v1 freezer). */
	if (r == 0 && sig == SIGKILL && o.status == STATUS_PAUSED)
		r = cgroup_thaw(&o.state->cgroup, e);
	return r;
}

/* For the commands that act on the cgroup: locked, and refused where the container has none of its own. */
static int open_with_cgroup(const char *root, const char *id, struct opened *o, struct err *e)
{
	int r = open_state(root, id, true, o, e);

	if (r < 0)
		return r;
	return o->state->cgroup.n ? 0 : err_set(e, ENOTSUP, "this container has no cgroup of its own");
}

int container_pause(const char *state_root, const char *id, struct err *e)
{
	auto_opened o = OPENED_INIT;
	int r = open_with_cgroup(state_root, id, &o, e);

	if (r < 0)
		return r;
	if (o.status != STATUS_RUNNING && o.status != STATUS_CREATED)
		return err_set(e, EBUSY, "container not running: cannot pause a container that is %s",
			       state_status_name(o.status));
	return cgroup_freeze(&o.state->cgroup, e);
}

int container_resume(const char *state_root, const char *id, struct err *e)
{
	auto_opened o = OPENED_INIT;
	int r = open_with_cgroup(state_root, id, &o, e);

	if (r < 0)
		return r;
	if (o.status != STATUS_PAUSED)
		return err_set(e, EBUSY, "container not paused (it is %s)", state_status_name(o.status));
	return cgroup_thaw(&o.state->cgroup, e);
}

/* The kernel's limits and the stored plan, which posture compares them with, change together or not at all. */
static int update_all(struct opened *o, const struct resources *r, struct err *e)
{
	const struct plan *old, *new;
	struct err ignored = { 0 }; /* the first error is the one to report */
	int s = keep_read_plan(&o->dir, &o->arena, &old, e);

	if (s == 0)
		s = policy_update(&o->arena, old, r, &new, e);
	if (s == 0)
		s = cgroup_limit(&o->state->cgroup, r, true, e);
	if (s < 0)
		return s;
	s = unit_set_limits(&o->state->cgroup, &new->resources, e);
	if (s < 0) {
		(void)cgroup_limit(&o->state->cgroup, &old->resources, true, &ignored);
		return s;
	}
	s = keep_write_plan(&o->dir, new, e);
	if (s < 0) {
		(void)cgroup_limit(&o->state->cgroup, &old->resources, true, &ignored);
		(void)unit_set_limits(&o->state->cgroup, &old->resources, &ignored);
	}
	return s;
}

int container_update(const char *state_root, const char *id, const struct resources *r, const struct intel_rdt *rdt,
		     struct err *e)
{
	auto_opened o = OPENED_INIT;
	int s = open_with_cgroup(state_root, id, &o, e);

	if (s < 0)
		return s;
	if (o.status == STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running");
	s = rdt ? resctrl_update(&o.state->rdt, rdt, e) : 0;
	return s < 0 ? s : update_all(&o, r, e);
}
