/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cgroup_internal.h - what the cgroup files share with each other and with their tests.
 * Nobody else includes it.
 *
 * Every function works on the paths inside struct cgroup, so a test gives it a directory of plain
 * files; only locating asks what is mounted where, and that view is a value too.
 */
#ifndef CAISSON_KERNEL_CGROUP_INTERNAL_H
#define CAISSON_KERNEL_CGROUP_INTERNAL_H

#include <limits.h>
#include <linux/bpf.h>
#include <linux/types.h>

#include "kernel/cgroup.h"

enum { CGROUP_DEADLINE_MS = 10 * 1000, CGROUP_VALUE_MAX = 4096, CGROUP_DEVICE_RULES_MAX = 1024 };

/* What locating may ask. */
struct cgroup_view {
	const char *base;		/* "/sys/fs/cgroup" */
	const char *self;		/* text of /proc/self/cgroup */
	const char *mountinfo; /* text of /proc/self/mountinfo; NULL: read it when it is needed */
	enum cgroup_mode mode;
	bool (*is_mount)(const char *path, bool v2); /* a cgroup file system is mounted there */
};
int cgroup_locate_in(struct arena *a, const struct cgroup_view *view, const char *asked,
		     const char *id, struct cgroup *out, struct err *e);

/* The directory that holds controller `name`; on v2 the only one. NULL: not mounted. */
const char *cgroup_dir_of(const struct cgroup *cg, const char *name);
/* The cgroup2 directory: v2 itself, or the unified tree of a hybrid host. NULL on v1. */
const char *cgroup_unified_dir(const struct cgroup *cg);
/* One directory; files: a name per line. */
int cgroup_delegate_in(const char *path, const char *files, uid_t uid, struct err *e);
/* The directory whose process list stands for the container. */
const char *cgroup_main_dir(const struct cgroup *cg);
bool cgroup_has_controller(const char *list, const char *name, char separator);
/* True when r asks for anything but devices. *what: the name of the first such property. */
bool cgroup_asks_limits(const struct resources *r, const char **what);

/* One run of writing limits, with what is needed to take them back. */
struct cgroup_undo { char *dir_file, *value; };
struct cgroup_job {
	const struct cgroup *cg;
	const struct resources *r;
	bool update;			/* record old values */
	cgroup_note_fn *note;		/* told what would be written, and nothing is; NULL: it is */
	void *ctx;
	size_t n, size;
	struct cgroup_undo *undo;
};
void cgroup_job_done(struct cgroup_job *j);
/* Writes old values back, last first. Returns how many could not be written. */
size_t cgroup_job_rollback(struct cgroup_job *j);
/* Writes value into dir/file: 0 or -errno, no text. */
int cgroup_put(struct cgroup_job *j, const char *dir, const char *file, const char *value);
/* The same; the error names the property, the file and the value. */
int cgroup_set(struct cgroup_job *j, const char *property, const char *dir, const char *file,
	       const char *value, struct err *e);
int cgroup_set_i64(struct cgroup_job *j, const char *property, const char *dir, const char *file,
		   int64_t v, struct err *e);
int cgroup_set_u64(struct cgroup_job *j, const char *property, const char *dir, const char *file,
		   uint64_t v, struct err *e);
/* The text of a refused write. rc < 0. */
int cgroup_refused(int rc, const char *property, const char *dir, const char *file,
		   const char *value, struct err *e);
bool cgroup_file_exists(const char *dir, const char *file);
/* A number from a file; "max" and values past INT64_MAX read as UINT64_MAX. 0 or -errno. */
int cgroup_get_u64(const char *dir, const char *file, uint64_t *out);
/* The value behind `key` in a file of "key value" lines. -ENOENT: no such line. */
int cgroup_get_key(const char *dir, const char *file, const char *key, uint64_t *out);

int cgroup_v1_limit(struct cgroup_job *j, struct err *e);
int cgroup_v2_limit(struct cgroup_job *j, struct err *e);
/* What both versions write alike. `dir` NULL: the controller is missing. */
int cgroup_limit_hugepages(struct cgroup_job *j, bool v2, struct err *e);
int cgroup_limit_rdma(struct cgroup_job *j, struct err *e);
int cgroup_no_controller(const struct cgroup *cg, const char *property, const char *controller,
			 struct err *e);

/* v2: hands the usual controllers down from `base`, the mount or above it, to the cgroup at `path`;
 * fails when one that r needs does not arrive. */
int cgroup_v2_enable(const char *base, const char *path, const struct resources *r, struct err *e);
/* v1: copies cpuset.cpus and cpuset.mems from the parent where they are empty (a new directory's
 * are). */
int cgroup_v1_fill_cpuset(const char *path, bool is_new, const struct resources *r, struct err *e);

/* Conversions (pure). */
uint64_t cgroup_io_weight_from_blkio(uint64_t weight);		/* 10..1000 -> 1..10000 */
int cgroup_swap_from_memsw(int64_t limit, int64_t swap, char out[24],
			   struct err *e); /* memory+swap -> memory.swap.max */

/* Devices. The rules in order, then the default devices; everything else is denied. */
struct cgroup_device {
	char type;            /* a b c */
	int64_t major, minor; /* -1 any */
	unsigned access;      /* CGROUP_DEV_* */
	bool allow;
};
enum { CGROUP_DEV_MKNOD = 1, CGROUP_DEV_READ = 2, CGROUP_DEV_WRITE = 4, CGROUP_DEV_ALL = 7 };
/* malloc'd list: the document's rules and the defaults, in order. */
int cgroup_device_rules(const struct resources *r, struct cgroup_device **out, size_t *n,
			struct err *e);
/* v1: the list as exceptions from one default, as the kernel keeps it. malloc'd. A hole in a wider
 * rule is an error. */
int cgroup_device_fold(const struct cgroup_device *rules, size_t n, bool *default_allow,
		       struct cgroup_device **out, size_t *n_out, struct err *e);
/* v2: the program that decides as the last matching rule says, bit by bit. malloc'd. */
int cgroup_device_program(const struct cgroup_device *rules, size_t n, struct bpf_insn **out,
			  size_t *n_out, struct err *e);
void cgroup_device_text(const struct cgroup_device *d, char out[64]);
/* A program descriptor, or -errno. */
int cgroup_device_load(const struct bpf_insn *v, size_t n);
int cgroup_v1_devices(struct cgroup_job *j, struct err *e);
int cgroup_v2_devices(struct cgroup_job *j, struct err *e);

#endif
