/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_read.c - the command line of launch, understood. Looks at the host, changes nothing.
 */
#include "cli/launch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "cli/cli.h"
#include "container/roots.h"
#include "container/state.h"
#include "policy/merge.h"
#include "policy/profile_fields.h"

enum { HOSTNAME_LABEL_MAX = 63, ROOTLESS_IDS = 1 };

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

/* Rules see what the command line says; the document is made from what they choose. */
static int read_policy(const struct cli_globals *g, struct launch *l, int argc, char *const *argv,
		       struct err *e)
{
	struct policy_ask ask = { .standalone = true };
	struct cli_globals globals = *g;
	int r;

	if (l->o->policy)
		globals.policy = l->o->policy;
	l->systemd = cli_unit_manager(g) != UNIT_NONE;
	l->subject = (struct policy_subject){ .engine = "standalone",
					      .kind = "container",
					      .caller_uid = getuid(),
					      .hostname = l->o->hostname };
	globals.program = NULL; /* the name is for engines, which can give no flag */
	for (int i = 1; i < argc && !l->subject.argv0; i++)
		if (strcmp(argv[i], "--") != 0)
			l->subject.argv0 = argv[i];
	r = cli_policy_named(&globals, l->a, &ask, e);
	ask.outright = ask.named != NULL;
	return r < 0 ? r : cli_policy_choose(l->a, &ask, &l->subject, &l->policy, e);
}

/* What decided a field of the profile, for messages: "level strict". */
static const char *ruled_by(const struct launch *l, enum profile_field f)
{
	const char *rule = profile_rule(l->a, l->policy.profile, f);

	return rule ? rule : "the policy";
}

static int read_name(struct launch *l, struct err *e)
{
	uint32_t random;

	if (l->o->name) {
		l->id = l->o->name;
		return state_check_id(l->id, e);
	}
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "make a name");
	l->id = arena_printf(l->a, "launch-%08x", random);
	return l->id ? 0 : no_memory(e);
}

/* ---- the root ---- */

static int read_root(struct launch *l, const char *text, struct err *e)
{
	auto_free char *real = NULL;
	char roots[ROOTS_DIR_MAX];
	struct stat st;

	l->root = text;
	real = realpath(text, NULL);
	if (!real || stat(real, &st) < 0)
		return err_sys(e, "root file system %s", text);
	if (S_ISDIR(st.st_mode)) {
		l->root_path = arena_strdup(l->a, real);
		l->root_fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (l->root_fd < 0)
			return err_sys(e, "open %s", text);
	} else if (S_ISREG(st.st_mode)) {
		l->archive = true;
		l->root = arena_strdup(l->a, real);
		if (roots_dir(roots, e) < 0)
			return -e->code;
		l->roots = arena_strdup(l->a, roots);
		l->root_path = arena_printf(l->a, "%s/%s/rootfs", roots, l->id);
	} else {
		return err_set(e, EINVAL, "root file system %s: neither a directory nor a file",
			       text);
	}
	return l->root && l->root_path && (l->roots || !l->archive) ? 0 : no_memory(e);
}

static int read_root_mode(struct launch *l, struct err *e)
{
	const struct launch_options *o = l->o;

	if (o->read_only && o->read_write)
		return err_set(e, EINVAL, "--read-only and --read-write exclude each other");
	if (o->read_write && l->policy.profile->root.readonly) {
		(void)err_set(e, EPERM,
			      "--read-write: %s keeps the root read-only; --tmpfs PATH "
			      "or -v SRC:DST gives a "
			      "place to write to, --policy hardened a root that can be written",
			      ruled_by(l, PF_ROOT_READONLY));
		return err_class(e, "policy.refused");
	}
	l->read_only = !o->read_write;
	return 0;
}

/* ---- the image's wishes ---- */

static int read_label(struct launch *l, struct key_value *v, size_t *n, const char *text,
		      struct err *e)
{
	const char *equals = strchr(text, '=');
	const char *key = arena_memdup(l->a, text, equals ? (size_t)(equals - text) : strlen(text));

	if (!key)
		return no_memory(e);
	if (!*key)
		return err_set(e, EINVAL, "--label %s: want KEY=VALUE", text);
	for (size_t i = 0; i < *n; i++) {
		if (str_eq(v[i].key, key)) {
			v[i].value = equals ? equals + 1 : "";
			return 0;
		}
	}
	v[(*n)++] = (struct key_value){ .key = key, .value = equals ? equals + 1 : "" };
	return 0;
}

