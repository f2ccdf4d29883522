/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_stop.c - how a launched container is ended: by a flag, by its image, by its profile's service, in this order. */
#include "cli/launch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli/cli.h"
#include "policy/profile_fields.h"

enum { STOP_TIMEOUT = 10, STOP_MAX = 86400 };

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

/* "5", "0.5": what pid1_seconds() takes, within a day. */
static bool is_seconds(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	uint32_t n = 0;
	char number[8];

	if (!whole || whole >= sizeof(number))
		return false;
	memcpy(number, text, whole);
	number[whole] = '\0';
	if (str_u32(number, &n) < 0 || n > STOP_MAX)
		return false;
	text += whole;
	return !*text || (*text == '.' && strlen(text) <= 4 && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

static int add_init_option(struct launch *l, const char *flag, const char *name, const char *value, struct err *e)
{
	const char **v = arena_array(l->a, l->init_options.n + 1, sizeof(*v));
	const char *option = arena_printf(l->a, "%s=%s", name, value);

	if (!launch_wants_init(l))
		return err_set(e, EINVAL, "%s: only with caisson-init as PID 1, so %s", flag,
			       l->o->no_init ? "without --no-init" : "with --init, as the profile says \"off\"");
	if (!v || !option)
		return no_memory(e);
	for (size_t i = 0; i < l->init_options.n; i++)
		v[i] = l->init_options.v[i];
	v[l->init_options.n++] = option;
	l->init_options.v = v;
	return 0;
}

static int read_drain(struct launch *l, struct err *e)
{
	const char *drain = l->o->drain;

	if (!drain)
		return 0;
	if (!is_seconds(drain))
		return err_set(e, EINVAL, "--drain %s: want seconds, as in 5 or 0.5, at most %d", drain, STOP_MAX);
	return add_init_option(l, "--drain", "drain", drain, e);
}

static const struct profile_service *service_of(const struct launch *l)
{
	return &l->policy.profile->service;
}

static int read_signal(struct launch *l, const char **by, struct err *e)
{
	const char *word = l->o->stop_signal ? l->o->stop_signal : l->image.stop_signal;

	if (!word) {
		l->stop_signal = (int)service_of(l)->stop_signal;
		*by = l->stop_signal ? profile_rule(l->a, l->policy.profile, PF_SERVICE_STOP_SIGNAL) : NULL;
		return 0;
	}
	*by = l->o->stop_signal ? "--stop-signal" : "image";
	l->stop_signal = cli_signal(word, e);
	if (l->stop_signal < 0)
		return err_wrap(e, "stop signal");
	if (l->stop_signal == 0 || l->stop_signal == SIGSTOP)
		return err_set(e, EINVAL, "stop signal %s: does not stop anything", word);
	return 0;
}

/* Whoever waits for the container counts from a SIGTERM to the SIGKILL; where nobody waits, caisson-init does. */
static int read_timeout(struct launch *l, const char **by, struct err *e)
{
	const struct launch_options *o = l->o;
	bool unattended = o->detach && !o->rm;
	uint64_t wish = service_of(l)->stop_timeout;
	const char *text = o->stop_timeout;

	l->stop_timeout = STOP_TIMEOUT;
	if (text && (str_u32(text, &l->stop_timeout) < 0 || l->stop_timeout > STOP_MAX))
		return err_set(e, EINVAL, "--stop-timeout %s: want seconds, at most 86400; 0 waits for ever", text);
	if (!text && wish != PROFILE_AS_ASKED) {
		l->stop_timeout = (uint32_t)wish;
		*by = profile_rule(l->a, l->policy.profile, PF_SERVICE_STOP_TIMEOUT);
		/* A wish asks for no init where there is none. */
		text = l->init ? arena_printf(l->a, "%u", l->stop_timeout) : NULL;
		if (!*by || (l->init && !text))
			return no_memory(e);
	} else if (text) {
		*by = "--stop-timeout";
	}
	if (!text || !l->stop_timeout || !unattended)
		return 0;
	return add_init_option(l, "--stop-timeout with -d", "timeout", text, e);
}

int launch_read_stop(struct launch *l, struct err *e)
{
	const char *signal_by = NULL, *timeout_by = NULL;
	char name[CLI_SIGNAL_NAME];
	int r = read_signal(l, &signal_by, e);

	if (r == 0)
		r = read_timeout(l, &timeout_by, e);
	if (r == 0)
		r = read_drain(l, e);
	if (r < 0 || (!signal_by && !timeout_by))
		return r;
	(void)cli_signal_name(l->stop_signal ? l->stop_signal : SIGTERM, name);
	l->stop = !l->stop_timeout ? arena_printf(l->a, "signal %s, then nothing", name)
				   : arena_printf(l->a, "signal %s, SIGKILL after %u s", name, l->stop_timeout);
	l->stop_from = !signal_by || !timeout_by || str_eq(signal_by, timeout_by)
			       ? (signal_by ? signal_by : timeout_by)
			       : arena_printf(l->a, "%s, %s", signal_by, timeout_by);
	return l->stop && l->stop_from ? 0 : no_memory(e);
}

/* ---- who is PID 1 ---- */

bool launch_wants_init(const struct launch *l)
{
	return !l->o->no_init && (l->o->init || l->policy.profile->init != PROFILE_INIT_OFF);
}

/* Programs that want to be PID 1 themselves. */
static bool is_init(const struct strings *args)
{
	static const char *const inits[] = { "init", "systemd", "s6-svscan", "runit-init", "openrc-init" };
	const char *slash = strrchr(args->v[0], '/'), *name = slash ? slash + 1 : args->v[0];

	for (size_t i = 0; i < N_ELEMENTS(inits); i++)
		if (str_eq(name, inits[i]))
			return true;
	return subject_program_index(args) > 0;
}

void launch_settle_init(struct launch *l)
{
	const struct launch_options *o = l->o;

	if (!l->init || o->init || o->drain || o->stop_timeout || l->policy.profile->init != PROFILE_INIT_AUTO || !is_init(&l->args))
		return;
	l->init = false;
	l->init_options = (struct strings){ 0 }; /* a wish of the profile's */
}
