/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_mounts.c - -v, --mount, --tmpfs and the volumes of the image. */
#include "cli/launch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "cli/cli.h"

enum { OPTIONS_MAX = 32 };

/* A list that grows in the arena. */
struct words {
	size_t n;
	const char *v[OPTIONS_MAX + 1];
};

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

static int words_add(struct words *w, const char *word, struct err *e)
{
	if (!word)
		return no_memory(e);
	if (w->n == OPTIONS_MAX)
		return err_set(e, E2BIG, "more than %d options", OPTIONS_MAX);
	w->v[w->n++] = word;
	return 0;
}

static bool words_have(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->v[i], word))
			return true;
	return false;
}

static int words_take(struct arena *a, const struct words *w, struct strings *out, struct err *e)
{
	const char **v = arena_array(a, w->n + 1, sizeof(*v));

	if (!v)
		return no_memory(e);
	memcpy(v, w->v, w->n * sizeof(*v));
	*out = (struct strings){ .n = w->n, .v = v };
	return 0;
}

static int words_split(struct arena *a, const char *text, struct words *w, struct err *e)
{
	while (*text) {
		size_t n = strcspn(text, ",");
		int r = n ? words_add(w, arena_memdup(a, text, n), e) : 0;

		if (r < 0)
			return r;
		text += n + (text[n] == ',');
	}
	return 0;
}

static int destination_read(struct arena *a, const char *text, const char **out, struct err *e)
{
	static const char *const never[] = { "/", "/proc", "/sys", "/dev" };
	char clean[PATH_MAX];

	if (text[0] != '/')
		return err_set(e, EINVAL, "the place in the container must be absolute: \"%s\"",
			       text);
	if (path_clean(text, clean, sizeof(clean)) < 0)
		return err_set(e, ENAMETOOLONG, "the path is too long");
	for (size_t i = 0; i < N_ELEMENTS(never); i++)
		if (str_eq(clean, never[i]))
			return err_set(e, EINVAL, "nothing may be mounted over %s", clean);
	*out = arena_strdup(a, clean);
	return *out ? 0 : no_memory(e);
}

static int source_read(struct arena *a, const char *text, const char **out, struct err *e)
{
	auto_free char *real = NULL;
	const char *path;
	int r;

	if (text[0] != '/' && text[0] != '.')
		return err_set(e, EINVAL,
			       "\"%s\" is not a path of the host (named volumes are not supported)",
			       text);
	r = cli_absolute(a, text, &path, e);
	if (r < 0)
		return r;
	/* Named by the operator, so links are followed; a missing source is an error, never a new
	 * directory. */
	real = realpath(path, NULL);
	if (!real)
		return err_sys(e, "%s", text);
	*out = arena_strdup(a, real);
	return *out ? 0 : no_memory(e);
}

/* ---- -v ---- */

/* What -v takes after the second colon, and what it means to the document; NULL = nothing. */
static const struct {
	const char *word, *option;
} volume_words[] = {
	{ "ro", "ro" },
	{ "rw", "rw" },
	{ "z", NULL },
	{ "Z", NULL },
	{ "noexec", "noexec" },
	{ "nosuid", "nosuid" },
	{ "nodev", "nodev" },
	{ "rro", "rro" },
	{ "private", "private" },
	{ "rprivate", "rprivate" },
	{ "slave", "slave" },
	{ "rslave", "rslave" },
	{ "shared", "shared" },
	{ "rshared", "rshared" },
	{ "bind", "bind" },
	{ "rbind", "rbind" },
	{ "cached", NULL },
	{ "delegated", NULL },
	{ "consistent", NULL },
};

static int volume_word(const char *word, struct words *options, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(volume_words); i++)
		if (str_eq(word, volume_words[i].word))
			return volume_words[i].option
				       ? words_add(options, volume_words[i].option, e)
				       : 0;
	return err_set(e, EINVAL, "unknown option \"%s\"", word);
}

