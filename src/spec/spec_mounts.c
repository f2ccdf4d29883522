/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts and their option words. The words are one table: what each does to a struct mount. A word
 * that is not in it belongs to the file system and goes into its data.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "spec/parts.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1UL << 25)
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MOUNT_ATTR__ATIME
#define MOUNT_ATTR__ATIME 0x00000070
#endif

/* clang-format off */
enum effect {
	NOTHING,
	ATTR_SET, ATTR_CLEAR,		/* of this mount */
	ATIME_MODE, ATIME_UNSET,	/* one of three modes that share bits; leave that mode again */
	SB_SET, SB_CLEAR,		/* of the file system */
	READ_ONLY, READ_WRITE,		/* both */
	PROPAGATION,
	BIND, RBIND, REMOUNT, COPY_UP, IDMAP, RIDMAP,
};
/* clang-format on */

struct option { const char *word; enum effect effect; bool tree; unsigned long bits; };

/* In the order of the alphabet: looked up by halves, and listed so by features. */
static const struct option options[] = {
	{ "async", SB_CLEAR, false, MS_SYNCHRONOUS },
	{ "atime", ATIME_UNSET, false, MOUNT_ATTR_NOATIME },
	{ "bind", BIND, false, 0 },
	{ "defaults", NOTHING, false, 0 },
	{ "dev", ATTR_CLEAR, false, MOUNT_ATTR_NODEV },
	{ "diratime", ATTR_CLEAR, false, MOUNT_ATTR_NODIRATIME },
	{ "dirsync", SB_SET, false, MS_DIRSYNC },
	{ "exec", ATTR_CLEAR, false, MOUNT_ATTR_NOEXEC },
	{ "idmap", IDMAP, false, 0 },
	{ "iversion", SB_SET, false, MS_I_VERSION },
	{ "lazytime", SB_SET, false, MS_LAZYTIME },
	{ "loud", SB_CLEAR, false, MS_SILENT },
	{ "mand", SB_SET, false, MS_MANDLOCK },
	{ "noatime", ATIME_MODE, false, MOUNT_ATTR_NOATIME },
	{ "nodev", ATTR_SET, false, MOUNT_ATTR_NODEV },
	{ "nodiratime", ATTR_SET, false, MOUNT_ATTR_NODIRATIME },
	{ "noexec", ATTR_SET, false, MOUNT_ATTR_NOEXEC },
	{ "noiversion", SB_CLEAR, false, MS_I_VERSION },
	{ "nolazytime", SB_CLEAR, false, MS_LAZYTIME },
	{ "nomand", SB_CLEAR, false, MS_MANDLOCK },
	{ "norelatime", NOTHING, false, 0 },	/* relatime is what is left when no mode is set */
	{ "nostrictatime", ATIME_UNSET, false, MOUNT_ATTR_STRICTATIME },
	{ "nosuid", ATTR_SET, false, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", ATTR_SET, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", PROPAGATION, false, MS_PRIVATE },
	{ "ratime", ATIME_UNSET, true, MOUNT_ATTR_NOATIME },
	{ "rbind", RBIND, false, 0 },
	{ "rdev", ATTR_CLEAR, true, MOUNT_ATTR_NODEV },
	{ "rdiratime", ATTR_CLEAR, true, MOUNT_ATTR_NODIRATIME },
	{ "relatime", ATIME_MODE, false, MOUNT_ATTR_RELATIME },
	{ "remount", REMOUNT, false, 0 },
	{ "rexec", ATTR_CLEAR, true, MOUNT_ATTR_NOEXEC },
	{ "ridmap", RIDMAP, false, 0 },
	{ "rnoatime", ATIME_MODE, true, MOUNT_ATTR_NOATIME },
	{ "rnodev", ATTR_SET, true, MOUNT_ATTR_NODEV },
	{ "rnodiratime", ATTR_SET, true, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", ATTR_SET, true, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", NOTHING, true, 0 },
	{ "rnostrictatime", ATIME_UNSET, true, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", ATTR_SET, true, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", ATTR_SET, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", READ_ONLY, false, MOUNT_ATTR_RDONLY },
	{ "rprivate", PROPAGATION, false, MS_PRIVATE | MS_REC },
	{ "rrelatime", ATIME_MODE, true, MOUNT_ATTR_RELATIME },
	{ "rro", ATTR_SET, true, MOUNT_ATTR_RDONLY },
	{ "rrw", ATTR_CLEAR, true, MOUNT_ATTR_RDONLY },
	{ "rshared", PROPAGATION, false, MS_SHARED | MS_REC },
	{ "rslave", PROPAGATION, false, MS_SLAVE | MS_REC },
	{ "rstrictatime", ATIME_MODE, true, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", ATTR_CLEAR, true, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", ATTR_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", PROPAGATION, false, MS_UNBINDABLE | MS_REC },
	{ "rw", READ_WRITE, false, MOUNT_ATTR_RDONLY },
	{ "shared", PROPAGATION, false, MS_SHARED },
	{ "silent", SB_SET, false, MS_SILENT },
	{ "slave", PROPAGATION, false, MS_SLAVE },
	{ "strictatime", ATIME_MODE, false, MOUNT_ATTR_STRICTATIME },
	{ "suid", ATTR_CLEAR, false, MOUNT_ATTR_NOSUID },
	{ "symfollow", ATTR_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", SB_SET, false, MS_SYNCHRONOUS },
	{ "tmpcopyup", COPY_UP, false, 0 },
	{ "unbindable", PROPAGATION, false, MS_UNBINDABLE },
};

/* clang-format off */
const char *const spec_mount_option_words[] = {
	"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "idmap",
	"iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec",
	"noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid",
	"nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "remount",
	"rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime",
	"rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw",
	"rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared",
	"silent", "slave", "strictatime", "suid", "symfollow", "sync", "tmpcopyup", "unbindable",
	NULL,
};
/* clang-format on */
_Static_assert(N_ELEMENTS(spec_mount_option_words) == N_ELEMENTS(options) + 1,
	       "a word is missing in one of the tables");

static const struct option *find_option(const char *word)
{
	size_t low = 0, high = N_ELEMENTS(options);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(word, options[mid].word);

		if (order == 0)
			return &options[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* The later word wins: what one sets the other clears, in both masks. */
static void apply_attr(uint64_t *set, uint64_t *clear, const struct option *o)
{
	switch (o->effect) {
	case ATTR_SET: case READ_ONLY:
		*set |= o->bits;
		*clear &= ~(uint64_t)o->bits;
		break;
	case ATTR_CLEAR: case READ_WRITE:
		*set &= ~(uint64_t)o->bits;
		*clear |= o->bits;
		break;
	case ATIME_MODE:
		/* mount_setattr(2) wants the whole field cleared when one of its modes is set. */
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | o->bits;
		*clear |= MOUNT_ATTR__ATIME;
		break;
	case ATIME_UNSET:
		if ((*set & MOUNT_ATTR__ATIME) == o->bits)
			*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
		break;
	default:
		break;
	}
}

static void apply_option(struct mount *m, const struct option *o)
{
	if (o->tree)
		apply_attr(&m->rattr_set, &m->rattr_clear, o);
	else
		apply_attr(&m->attr_set, &m->attr_clear, o);
	switch (o->effect) {
	case SB_SET: m->sb_flags |= o->bits; break;
	case SB_CLEAR: m->sb_flags &= ~o->bits; break;
	case READ_ONLY: m->sb_flags |= MS_RDONLY; break;
	case READ_WRITE: m->sb_flags &= ~(unsigned long)MS_RDONLY; break;
	case PROPAGATION: m->propagation = o->bits; break;
	case BIND: m->bind = true; break;
	case RBIND: m->bind = m->recursive = true; break;
	case REMOUNT: m->remount = true; break;
	case COPY_UP: m->copy_up = true; break;
	case IDMAP: m->idmap = true; break;
	case RIDMAP: m->idmap = m->idmap_recursive = true; break;
	default: break;
	}
}

/* One pass for the size and the flags, one to join. */
static const char *join_data(struct arena *a, const struct strings *words, size_t size)
{
	char *data = arena_alloc(a, size + 1), *p = data;

	for (size_t i = 0; data && i < words->n; i++) {
		size_t len = strlen(words->v[i]);

		if (len == 0 || find_option(words->v[i]))
			continue;
		if (p > data)
			*p++ = ',';
		memcpy(p, words->v[i], len);
		p += len;
	}
	return data;
}

int spec_mount_options(struct arena *a, const struct strings *words, struct mount *m,
		       const char *where, struct err *e)
{
	const char *unknown = NULL;
	struct mount new = *m;
	size_t size = 0;

	for (size_t i = 0; i < words->n; i++) {
		const struct option *o = find_option(words->v[i]);

		if (o) {
			apply_option(&new, o);
		} else if (words->v[i][0]) {
			size += strlen(words->v[i]) + 1;
			unknown = unknown || strchr(words->v[i], '=') ? unknown : words->v[i];
		}
	}
	/* A word that may be a misspelt "nosuid" is refused; "mode=755" is for a file system, and engines send it. */
	if (new.bind && unknown)
		return err_set(e, EINVAL,
			       "%s: \"%s\" is not known, and a bind mount takes no options of a "
			       "file system",
			       where, jread_quote(unknown).s);
	if (new.bind && size) {
		log_warn("%s: a bind mount takes no options of a file system: those with a value are ignored", where);
		new.data = "";
		size = 0;
	}
	if (new.bind)
		new.sb_flags &= ~(unsigned long)MS_RDONLY;
	new.data = size ? join_data(a, words, size) : "";
	if (!new.data)
		return err_set(e, ENOMEM, "%s: out of memory", where);
	*m = new;
	return 0;
}

static int read_options(const struct jread_at *at, const struct jnode *v,
			const struct jread_field *f, void *out, struct err *e)
{
	struct strings words = { 0 };
	char where[80];
	int r = jread_strings(at, v, f, &words, e);

	if (r < 0)
		return r;
	jread_path(at, where, sizeof(where));
	return spec_mount_options(at->doc->arena, &words, out, where, e);
}

/* Relative destinations are deprecated and mean "below /". */
static int clean_destination(const struct jread_at *at, struct mount *m, struct err *e)
{
	char from_root[PATH_MAX], clean[PATH_MAX];
	size_t len = strlen(m->destination);

	if (len + 2 > sizeof(from_root))
		return jread_refuse(at, "destination", e, "is longer than %d bytes", PATH_MAX);
	from_root[0] = '/';
	memcpy(from_root + 1, m->destination, len + 1);
	if (path_clean(from_root, clean, sizeof(clean)) < 0)
		return jread_refuse(at, "destination", e, "is longer than %d bytes", PATH_MAX);
	m->destination = arena_strdup(at->doc->arena, clean);
	return m->destination ? 0 : jread_no_memory(at, e);
}

static int check_kind(const struct jread_at *at, const struct mount *m, struct err *e)
{
	if (m->bind && !m->source && !m->remount)
		return jread_refuse(at, "source", e, "is required by a bind mount");
	if (m->bind || m->remount)
		return 0;
	if (str_eq(m->type, "bind"))
		return jread_refuse(at, "options", e,
				    "must hold \"bind\" or \"rbind\" for type \"bind\"");
	if (!m->type)
		return jread_refuse(at, "type", e, "is required (it is no bind mount)");
	return 0;
}

static int check_mount(const struct jread_at *at, void *value, struct err *e)
{
	struct mount *m = value;
	int r = check_kind(at, m, e);

	m->index = at->index;
	if (r == 0)
		r = clean_destination(at, m, e);
	if (r == 0)
		r = spec_idmaps_pair(at, &m->uid_map, &m->gid_map, e);
	if (m->copy_up && r == 0 && !str_eq(m->type, "tmpfs"))
		return jread_refuse(at, "options", e, "\"tmpcopyup\" is only for type \"tmpfs\"");
	if (m->bind)
		m->type = NULL;
	/* Maps without the word mean the word; SHOULD, says the specification of its presence. */
	if (m->uid_map.n)
		m->idmap = true;
	return r;
}

static const struct jread_field mount_fields[] = {
	{ "destination", jread_string, JREAD_TO(struct mount, destination), .text = spec_text_filled,
	  .required = true },
	{ "source", jread_string_opt, JREAD_TO(struct mount, source) },
	{ "type", jread_string_opt, JREAD_TO(struct mount, type) },
	{ "options", read_options, .offset = 0 },
	{ "uidMappings", jread_array, JREAD_TO(struct mount, uid_map), .list = &spec_idmaps_list },
	{ "gidMappings", jread_array, JREAD_TO(struct mount, gid_map), .list = &spec_idmaps_list },
};
static const struct jread_schema mount_schema = { mount_fields, N_ELEMENTS(mount_fields),
						  check_mount };

static int read_mount(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		      void *out, struct err *e)
{
	struct mount *m = out;

	(void)f;
	m->data = "";
	return jread_members(at, v, &mount_schema, m, e);
}
const struct jread_list spec_mounts_list = { { .read = read_mount }, sizeof(struct mount), NULL };

int spec_mounts_rules(const struct jread_at *at, const struct mounts *m, bool has_userns,
		      struct err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		struct jread_at here = jread_item(at, i);

		if (m->v[i].idmap && !m->v[i].uid_map.n && !has_userns)
			return jread_refuse(
				&here, "options", e,
				"\"%s\" needs uidMappings and gidMappings, or a user namespace",
				m->v[i].idmap_recursive ? "ridmap" : "idmap");
	}
	return 0;
}
