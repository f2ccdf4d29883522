/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammars of texts in the document. Each says what is wrong, or NULL.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "spec/parts.h"

enum {
	HOSTNAME_MAX = 64,	/* sethostname(2), setdomainname(2) */
	CPU_MAX = 65535,	/* far above any NR_CPUS or MAX_NUMNODES */
	KEY_MAX = 256,
};

const char *spec_text_filled(const char *text)
{
	return text[0] ? NULL : "must not be empty";
}

const char *spec_text_absolute(const char *text)
{
	return text[0] == '/' ? NULL : "must be an absolute path";
}

const char *spec_text_below_root(const char *text)
{
	char clean[PATH_MAX];

	if (text[0] != '/')
		return "must be an absolute path";
	if (path_clean(text, clean, sizeof(clean)) < 0)
		return "is too long";
	return clean[1] ? NULL : "must not be the root itself";
}

const char *spec_text_env(const char *text)
{
	return text[0] != '=' && strchr(text, '=') ? NULL : "must have the form NAME=VALUE";
}

const char *spec_text_hostname(const char *text)
{
	return strlen(text) <= HOSTNAME_MAX ? NULL : "must not be longer than 64 bytes";
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " ");
}

/* A decimal number; NULL when there is none or it is too large. */
static const char *read_cpu(const char *p, unsigned long *out)
{
	size_t len = strspn(p, "0123456789");

	if (len == 0 || len > 5)
		return NULL;
	*out = strtoul(p, NULL, 10);
	return *out <= CPU_MAX ? p + len : NULL;
}

const char *spec_text_cpus(const char *text)
{
	static const char wrong[] = "must be a list of numbers and ranges such as \"0-3,7\"";
	const char *p = skip_blanks(text);
	unsigned long first, last;

	while (*p) {
		p = read_cpu(p, &first);
		if (!p)
			return wrong;
		p = skip_blanks(p);
		if (*p == '-') {
			p = read_cpu(skip_blanks(p + 1), &last);
			if (!p || last < first)
				return wrong;
			p = skip_blanks(p);
		}
		if (*p == '\0')
			return NULL;
		if (*p != ',')
			return wrong;
		p = skip_blanks(p + 1);
		if (*p == '\0')
			return wrong;
	}
	return NULL;
}

const char *spec_text_pagesize(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits < 10 && text[0] != '0' && text[digits] &&
	    strchr("KMG", text[digits]) && !strcmp(text + digits + 1, "B"))
		return NULL;
	return "must be a size such as \"2MB\" or \"1GB\"";
}

const char *spec_text_unified(const char *text)
{
	if (strchr(text, '/') || !strcmp(text, ".") || !strcmp(text, ".."))
		return "must be the name of a file in the cgroup, without '/'";
	return NULL;
}

static bool is_component(const char *p, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(p, name, len);
}

const char *spec_text_cgroup(const char *text)
{
	for (const char *p = text; *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (is_component(p, len, ".."))
			return "must not have a component \"..\"";
		p += len;
	}
	return NULL;
}

int spec_sysctl_path(const char *key, char *out, size_t size)
{
	const char *first = strpbrk(key, "./");
	size_t len = strlen(key);

	if (len == 0 || len >= size || len > KEY_MAX)
		return -EINVAL;
	/* As sysctl(8): the first separator decides; after a '.' the two change places, so that
	 * net.ipv4.conf.eth0/1.x is net/ipv4/conf/eth0.1/x. */
	for (size_t i = 0; i <= len; i++) {
		out[i] = key[i];
		if (first && *first == '.' && (key[i] == '.' || key[i] == '/'))
			out[i] = key[i] == '.' ? '/' : '.';
	}
	for (const char *p = out;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || is_component(p, n, ".") || is_component(p, n, ".."))
			return -EINVAL;
		if (p[n] == '\0')
			return 0;
		p += n + 1;
	}
}

const char *spec_text_sysctl(const char *text)
{
	char path[KEY_MAX + 1];

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return "is not the name of a sysctl";
	if (spec_sysctl_path(text, path, sizeof(path)) < 0 || !strchr(path, '/'))
		return "is not the name of a sysctl";
	if (!strcmp(path, "kernel/hostname"))
		return "must be set by the property hostname";
	return NULL;
}

int spec_sysctl_namespace(const char *key)
{
	static const struct { const char *path; bool below; enum ns_kind kind; } owners[] = {
		{ "net/", true, NS_NET },
		{ "user/", true, NS_USER },
		{ "fs/mqueue/", true, NS_IPC },
		{ "kernel/msgmax", false, NS_IPC },
		{ "kernel/msgmnb", false, NS_IPC },
		{ "kernel/msgmni", false, NS_IPC },
		{ "kernel/msg_next_id", false, NS_IPC },
		{ "kernel/sem", false, NS_IPC },
		{ "kernel/sem_next_id", false, NS_IPC },
		{ "kernel/shmall", false, NS_IPC },
		{ "kernel/shmmax", false, NS_IPC },
		{ "kernel/shmmni", false, NS_IPC },
		{ "kernel/shm_next_id", false, NS_IPC },
		{ "kernel/shm_rmid_forced", false, NS_IPC },
		{ "kernel/domainname", false, NS_UTS },
		{ "kernel/hostname", false, NS_UTS },
	};
	char path[KEY_MAX + 1];

	if (spec_sysctl_path(key, path, sizeof(path)) < 0)
		return -1;
	for (size_t i = 0; i < N_ELEMENTS(owners); i++)
		if (owners[i].below ? str_starts(path, owners[i].path)
				    : str_eq(path, owners[i].path))
			return owners[i].kind;
	return -1;
}