static bool has_propagation(const struct words *w)
{
	static const char *const words[] = { "private", "rprivate", "slave",
					     "rslave",  "shared",   "rshared" };

	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (words_have(w, words[i]))
			return true;
	return false;
}

static int bind_finish(struct arena *a, struct words *options, struct launch_mount *m,
		       struct err *e)
{
	int r = 0;

	if (!words_have(options, "bind") && !words_have(options, "rbind"))
		r = words_add(options, "rbind", e);
	if (r == 0 && !has_propagation(options))
		r = words_add(options, "rprivate", e);
	m->bind = true;
	m->type = "bind";
	return r < 0 ? r : words_take(a, options, &m->options, e);
}

int launch_read_volume(struct arena *a, const char *text, struct launch_mount *out, struct err *e)
{
	struct launch_mount m = { 0 };
	struct words options = { 0 }, given = { 0 };
	const char *first = strchr(text, ':'), *second;
	const char *source, *destination;
	int r;

	if (!first || first == text || !first[1])
		return err_set(e, EINVAL, "-v %s: want SRC:DST[:ro]", text);
	second = strchr(first + 1, ':');
	source = arena_memdup(a, text, (size_t)(first - text));
	destination = arena_memdup(a, first + 1,
				   second ? (size_t)(second - first - 1) : strlen(first + 1));
	if (!source || !destination)
		return no_memory(e);
	r = source_read(a, source, &m.source, e);
	if (r == 0)
		r = destination_read(a, destination, &m.destination, e);
	if (r == 0 && second)
		r = words_split(a, second + 1, &given, e);
	for (size_t i = 0; r == 0 && i < given.n; i++)
		r = volume_word(given.v[i], &options, e);
	if (r == 0)
		r = bind_finish(a, &options, &m, e);
	if (r < 0)
		return err_wrap(e, "-v %s", text);
	*out = m;
	return 0;
}

/* ---- --tmpfs ---- */

static int tmpfs_defaults(struct words *options, struct err *e)
{
	/* Docker's own. The word for the opposite, given by the user, wins because it is there
	 * already. */
	static const struct {
		const char *word, *unless;
	} defaults[] = {
		{ "nosuid", "suid" },
		{ "nodev", "dev" },
		{ "noexec", "exec" },
	};
	bool has_mode = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(defaults); i++)
		if (!words_have(options, defaults[i].word) &&
		    !words_have(options, defaults[i].unless))
			r = words_add(options, defaults[i].word, e);
	for (size_t i = 0; i < options->n; i++)
		has_mode |= str_starts(options->v[i], "mode=");
	return r < 0 || has_mode ? r : words_add(options, "mode=1777", e);
}

static int tmpfs_finish(struct arena *a, struct words *options, struct launch_mount *m,
			struct err *e)
{
	int r = tmpfs_defaults(options, e);

	m->type = "tmpfs";
	m->source = "tmpfs";
	return r < 0 ? r : words_take(a, options, &m->options, e);
}

int launch_read_tmpfs(struct arena *a, const char *text, struct launch_mount *out, struct err *e)
{
	struct launch_mount m = { 0 };
	struct words options = { 0 };
	const char *colon = strchr(text, ':');
	const char *destination =
		arena_memdup(a, text, colon ? (size_t)(colon - text) : strlen(text));
	int r;

	if (!destination)
		return no_memory(e);
	r = destination_read(a, destination, &m.destination, e);
	if (r == 0 && colon)
		r = words_split(a, colon + 1, &options, e);
	if (r == 0)
		r = tmpfs_finish(a, &options, &m, e);
	if (r < 0)
		return err_wrap(e, "--tmpfs %s", text);
	*out = m;
	return 0;
}

/* ---- --mount ---- */

struct mount_words {
	const char *type, *source, *destination;
	struct words options;
};

static int mount_flag(struct mount_words *m, const char *key, const char *value, const char *option,
		      struct err *e)
{
	if (!value || str_eq(value, "true") || str_eq(value, "1"))
		return words_add(&m->options, option, e);
	if (str_eq(value, "false") || str_eq(value, "0"))
		return 0;
	return err_set(e, EINVAL, "%s=%s: want true or false", key, value);
}

