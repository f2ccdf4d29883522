/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"

enum {
	REPLY_MAX = 32768,	/* a device with many virtual functions says a lot */
	ADDRESSES_MAX = 4096,
	/* What belongs to an address and not to its state. */
	ADDRESS_FLAGS = IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN,
};

/* One network namespace: rtnetlink in it, and the namespace itself. */
struct side {
	struct mnl_socket *nl;
	unsigned seq;
	int ns;
};

static void side_done(struct side *s)
{
	if (s->nl)
		(void)mnl_socket_close(s->nl); /* nothing is pending on it */
	s->nl = NULL;
}

static int side_open(struct side *s, int ns, struct err *e)
{
	s->ns = ns;
	s->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!s->nl || mnl_socket_bind(s->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_sys(e, "linux.netDevices: open rtnetlink");
	return 0;
}

/* The socket stays in the namespace that it was made in; we come back at once. */
static int side_open_inside(struct side *s, int ns, int own, struct err *e)
{
	if (setns(ns, CLONE_NEWNET) < 0)
		return err_sys(e, "linux.netDevices: enter the container's network namespace%s",
			       errno == EPERM ? " (devices of the host cannot be moved without CAP_SYS_ADMIN and CAP_NET_ADMIN there)"
					      : "");
	int r = side_open(s, ns, e);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(e, "linux.netDevices: come back from the container's network namespace");
	return r;
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, size_t extra)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	mnl_nlmsg_put_extra_header(h, extra);
	return h;
}

