/* SPDX-License-Identifier: Apache-2.0 */
/* write_exec [COMMAND...]: says whether memory can be written and executed, at once or one after the other; then runs the command. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *first = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int gained = mprotect(first, 4096, PROT_READ | PROT_EXEC);

	printf("both %s, later %s\n", both == MAP_FAILED ? "denied" : "allowed", gained < 0 ? "denied" : "allowed");
	if (argc > 1) {
		fflush(stdout);
		execv(argv[1], argv + 1);
	}
	return 0;
}
