/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/net.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { LOOPBACK_INDEX = 1 }; /* the first device of every network namespace (LOOPBACK_IFINDEX, Linux 3.7) */

static int ask(struct mnl_socket *s, struct nlmsghdr *request, struct err *e)
{
	char buf[8192]; /* MNL_SOCKET_BUFFER_SIZE at most */

	if (mnl_socket_sendto(s, request, request->nlmsg_len) < 0)
		return err_sys(e, "loopback: send to rtnetlink");
	ssize_t n = mnl_socket_recvfrom(s, buf, sizeof(buf));
	if (n < 0)
		return err_sys(e, "loopback: receive from rtnetlink");
	if (mnl_cb_run(buf, (size_t)n, request->nlmsg_seq, mnl_socket_get_portid(s), NULL, NULL) < 0)
		return err_sys(e, "bring the loopback device up");
	return 0;
}

int net_loopback_up(struct err *e)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = 1;
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = LOOPBACK_INDEX;
	info->ifi_change = IFF_UP;
	info->ifi_flags = IFF_UP;

	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!s)
		return err_sys(e, "loopback: open rtnetlink");
	int r = mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ? err_sys(e, "loopback: bind rtnetlink") : ask(s, h, e);
	(void)mnl_socket_close(s); /* nothing is pending on it */
	return r;
}