static int mount_pair(struct arena *a, struct mount_words *m, const char *key, const char *value,
		      struct err *e)
{
	const struct {
		const char *key;
		const char **slot;
	} texts[] = {
		{ "type", &m->type },
		{ "src", &m->source },
		{ "source", &m->source },
		{ "dst", &m->destination },
		{ "destination", &m->destination },
		{ "target", &m->destination },
	};

	if (str_eq(key, "readonly") || str_eq(key, "ro"))
		return mount_flag(m, key, value, "ro", e);
	if (str_eq(key, "bind-nonrecursive"))
		return mount_flag(m, key, value, "bind", e);
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		if (!str_eq(key, texts[i].key))
			continue;
		if (!value || !*value)
			return err_set(e, EINVAL, "%s needs a value", key);
		*texts[i].slot = value;
		return 0;
	}
	if (value && str_eq(key, "bind-propagation"))
		return volume_word(value, &m->options, e);
	if (value && str_eq(key, "tmpfs-size"))
		return words_add(&m->options, arena_printf(a, "size=%s", value), e);
	if (value && str_eq(key, "tmpfs-mode"))
		return words_add(&m->options, arena_printf(a, "mode=%s", value), e);
	return err_set(e, EINVAL, "unknown field \"%s\"", key);
}

static int mount_build(struct arena *a, struct mount_words *w, struct launch_mount *m,
		       struct err *e)
{
	const char *type =
		w->type ? w->type : "bind"; /* Docker's default, "volume", does not exist here */
	int r;

	if (!w->destination)
		return err_set(e, EINVAL, "dst=PATH is missing");
	r = destination_read(a, w->destination, &m->destination, e);
	if (r < 0)
		return r;
	if (str_eq(type, "tmpfs")) {
		if (w->source)
			return err_set(e, EINVAL, "a tmpfs has no src");
		return tmpfs_finish(a, &w->options, m, e);
	}
	if (!str_eq(type, "bind"))
		return err_set(e, EINVAL, "type=%s is not supported: bind or tmpfs", type);
	if (!w->source)
		return err_set(e, EINVAL, "src=PATH is missing");
	r = source_read(a, w->source, &m->source, e);
	return r < 0 ? r : bind_finish(a, &w->options, m, e);
}

int launch_read_mount(struct arena *a, const char *text, struct launch_mount *out, struct err *e)
{
	struct launch_mount m = { 0 };
	struct mount_words w = { 0 };
	struct words pairs = { 0 };
	int r = words_split(a, text, &pairs, e);

	for (size_t i = 0; r == 0 && i < pairs.n; i++) {
		const char *equals = strchr(pairs.v[i], '=');
		const char *key =
			equals ? arena_memdup(a, pairs.v[i], (size_t)(equals - pairs.v[i]))
			       : pairs.v[i];

		r = key ? mount_pair(a, &w, key, equals ? equals + 1 : NULL, e) : no_memory(e);
	}
	if (r == 0)
		r = mount_build(a, &w, &m, e);
	if (r < 0)
		return err_wrap(e, "--mount %s", text);
	*out = m;
	return 0;
}

/* ---- all of them ---- */

static bool is_mounted(const struct launch *l, const char *destination)
{
	for (size_t i = 0; i < l->mounts.n; i++)
		if (str_eq(l->mounts.v[i].destination, destination))
			return true;
	return false;
}

static int add_all(struct launch *l, const char *option, const struct cli_list *list,
		   int (*read)(struct arena *, const char *, struct launch_mount *, struct err *),
		   struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		struct launch_mount m;
		int r = read(l->a, list->v[i], &m, e);

		if (r < 0)
			return r;
		if (is_mounted(l, m.destination))
			return err_set(e, EINVAL, "%s %s: something is mounted at %s already",
				       option, list->v[i], m.destination);
		if (l->mounts.n == LAUNCH_MAX_MOUNTS)
			return err_set(e, E2BIG, "more than %d mounts", LAUNCH_MAX_MOUNTS);
		l->mounts.v[l->mounts.n++] = m;
	}
	return 0;
}

