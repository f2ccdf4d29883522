/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_keyring: says which session keyring it has: "keyring;UID;GID;PERMISSIONS;NAME".
 * session_keyring NAME PROGRAM [ARG...]: joins one of that name and becomes the program.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { JOIN_SESSION_KEYRING = 1, DESCRIBE = 6, SESSION_KEYRING = -3 };

static int describe(void)
{
	char text[512];
	long n = syscall(SYS_keyctl, DESCRIBE, SESSION_KEYRING, text, sizeof(text));

	if (n < 0) {
		perror("session_keyring: describe it");
		return 3;
	}
	puts(text);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc < 3)
		return describe();
	if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, argv[1]) < 0) {
		perror("session_keyring: join one");
		return 3;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
