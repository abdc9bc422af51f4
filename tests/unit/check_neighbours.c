/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/neighbours.h"

#define WAIT_MS 2000
#define PACKET_MAX 4096

/* ---- netlink messages, made by hand ---- */

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t length;
	size_t message;			/* where the last one begins */
};

static void
put(struct packet *packet, const void *bytes, size_t length)
{
	size_t padded = (length + 3) & ~(size_t)3;

	ck_assert_uint_le(packet->length + padded, PACKET_MAX);
	memcpy(packet->bytes + packet->length, bytes, length);
	memset(packet->bytes + packet->length + length, 0, padded - length);
	packet->length += padded;
}

static void
end_message(struct packet *packet)
{
	uint32_t length = (uint32_t)(packet->length - packet->message);

	memcpy(packet->bytes + packet->message, &length, sizeof length);
}

static void
put_message(struct packet *packet, uint16_t type, uint16_t flags)
{
	struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags};

	packet->message = packet->length;
	put(packet, &header, sizeof header);
	end_message(packet);
}

static void
put_attribute(struct packet *packet, uint16_t type, const void *value,
    size_t length)
{
	struct rtattr attribute = {
		.rta_len = (uint16_t)(sizeof attribute + length),
		.rta_type = type,
	};

	put(packet, &attribute, sizeof attribute);
	if (length)
		put(packet, value, length);
	end_message(packet);
}

/* How a neighbour differs from the usual one; 0 and NULL: it does not. */
struct made {
	const char *addr;		/* "none": no address */
	const char *mac;		/* six bytes; "": none */
	size_t mac_length;
	uint16_t type;
	uint16_t message_flags;
	uint16_t state;
	uint8_t flags;
	uint8_t family;
	int interface;
};

static void
put_neighbour(struct packet *packet, const struct made *made)
{
	const char *text = made->addr ? made->addr : "10.0.0.1";
	const char *mac = made->mac ? made->mac : "\x02\0\0\0\0\1";
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct ndmsg about = {
		.ndm_family = made->family ? made->family : (uint8_t)family,
		.ndm_ifindex = made->interface ? made->interface : 2,
		.ndm_state = made->state ? made->state : NUD_REACHABLE,
		.ndm_flags = made->flags,
	};
	uint8_t addr[16];

	put_message(packet, made->type ? made->type : RTM_NEWNEIGH,
	    made->message_flags);
	put(packet, &about, sizeof about);
	end_message(packet);
	if (strcmp(text, "none") != 0) {
		ck_assert_int_eq(inet_pton(family, text, addr), 1);
		put_attribute(packet, NDA_DST, addr,
		    family == AF_INET ? 4 : 16);
	}
	put_attribute(packet, NDA_PROBES, "\0\0\0\0", 4);
	if (*mac || made->mac_length)
		put_attribute(packet, NDA_LLADDR, mac,
		    made->mac_length ? made->mac_length : 6);
}

/* ---- parsing ---- */

static void
expect_entry(const struct neighbour *entry, const char *addr,
    const char *mac)
{
	char text[ADDR_TEXT];

	ck_assert_str_eq(addr_print(&entry->addr, text), addr);
	ck_assert_mem_eq(entry->mac, mac, 6);
}

START_TEST(neighbours_are_read_from_messages)
{
	struct neighbours neighbours = {0};
	struct packet packet = {0};

	put_neighbour(&packet, &(struct made){0});
	put_neighbour(&packet, &(struct made){.addr = "2001:db8::7",
	    .mac = "\x02\xff\0\0\0\7", .state = NUD_PERMANENT});
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_MORE);
	packet.length = 0;
	put_neighbour(&packet, &(struct made){.addr = "10.0.0.2",
	    .state = NUD_STALE});
	put_message(&packet, NLMSG_DONE, NLM_F_MULTI);
	put_neighbour(&packet, &(struct made){.addr = "10.0.0.9"});
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_DONE);
	ck_assert_uint_eq(neighbours.count, 3);
	expect_entry(&neighbours.list[0], "10.0.0.1", "\x02\0\0\0\0\1");
	expect_entry(&neighbours.list[1], "2001:db8::7",
	    "\x02\xff\0\0\0\7");
	expect_entry(&neighbours.list[2], "10.0.0.2", "\x02\0\0\0\0\1");
	neighbours_free(&neighbours);
	packet.length = 0;
	put_message(&packet, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR);
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_AGAIN);
	packet.length = 0;
	put_message(&packet, NLMSG_ERROR, 0);
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_FAILED);
}
END_TEST

