/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/bundle.h - from a bundle and the flags of create or run to a container: reads, decides, seals, and calls
 * container/lifecycle.h.
 */
#ifndef CAISSON_CLI_BUNDLE_H
#define CAISSON_CLI_BUNDLE_H

#include <stddef.h>

#include "cli/options.h"
#include "cli/policy.h"
#include "container/label_source.h"
#include "container/lifecycle.h"
#include "policy/merge.h"
#include "spec/spec.h"

struct create_options {
	const char *bundle, *console_socket, *pidfd_socket, *pid_file, *preserve_fds, *image_config, *scan_report;
	bool no_pivot, no_new_keyring;
	bool detach, keep;	/* run only */
};

/* The rows that create and run have in common. */
#define CREATE_OPTION_ROWS \
	{ "bundle", 'b', CLI_STRING, offsetof(struct create_options, bundle), "DIR", \
	  "directory that holds config.json (default: the working directory)" }, \
	{ "console-socket", 0, CLI_STRING, offsetof(struct create_options, console_socket), "PATH", \
	  "unix socket that receives the terminal's master" }, \
	{ "pidfd-socket", 0, CLI_STRING, offsetof(struct create_options, pidfd_socket), "PATH", \
	  "unix socket that receives a pidfd of the container's first process" }, \
	{ "pid-file", 0, CLI_STRING, offsetof(struct create_options, pid_file), "PATH", \
	  "file to write the pid of the container's first process to" }, \
	{ "no-pivot", 0, CLI_BOOL, offsetof(struct create_options, no_pivot), NULL, \
	  "enter the root without pivot_root(2), for roots on a ramdisk" }, \
	{ "no-new-keyring", 0, CLI_BOOL, offsetof(struct create_options, no_new_keyring), NULL, \
	  "keep the caller's session keyring" }, \
	{ "preserve-fds", 0, CLI_STRING, offsetof(struct create_options, preserve_fds), "N", \
	  "pass N more descriptors, from 3 on (after those of LISTEN_FDS)" }, \
	{ "image-config", 0, CLI_STRING, offsetof(struct create_options, image_config), "FILE", \
	  "the image's configuration: its capability label narrows the container too, and what a profile requires of the image is looked at" }, \
	{ "scan-report", 0, CLI_STRING, offsetof(struct create_options, scan_report), "FILE", \
	  "a scanner's report about the image, where a profile requires one (trivy, grype, snyk, SARIF)" }, \
	{ "no-subreaper", 0, CLI_IGNORED_BOOL, 0, NULL, NULL }

/* A container's document and the decision made from it, both in `a`, which is sealed afterwards. Who asked and what the policy said
 * is there also when it was refused, as far as it was known; without policy.config the policy was not asked at all. */
struct bundle {
	const struct spec *spec;
	const struct plan *plan;
	struct label_report labels;
	struct label_caps caps;
	struct policy_subject subject;
	struct cli_policy policy;
};

/* Reads <dir>/config.json, at most SPEC_MAX_BYTES. *dir_out: the directory made absolute, in `a`. */
int bundle_read(struct arena *a, const char *dir, const char **dir_out, const struct spec **out, struct err *e);
/* Everything up to the sealed plan; touches nothing. */
int bundle_decide(struct arena *a, const struct cli_globals *g, const struct create_options *o, const char *id,
		  struct bundle *out, struct err *e);

struct bundle_launch { bool gate, detach; };
int bundle_create(const struct cli_globals *g, const struct create_options *o, const char *id,
		  const struct bundle_launch *how, struct started *out, struct err *e);

/* --preserve-fds together with LISTEN_FDS (*listen of them come first). Each descriptor must be open. listen NULL: LISTEN_FDS
 * is not looked at, as in exec, whose process is not the one that is activated. */
int bundle_preserved_fds(const char *flag, unsigned *total, unsigned *listen, struct err *e);

/* NOTIFY_SOCKET of the caller, or NULL. */
int bundle_notify(const char **out, struct err *e);

/* create and exec: what a console socket may go with. */
int bundle_check_console(bool terminal, bool detach, const char *console_socket, struct err *e);

#endif
