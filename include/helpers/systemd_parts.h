/* SPDX-License-Identifier: Apache-2.0 */
/* helpers/systemd_parts.h - what the files of caisson-systemd share. */
#ifndef CAISSON_HELPERS_SYSTEMD_PARTS_H
#define CAISSON_HELPERS_SYSTEMD_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/err.h"
#include "helpers/systemd.h"

struct property { const char *type, *name, *value; uint32_t version; /* 0: any */ };
struct manager { const char *path; bool bus; };
enum verb { VERB_START, VERB_SET, VERB_STOP, VERBS };
struct request {
	enum verb verb;
	const char *unit;
	uint32_t wait_ms;
	size_t n_managers, n;
	struct manager managers[4];
	struct property v[SYSTEMD_PROPERTIES_MAX];
};

/* Takes `text` apart, in place. */
int request_parse(char *text, struct request *out, struct err *e);
/* Appends the members of an a(sv). version: of the manager. */
int request_append(sd_bus_message *m, const struct request *r, uint32_t version, struct err *e);

#endif