/* Sends and reads up to the acknowledgement, or the end of a dump. 0 or -errno. */
static int ask(struct side *s, struct nlmsghdr *h, mnl_cb_t each, void *data)
{
	char buf[REPLY_MAX];
	int r;

	h->nlmsg_seq = ++s->seq;
	if (mnl_socket_sendto(s->nl, h, h->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t n = mnl_socket_recvfrom(s->nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		r = mnl_cb_run(buf, (size_t)n, h->nlmsg_seq, mnl_socket_get_portid(s->nl), each, data);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}

static int take_link(const struct nlmsghdr *h, void *data)
{
	*(struct ifinfomsg *)data = *(const struct ifinfomsg *)mnl_nlmsg_get_payload(h);
	return MNL_CB_OK;
}

static int find_link(struct side *s, const char *name, struct ifinfomsg *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_GETLINK, NLM_F_ACK, sizeof(struct ifinfomsg));

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return ask(s, h, take_link, out);
}

/* ---- addresses ---- */

struct address {
	struct ifaddrmsg head;
	uint32_t flags, metric;
	size_t len;			/* of one address: 4 or 16 */
	bool has_local, has_address, has_broadcast;
	unsigned char local[16], address[16], broadcast[16];
};
struct addresses { int index; size_t n; struct address *v; bool failed; };

static void take_bytes(const struct nlattr *a, size_t len, unsigned char *to, bool *has)
{
	if (mnl_attr_get_payload_len(a) != len)
		return;
	memcpy(to, mnl_attr_get_payload(a), len);
	*has = true;
}

static void read_address(const struct nlmsghdr *h, struct address *out)
{
	struct nlattr *a; /* not const: libmnl's macro casts it */

	memcpy(&out->head, mnl_nlmsg_get_payload(h), sizeof(out->head));
	out->flags = out->head.ifa_flags;
	out->len = out->head.ifa_family == AF_INET ? 4 : 16;
	mnl_attr_for_each(a, h, sizeof(struct ifaddrmsg)) {
		switch (mnl_attr_get_type(a)) {
		case IFA_LOCAL: take_bytes(a, out->len, out->local, &out->has_local); break;
		case IFA_ADDRESS: take_bytes(a, out->len, out->address, &out->has_address); break;
		case IFA_BROADCAST: take_bytes(a, out->len, out->broadcast, &out->has_broadcast); break;
		case IFA_FLAGS: out->flags = mnl_attr_get_u32(a); break;
		case IFA_RT_PRIORITY: out->metric = mnl_attr_get_u32(a); break;
		}
	}
}

/* OCI: permanent ones of global scope, of any family. The others belong to the place, or come by themselves. */
static int take_address(const struct nlmsghdr *h, void *data)
{
	struct addresses *all = data;
	struct address one = { 0 };

	read_address(h, &one);
	if ((int)one.head.ifa_index != all->index || !(one.flags & IFA_F_PERMANENT) ||
	    one.head.ifa_scope != RT_SCOPE_UNIVERSE || (one.head.ifa_family != AF_INET && one.head.ifa_family != AF_INET6))
		return MNL_CB_OK;
	struct address *v = all->n < ADDRESSES_MAX ? realloc(all->v, (all->n + 1) * sizeof(*v)) : NULL;
	if (!v) {
		all->failed = true; /* read on: the socket must be empty for the next question */
		return MNL_CB_OK;
	}
	all->v = v;
	v[all->n++] = one;
	return MNL_CB_OK;
}

static int read_addresses(struct side *s, struct addresses *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	int r = ask(s, h, take_address, out);

	return r == 0 && out->failed ? -ENOMEM : r;
}

static int add_address(struct side *s, int index, const struct address *a)
{
	char buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *head = mnl_nlmsg_get_payload(h);

	head->ifa_family = a->head.ifa_family;
	head->ifa_prefixlen = a->head.ifa_prefixlen;
	head->ifa_scope = a->head.ifa_scope;
	head->ifa_index = (uint32_t)index;
	if (a->has_local)
		mnl_attr_put(h, IFA_LOCAL, a->len, a->local);
	if (a->has_address)
		mnl_attr_put(h, IFA_ADDRESS, a->len, a->address);
	if (a->has_broadcast)
		mnl_attr_put(h, IFA_BROADCAST, a->len, a->broadcast);
	mnl_attr_put_u32(h, IFA_FLAGS, a->flags & ADDRESS_FLAGS);
	if (a->metric)
		mnl_attr_put_u32(h, IFA_RT_PRIORITY, a->metric);
	return ask(s, h, NULL, NULL);
}

/* ---- one device ---- */

static int change_link(struct side *s, int index, int to_ns, const char *name, bool up)
{
	char buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	struct ifinfomsg *info = mnl_nlmsg_get_payload(h);

	info->ifi_index = index;
	if (up)
		info->ifi_flags = info->ifi_change = IFF_UP;
	if (to_ns >= 0)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)to_ns);
	if (name)
		mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return ask(s, h, NULL, NULL);
}

struct trip {
	struct side *from, *to;
	int index;		/* on the side that it comes from */
	const char *name;	/* on the other; may hold %d */
	bool up;		/* and there */
};

static int name_is_free(const struct trip *t, const char *name, struct err *e)
{
	struct ifinfomsg found;
	int r = find_link(t->to, name, &found);

	if (r == -ENODEV)
		return 0;
	return r < 0 ? err_code(e, -r, "look for a device named %s there", name)
		     : err_set(e, EEXIST, "a device named %s is there already", name);
}

/*
 * Under a name that is free, so that we find it again: a name with %d is given afterwards. *index: where it is now, set once it has
 * been moved, whatever fails after that.
 */
static int cross(const struct trip *t, int *index, struct err *e)
{
	struct ifinfomsg found = { 0 };
	char name[IFNAMSIZ];
	bool numbered = strchr(t->name, '%');

	if (numbered)
		snprintf(name, sizeof(name), "csn%d", t->index);
	else
		snprintf(name, sizeof(name), "%.15s", t->name);
	int r = name_is_free(t, name, e);
	if (r < 0)
		return r;
	r = change_link(t->from, t->index, t->to->ns, name, false);
	if (r == 0)
		r = find_link(t->to, name, &found);
	if (r < 0)
		return err_code(e, -r, "move it%s", r == -EINVAL ? " (this kind of device stays where it is)"
						   : r == -EPERM ? " (CAP_NET_ADMIN is needed in both namespaces)" : "");
	*index = found.ifi_index;
	r = numbered ? change_link(t->to, *index, -1, t->name, false) : 0;
	return r < 0 ? err_code(e, -r, "name it %s", t->name) : 0;
}