static int read_image(struct launch *l, struct err *e)
{
	const struct launch_options *o = l->o;
	struct key_value *v;
	size_t n;
	int r = o->image_config ? image_config_read(o->image_config, l->a, &l->image, e) : 0;

	if (r < 0)
		return r;
	v = arena_array(l->a, l->image.labels.n + o->label.n, sizeof(*v));
	if (!v)
		return no_memory(e);
	n = l->image.labels.n;
	if (n)
		memcpy(v, l->image.labels.v, n * sizeof(*v));
	for (size_t i = 0; r == 0 && i < o->label.n; i++)
		r = read_label(l, v, &n, o->label.v[i], e);
	l->labels = (struct key_values){ .n = n, .v = v };
	return r;
}

/* Docker: --entrypoint also forgets the image's command; CMD on the command line replaces only the
 * command. */
static int read_args(struct launch *l, int argc, char *const *argv, struct err *e)
{
	bool own_entry = l->o->entrypoint != NULL;
	struct strings entry = own_entry ? (struct strings){ 0 } : l->image.entrypoint;
	struct strings cmd = own_entry ? (struct strings){ 0 } : l->image.cmd;
	const char **v;
	size_t n = 0;

	if (argc > 0)
		cmd = (struct strings){ .n = (size_t)argc, .v = (const char *const *)argv };
	v = arena_array(l->a, entry.n + cmd.n + 2, sizeof(*v));
	if (!v)
		return no_memory(e);
	if (own_entry && *l->o->entrypoint)
		v[n++] = l->o->entrypoint;
	for (size_t i = 0; i < entry.n; i++)
		v[n++] = entry.v[i];
	for (size_t i = 0; i < cmd.n; i++)
		v[n++] = cmd.v[i];
	if (n == 0 || !*v[0])
		return err_set(e, EINVAL,
			       "nothing to run: give a command after \"--\", or the image's config "
			       "with --image-config");
	l->args = (struct strings){ .n = n, .v = v };
	return 0;
}

static int read_workdir(struct launch *l, struct err *e)
{
	const char *dir = l->o->workdir ? l->o->workdir : l->image.workdir ? l->image.workdir : "/";
	char clean[PATH_MAX];

	if (dir[0] != '/')
		return err_set(e, EINVAL, "working directory \"%s\" is not absolute", dir);
	if (path_clean(dir, clean, sizeof(clean)) < 0)
		return err_set(e, ENAMETOOLONG, "the working directory's name is too long");
	l->cwd = arena_strdup(l->a, clean);
	return l->cwd ? 0 : no_memory(e);
}

static int read_hostname(struct launch *l, struct err *e)
{
	size_t n = strlen(l->id);

	l->hostname = l->o->hostname;
	if (l->hostname && (strlen(l->hostname) > 64 || !*l->hostname))
		return err_set(e, EINVAL, "--hostname %s: want 1 to 64 bytes", l->hostname);
	if (!l->hostname)
		l->hostname =
			arena_memdup(l->a, l->id, n < HOSTNAME_LABEL_MAX ? n : HOSTNAME_LABEL_MAX);
	return l->hostname ? 0 : no_memory(e);
}

/* ---- the room ---- */

static int read_network(struct launch *l, struct err *e)
{
	const char *text = l->o->network ? l->o->network : "none";

	if (str_eq(text, "none")) {
		l->network = LAUNCH_NET_NONE;
	} else if (str_eq(text, "host")) {
		l->network = LAUNCH_NET_HOST;
	} else if (str_starts(text, "ns:") && text[3] == '/') {
		l->network = LAUNCH_NET_PATH;
		l->net_path = text + 3;
	} else {
		return err_set(e, EINVAL,
			       "--network %s: want none, host, or ns:/path/of/a/network/namespace",
			       text);
	}
	return 0;
}

static int read_streams(struct launch *l, struct err *e)
{
	const struct launch_options *o = l->o;
	struct winsize size;

	if (o->init && o->no_init)
		return err_set(e, EINVAL, "--init and --no-init exclude each other");
	if (o->detach && o->tty)
		return err_set(e, EINVAL,
			       "-d and -t exclude each other: nobody would hold the terminal");
	if (o->detach && o->interactive)
		return err_set(e, EINVAL,
			       "-d and -i exclude each other: standard input is the caller's");
	l->init = launch_wants_init(l);
	l->terminal = o->tty;
	if (o->tty && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
		l->rows = size.ws_row;
		l->columns = size.ws_col;
	}
	return 0;
}

