/* SPDX-License-Identifier: Apache-2.0 */
#include "container/proc_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { STATUS_MAX = 1024 * 1024 }; /* 65536 groups of ten digits fit */

void proc_status_done(struct proc_status *s)
{
	free(s->groups);
	s->groups = NULL;
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* One number of this line; *s moves behind it. False at the end of the line. */
static bool next_number(const char **s, int base, uint64_t *out)
{
	char *end;

	*s = skip_blanks(*s);
	if (**s == '\n' || **s == 0 || **s == '-')
		return false;
	errno = 0;
	*out = strtoull(*s, &end, base);
	if (end == *s || errno)
		return false;
	*s = end;
	return true;
}

static bool read_ids(const char *s, uint32_t ids[4])
{
	for (size_t i = 0; i < 4; i++) {
		uint64_t v;
		if (!next_number(&s, 10, &v) || v > UINT32_MAX)
			return false;
		ids[i] = (uint32_t)v;
	}
	return true;
}

static bool read_groups(const char *s, struct proc_status *out)
{
	const char *count = s;
	size_t n = 0;
	uint64_t v;

	while (next_number(&count, 10, &v))
		n++;
	out->groups = calloc(n + 1, sizeof(*out->groups));
	if (!out->groups)
		return false;
	while (out->n_groups < n && next_number(&s, 10, &v))
		out->groups[out->n_groups++] = (uint32_t)v;
	return true;
}

static bool read_small(const char *s, int base, int *out)
{
	uint64_t v;

	if (!next_number(&s, base, &v) || v > 65536)
		return false;
	*out = (int)v;
	return true;
}

enum line { L_UID, L_GID, L_GROUPS, L_INH, L_PRM, L_EFF, L_BND, L_AMB, L_NNP, L_SECCOMP, L_FILTERS, L_UMASK, LINES };
static const char *const line_names[LINES] = { "Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
					       "CapAmb:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:", "Umask:" };

static bool read_line(enum line which, const char *s, struct proc_status *out)
{
	uint64_t *const sets[] = { &out->caps.inheritable, &out->caps.permitted, &out->caps.effective, &out->caps.bounding,
				   &out->caps.ambient };
	int flag = 0;

	switch (which) {
	case L_UID:
		return read_ids(s, out->uid);
	case L_GID:
		return read_ids(s, out->gid);
	case L_GROUPS:
		return !out->groups && read_groups(s, out);
	case L_NNP:
		if (!read_small(s, 10, &flag))
			return false;
		out->no_new_privs = flag != 0;
		return true;
	case L_SECCOMP:
		return read_small(s, 10, &out->seccomp);
	case L_FILTERS:
		return read_small(s, 10, &out->filters);
	case L_UMASK:
		return read_small(s, 8, &out->umask);
	default:
		return next_number(&s, 16, sets[which - L_INH]);
	}
}

int proc_status_parse(const char *text, struct proc_status *out, struct err *e)
{
	unsigned seen = 0;

	*out = (struct proc_status){ .seccomp = -1, .filters = -1, .umask = -1 };
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		for (int i = 0; i < LINES; i++) {
			size_t n = strlen(line_names[i]);
			if (strncmp(line, line_names[i], n) != 0)
				continue;
			if (!read_line((enum line)i, line + n, out)) {
				proc_status_done(out);
				return err_set(e, EPROTO, "/proc/PID/status: cannot read the line \"%s\"", line_names[i]);
			}
			seen |= 1u << i;
		}
	}
	for (int i = 0; i < L_SECCOMP; i++)
		if (!(seen & (1u << i))) {
			proc_status_done(out);
			return err_set(e, EPROTO, "/proc/PID/status: has no line \"%s\"", line_names[i]);
		}
	return 0;
}

int proc_status_read(int procfd, struct proc_status *out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int err = fd_read_file(procfd, "status", STATUS_MAX, &text, &len, e);

	return err < 0 ? err : proc_status_parse(text, out, e);
}
