/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/decision.h - a decision as a record: who asked, which profile, and per control what was asked, what results and by what rule.
 *
 * What a container's author may have put a secret into is left out: variables, arguments but the program's own name, the values of
 * annotations, labels and the texts of failures that are no policy's, which may quote any of these.
 */
#ifndef CAISSON_POLICY_DECISION_H
#define CAISSON_POLICY_DECISION_H

#include <jansson.h>
#include <time.h>

#include "policy/config.h"
#include "policy/labels.h"
#include "policy/plan.h"
#include "policy/resolve.h"

/* The first two are a decision's own; a third is written when what was allowed could not be made. */
enum decision_outcome { DECISION_ALLOWED, DECISION_REFUSED, DECISION_FAILED };

struct decision {
	const char *what, *id;		/* "create", "run", "launch", "exec" */
	struct timespec when;		/* CLOCK_REALTIME */
	uint32_t caller_uid;
	enum decision_outcome outcome;
	const struct err *why;		/* of those that are not allowed */
	/* Each of these may be NULL: not known when it was refused, or nothing of it applies. */
	const struct policy_subject *subject;
	const struct policy_choice *choice;
	const struct plan *plan;
	const struct label_caps *labels;
	const char *label_source;	/* the engine's that was asked */
	bool label_answered;
	uint64_t label_us;		/* how long that took */
	const struct process *asked, *result; /* of an exec */
};

/* A new reference; NULL when there is no memory. */
json_t *decision_json(const struct decision *d);
/* "policy.refused", or the name of an errno. */
const char *decision_code(const struct decision *d);
/* Whether anything comes out otherwise than it was asked for. */
bool decision_differs(const struct decision *d);
/* One line for people. */
void decision_text(const struct decision *d, struct str *out);

#endif
