/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/filter_cache.h - compiled seccomp programs that containers of the same plan share, in <state root>/.@filters (0700): a
 * name that no container can have.
 *
 * A file is named after the SHA-256 of everything that its programs come from: kernel/filter.h says what that is beside the plan,
 * policy/store_bytes.h what it is of the plan. It is used when nobody but the caller can have written it (a regular file of the
 * caller's own, mode 0600, in a directory of the caller's own), and when its content is whole: name and checksum are in it. Any other
 * file is as good as none, and is replaced. What is put there has answered for its plan (kernel/filter_check.h).
 *
 * Files come into being under their name by rename(2), so commands that run at once do not disturb each other. At most
 * FILTER_CACHE_MAX stay, the newest; a use does not make a file newer. A cache that cannot be read or written is never an error.
 */
#ifndef CAISSON_CONTAINER_FILTER_CACHE_H
#define CAISSON_CONTAINER_FILTER_CACHE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sha256.h"
#include "kernel/filter.h"
#include "policy/plan.h"

#define FILTER_CACHE_DIR ".@filters"
enum { FILTER_CACHE_MAX = 64 };

/* filter_build() when there is no such file. Programs live in `a`. */
int filter_cache_build(const char *state_root, struct arena *a, const struct plan_filter *p, struct filters *out, struct err *e);

/* For the above and its tests: a digest, and the name of its file. -ENOMEM. */
struct filter_key { uint8_t digest[SHA256_SIZE]; char name[SHA256_HEX + 1]; };
int filter_cache_key(const struct plan_filter *p, struct filter_key *out);

#endif
