/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Propagation of mounts (mount_namespaces(7)). What must not be: a mount made inside that appears on the host. A program may share its own
 * mounts among namespaces of its own, so that once it runs a group counts only when the host has a member of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/posture_parts.h"

enum { MOUNTINFO_MAX = 64 * 1024 * 1024 };

/* Does a mount of the table belong to the peer group that `tags` names? Its number counts for the whole machine. */
static bool shares_with(const char *tags, const char *host)
{
	const char *at = strstr(tags, "shared:");
	char word[32];
	size_t n = at ? strcspn(at, " ") : 0;

	if (!n || n >= sizeof(word) - 2)
		return false;
	(void)snprintf(word, sizeof(word), " %.*s ", (int)n, at);
	return strstr(host, word);
}

const char *posture_spread_fault(unsigned long propagation, const char *tags, const char *host)
{
	bool shared = strstr(tags, "shared:"), slave = strstr(tags, "master:");

	if (propagation & MS_SHARED)
		return shared ? NULL : "not shared";
	if (shared && (!host || shares_with(tags, host)))
		return "shared";
	if (propagation & MS_UNBINDABLE && !strstr(tags, "unbindable"))
		return "may be bound";
	return propagation & (MS_PRIVATE | MS_UNBINDABLE) && slave ? "gets mounts of the host" : NULL;
}

/* The root's own word holds for what says nothing; a shared root leaves the binds peers of the host's, as asked. */
static bool follows_shared_root(const struct look *l, unsigned long propagation)
{
	return !propagation && l->p->root.propagation & MS_SHARED;
}

void posture_spread_add(struct look *l, struct spread *s, unsigned long propagation, const char *destination, const char *tags)
{
	struct err ignored = { 0 };
	const char *fault;
	size_t len;

	if (follows_shared_root(l, propagation))
		return;
	s->asked++;
	if (!s->looked && strstr(tags, "shared:") && !posture_waits(l))
		(void)fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &s->host, &len, &ignored); /* NULL: the stricter look */
	s->looked |= strstr(tags, "shared:") != NULL;
	fault = posture_spread_fault(propagation, tags, s->host);
	if (!fault)
		s->good++;
	else if (!s->bad[0])
		(void)snprintf(s->bad, sizeof(s->bad), "; %.100s: %s", destination, fault);
}

void posture_spread_say(struct look *l, const struct spread *s)
{
	posture_planned(l, "propagation", "%zu mounts", s->asked);
	posture_actual(l, s->good == s->asked ? VERDICT_OK : VERDICT_DIFFERS, "%zu%s", s->good, s->bad);
}

void posture_spread_done(struct spread *s)
{
	free(s->host);
}
