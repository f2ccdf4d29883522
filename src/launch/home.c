/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/home.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

enum { PASSWD_MAX = 1 << 20, FIELDS = 7, FIELD_UID = 2, FIELD_HOME = 5 };

/* name:password:uid:gid:comment:home:shell (passwd(5)) */
static const char *home_in_line(char *line, uint32_t uid)
{
	char *field[FIELDS];
	uint32_t here;
	size_t n = 0;

	while (line && n < FIELDS)
		field[n++] = strsep(&line, ":");
	if (n <= FIELD_HOME || str_u32(field[FIELD_UID], &here) < 0 || here != uid)
		return NULL;
	return field[FIELD_HOME][0] == '/' ? field[FIELD_HOME] : NULL;
}

void home_find(int root, uint32_t uid, char *out, size_t size)
{
	struct stat st;
	struct err ignored;
	auto_free char *text = NULL;
	size_t len;
	auto_fd int fd = path_probe_in(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);

	snprintf(out, size, "/");
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fd_read_all(fd, PASSWD_MAX, &text, &len, &ignored) < 0)
		return;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *home = home_in_line(line, uid);
		if (home) {
			snprintf(out, size, "%s", home);
			return;
		}
	}
}
