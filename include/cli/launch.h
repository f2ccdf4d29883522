/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/launch.h - `caisson launch`: Docker's flags and a root into the same document that a bundle
 * has, and then the one path of every launch.
 *
 *   flags ──launch_read()──▶ struct launch ──launch_document()──▶ config.json ──spec_parse()──▶
 * spec ──policy_merge()──▶ plan
 *
 * launch_read() looks at the host (files named on the command line, /etc/subuid) and changes
 * nothing. Only launch_run() does: it unpacks an archive, claims an id range, makes the container.
 */
#ifndef CAISSON_CLI_LAUNCH_H
#define CAISSON_CLI_LAUNCH_H

#include <jansson.h>

#include "cli/options.h"
#include "cli/policy.h"
#include "container/id_ranges.h"
#include "container/image.h"
#include "container/passwd.h"
#include "policy/labels.h"
#include "policy/plan.h"
#include "spec/spec.h"

/* The command line as it stands. */
struct launch_options {
	bool read_only, read_write, detach, interactive, tty, init, no_init, rm, print_spec,
		dry_run;
	const char *user, *env_file, *workdir, *hostname, *name, *network, *memory, *cpus,
		*pids_limit, *policy, *stop_signal, *stop_timeout, *drain, *image_config, *userns,
		*entrypoint, *pid_file, *scan_report;
	struct cli_list tmpfs, cap_add, cap_drop, env, volume, mount, ulimit, security_opt, label;
};
extern const struct cli_option launch_option_table[];

struct launch_ulimit {
	const char *name; /* RLIMIT_* */
	uint64_t soft, hard;
};
/* One mount in the words of the document. */
struct launch_mount {
	const char *destination, *type, *source;
	struct strings options;
	bool bind, idmap;
};
enum { LAUNCH_MAX_MOUNTS = 256, LAUNCH_MAX_ULIMITS = 32 };

enum launch_network { LAUNCH_NET_NONE, LAUNCH_NET_HOST, LAUNCH_NET_PATH };

/* What was understood. Everything lives in the arena. */
struct launch {
	const struct launch_options *o;
	struct arena *a;
	const char *id;
	struct policy_subject subject;	/* as rules see it */
	struct cli_policy policy;
	bool systemd; /* makes the cgroup */

	const char *root;      /* as given */
	const char *root_path; /* absolute; for an archive where it is, or would be, unpacked */
	bool archive;
	const char *roots; /* where archives are unpacked */
	int root_fd;       /* O_PATH; -1 before an archive is unpacked */
	bool read_only;

	struct image_config image;
	struct key_values labels;     /* of the image, then --label */
	struct label_caps label_caps; /* what a capability label asks for */
	uint64_t cap_base, cap_add, cap_drop,
		cap_asked; /* asked: label and --cap-add, less --cap-drop */

	bool user_given;
	struct passwd_user user;
	struct strings args;
	const char *cwd, *hostname;
	struct {
		size_t n, max;
		const char **v;
	} env;

	struct {
		size_t n;
		struct launch_mount *v;
	} mounts;
	struct {
		size_t n;
		struct launch_ulimit v[LAUNCH_MAX_ULIMITS];
	} ulimits;
	struct opt_i64 memory, cpu_quota, pids;
	enum launch_network network;
	const char *net_path;

	bool nnp_off;
	json_t *seccomp; /* owned; NULL = none */
	const char *apparmor, *selinux;
	bool init, terminal;
	uint16_t rows, columns;
	int stop_signal; /* 0 = SIGTERM */
	uint32_t stop_timeout;
	const char *stop, *stop_from; /* for explain; NULL: nobody says anything */
	struct strings init_options;

	bool own_users; /* a user namespace of its own */
	struct id_range range;
	uint32_t range_size;
	bool range_claimed, root_claimed;
	bool root_idmap; /* the root's file system can be id-mapped */
};
void launch_done(struct launch *l);
#define auto_launch __attribute__((cleanup(launch_done))) struct launch