/* In front of the others: what was asked for below it lies upon it. */
static int add_in_front(struct launch *l, const struct launch_mount *m, struct err *e)
{
	if (l->mounts.n == LAUNCH_MAX_MOUNTS)
		return err_set(e, E2BIG, "more than %d mounts", LAUNCH_MAX_MOUNTS);
	memmove(l->mounts.v + 1, l->mounts.v, l->mounts.n * sizeof(*m));
	l->mounts.v[0] = *m;
	l->mounts.n++;
	return 0;
}

/* What the policy will make of the user. */
static uint32_t owner(const struct opt_id *by_profile, uint32_t asked)
{
	return by_profile->set ? by_profile->v : asked;
}

/* Whose word it is. What is asked for at or above such a place is in its stead, and below it too where the place is only a wish. */
struct volume_from {
	const char *who;
	bool wish;
};

static bool is_provided(const struct launch *l, const struct volume_from *from, const char *path)
{
	for (size_t i = 0; i < l->mounts.n; i++) {
		const char *at = l->mounts.v[i].destination;
		if (path_is_below(path, at) || (from->wish && path_is_below(at, path)))
			return true;
	}
	return false;
}

/* A volume of the image is a place its author writes to: private, sized, gone at the end. */
static int add_volume(struct launch *l, const struct volume_from *from, const char *path, struct err *e)
{
	static const char *const kept[] = { "/proc", "/sys", "/dev", "/etc" };
	const struct profile *p = l->policy.profile;
	struct launch_mount m = { .type = "tmpfs", .source = "tmpfs" };
	struct words options = {
		.n = 5, .v = { "nosuid", "nodev", "noexec", "size=268435456", "mode=0755" }
	};
	struct err why = { 0 };
	int r;

	if (destination_read(l->a, path, &m.destination, &why) < 0) {
		log_warn("the %s's volume %s is ignored: %s", from->who, path, why.text);
		return 0;
	}
	for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
		if (path_is_below(m.destination, kept[i])) {
			log_warn("the %s's volume %s is ignored: nothing of an image may hide %s", from->who, path, kept[i]);
			return 0;
		}
	}
	if (is_provided(l, from, m.destination))
		return 0;
	r = words_add(&options, arena_printf(l->a, "uid=%u", owner(&p->uid, l->user.uid)), e);
	if (r == 0)
		r = words_add(&options, arena_printf(l->a, "gid=%u", owner(&p->gid, l->user.gid)), e);
	if (r == 0)
		r = words_take(l->a, &options, &m.options, e);
	if (r == 0)
		r = add_in_front(l, &m, e);
	if (r == 0)
		log_warn("the %s's volume %s is a tmpfs of 256 MiB that ends with the container; -v DIR:%s keeps the data", from->who,
			 m.destination, m.destination);
	return r;
}

int launch_read_mounts(struct launch *l, struct err *e)
{
	int r;

	l->mounts.v = arena_array(l->a, LAUNCH_MAX_MOUNTS, sizeof(*l->mounts.v));
	if (!l->mounts.v)
		return no_memory(e);
	r = add_all(l, "-v", &l->o->volume, launch_read_volume, e);
	if (r == 0)
		r = add_all(l, "--mount", &l->o->mount, launch_read_mount, e);
	if (r == 0)
		r = add_all(l, "--tmpfs", &l->o->tmpfs, launch_read_tmpfs, e);
	return r;
}

int launch_add_image_volumes(struct launch *l, struct err *e)
{
	static const struct volume_from image = { "image", false }, profile = { "profile", true };
	const struct strings *wishes = &l->policy.profile->service.volumes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->image.volumes.n; i++)
		r = add_volume(l, &image, l->image.volumes.v[i], e);
	for (size_t i = 0; r == 0 && i < wishes->n; i++)
		r = add_volume(l, &profile, wishes->v[i], e);
	return r;
}
