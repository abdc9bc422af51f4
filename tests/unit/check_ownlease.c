/* SPDX-License-Identifier: BSD-2-Clause */
/* check_ownlease.c - which of this machine's addresses are lent: the kernel's
 * messages, and the files of dhclient. */
#include "sys/ownlease.h"

#include <check.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FOR_EVER UINT32_MAX

struct packet {
	uint8_t bytes[1024];
	size_t length;
};

static struct addr
read_addr(const char *text)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return addr;
}

static void
put(struct packet *packet, const void *bytes, size_t length)
{
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += (length + 3) & ~(size_t)3;
}

static void
put_attribute(struct packet *packet, unsigned short type, const void *value,
    size_t length)
{
	struct rtattr attribute = {
	    (unsigned short)(sizeof attribute + length), type};

	put(packet, &attribute, sizeof attribute);
	put(packet, value, length);
}

/* How an address of the dump is; the length of time in seconds. */
struct made {
	const char *addr;
	const char *peer;		/* NULL: none */
	uint32_t valid_s;
	uint32_t flags;
};

static void
put_address(struct packet *packet, const struct made *made)
{
	struct addr addr = read_addr(made->addr);
	struct addr peer = read_addr(made->peer ? made->peer : made->addr);
	struct ifa_cacheinfo info = {.ifa_valid = made->valid_s,
	    .ifa_prefered = made->valid_s};
	struct ifaddrmsg body = {
	    .ifa_family = addr.family == 4 ? AF_INET : AF_INET6,
	    .ifa_flags = (uint8_t)made->flags};
	struct nlmsghdr header = {.nlmsg_type = RTM_NEWADDR};
	size_t size = addr.family == 4 ? 4 : 16, start = packet->length;

	put(packet, &header, sizeof header);
	put(packet, &body, sizeof body);
	put_attribute(packet, IFA_ADDRESS, peer.bytes, size);
	if (addr.family == 4)
		put_attribute(packet, IFA_LOCAL, addr.bytes, size);
	put_attribute(packet, IFA_CACHEINFO, &info, sizeof info);
	put_attribute(packet, IFA_FLAGS, &made->flags, sizeof made->flags);
	header.nlmsg_len = (uint32_t)(packet->length - start);
	memcpy(packet->bytes + start, &header, sizeof header);
}

static int64_t
parse(const struct packet *packet, const char *text)
{
	struct addr addr = read_addr(text);

	return ownlease_parse(&addr, packet->bytes, packet->length);
}

START_TEST(kernel_tells_how_long_an_address_is_valid)
{
	struct packet packet = {0};

	put_address(&packet, &(struct made){"127.0.0.1", NULL, FOR_EVER, 0});
	put_address(&packet, &(struct made){"10.0.2.15", NULL, 3600, 0});
	put_address(&packet, &(struct made){"10.9.0.1", "10.9.0.2", 60, 0});
	put_address(&packet, &(struct made){"fd00::1", NULL, 7200, 0});
	put_address(&packet, &(struct made){"fd00::2", NULL, 7200,
	    IFA_F_TEMPORARY});
	put_address(&packet, &(struct made){"fd00::3", NULL, FOR_EVER, 0});
	ck_assert_int_eq(parse(&packet, "127.0.0.1"), -1);
	ck_assert_int_eq(parse(&packet, "10.0.2.15"), 3600);
	ck_assert_int_eq(parse(&packet, "10.9.0.1"), 60);
	ck_assert_int_eq(parse(&packet, "10.9.0.2"), OWNLEASE_ABSENT);
	ck_assert_int_eq(parse(&packet, "fd00::1"), 7200);
	ck_assert_int_eq(parse(&packet, "fd00::2"), -1);
	ck_assert_int_eq(parse(&packet, "fd00::3"), -1);
	ck_assert_int_eq(parse(&packet, "192.0.2.1"), OWNLEASE_ABSENT);
}
END_TEST

START_TEST(kernel_messages_may_be_cut)
{
	struct addr addr = read_addr("10.0.2.15");
	struct packet packet = {0};
	uint8_t *copy;

	put_address(&packet, &(struct made){"10.0.2.15", NULL, 3600, 0});
	for (size_t length = 0; length < packet.length; length++) {
		copy = memory_alloc(length + 1);
		memcpy(copy, packet.bytes, length);
		ck_assert_int_eq(ownlease_parse(&addr, copy, length),
		    OWNLEASE_ABSENT);
		free(copy);
	}
}
END_TEST

/* The loopback address is every machine's for ever, by the kernel too. */
START_TEST(kernel_is_asked)
{
	struct addr addr = read_addr("127.0.0.1");
	const struct ownlease_request request = {
		.root = "/nonexistent",
		.addr = &addr,
	};
	struct ownlease lease;

	ownlease_find(&lease, &request);
	ck_assert(!lease.lent);
	ck_assert_int_eq(lease.left_s, -1);
	ck_assert_int_eq(lease.client, OWNLEASE_UNKNOWN);
}
END_TEST

#define NOW_S 1795280400		/* 2026-11-21 17:00:00 UTC */

static int64_t
parse_dhclient(const char *text)
{
	struct addr addr = read_addr("192.168.0.5");

	return ownlease_parse_dhclient(text, strlen(text), &addr, NOW_S);
}

START_TEST(dhclient_tells_when_a_lease_ends)
{
	static const char one[] = "default-duid \"x\";\nlease {\n"
	    "  interface \"eth0\";\n  fixed-address 192.168.0.5;\n"
	    "  renew 6 2026/11/21 17:30:00;\n"
	    "  expire 6 2026/11/21 18:00:00;\n}\n";
	static const char other[] = "lease {\n"
	    "  fixed-address 192.168.0.6;\n"
	    "  expire 6 2026/11/21 19:00:00;\n}\n";
	char *both = memory_format("%s%s", one, other);

	ck_assert_int_eq(parse_dhclient(one), 3600);
	ck_assert_int_eq(parse_dhclient(other), OWNLEASE_ABSENT);
	ck_assert_int_eq(parse_dhclient(both), 3600);
	ck_assert_int_eq(parse_dhclient("lease {\n  fixed-address "
	    "192.168.0.5;\n  expire never;\n}\n"), -1);
	ck_assert_int_eq(parse_dhclient("lease {\n  fixed-address "
	    "192.168.0.5;\n  expire epoch 1795280460; # then\n}\n"), 60);
	ck_assert_int_eq(parse_dhclient("lease {\n  fixed-address "
	    "192.168.0.5;\n  expire 6 2026/11/21 16:00:00;\n}\n"),
	    OWNLEASE_ABSENT);
	for (size_t length = 0; length < sizeof one; length++) {
		char *cut = memory_format("%.*s", (int)length, one);

		ck_assert_int_ge(parse_dhclient(cut), OWNLEASE_ABSENT);
		free(cut);
	}
	free(both);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ownlease");
	TCase *tests = tcase_create("ownlease");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, kernel_tells_how_long_an_address_is_valid);
	tcase_add_test(tests, kernel_messages_may_be_cut);
	tcase_add_test(tests, kernel_is_asked);
	tcase_add_test(tests, dhclient_tells_when_a_lease_ends);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
