/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of libmnl's interface that the core uses, for a static core on machines whose mirror does not carry libmnl's
 * source (build-static-deps.sh tries that first). The declarations are those of libmnl-dev's header, so a call that is
 * not here does not link.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mnl_socket {
	int fd;
	struct sockaddr_nl addr;
};

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->fd = socket(AF_NETLINK, SOCK_RAW | flags, bus);
	if (s->fd < 0) {
		free(s);
		return NULL;
	}
	return s;
}

struct mnl_socket *mnl_socket_open(int bus)
{
	return mnl_socket_open2(bus, 0);
}

int mnl_socket_close(struct mnl_socket *s)
{
	int r = close(s->fd);

	free(s);
	return r;
}

int mnl_socket_get_fd(const struct mnl_socket *s)
{
	return s->fd;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *s)
{
	return s->addr.nl_pid;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned int groups, pid_t pid)
{
	socklen_t len = sizeof(s->addr);

	s->addr = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_groups = groups, .nl_pid = (unsigned int)pid };
	if (bind(s->fd, (const struct sockaddr *)&s->addr, sizeof(s->addr)) < 0)
		return -1;
	if (getsockname(s->fd, (struct sockaddr *)&s->addr, &len) < 0)
		return -1;
	if (len != sizeof(s->addr) || s->addr.nl_family != AF_NETLINK) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *p, size_t len)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(s->fd, p, len, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *s, void *p, size_t size)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = p, .iov_len = size };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(s->fd, &msg, 0);

	if (n < 0)
		return -1;
	if ((msg.msg_flags & MSG_TRUNC) || msg.msg_namelen != sizeof(from)) {
		errno = msg.msg_flags & MSG_TRUNC ? ENOSPC : EINVAL;
		return -1;
	}
	return n;
}

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *h = buf;

	memset(h, 0, sizeof(*h));
	h->nlmsg_len = MNL_NLMSG_HDRLEN;
	return h;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *h, size_t size)
{
	char *p = (char *)h + h->nlmsg_len;

	memset(p, 0, MNL_ALIGN(size));
	h->nlmsg_len += (unsigned int)MNL_ALIGN(size);
	return p;
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *h)
{
	return (void *)((uintptr_t)h + MNL_NLMSG_HDRLEN);
}

size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *h)
{
	return h->nlmsg_len - MNL_NLMSG_HDRLEN;
}

void *mnl_nlmsg_get_payload_offset(const struct nlmsghdr *h, size_t offset)
{
	return (void *)((uintptr_t)h + MNL_NLMSG_HDRLEN + MNL_ALIGN(offset));
}

void *mnl_nlmsg_get_payload_tail(const struct nlmsghdr *h)
{
	return (void *)((uintptr_t)h + MNL_ALIGN(h->nlmsg_len));
}

bool mnl_nlmsg_ok(const struct nlmsghdr *h, int len)
{
	return len >= (int)sizeof(*h) && h->nlmsg_len >= sizeof(*h) && (int)h->nlmsg_len <= len;
}

struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *h, int *len)
{
	*len -= (int)MNL_ALIGN(h->nlmsg_len);
	return (struct nlmsghdr *)((uintptr_t)h + MNL_ALIGN(h->nlmsg_len));
}

void mnl_attr_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data)
{
	struct nlattr *a = (struct nlattr *)(void *)((char *)h + MNL_ALIGN(h->nlmsg_len));
	char *payload = (char *)a + MNL_ATTR_HDRLEN;

	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + len);
	memcpy(payload, data, len);
	memset(payload + len, 0, MNL_ALIGN(len) - len);
	h->nlmsg_len += (unsigned int)MNL_ALIGN(a->nla_len);
}

void mnl_attr_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t v)
{
	mnl_attr_put(h, type, sizeof(v), &v);
}

void mnl_attr_put_strz(struct nlmsghdr *h, uint16_t type, const char *s)
{
	mnl_attr_put(h, type, strlen(s) + 1, s);
}

void mnl_attr_put_u8(struct nlmsghdr *h, uint16_t type, uint8_t v)
{
	mnl_attr_put(h, type, sizeof(v), &v);
}

void mnl_attr_put_u16(struct nlmsghdr *h, uint16_t type, uint16_t v)
{
	mnl_attr_put(h, type, sizeof(v), &v);
}

void mnl_attr_put_str(struct nlmsghdr *h, uint16_t type, const char *s)
{
	mnl_attr_put(h, type, strlen(s), s);
}

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *h, uint16_t type)
{
	struct nlattr *a = (struct nlattr *)(void *)((char *)h + MNL_ALIGN(h->nlmsg_len));

	a->nla_type = NLA_F_NESTED | type;
	h->nlmsg_len += (unsigned int)MNL_ALIGN(sizeof(*a));
	return a;
}

void mnl_attr_nest_end(struct nlmsghdr *h, struct nlattr *a)
{
	a->nla_len = (uint16_t)((uintptr_t)h + MNL_ALIGN(h->nlmsg_len) - (uintptr_t)a);
}

uint16_t mnl_attr_get_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

uint16_t mnl_attr_get_len(const struct nlattr *a)
{
	return a->nla_len;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *a)
{
	return (uint16_t)(a->nla_len - MNL_ATTR_HDRLEN);
}