/* What is to be listed, and what is news. */
static const struct {
	struct made made;
	bool listed;
	bool news;
} kinds[] = {
	{{.state = NUD_REACHABLE}, true, true},
	{{.state = NUD_STALE}, true, true},
	{{.state = NUD_DELAY}, true, true},
	{{.state = NUD_PROBE}, true, true},
	{{.state = NUD_PERMANENT}, true, true},
	{{.state = NUD_INCOMPLETE}, false, false},
	{{.state = NUD_FAILED}, false, true},
	{{.state = NUD_NOARP}, false, true},
	{{.addr = "fe80::1"}, false, false},
	{{.addr = "169.254.3.4"}, true, true},
	{{.addr = "fd00::1"}, true, true},
	{{.addr = "ff02::1"}, false, false},
	{{.addr = "224.0.0.1"}, false, false},
	{{.addr = "0.0.0.0"}, false, false},
	{{.addr = "none"}, false, false},
	{{.mac = ""}, false, true},
	{{.mac = "\0\0\0\0\0\0", .mac_length = 6}, false, true},
	{{.mac = "\x0a\0\0\1", .mac_length = 4}, false, true},
	{{.mac = "\1\2\3\4\5\6\7\10", .mac_length = 8}, false, true},
	{{.flags = NTF_PROXY}, false, false},
	{{.flags = NTF_ROUTER, .addr = "fd00::1"}, true, true},
	{{.family = AF_BRIDGE}, false, false},
	{{.family = AF_INET6}, false, false},
	{{.type = RTM_DELNEIGH}, false, true},
	{{.type = RTM_NEWLINK}, false, false},
};
#define KINDS (sizeof kinds / sizeof *kinds)

START_TEST(neighbours_that_count_are_told_from_others)
{
	struct neighbours neighbours = {0};
	struct packet packet = {0};

	put_neighbour(&packet, &kinds[_i].made);
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_MORE);
	ck_assert_uint_eq(neighbours.count, kinds[_i].listed);
	ck_assert_int_eq(neighbours_judge(packet.bytes, packet.length),
	    kinds[_i].news ? NETLINK_SOMETHING : NETLINK_NOTHING);
	neighbours_free(&neighbours);
}
END_TEST

/* Each cut in memory of its own size, for the sanitizer to watch. */
START_TEST(messages_may_be_cut_anywhere)
{
	struct neighbours neighbours = {0};
	struct packet packet = {0};
	uint8_t *cut;
	size_t first;

	put_neighbour(&packet, &(struct made){0});
	first = packet.length;
	put_neighbour(&packet, &(struct made){.addr = "2001:db8::7"});
	for (size_t length = 0; length < packet.length; length++) {
		cut = memory_alloc(length + 1);
		memcpy(cut + 1, packet.bytes, length);
		ck_assert_int_eq(neighbours_parse(&neighbours, cut + 1,
		    length), length == 0 || length == first ?
		    NEIGHBOURS_MORE : NEIGHBOURS_FAILED);
		ck_assert_uint_eq(neighbours.count, length >= first);
		ck_assert_int_eq(neighbours_judge(cut + 1, length), length ?
		    NETLINK_SOMETHING : NETLINK_NOTHING);
		neighbours_free(&neighbours);
		free(cut);
	}
}
END_TEST

/* Whatever one byte says, lengths above all, nothing outside is read. */
START_TEST(messages_may_lie)
{
	static const uint8_t lies[] = {0, 1, 3, 4, 5, 15, 16, 17, 127, 255};
	struct neighbours neighbours = {0};
	struct packet packet = {0};
	uint8_t *copy;

	put_neighbour(&packet, &(struct made){0});
	put_neighbour(&packet, &(struct made){.addr = "2001:db8::7"});
	for (size_t i = 0; i < packet.length * sizeof lies; i++) {
		copy = memory_alloc(packet.length);
		memcpy(copy, packet.bytes, packet.length);
		copy[i / sizeof lies] = lies[i % sizeof lies];
		neighbours_parse(&neighbours, copy, packet.length);
		ck_assert_uint_le(neighbours.count, 2);
		neighbours_judge(copy, packet.length);
		neighbours_free(&neighbours);
		free(copy);
	}
}
END_TEST

START_TEST(attributes_end_with_their_message)
{
	struct neighbours neighbours = {0};
	struct packet packet = {0};

	put_neighbour(&packet, &(struct made){0});
	packet.length -= 4;
	end_message(&packet);
	ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
	    packet.length), NEIGHBOURS_MORE);
	ck_assert_uint_eq(neighbours.count, 0);
}
END_TEST

