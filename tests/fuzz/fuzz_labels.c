/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the files of Docker and of containers/storage: what is read can only narrow. An input is three files, one after the
 * other, with a byte 0xff between them. Built and run by tests/run.sh fuzz.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capname.h"
#include "base/log.h"
#include "container/label_source.h"
#include "policy/config.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* "sha256:aaaa..." in base 64 */
#define BLOB "=c2hhMjU2OmFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="

/* The first file is one of two names, by source. */
static const char *const docker_names[] = { "containers/" ID "/config.v2.json", NULL, "image/vfs/imagedb/content/sha256/" ID };
static const char *const storage_names[] = { "vfs-containers/containers.json", "vfs-images/" ID "/manifest", "vfs-images/" ID "/" BLOB };

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static void make_place(void)
{
	static const char *const dirs[] = {
		"containers", "containers/" ID, "image", "image/vfs", "image/vfs/imagedb", "image/vfs/imagedb/content",
		"image/vfs/imagedb/content/sha256", "vfs-containers", "vfs-images", "vfs-images/" ID,
	};
	char top[] = "/tmp/fuzz_labels.XXXXXX";

	demand(mkdtemp(top) != NULL && chdir(top) == 0);
	for (size_t i = 0; i < N_ELEMENTS(dirs); i++)
		demand(mkdir(dirs[i], 0700) == 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_place(void)
{
	char top[64];

	if (getcwd(top, sizeof(top)) && strstr(top, "fuzz_labels."))
		(void)nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* the fuzzer ends here */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct log_options quiet = { .path = "/dev/null" };
	struct err e = { 0 };

	(void)argc;
	(void)argv;
	umask(077);
	make_place();
	atexit(remove_place);
	return log_open(&quiet, &e);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	int fd = name ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	demand(write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void ask(const struct label_query *q)
{
	struct label_caps caps = { .found = true, .caps = CAP_BIT(0), .from = "annotation" };
	struct key_values image = { 0 };
	struct label_report report;
	auto_arena a = { 0 };
	struct err e = { 0 };

	demand(label_source_ask(q, &a, &caps, &image, &report, &e) == 0);
	demand(report.source && caps.found && !(caps.caps & ~CAP_BIT(0)));
	demand(report.answered == !caps.unanswered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char top[64], bundle[256], source[256];
	struct mount hosts = { .destination = "/etc/hosts", .source = source };
	const struct mounts mounts = { 1, &hosts };

	demand(getcwd(top, sizeof(top)) != NULL);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *end = memchr(data, 0xff, size);
		size_t n = end ? (size_t)(end - data) : size;

		put(docker_names[i], data, n);
		put(storage_names[i], data, n);
		data += end ? n + 1 : n;
		size -= end ? n + 1 : n;
	}
	snprintf(source, sizeof(source), "%s/containers/" ID "/hosts", top);
	ask(&(struct label_query){ .engine = "docker", .bundle = "/task/moby/" ID, .root_path = "/", .mounts = &mounts,
					.sources = CONFIG_LABELS_ALL, .timeout_ms = 1000 });
	snprintf(bundle, sizeof(bundle), "%s/vfs-containers/" ID "/userdata", top);
	ask(&(struct label_query){ .engine = "podman", .bundle = bundle, .root_path = "/", .mounts = &mounts,
					.sources = CONFIG_LABELS_ALL, .timeout_ms = 1000 });
	return 0;
}
