/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/report.h"

/* An ordinary user cannot write to root's file, and nobody expects it. */
static bool is_expected(int err)
{
	return err == -EACCES && geteuid() != 0;
}

static int to_file(const struct policy_config *c, const char *text, struct err *missing, struct err *e)
{
	bool distrusted = false;
	int err = report_append(c->report.path, text, strlen(text), &distrusted, e);

	if (err == 0)
		return 0;
	(void)err_wrap(e, "policy: caisson.json $.report.path");
	if (distrusted || c->report.required)
		return err_more(e, "%s", "nothing is started without its record");
	if (!is_expected(err))
		*missing = *e;
	*e = (struct err){ 0 };
	return 0;
}

static bool is_for_journal(const struct policy_config *c, const struct decision *d)
{
	return c->report.journal && !d->asked && (d->outcome != DECISION_ALLOWED || decision_differs(d));
}

static void to_journal(int fd, const struct decision *d, const char *record)
{
	auto_str text = { 0 };

	decision_text(d, &text);
	if (text.failed)
		return;
	const struct report_field fields[] = {
		{ "MESSAGE", text.s }, { "PRIORITY", d->outcome == DECISION_ALLOWED ? "6" : "4" }, { "SYSLOG_IDENTIFIER", "caisson" },
		{ "CAISSON_ID", d->id }, { "CAISSON_CODE", decision_code(d) }, { "CAISSON_RECORD", record },
	};
	report_journal(fd, fields, N_ELEMENTS(fields));
}

int cli_report(const struct policy_config *c, struct decision *d, struct err *missing, struct err *e)
{
	auto_free char *text = NULL;
	auto_fd int journal = -1;
	bool journaled = is_for_journal(c, d) && report_journal_open(&journal);
	json_t *record;

	if (!c->report.path && !journaled)
		return 0;
	d->caller_uid = getuid();
	(void)clock_gettime(CLOCK_REALTIME, &d->when); /* cannot fail */
	record = decision_json(d);
	text = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	json_decref(record);
	if (!text)
		return err_set(e, ENOMEM, "record of the decision: out of memory");
	if (journaled)
		to_journal(journal, d, text);
	return c->report.path ? to_file(c, text, missing, e) : 0;
}

void cli_report_failure(const struct policy_config *c, struct decision *d, enum decision_outcome outcome, const struct err *why)
{
	struct err missing = { 0 }, e = { 0 };

	d->outcome = outcome;
	d->why = why;
	/* It ends with its own error, which is the one to be said. */
	if (cli_report(c, d, &missing, &e) < 0 || missing.code)
		log_debug("%s", e.code ? e.text : missing.text);
}

void cli_report_warn(const struct err *missing)
{
	if (missing->code)
		log_warn("%s", missing->text);
}