static int read_userns(struct launch *l, struct err *e)
{
	uint32_t map = l->policy.profile->user_map;
	const char *text = l->o->userns                                    ? l->o->userns
			   : map != PROFILE_MAP_HOST || geteuid() != 0 ? "auto"
									   : "host";

	if (map == PROFILE_MAP_REQUIRE && str_eq(text, "host")) {
		(void)err_set(e, EPERM, "--userns host: %s requires ids of the container's own", ruled_by(l, PF_USER_MAP));
		return err_class(e, "policy.refused");
	}
	if (str_eq(text, "auto"))
		l->own_users = true;
	else if (!str_eq(text, "host"))
		return err_set(e, EINVAL, "--userns %s: want auto or host", text);
	return 0;
}

int launch_read(const struct cli_globals *g, const struct launch_options *o, int argc,
		char *const *argv, struct arena *a, struct launch *l, struct err *e)
{
	static int (*const steps[])(struct launch *, struct err *) = {
		read_root_mode,     read_image,       read_workdir,    read_hostname,
		read_network,       read_streams,     launch_read_stop, read_userns,
		launch_read_limits, launch_read_caps, launch_read_env, launch_read_security,
		launch_read_mounts,
	};
	int r;

	*l = (struct launch){ .o = o, .a = a, .root_fd = -1 };
	if (argc < 1)
		return err_set(e, EINVAL,
			       "\"launch\" requires a root file system: a directory, or a tar made "
			       "by `docker export`");
	r = read_policy(g, l, argc, argv, e);
	if (r == 0)
		r = read_name(l, e);
	if (r == 0)
		r = read_root(l, argv[0], e);
	argv++;
	argc--;
	if (argc > 0 && strcmp(argv[0], "--") == 0) {
		argv++;
		argc--;
	}
	for (size_t i = 0; r == 0 && i < N_ELEMENTS(steps); i++)
		r = steps[i](l, e);
	if (r == 0)
		r = read_args(l, argc, argv, e);
	if (r == 0)
		launch_settle_init(l);
	return r;
}

/* ---- who ---- */

static int settle_groups(struct launch *l, struct err *e)
{
	const struct ids *from = &l->user.groups;
	uint32_t *v = arena_array(l->a, from->n, sizeof(*v));
	size_t n = 0;

	if (!v)
		return no_memory(e);
	for (size_t i = 0; i < from->n; i++) {
		if (from->v[i] == 0 && l->policy.profile->user == PROFILE_USER_NON_ROOT) {
			log_warn("%s is a member of group 0 in the image; %s leaves that "
				 "out",
				 l->user.name, ruled_by(l, PF_NON_ROOT));
			continue;
		}
		v[n++] = from->v[i];
	}
	l->user.groups = (struct ids){ .n = n, .v = v };
	return 0;
}

int launch_find_user(struct launch *l, bool dry, struct err *e)
{
	const char *who = l->o->user ? l->o->user : l->image.user;
	struct err why = { 0 };
	int r;

	l->user_given = who != NULL;
	l->user = (struct passwd_user){ .home = "/root" };
	if (!who)
		return 0;
	if (l->root_fd < 0 && dry && passwd_find(-1, who, l->a, &l->user, &why) == -ENOENT) {
		log_warn("the name in user \"%s\" is looked up when %s is unpacked; shown as 65534 "
			 "here",
			 who, l->root);
		l->user = (struct passwd_user){ .uid = 65534, .gid = 65534, .home = "/" };
		return 0;
	}
	r = passwd_find(l->root_fd, who, l->a, &l->user, e);
	if (r < 0)
		return err_wrap(e, "%s", l->o->user ? "--user" : "the image's user");
	return settle_groups(l, e);
}

int launch_find_range(struct launch *l, const char *state_dir, struct err *e)
{
	struct err why = { 0 };
	int r;

	if (!l->own_users)
		return 0;
	if (geteuid() != 0) {
		/* An ordinary user has one id to give: the container's user is the caller. */
		l->range_size = ROOTLESS_IDS;
		l->range = (struct id_range){ .uid = geteuid(), .gid = getegid() };
		return 0;
	}
	r = state_dir ? id_range_claim(&id_range_host, state_dir, &l->range, &why)
		      : id_range_peek(&id_range_host, &l->range, &why);
	if (r == -ENOENT && !l->o->userns && l->policy.profile->user_map != PROFILE_MAP_REQUIRE) {
		l->own_users = false;
		log_warn("the container's ids are the host's own: %s", why.text);
		return 0;
	}
	if (r < 0) {
		*e = why;
		(void)err_wrap(e, "%s", l->o->userns ? "--userns auto" : ruled_by(l, PF_USER_MAP));
		return l->o->userns ? -e->code : err_class(e, "policy.unsupported");
	}
	l->range_size = ID_RANGE_SIZE;
	l->range_claimed = state_dir != NULL;
	return 0;
}
