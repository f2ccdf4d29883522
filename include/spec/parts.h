/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/parts.h - what the modules of this layer share with each other and with nobody else: the
 * tables that describe each part of the document, and the grammars of the texts in it.
 */
#ifndef CAISSON_SPEC_PARTS_H
#define CAISSON_SPEC_PARTS_H

#include "spec/jread.h"
#include "spec/spec.h"
#include "spec/types.h"

extern const struct jread_schema spec_process_schema;	/* struct process */
extern const struct jread_schema
	spec_linux_schema; /* struct spec, its members of the linux block */
extern const struct jread_schema spec_resources_schema;	/* struct resources */
extern const struct jread_schema spec_seccomp_schema;	/* struct seccomp */
extern const struct jread_schema spec_memory_policy_schema;	/* struct memory_policy */
extern const struct jread_schema spec_rdt_schema;		/* struct intel_rdt */
extern jread_fn spec_net_devices;			/* struct net_devices */
extern const struct jread_schema spec_hooks_schema;	/* struct spec, its hooks */
extern const struct jread_list spec_mounts_list;	/* struct mounts */
extern const struct jread_list spec_idmaps_list;	/* struct id_maps */

/* Either both maps or neither. `which` names the pair: "linux" has uidMappings and gidMappings. */
int spec_idmaps_pair(const struct jread_at *at, const struct id_maps *uids,
		     const struct id_maps *gids, struct err *e);
/* Rules between a namespace and what depends on it; `at` is the linux block. */
int spec_linux_rules(const struct jread_at *at, const struct spec *s, struct err *e);
/* Rules of a complete document; for update --resources the other half may be in force already. */
int spec_resources_rules(const struct jread_at *at, const struct resources *r, struct err *e);
/* Mounts and the user namespace; `at` is the list. */
int spec_mounts_rules(const struct jread_at *at, const struct mounts *m, bool has_userns,
		      struct err *e);

jread_text_fn spec_text_filled;		/* not empty */
jread_text_fn spec_text_absolute;	/* begins with '/' */
jread_text_fn spec_text_below_root;	/* absolute, and not the root itself */
jread_text_fn spec_text_env;		/* NAME=VALUE */
jread_text_fn spec_text_cpus;		/* "0-3,7"; blanks around the items */
jread_text_fn spec_text_pagesize;	/* "2MB" */
jread_text_fn spec_text_unified;	/* a file of a cgroup directory */
jread_text_fn spec_text_cgroup;		/* a path without ".." */
jread_text_fn spec_text_sysctl;		/* the key's shape */
jread_text_fn spec_text_hostname;	/* fits into struct utsname */

#endif