START_TEST(neighbours_are_bounded)
{
	struct neighbours neighbours = {0};
	struct packet packet = {0};

	put_neighbour(&packet, &(struct made){0});
	for (size_t i = 0; i < NEIGHBOURS_MAX + 10; i++)
		ck_assert_int_eq(neighbours_parse(&neighbours, packet.bytes,
		    packet.length), NEIGHBOURS_MORE);
	ck_assert_uint_eq(neighbours.count, NEIGHBOURS_MAX);
	neighbours_free(&neighbours);
}
END_TEST

START_TEST(lists_are_compared)
{
	struct neighbour one[2] = {{.addr.family = 4, .mac = {2}},
	    {.addr.family = 6, .mac = {2}}};
	struct neighbour two[2] = {{.addr.family = 4, .mac = {2}},
	    {.addr.family = 6, .mac = {2}}};
	struct neighbours a = {one, 2}, b = {two, 2}, none = {0};

	ck_assert(neighbours_equal(&none, &none));
	ck_assert(neighbours_equal(&a, &b));
	two[1].mac[5] = 1;
	ck_assert(!neighbours_equal(&a, &b));
	two[1].mac[5] = 0;
	two[0].addr.bytes[3] = 1;
	ck_assert(!neighbours_equal(&a, &b));
	b.count = 1;
	ck_assert(!neighbours_equal(&a, &b));
}
END_TEST

/* ---- a network namespace of our own ---- */

/* If the machine lets us have one. */
static bool
enter_namespace(void)
{
	return unshare(CLONE_NEWNET) == 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

/* The kernel's word: 0, or an errno. */
static int
ask_kernel(const struct packet *packet)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint8_t bytes[PACKET_MAX];
	struct nlmsgerr reply;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(send(fd, packet->bytes, packet->length, 0),
	    (ssize_t)packet->length);
	ck_assert_int_ge(recv(fd, bytes, sizeof bytes, 0),
	    NLMSG_HDRLEN + (ssize_t)sizeof reply);
	memcpy(&reply, bytes + NLMSG_HDRLEN, sizeof reply);
	close(fd);
	return -reply.error;
}

/* A cable of which both ends are here. */
/* The other end of the cable goes up, and the kernel has taken notice at both:
 * it forgets the neighbours of an interface without a carrier some time after
 * that was lost. */
static void
plug_in(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq peer = {0}, own = {0};
	unsigned tries = 0;

	ck_assert_int_ge(fd, 0);
	strncpy(peer.ifr_name, name, IFNAMSIZ - 1);
	strncpy(own.ifr_name, "lab0", IFNAMSIZ - 1);
	peer.ifr_flags = IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &peer), 0);
	do {
		ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &own), 0);
		ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &peer), 0);
		ck_assert_uint_lt(tries++, WAIT_MS / 10);
		poll(NULL, 0, 10);
	} while (!(own.ifr_flags & IFF_RUNNING) ||
	    !(peer.ifr_flags & IFF_RUNNING));
	close(fd);
}

static int
make_interface(void)
{
	struct ifinfomsg about = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct packet packet = {0};
	uint8_t kind[16];

	put_message(&packet, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK |
	    NLM_F_CREATE | NLM_F_EXCL);
	put(&packet, &about, sizeof about);
	put_attribute(&packet, IFLA_IFNAME, "lab0", 5);
	/* IFLA_INFO_KIND within IFLA_LINKINFO. */
	memcpy(kind, &(struct rtattr){.rta_len = 8,
	    .rta_type = IFLA_INFO_KIND}, 4);
	memcpy(kind + 4, "veth", 4);
	put_attribute(&packet, IFLA_LINKINFO, kind, 8);
	ck_assert_int_eq(ask_kernel(&packet), 0);
	plug_in("veth0");
	return (int)if_nametoindex("lab0");
}

static void
tell_kernel(struct made made)
{
	struct packet packet = {0};

	made.message_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (made.type != RTM_DELNEIGH)
		made.message_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	put_neighbour(&packet, &made);
	ck_assert_int_eq(ask_kernel(&packet), 0);
}

static enum netlink_news
hear(int fd)
{
	enum netlink_news news = NETLINK_NOTHING;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int timeout_ms = WAIT_MS;

	while (poll(&wait, 1, timeout_ms) == 1) {
		if (neighbours_drain(fd) == NETLINK_SOMETHING)
			news = NETLINK_SOMETHING;
		timeout_ms = 0;
	}
	return news;
}