static int carry(const struct trip *t, int *index, struct err *e)
{
	struct addresses all = { .index = t->index };
	int r = read_addresses(t->from, &all);

	r = r < 0 ? err_code(e, -r, "read its addresses") : cross(t, index, e);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		r = add_address(t->to, *index, &all.v[i]);
		if (r < 0)
			(void)err_code(e, -r, "give it its address %zu of %zu again", i + 1, all.n);
	}
	free(all.v);
	if (r == 0 && t->up) {
		r = change_link(t->to, *index, -1, NULL, true);
		if (r < 0)
			(void)err_code(e, -r, "bring it up");
	}
	return r;
}

static int move_in(struct side *host, struct side *inside, const struct net_device *d, struct net_moved *m, struct err *e)
{
	struct ifinfomsg found = { 0 };
	int r = find_link(host, d->host, &found);

	if (r < 0)
		return err_code(e, -r, "linux.netDevices: find %s on the host", d->host);
	m->was_up = found.ifi_flags & IFF_UP;
	const struct trip t = { host, inside, found.ifi_index, d->name, true };
	r = carry(&t, &m->index, e);
	return r < 0 ? err_wrap(e, "linux.netDevices: move %s into the container as %s", d->host, d->name) : 0;
}

/* From the last to the first. The first failure is reported, the others are moved all the same. */
static int move_back(struct side *host, struct side *inside, const struct net_devices *d, struct net_moved *m, struct err *e)
{
	int result = 0;

	for (size_t i = d->n; i-- > 0;) {
		const struct trip t = { inside, host, m[i].index, d->v[i].host, m[i].was_up };
		struct err late = { 0 };
		int index = 0;
		if (!m[i].index || carry(&t, &index, &late) == 0 || result < 0)
			continue;
		*e = late;
		result = err_wrap(e, "linux.netDevices: move %s back to the host", d->v[i].host);
	}
	memset(m, 0, d->n * sizeof(*m));
	return result;
}

static int open_sides(int netns, int *own, struct side *host, struct side *inside, struct err *e)
{
	*own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*own < 0)
		return err_sys(e, "linux.netDevices: open /proc/self/ns/net");
	int r = side_open(host, *own, e);
	return r < 0 ? r : side_open_inside(inside, netns, *own, e);
}

int net_devices_move(const struct net_devices *d, int netns, struct net_moved *moved, struct err *e)
{
	struct side host __attribute__((cleanup(side_done))) = { 0 }, inside __attribute__((cleanup(side_done))) = { 0 };
	auto_fd int own = -1;
	int r = open_sides(netns, &own, &host, &inside, e);

	memset(moved, 0, d->n * sizeof(*moved));
	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = move_in(&host, &inside, &d->v[i], &moved[i], e);
	if (r < 0 && inside.nl) {
		struct err ignored = { 0 }; /* the first error is the one to report */
		(void)move_back(&host, &inside, d, moved, &ignored);
	}
	return r;
}

int net_devices_return(const struct net_devices *d, int netns, struct net_moved *moved, struct err *e)
{
	struct side host __attribute__((cleanup(side_done))) = { 0 }, inside __attribute__((cleanup(side_done))) = { 0 };
	auto_fd int own = -1;
	size_t away = 0;

	for (size_t i = 0; i < d->n; i++)
		away += moved[i].index != 0;
	if (!away)
		return 0;
	int r = open_sides(netns, &own, &host, &inside, e);
	return r < 0 ? r : move_back(&host, &inside, d, moved, e);
}
