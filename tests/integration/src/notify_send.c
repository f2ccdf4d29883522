/* SPDX-License-Identifier: Apache-2.0 */
/* notify_send TEXT...: one datagram for each to $NOTIFY_SOCKET, as sd_notify(3) does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char *argv[])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *where = getenv("NOTIFY_SOCKET");
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!where || strlen(where) >= sizeof(at.sun_path) || s < 0)
		return 2;
	memcpy(at.sun_path, where, strlen(where));
	for (int i = 1; i < argc; i++)
		if (sendto(s, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&at, sizeof(at)) < 0) {
			perror("notify_send");
			return 1;
		}
	return 0;
}
