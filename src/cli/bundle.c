/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cli/image_facts.h"
#include "cli/labels.h"
#include "cli/policy.h"
#include "cli/report.h"
#include "container/notify.h"
#include "container/host_view.h"
#include "container/root_view.h"
#include "kernel/host.h"

enum { FIRST_PASSED_FD = 3, PASSED_FDS_MAX = 1024 };

/* A pipe or a device would keep us waiting, or never end. */
static int read_config(int dir, char **text, size_t *len, struct err *e)
{
	auto_fd int fd = openat(dir, "config.json", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open config.json");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "config.json: is not a regular file");
	int r = fd_read_all(fd, SPEC_MAX_BYTES, text, len, e);
	return r < 0 ? err_wrap(e, "config.json") : 0;
}

int bundle_read(struct arena *a, const char *dir, const char **dir_out, const struct spec **out,
		struct err *e)
{
	auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *text = NULL;
	char resolved[PATH_MAX];
	const struct spec *spec;
	const char *kept;
	size_t len = 0;
	int r;

	if (fd < 0)
		return err_sys(e, "open bundle %s", dir);
	if (!realpath(dir, resolved))
		return err_sys(e, "resolve bundle %s", dir);
	kept = arena_strdup(a, resolved);
	if (!kept)
		return err_set(e, ENOMEM, "out of memory");
	r = read_config(fd, &text, &len, e);
	if (r < 0)
		return err_wrap(e, "bundle %s", resolved);
	r = spec_parse(a, text, len, &spec, e);
	if (r < 0)
		return err_wrap(e, "%s/config.json", resolved);
	*dir_out = kept;
	*out = spec;
	return 0;
}

int bundle_check_console(bool terminal, bool detach, const char *console_socket, struct err *e)
{
	if (terminal && detach && !console_socket)
		return err_set(
			e, EINVAL,
			"process.terminal: nobody would hold the terminal: give --console-socket, or do not detach");
	if (console_socket && !terminal)
		return err_set(e, EINVAL, "--console-socket: the process asks for no terminal");
	if (console_socket && !detach)
		return err_set(
			e, EINVAL,
			"--console-socket: only with a process that is left in the background");
	return 0;
}

int bundle_preserved_fds(const char *flag, unsigned *total, unsigned *listen, struct err *e)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t own = 0, n = 0, meant = 0;

	if (flag && (str_u32(flag, &n) < 0 || n > PASSED_FDS_MAX))
		return err_set(e, EINVAL, "--preserve-fds: \"%s\" is not a number from 0 to %d",
			       flag, PASSED_FDS_MAX);
	/* sd_listen_fds(3): the variables are for the process that LISTEN_PID names and for no
	 * other. */
	if (listen && fds && pid && str_u32(pid, &meant) == 0 && meant == (uint32_t)getpid() &&
	    (str_u32(fds, &own) < 0 || own > PASSED_FDS_MAX))
		return err_set(e, EINVAL, "LISTEN_FDS: \"%s\" is not a number from 0 to %d", fds,
			       PASSED_FDS_MAX);
	for (unsigned i = 0; i < own + n; i++)
		if (fcntl(FIRST_PASSED_FD + (int)i, F_GETFD) < 0)
			return err_sys(e, "unable to stat preserved-fd %u of %u (descriptor %u)",
				       i + 1, own + n, FIRST_PASSED_FD + i);
	*total = own + n;
	if (listen)
		*listen = own;
	return 0;
}

/* The document as the caller's environment completes it: LISTEN_FDS for socket activation. */
static int add_listen_fds(struct arena *a, unsigned listen, const struct spec **io, struct err *e)
{
	const struct strings *old = &(*io)->process.env;
	struct spec *spec;
	const char **env;

	if (listen == 0 || !(*io)->has_process)
		return 0;
	spec = arena_alloc(a, sizeof(*spec));
	env = arena_array(a, old->n + 3, sizeof(*env));
	if (!spec || !env)
		return err_set(e, ENOMEM, "out of memory");
	*spec = **io;
	for (size_t i = 0; i < old->n; i++)
		env[i] = old->v[i];
	env[old->n] = arena_printf(a, "LISTEN_FDS=%u", listen);
	env[old->n + 1] = "LISTEN_PID=1";
	if (!env[old->n])
		return err_set(e, ENOMEM, "out of memory");
	spec->process.env = (struct strings){ .n = old->n + 2, .v = env };
	*io = spec;
	return 0;
}

