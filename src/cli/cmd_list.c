/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cli.h"

enum { COLUMNS = 6, COLUMN_MIN = 12, COLUMN_GAP = 3 };

struct list_options {
	const char *format;
	bool quiet;
};

static const struct cli_option list_options[] = {
	{ "format", 'f', CLI_STRING, offsetof(struct list_options, format), "table|json",
	  "form of the answer (default: table)" },
	{ "quiet", 'q', CLI_BOOL, offsetof(struct list_options, quiet), NULL,
	  "print the ids alone" },
	{ 0 },
};

struct row {
	struct state state; /* a copy whose owner is the directory's */
	enum status status;
	pid_t pid;
};

struct rows {
	struct row *v;
	size_t n, size;
};

/* Without NSS: root is the name that matters, the rest are numbers. */
static const char *owner_name(struct arena *a, uid_t uid)
{
	return uid == 0 ? "root" : arena_printf(a, "#%u", uid);
}

static int add_row(struct rows *rows, const struct row *row, struct err *e)
{
	if (rows->n == rows->size) {
		size_t size = rows->size ? rows->size * 2 : 16;
		struct row *v = realloc(rows->v, size * sizeof(*v));

		if (!v)
			return err_set(e, ENOMEM, "out of memory");
		rows->v = v;
		rows->size = size;
	}
	rows->v[rows->n++] = *row;
	return 0;
}

/* A container that goes away, or is not ready yet, while we look is left out. So is one that cannot
 * be read, but not in silence. */
static int list_one(const struct cli_globals *g, const char *id, struct arena *a, struct rows *rows,
		    struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct err why = { 0 };
	const struct state *s;
	struct stat st;
	struct row row;
	int r = cli_state(g, id, a, &d, &s, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || fstat(d.fd, &st) < 0) {
		log_warn("left out of the list: %s", why.text);
		return 0;
	}
	row = (struct row){ .state = *s, .status = state_status(&d, s) };
	row.pid = row.status == STATUS_STOPPED ? 0 : s->pid;
	row.state.owner = owner_name(a, st.st_uid);
	return add_row(rows, &row, e);
}

static int by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->state.id, y->state.id);
}

static int read_rows(const struct cli_globals *g, struct arena *a, struct rows *rows, struct err *e)
{
	struct err ignored = { 0 };
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	if (!*g->root)
		return state_default_root(NULL, 0, e);
	dir = opendir(g->root);

	if (!dir)
		return errno == ENOENT ? 0 : err_sys(e, "open state root %s", g->root);
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && state_check_id(entry->d_name, &ignored) == 0 &&
		    (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			r = list_one(g, entry->d_name, a, rows, e);
	(void)closedir(dir);
	if (r == 0 && rows->n > 1)
		qsort(rows->v, rows->n, sizeof(*rows->v), by_id);
	return r;
}

static int print_json(const struct rows *rows, struct err *e)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->v[i];
		auto_free char *text = NULL;
		size_t len = 0;
		int r = state_format(&row->state, row->status, row->pid, false, &text, &len, e);

		if (r < 0)
			return r;
		printf("%s%s", i ? "," : "[", text);
	}
	puts(rows->n ? "]" : "null");
	return cli_flush(e);
}

static void fill_cells(struct arena *a, const struct row *row, const char *cells[COLUMNS])
{
	const char *pid = arena_printf(a, "%d", (int)row->pid);

	cells[0] = row->state.id;
	cells[1] = pid ? pid : "?";
	cells[2] = state_status_name(row->status);
	cells[3] = row->state.bundle;
	cells[4] = row->state.created;
	cells[5] = row->state.owner ? row->state.owner : "";
}

static void print_line(const char *const cells[COLUMNS], const size_t widths[COLUMNS])
{
	for (int c = 0; c < COLUMNS - 1; c++)
		printf("%-*s", (int)widths[c], cells[c]);
	puts(cells[COLUMNS - 1]);
}

static int print_table(struct arena *a, const struct rows *rows, struct err *e)
{
	static const char *const header[COLUMNS] = { "ID",     "PID",     "STATUS",
						     "BUNDLE", "CREATED", "OWNER" };
	const char *cells[COLUMNS];
	size_t widths[COLUMNS];

	for (int c = 0; c < COLUMNS; c++)
		widths[c] = COLUMN_MIN;
	for (size_t i = 0; i < rows->n; i++) {
		fill_cells(a, &rows->v[i], cells);
		for (int c = 0; c < COLUMNS; c++)
			if (strlen(cells[c]) + COLUMN_GAP > widths[c])
				widths[c] = strlen(cells[c]) + COLUMN_GAP;
	}
	print_line(header, widths);
	for (size_t i = 0; i < rows->n; i++) {
		fill_cells(a, &rows->v[i], cells);
		print_line(cells, widths);
	}
	return cli_flush(e);
}

static int print_ids(const struct rows *rows, struct err *e)
{
	for (size_t i = 0; i < rows->n; i++)
		puts(rows->v[i].state.id);
	return cli_flush(e);
}

static int list_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct list_options *o = options;
	bool json = str_eq(o->format, "json");
	auto_arena a = { 0 };
	struct rows rows = { 0 };
	struct err e = { 0 };
	int r = 0;

	(void)argc, (void)argv;
	if (o->format && !json && strcmp(o->format, "table") != 0)
		r = err_set(&e, EINVAL, "--format: \"%s\" is not table or json", o->format);
	if (r == 0)
		r = read_rows(g, &a, &rows, &e);
	if (r == 0)
		r = o->quiet ? print_ids(&rows, &e)
		    : json   ? print_json(&rows, &e)
			     : print_table(&a, &rows, &e);
	free(rows.v);
	return r < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "list the containers below the state root",
	.options = list_options,
	.options_size = sizeof(struct list_options),
	.run = list_run,
};
