/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of this machine and the news of them: datagrams made by hand,
 * and a loopback interface in a network namespace of the test's own.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/ifaces.h"
#include "sys/ifacewatch.h"

#define WAIT_MS 2000

/* ---- datagrams ---- */

static size_t
put_message(uint8_t *bytes, uint16_t type)
{
	struct nlmsghdr header = {
	    .nlmsg_len = sizeof header, .nlmsg_type = type};

	memcpy(bytes, &header, sizeof header);
	return sizeof header;
}

static const struct {
	uint16_t type;
	enum netlink_news news;
} kinds[] = {
	{RTM_NEWADDR, NETLINK_SOMETHING},
	{RTM_DELADDR, NETLINK_SOMETHING},
	{RTM_NEWLINK, NETLINK_SOMETHING},
	{RTM_DELLINK, NETLINK_SOMETHING},
	{RTM_NEWROUTE, NETLINK_NOTHING},
	{RTM_NEWNEIGH, NETLINK_NOTHING},
	{NLMSG_NOOP, NETLINK_NOTHING},
};

START_TEST(addresses_and_interfaces_are_news)
{
	uint8_t bytes[64];
	size_t length = put_message(bytes, kinds[_i].type);

	ck_assert_int_eq(ifacewatch_judge(bytes, length), kinds[_i].news);
	length = put_message(bytes, RTM_NEWROUTE);
	length += put_message(bytes + length, kinds[_i].type);
	ck_assert_int_eq(ifacewatch_judge(bytes, length), kinds[_i].news);
}
END_TEST

/* What cannot be read may have been an address: the addresses are looked at,
 * no harm is done. */
START_TEST(cut_messages_count_as_news)
{
	uint8_t bytes[64];
	size_t length = put_message(bytes, RTM_NEWROUTE);

	ck_assert_int_eq(ifacewatch_judge(bytes, 0), NETLINK_NOTHING);
	for (size_t cut = 1; cut < length; cut++)
		ck_assert_int_eq(ifacewatch_judge(bytes, cut),
		    NETLINK_SOMETHING);
	bytes[0] = 1;
	ck_assert_int_eq(ifacewatch_judge(bytes, length), NETLINK_SOMETHING);
}
END_TEST

/* ---- a machine ---- */

static bool
enter_namespace(void)
{
	return unshare(CLONE_NEWNET) == 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static void
change(const char *name, unsigned long what, struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, what, request), 0);
	close(fd);
}

static void
set_address(const char *name, const char *text)
{
	struct ifreq request = {0};
	struct sockaddr_in address = {.sin_family = AF_INET};

	ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
	memcpy(&request.ifr_addr, &address, sizeof address);
	change(name, SIOCSIFADDR, &request);
}

static void
set_flags(const char *name, short flags)
{
	struct ifreq request = {.ifr_flags = flags};

	change(name, SIOCSIFFLAGS, &request);
}

static enum netlink_news
hear(int fd)
{
	enum netlink_news news = NETLINK_NOTHING;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int timeout_ms = WAIT_MS;

	while (poll(&wait, 1, timeout_ms) == 1) {
		if (ifacewatch_drain(fd) == NETLINK_SOMETHING)
			news = NETLINK_SOMETHING;
		timeout_ms = 0;
	}
	return news;
}

static struct endpoint
at(const char *text)
{
	struct endpoint endpoint;

	ck_assert_ptr_null(endpoint_parse(&endpoint, text, strlen(text), 53));
	return endpoint;
}

static bool
has(const char *text)
{
	struct endpoint endpoint = at(text);

	return ifaces_has(&endpoint);
}

static bool
lists(const struct ifaces *ifaces, const char *name, const char *text)
{
	struct endpoint endpoint = at(text);

	for (unsigned i = 0; i < ifaces->count; i++)
		if (strcmp(ifaces->list[i].name, name) == 0 &&
		    addr_equal(&ifaces->list[i].addr, &endpoint.addr))
			return true;
	return false;
}

START_TEST(addresses_come_and_go)
{
	struct ifaces *before, *after;
	int fd;

	if (!enter_namespace())
		return;
	fd = ifacewatch_open();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ifacewatch_drain(fd), NETLINK_NOTHING);
	before = ifaces_list();
	ck_assert(before->known);
	ck_assert(!lists(before, "lo", "127.0.0.1"));
	set_flags("lo", IFF_UP);
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	set_address("lo:1", "192.0.2.7");
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	after = ifaces_list();
	ck_assert(lists(after, "lo", "127.0.0.1"));
	ck_assert(lists(after, "lo:1", "192.0.2.7"));
	ck_assert(!ifaces_equal(before, after));
	ck_assert(ifaces_equal(after, after));
	ck_assert(has("192.0.2.7"));
	ck_assert(has("127.3.2.1"));
	ck_assert(!has("198.51.100.7"));
	ck_assert(has("0.0.0.0"));
	ifaces_free(before);
	ifaces_free(after);
	close(fd);
}
END_TEST

START_TEST(another_address_is_another_list)
{
	struct ifaces *one, *other;

	if (!enter_namespace())
		return;
	set_flags("lo", IFF_UP);
	set_address("lo:1", "192.0.2.7");
	one = ifaces_list();
	set_address("lo:1", "192.0.2.8");
	other = ifaces_list();
	ck_assert_uint_eq(one->count, other->count);
	ck_assert(!ifaces_equal(one, other));
	ifaces_free(one);
	ifaces_free(other);
}
END_TEST

/* More news than the socket holds is news. */
START_TEST(lost_news_is_news)
{
	enum { MANY = 200 };
	int fd, small = 1;

	if (!enter_namespace())
		return;
	fd = ifacewatch_open();
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small,
	    sizeof small), 0);
	for (unsigned i = 0; i < MANY; i++)
		set_flags("lo", i % 2 ? 0 : IFF_UP);
	ck_assert_int_eq(hear(fd), NETLINK_SOMETHING);
	ck_assert_int_eq(ifacewatch_drain(fd), NETLINK_NOTHING);
	close(fd);
}
END_TEST

START_TEST(link_local_addresses_have_a_scope)
{
	struct ifaces *ifaces = ifaces_list();

	for (unsigned i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];

		ck_assert_int_eq(iface->scope != 0, iface->addr.family == 6 &&
		    addr_is_link_local(&iface->addr));
	}
	ifaces_free(ifaces);
}
END_TEST

static TCase *
make_cases(void)
{
	TCase *tc = tcase_create("ifacewatch");

	tcase_add_loop_test(tc, addresses_and_interfaces_are_news, 0,
	    sizeof kinds / sizeof *kinds);
	tcase_add_test(tc, cut_messages_count_as_news);
	tcase_add_test(tc, addresses_come_and_go);
	tcase_add_test(tc, another_address_is_another_list);
	tcase_add_test(tc, lost_news_is_news);
	tcase_add_test(tc, link_local_addresses_have_a_scope);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("ifacewatch");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