int bundle_notify(const char **out, struct err *e)
{
	const char *manager = getenv("NOTIFY_SOCKET");
	const char *wrong = manager && manager[0] ? notify_wrong(manager) : NULL;

	if (wrong)
		return err_set(e, EINVAL, "NOTIFY_SOCKET: \"%.128s\" %s", manager, wrong);
	*out = manager && manager[0] ? manager : NULL;
	return 0;
}

static int notify_mount(struct arena *a, const char *source, struct mount *out, struct err *e)
{
	static const char *const words[] = { "bind", "nosuid", "noexec", "nodev", "ro", NULL };
	const struct strings options = { N_ELEMENTS(words) - 1, words };

	*out = (struct mount){ .index = SIZE_MAX, .destination = NOTIFY_DIR, .source = source, .data = "" };
	return source ? spec_mount_options(a, &options, out, "NOTIFY_SOCKET", e) : err_code(e, ENOMEM, "NOTIFY_SOCKET");
}

/* The program gets a socket of the container's own: container/notify.h. */
static int add_notify(struct arena *a, const char *root, const char *id, const struct spec **io, struct err *e)
{
	const struct spec *old = *io;
	const char *manager;
	int r = bundle_notify(&manager, e);

	if (r < 0 || !manager || !old->has_process)
		return r;
	struct spec *spec = arena_alloc(a, sizeof(*spec));
	struct mount *mounts = arena_array(a, old->mounts.n + 1, sizeof(*mounts));
	const char **env = arena_array(a, old->process.env.n + 2, sizeof(*env));
	if (!spec || !mounts || !env)
		return err_code(e, ENOMEM, "NOTIFY_SOCKET");
	*spec = *old;
	for (size_t i = 0; i < old->mounts.n; i++)
		mounts[i] = old->mounts.v[i];
	for (size_t i = 0; i < old->process.env.n; i++)
		env[i] = old->process.env.v[i];
	env[old->process.env.n] = "NOTIFY_SOCKET=" NOTIFY_INSIDE;
	r = notify_mount(a, arena_printf(a, "%s/%s/" NOTIFY_STATE, root, id), &mounts[old->mounts.n], e);
	spec->mounts = (struct mounts){ old->mounts.n + 1, mounts };
	spec->process.env = (struct strings){ old->process.env.n + 1, env };
	*io = spec;
	return r;
}

/* Who asks, and what the policy files say to that; the labels only where that depends on them. */
static int choose_policy(struct arena *a, const struct policy_ask *ask, const struct spec *spec, struct policy_subject *subject,
			 struct cli_labels *labels, struct policy_request *request, struct cli_policy *policy, struct err *e)
{
	const struct key_values *image;
	int r;

	subject->caller_uid = getuid();
	subject->privileged = policy_is_privileged(spec, request->facts);
	subject->ask_labels = cli_labels_ask;
	subject->labels_ctx = labels;
	labels->annotations = &spec->annotations;
	labels->query = (struct label_query){ .engine = subject->engine, .bundle = request->bundle,
					      .root_path = request->root_path, .mounts = &spec->mounts };
	r = cli_policy_choose(a, ask, subject, policy, e);
	request->level = policy->level;
	request->level_from = policy->level_from;
	request->choice = policy->choice;
	request->ports = labels->has_file ? &labels->file.ports : NULL;
	if (r == 0 && policy_wants_labels(spec, request))
		r = cli_labels_ask(labels, policy->config, &image, e);
	request->labels = &labels->caps;
	return r;
}

static int root_path(struct arena *a, const char *bundle, const struct spec *spec, const char **out,
		     struct err *e)
{
	const char *asked = spec->root_path ? spec->root_path : "";
	char cleaned[PATH_MAX];
	auto_str joined = { 0 };