void *mnl_attr_get_payload(const struct nlattr *a)
{
	return (void *)((uintptr_t)a + MNL_ATTR_HDRLEN);
}

uint8_t mnl_attr_get_u8(const struct nlattr *a)
{
	return *(const uint8_t *)mnl_attr_get_payload(a);
}

uint16_t mnl_attr_get_u16(const struct nlattr *a)
{
	return *(const uint16_t *)mnl_attr_get_payload(a);
}

uint32_t mnl_attr_get_u32(const struct nlattr *a)
{
	return *(const uint32_t *)mnl_attr_get_payload(a);
}

const char *mnl_attr_get_str(const struct nlattr *a)
{
	return mnl_attr_get_payload(a);
}

bool mnl_attr_ok(const struct nlattr *a, int len)
{
	return len >= (int)sizeof(*a) && a->nla_len >= sizeof(*a) && (int)a->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *a)
{
	return (struct nlattr *)((uintptr_t)a + MNL_ALIGN(a->nla_len));
}

int mnl_attr_type_valid(const struct nlattr *a, uint16_t max)
{
	if (mnl_attr_get_type(a) <= max)
		return 1;
	errno = EOPNOTSUPP;
	return -1;
}

/* Exact for numbers, NUL-terminated for MNL_TYPE_NUL_STRING; anything for the rest. */
int mnl_attr_validate(const struct nlattr *a, enum mnl_attr_data_type type)
{
	static const uint16_t sizes[MNL_TYPE_MAX] = {
		[MNL_TYPE_U8] = 1, [MNL_TYPE_U16] = 2, [MNL_TYPE_U32] = 4, [MNL_TYPE_U64] = 8, [MNL_TYPE_MSECS] = 8,
	};
	const uint16_t len = mnl_attr_get_payload_len(a);
	const char *text = mnl_attr_get_payload(a);

	if ((unsigned int)type >= MNL_TYPE_MAX) {
		errno = EINVAL;
		return -1;
	}
	if ((sizes[type] && len != sizes[type]) || (type == MNL_TYPE_NUL_STRING && (!len || text[len - 1]))) {
		errno = ERANGE;
		return -1;
	}
	return 0;
}

int mnl_attr_parse(const struct nlmsghdr *h, unsigned int offset, mnl_attr_cb_t cb, void *data)
{
	const char *p = (const char *)mnl_nlmsg_get_payload(h) + MNL_ALIGN(offset);
	const char *end = (const char *)h + MNL_ALIGN(h->nlmsg_len);
	int r = MNL_CB_OK;

	for (const struct nlattr *a = (const struct nlattr *)(const void *)p; mnl_attr_ok(a, (int)(end - (const char *)a));
	     a = mnl_attr_next(a)) {
		r = cb(a, data);
		if (r <= MNL_CB_STOP)
			return r;
	}
	return r;
}

int mnl_attr_parse_nested(const struct nlattr *nested, mnl_attr_cb_t cb, void *data)
{
	const char *p = mnl_attr_get_payload(nested), *end = p + mnl_attr_get_payload_len(nested);
	int r = MNL_CB_OK;

	for (const struct nlattr *a = (const struct nlattr *)(const void *)p; mnl_attr_ok(a, (int)(end - (const char *)a));
	     a = mnl_attr_next(a)) {
		r = cb(a, data);
		if (r <= MNL_CB_STOP)
			return r;
	}
	return r;
}

/* What one message means: MNL_CB_OK to go on, MNL_CB_STOP at the end, MNL_CB_ERROR with errno. */
static int one_message(const struct nlmsghdr *h, mnl_cb_t data_cb, void *data)
{
	if (h->nlmsg_type >= NLMSG_MIN_TYPE)
		return data_cb ? data_cb(h, data) : MNL_CB_OK;
	if (h->nlmsg_type == NLMSG_DONE)
		return MNL_CB_STOP;
	if (h->nlmsg_type != NLMSG_ERROR)
		return MNL_CB_OK;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(struct nlmsgerr)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);
	if (!err->error)
		return MNL_CB_STOP;
	errno = err->error < 0 ? -err->error : err->error;
	return MNL_CB_ERROR;
}

int mnl_cb_run(const void *buf, size_t size, unsigned int seq, unsigned int portid, mnl_cb_t data_cb, void *data)
{
	const struct nlmsghdr *h = buf;
	int left = (int)size, r = MNL_CB_OK;

	while (mnl_nlmsg_ok(h, left)) {
		if (portid && h->nlmsg_pid && h->nlmsg_pid != portid) {
			errno = ESRCH;
			return MNL_CB_ERROR;
		}
		if (seq && h->nlmsg_seq && h->nlmsg_seq != seq) {
			errno = EPROTO;
			return MNL_CB_ERROR;
		}
		if (h->nlmsg_flags & NLM_F_DUMP_INTR) {
			errno = EINTR;
			return MNL_CB_ERROR;
		}
		r = one_message(h, data_cb, data);
		if (r <= MNL_CB_STOP)
			return r;
		h = mnl_nlmsg_next(h, &left);
	}
	return r;
}