START_TEST(neighbours_of_the_kernel_are_listed)
{
	struct neighbours before, after;
	int interface, fd;

	if (!enter_namespace())
		return;
	interface = make_interface();
	ck_assert_int_gt(interface, 0);
	fd = neighbours_open();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(neighbours_drain(fd), NETLINK_NOTHING);
	ck_assert_ptr_null(neighbours_list(&before));
	ck_assert_uint_eq(before.count, 0);
	tell_kernel((struct made){.addr = "2001:db8::7",
	    .mac = "\x02\xff\0\0\0\7", .interface = interface,
	    .state = NUD_STALE});
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	tell_kernel((struct made){.interface = interface,
	    .state = NUD_PERMANENT});
	tell_kernel((struct made){.addr = "fe80::1", .interface = interface,
	    .state = NUD_STALE});
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	/* The same at the other end of the cable. */
	tell_kernel((struct made){.state = NUD_PERMANENT,
	    .interface = (int)if_nametoindex("veth0")});
	ck_assert_ptr_null(neighbours_list(&after));
	ck_assert_uint_eq(after.count, 2);
	ck_assert(!neighbours_equal(&before, &after));
	expect_entry(&after.list[0], "10.0.0.1", "\x02\0\0\0\0\1");
	expect_entry(&after.list[1], "2001:db8::7", "\x02\xff\0\0\0\7");
	neighbours_free(&after);
	tell_kernel((struct made){.type = RTM_DELNEIGH,
	    .interface = interface});
	tell_kernel((struct made){.type = RTM_DELNEIGH,
	    .interface = (int)if_nametoindex("veth0")});
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	ck_assert_ptr_null(neighbours_list(&after));
	ck_assert_uint_eq(after.count, 1);
	neighbours_free(&after);
	close(fd);
}
END_TEST

/* More than one datagram of a dump, more news than the socket holds. */
START_TEST(many_neighbours_are_listed)
{
	enum { MANY = 900 };
	struct neighbours neighbours;
	char addr[ADDR_TEXT];
	int interface, fd, small = 1;

	if (!enter_namespace())
		return;
	interface = make_interface();
	fd = neighbours_open();
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small,
	    sizeof small), 0);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(addr, sizeof addr, "10.0.%u.%u", i / 256, i % 256);
		tell_kernel((struct made){.addr = addr,
		    .interface = interface, .state = NUD_PERMANENT});
	}
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	ck_assert_ptr_null(neighbours_list(&neighbours));
	ck_assert_uint_eq(neighbours.count, MANY);
	expect_entry(&neighbours.list[MANY - 1], "10.0.3.131",
	    "\x02\0\0\0\0\1");
	neighbours_free(&neighbours);
	close(fd);
}
END_TEST

START_TEST(others_than_the_kernel_are_not_heard)
{
	struct sockaddr_nl own;
	socklen_t length = sizeof own;
	struct packet packet = {0};
	int fd, other;

	if (!enter_namespace())
		return;
	fd = neighbours_open();
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &length),
	    0);
	own.nl_groups = 0;
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	put_neighbour(&packet, &(struct made){0});
	ck_assert_int_eq(sendto(other, packet.bytes, packet.length, 0,
	    (const struct sockaddr *)&own, sizeof own),
	    (ssize_t)packet.length);
	ck_assert_int_eq(hear(fd), NETLINK_NOTHING);
	close(other);
	close(fd);
}
END_TEST

/* Without any right, here as everywhere. */
START_TEST(neighbours_need_no_rights)
{
	struct neighbours neighbours;
	int fd;

	ck_assert(geteuid() != 0 || seteuid(65534) == 0);
	ck_assert_ptr_null(neighbours_list(&neighbours));
	neighbours_free(&neighbours);
	fd = neighbours_open();
	ck_assert_int_ge(fd, 0);
	close(fd);
	/* For the sanitizers, which look at their own process. */
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

/* ---- ---- */

static TCase *
make_cases(void)
{
	TCase *tc = tcase_create("neighbours");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, neighbours_are_read_from_messages);
	tcase_add_loop_test(tc, neighbours_that_count_are_told_from_others, 0,
	    KINDS);
	tcase_add_test(tc, messages_may_be_cut_anywhere);
	tcase_add_test(tc, messages_may_lie);
	tcase_add_test(tc, attributes_end_with_their_message);
	tcase_add_test(tc, neighbours_are_bounded);
	tcase_add_test(tc, lists_are_compared);
	tcase_add_test(tc, neighbours_of_the_kernel_are_listed);
	tcase_add_test(tc, many_neighbours_are_listed);
	tcase_add_test(tc, others_than_the_kernel_are_not_heard);
	tcase_add_test(tc, neighbours_need_no_rights);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("neighbours");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