/* argv are launch's own arguments, without the command's name. `caisson explain launch ...`. No
 * side effects. */
int launch_plan(const struct cli_globals *g, int argc, char *const *argv, struct arena *a,
		const struct spec **spec, const struct plan **plan, struct err *e);

/* Flags and operands -> *l (zeroed before). Reads; changes nothing. */
int launch_read(const struct cli_globals *g, const struct launch_options *o, int argc,
		char *const *argv, struct arena *a, struct launch *l, struct err *e);
/* The user, once the root is there: needs root_fd, or numbers. `dry`: a name in an archive is only
 * noted. */
int launch_find_user(struct launch *l, bool dry, struct err *e);
/* The user namespace: claims a range for the container with this state directory, or only looks
 * (NULL). */
int launch_find_range(struct launch *l, const char *state_dir, struct err *e);
/* Which of the root and the binds can be id-mapped; without the root the container falls back to
 * the host's ids. */
int launch_find_idmaps(struct launch *l, struct err *e);
/* Gives back what was claimed, in full: the range and an unpacked root. For a launch that failed.
 */
void launch_give_back(struct launch *l);
/* config.json; malloc'd, NUL-terminated. */
int launch_document(struct launch *l, char **out, size_t *len, struct err *e);
int launch_decide(const struct launch *l, const char *bytes, size_t len, const struct spec **spec,
		  const struct plan **plan, struct err *e);
/* Everything up to the document without changing anything. */
int launch_preview(struct launch *l, char **document, size_t *len, struct err *e);
/* The container itself: returns the exit status, or -errno. */
struct decision;
/* For its record; plan NULL: none was made. */
struct decision launch_decision(const struct launch *l, const struct plan *plan);
int launch_run(const struct cli_globals *g, struct launch *l, struct err *e);

/* ---- parts, for the above and for tests ---- */

int launch_read_limits(struct launch *l, struct err *e);
int launch_read_env(struct launch *l, struct err *e);
int launch_read_caps(struct launch *l, struct err *e);
int launch_read_security(struct launch *l, struct err *e);
int launch_read_mounts(struct launch *l, struct err *e);
int launch_read_stop(struct launch *l, struct err *e);
/* Whether caisson-init is PID 1: by the flags and the profile, then by the program (once args are known). */
bool launch_wants_init(const struct launch *l);
void launch_settle_init(struct launch *l);
int launch_add_image_volumes(struct launch *l, struct err *e); /* once the user is known */
/* "SRC:DST[:opts]", "type=...,...", "PATH[:opts]". */
int launch_read_volume(struct arena *a, const char *text, struct launch_mount *out, struct err *e);
int launch_read_mount(struct arena *a, const char *text, struct launch_mount *out, struct err *e);
int launch_read_tmpfs(struct arena *a, const char *text, struct launch_mount *out, struct err *e);
/* "1.5" -> quota for a period of LAUNCH_CPU_PERIOD. */
enum { LAUNCH_CPU_PERIOD = 100000 };
int launch_read_cpus(const char *text, int64_t *quota, struct err *e);
int launch_read_ulimit(const char *text, struct launch_ulimit *out, struct err *e);
int launch_env_set(struct launch *l, const char *assignment, struct err *e);
/* A seccomp profile in OCI's form, or in Docker's (archMap, includes, excludes), reduced to OCI's.
 * New reference. */
json_t *launch_seccomp_read(const char *file, uint64_t caps, struct err *e);
json_t *launch_seccomp_reduce(const json_t *profile, uint64_t caps, struct err *e);
/* Unpacks l->root into a new directory below l->roots and sets root_path and root_fd. */
int launch_unpack(struct launch *l, const char *state_dir, struct err *e);
/* A capability list as the document writes it. */
json_t *launch_caps_json(uint64_t set);

#endif