	if (asked[0] != '/')
		str_addf(&joined, "%s/", bundle);
	str_add(&joined, asked);
	if (joined.failed || path_clean(joined.s, cleaned, sizeof(cleaned)) < 0)
		return err_set(e, ENAMETOOLONG, "root.path: is too long");
	*out = arena_strdup(a, cleaned);
	return *out ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* A root that is not there, or not for this caller, is the launch's to complain about. */
static void look_at_root(struct policy_request *io, struct root_view *view, int *root)
{
	*root = open(io->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*root < 0)
		return;
	root_view_init(view, root);
	io->view = view;
}

int bundle_decide(struct arena *a, const struct cli_globals *g, const struct create_options *o,
		  const char *id, struct bundle *out, struct err *e)
{
	struct policy_request request = { .id = id,
					  .no_cgroup = str_eq(g->cgroup_manager, "disabled"),
					  .systemd = cli_unit_manager(g) != UNIT_NONE };
	struct image_facts image;
	struct cli_labels labels = { 0 };
	struct policy_ask ask = { 0 };
	unsigned total, listen = 0;
	struct root_view view;
	auto_fd int root = -1;
	struct facts facts;
	struct bundle *b = out;
	int r;

	*out = (struct bundle){ 0 };
	r = state_check_id(id, e);
	if (r == 0)
		r = cli_policy_named(g, a, &ask, e);
	if (r == 0)
		r = bundle_read(a, o->bundle ? o->bundle : ".", &request.bundle, &b->spec, e);
	if (r == 0)
		r = bundle_preserved_fds(o->preserve_fds, &total, &listen, e);
	if (r == 0)
		r = add_listen_fds(a, listen, &b->spec, e);
	if (r == 0)
		r = add_notify(a, g->root, id, &b->spec, e);
	if (r == 0)
		r = root_path(a, request.bundle, b->spec, &request.root_path, e);
	if (r == 0)
		r = subject_of(a, b->spec, request.bundle, false, &b->subject, e);
	if (r == 0)
		r = cli_labels_init(&labels, a, o->image_config, e);
	if (r == 0)
		r = host_facts(&facts, e);
	request.facts = &facts;
	if (r == 0)
		r = choose_policy(a, &ask, b->spec, &b->subject, &labels, &request, &b->policy, e);
	b->labels = labels.report;
	b->caps = labels.caps;
	if (r < 0)
		return r;
	r = image_facts_read(&(struct image_ask){ labels.has_file ? &labels.file : b->labels.has_image ? &b->labels.image : NULL,
						   b->subject.image, o->scan_report, request.choice },
			     a, &image, e);
	if (r < 0)
		return r;
	request.image = &image;
	request.host = &host_view_real;
	look_at_root(&request, &view, &root);
	return policy_merge(a, b->spec, &request, &b->plan, e);
}

/* After success only: a caller that reads the log of a failed command expects one record, the
 * error. */
static void log_warnings(const struct plan *p)
{
	for (size_t i = 0; i < p->warnings.n; i++)
		log_warn("%s", p->warnings.v[i]);
}

static int seal(struct arena *a, struct err *e)
{
	int r = arena_seal(a);

	return r < 0 ? err_code(e, -r, "seal the plan") : 0;
}

static struct decision decision_of(const struct bundle *b, const char *what, const char *id)
{
	return (struct decision){
		.what = what, .id = id, .subject = &b->subject, .choice = b->policy.choice, .plan = b->plan, .labels = &b->caps,
		.label_source = b->labels.source, .label_answered = b->labels.answered, .label_us = b->labels.microseconds,
	};
}

int bundle_create(const struct cli_globals *g, const struct create_options *o, const char *id,
		  const struct bundle_launch *how, struct started *out, struct err *e)
{
	auto_arena a = { 0 };
	struct create_request request = {
		.state_root = g->root,
		.pidfd_socket = o->pidfd_socket,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.rootless = cli_rootless(g),
		.systemd = cli_unit_manager(g),
		.gate = how->gate,
	};
	struct err missing = { 0 };
	struct decision d;
	struct bundle b;
	unsigned listen;
	int r = bundle_decide(&a, g, o, id, &b, e);

	d = decision_of(&b, how->gate ? "create" : "run", id);
	if (r < 0 && b.policy.config)
		cli_report_failure(b.policy.config, &d, DECISION_REFUSED, e);
	if (r == 0)
		r = bundle_check_console(b.plan->has_process && b.plan->process.terminal,
					 how->detach, o->console_socket, e);
	if (r == 0 && !how->gate && !b.plan->has_process)
		r = err_set(e, EINVAL, "process: is required by `run`");
	if (r == 0)
		r = bundle_preserved_fds(o->preserve_fds, &request.preserve_fds, &listen, e);
	if (r == 0)
		r = bundle_notify(&request.notify, e);
	if (r == 0)
		r = cli_absolute(&a, o->pid_file, &request.pid_file, e);
	if (r == 0)
		r = cli_report(b.policy.config, &d, &missing, e);
	if (r == 0)
		r = seal(&a, e);
	if (r < 0)
		return r;
	request.plan = b.plan;
	request.stdio.console_socket = o->console_socket;
	request.stdio.detach = how->detach;
	request.stdio.foreground_terminal =
		!how->detach && b.plan->has_process && b.plan->process.terminal;
	r = container_create(&request, out, e);
	if (r < 0) {
		cli_report_failure(b.policy.config, &d, DECISION_FAILED, e);
		return r;
	}
	log_warnings(b.plan);
	cli_report_warn(&missing);
	return 0;
}
