/* SPDX-License-Identifier: BSD-2-Clause */
/* Which networks an address is in, and which view a client gets.  What answers
 * come of it is told in tests/scenes. */
#include <check.h>
#include <string.h>

#include "query/policy.h"

static struct addr
addr_from(const char *text)
{
	struct addr addr = { 0 };

	if (text != NULL)
		ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return addr;
}

static struct prefix
prefix_from(const char *text)
{
	struct prefix prefix;

	ck_assert_ptr_null(prefix_parse(&prefix, text, strlen(text)));
	return prefix;
}

/* ---- networks ---- */

enum {
	HOSTONLY = 1,
	NAT = 2,
	WIDE = 4,
};

static void
add_prefix(struct networks *networks, const char *text, bool isolated)
{
	struct prefix prefix = prefix_from(text);

	networks_add_prefix(networks, &prefix, isolated);
}

static struct networks
make_networks(void)
{
	struct networks networks = { 0 };

	ck_assert(networks_add(&networks, "hostonly"));
	add_prefix(&networks, "192.168.56.0/24", false);
	add_prefix(&networks, "fd56::/64", false);
	ck_assert(networks_add(&networks, "nat"));
	add_prefix(&networks, "10.0.2.0/24", true);
	add_prefix(&networks, "fd17:625c:f037:2::/64", true);
	ck_assert(networks_add(&networks, "wide"));
	add_prefix(&networks, "192.168.0.0/16", false);
	return networks;
}

struct network_case {
	const char *addr;
	uint64_t networks;
	bool isolated;
};

static const struct network_case network_cases[] = {
	{ "192.168.56.0", HOSTONLY | WIDE, false },
	{ "192.168.56.255", HOSTONLY | WIDE, false },
	{ "192.168.57.0", WIDE, false },
	{ "192.169.0.0", 0, false },
	{ "fd56::1", HOSTONLY, false },
	{ "fd56:0:0:1::1", 0, false },
	{ "10.0.2.15", NAT, true },
	{ "10.0.3.15", 0, false },
	{ "fd17:625c:f037:2::3", NAT, true },
	/* The same address, however it is written. */
	{ "::ffff:192.168.56.7", HOSTONLY | WIDE, false },
	{ "::ffff:10.0.2.15", NAT, true },
	{ "::ffff:10.0.3.15", 0, false },
	{ "0.0.0.0", 0, false },
	{ "::", 0, false },
	{ "127.0.0.1", 0, false },
};

START_TEST(networks_of_an_address)
{
	const struct network_case *it = &network_cases[_i];
	struct networks networks = make_networks();
	struct addr addr = addr_from(it->addr);

	ck_assert_uint_eq(networks_of(&networks, &addr), it->networks);
	ck_assert_int_eq(networks_isolate(&networks, &addr), it->isolated);
	networks_fini(&networks);
}
END_TEST

START_TEST(networks_of_who_asks)
{
	struct networks networks = make_networks();
	struct addr self4 = addr_from("127.0.0.1");
	struct addr self6 = addr_from("::1"), other = addr_from("10.0.2.2");

	ck_assert_uint_eq(networks_of_client(&networks, &self4, 0), 0);
	networks.own = HOSTONLY;
	ck_assert_uint_eq(networks_of_client(&networks, &self4, 0), HOSTONLY);
	ck_assert_uint_eq(networks_of_client(&networks, &self6, 0), HOSTONLY);
	ck_assert_uint_eq(networks_of_client(&networks, &other, 0), NAT);
	networks_fini(&networks);
}
END_TEST

#define CARD 7

static void
add_link(struct networks *networks, const char *prefix)
{
	networks_add_link(networks, &(struct network_link){ CARD,
	    prefix_from(prefix) });
}

START_TEST(networks_of_who_asks_by_a_card)
{
	struct networks networks = make_networks();
	struct addr client = addr_from("fe80::7");

	ck_assert_uint_eq(networks_of_client(&networks, &client, CARD), 0);
	add_link(&networks, "192.168.56.0/24");
	ck_assert_uint_eq(networks_of_client(&networks, &client, CARD),
	    HOSTONLY | WIDE);
	ck_assert_uint_eq(networks_of_client(&networks, &client, CARD + 1), 0);
	ck_assert_uint_eq(networks_of_client(&networks, &client, 0), 0);
	networks_fini(&networks);
	/* Of a card that is only partly in it nobody knows. */
	networks = make_networks();
	add_link(&networks, "192.168.56.0/23");
	ck_assert_uint_eq(networks_of_client(&networks, &client, CARD), WIDE);
	add_link(&networks, "fd56::/64");
	ck_assert_uint_eq(networks_of_client(&networks, &client, CARD),
	    HOSTONLY | WIDE);
	networks_fini(&networks);
}
END_TEST

START_TEST(networks_that_are_isolated)
{
	struct networks networks = make_networks();
	struct addr nat4 = addr_from("10.0.2.15");
	struct addr nat6 = addr_from("fd17:625c:f037:2::15");
	struct addr other = addr_from("10.0.3.15");

	ck_assert(networks_isolate(&networks, &nat4));
	ck_assert(networks_isolate(&networks, &nat6));
	ck_assert(!networks_isolate(&networks, &other));
	networks_fini(&networks);
}
END_TEST

START_TEST(networks_have_names)
{
	struct networks networks = make_networks();

	ck_assert_str_eq(networks_name(&networks, HOSTONLY), "hostonly");
	ck_assert_str_eq(networks_name(&networks, WIDE), "wide");
	ck_assert_str_eq(networks_name(&networks, NAT | WIDE), "nat");
	ck_assert_ptr_null(networks_name(&networks, 0));
	networks_fini(&networks);
}
END_TEST

START_TEST(networks_are_so_many)
{
	struct networks networks = { 0 };
	struct addr addr = addr_from("192.0.2.1");

	for (unsigned i = 0; i < NETWORKS_MAX; i++) {
		ck_assert(networks_add(&networks, "one"));
		add_prefix(&networks, "192.0.2.0/24", false);
	}
	ck_assert(!networks_add(&networks, "more"));
	ck_assert_uint_eq(networks.count, NETWORKS_MAX);
	ck_assert_uint_eq(networks_of(&networks, &addr), UINT64_MAX);
	networks_fini(&networks);
}
END_TEST

/* ---- views ---- */

enum {
	VIEW_ALL,
	VIEW_WIDE,
	VIEW_NARROW,
	VIEW_TWIN,
	VIEW_ASKED,
	VIEW_BOTH,
	VIEW_SIX,
	VIEWS,
	VIEW_TOP = VIEWS,
};

struct view_case {
	const char *client;
	const char *asked;		/* NULL: not known */
	unsigned view;
};

static const struct view_case view_cases[] = {
	{ "172.31.0.5", "192.0.2.1", VIEW_WIDE },
	{ "172.31.0.127", "192.0.2.1", VIEW_WIDE },
	{ "172.31.0.128", "192.0.2.1", VIEW_NARROW },	/* not its twin */
	{ "198.51.100.9", "192.0.2.1", VIEW_NARROW },	/* second prefix */
	{ "203.0.113.1", "192.0.2.1", VIEW_ALL },
	{ "203.0.113.1", NULL, VIEW_ALL },
	/* The address asked goes ahead of the longest prefix. */
	{ "172.31.0.128", "192.0.2.53", VIEW_ASKED },
	{ "203.0.113.1", "192.0.2.53", VIEW_ASKED },
	{ "203.0.113.1", "192.0.2.54", VIEW_ASKED },
	{ "2001:db8:1::1", "192.0.2.53", VIEW_ASKED },
	/* With a prefix that fits, too; without it, not. */
	{ "10.9.9.9", "192.0.2.53", VIEW_BOTH },
	{ "10.9.9.9", "192.0.2.54", VIEW_ASKED },
	{ "10.9.9.9", "192.0.2.55", VIEW_BOTH },
	{ "203.0.113.1", "192.0.2.55", VIEW_ALL },
	{ "10.9.9.9", "192.0.2.1", VIEW_ALL },
	{ "2001:db8:1::1", "192.0.2.1", VIEW_SIX },
	{ "2001:db8:2::1", "192.0.2.1", VIEW_TOP },
	{ "2001:db8:2::1", "2001:db8::53", VIEW_ASKED },
	{ "::1", "::1", VIEW_TOP },
};

static void
fill_views(struct view *views, struct prefix *prefixes, struct addr *asked)
{
	prefixes[0] = prefix_from("0.0.0.0/0");
	prefixes[1] = prefix_from("172.31.0.0/24");
	prefixes[2] = prefix_from("172.31.0.128/25");
	prefixes[3] = prefix_from("198.51.100.0/24");
	prefixes[4] = prefix_from("10.0.0.0/8");
	prefixes[5] = prefix_from("2001:db8:1::/48");
	asked[0] = addr_from("192.0.2.54");
	asked[1] = addr_from("2001:db8::53");
	asked[2] = addr_from("192.0.2.53");
	asked[3] = addr_from("192.0.2.55");
	views[VIEW_ALL] = (struct view){
		.clients = &prefixes[0], .client_count = 1 };
	views[VIEW_WIDE] = (struct view){
		.clients = &prefixes[1], .client_count = 1 };
	views[VIEW_NARROW] = (struct view){
		.clients = &prefixes[2], .client_count = 2 };
	views[VIEW_TWIN] = (struct view){
		.clients = &prefixes[2], .client_count = 1 };
	views[VIEW_ASKED] = (struct view){ .asked = asked, .asked_count = 3 };
	views[VIEW_BOTH] = (struct view){
		.clients = &prefixes[4], .client_count = 1,
		.asked = &asked[2], .asked_count = 2 };
	views[VIEW_SIX] = (struct view){
		.clients = &prefixes[5], .client_count = 1 };
}

static const struct view *
view_of(const struct policy *policy, const struct addr *client,
    const struct addr *asked, uint32_t link)
{
	return policy_view(policy, &(struct policy_client){ client, asked,
	    link });
}

START_TEST(view_of_a_client)
{
	const struct view_case *it = &view_cases[_i];
	struct prefix prefixes[6];
	struct addr asked[4], client = addr_from(it->client);
	struct addr at = addr_from(it->asked);
	struct view views[VIEWS];
	struct policy policy = { .views = views, .view_count = VIEWS };
	const struct view *wanted = it->view == VIEW_TOP ? &policy.top :
	    &views[it->view];

	fill_views(views, prefixes, asked);
	ck_assert_msg(view_of(&policy, &client, &at, 0) == wanted,
	    "%s at %s", it->client, it->asked ? it->asked : "-");
}
END_TEST

/* Among prefixes of one view, and of several, the order does not count. */
START_TEST(view_order)
{
	struct prefix rising[2] = {
		prefix_from("10.0.0.0/8"), prefix_from("10.1.0.0/16") };
	struct prefix falling[2] = { rising[1], rising[0] };
	struct prefix middle = prefix_from("10.0.0.0/12");
	struct view views[2];
	struct policy policy = { .views = views, .view_count = 2 };
	struct addr asked = addr_from("192.0.2.1"), in = addr_from("10.1.2.3");
	struct addr out = addr_from("10.2.2.3");

	for (unsigned first = 0; first < 2; first++) {
		struct view both = { .client_count = 2,
			.clients = first ? rising : falling };
		struct view one = { .client_count = 1, .clients = &middle };

		views[first] = both;
		views[!first] = one;
		ck_assert_ptr_eq(view_of(&policy, &in, &asked, 0),
		    &views[first]);
		ck_assert_ptr_eq(view_of(&policy, &out, &asked, 0),
		    &views[!first]);
	}
}
END_TEST

/* The card's prefix is judged as a client's address is. */
START_TEST(view_of_who_asks_by_a_card)
{
	struct prefix all = prefix_from("10.1.0.0/16");
	struct prefix part = prefix_from("10.1.2.0/25");
	struct prefix own = prefix_from("fe80::8/128");
	struct addr here = addr_from("192.0.2.1"), client, named;
	struct view views[3] = {
		{ .clients = &part, .client_count = 1 },
		{ .clients = &all, .client_count = 1 },
		{ .clients = &own, .client_count = 1 },
	};
	struct policy policy = { .views = views, .view_count = 3 };

	client = addr_from("fe80::7");
	named = addr_from("fe80::8");
	networks_add_link(&policy.networks, &(struct network_link){ CARD,
	    prefix_from("10.1.2.0/24") });
	ck_assert_ptr_eq(view_of(&policy, &client, &here, CARD), &views[1]);
	ck_assert_ptr_eq(view_of(&policy, &named, &here, CARD), &views[2]);
	ck_assert_ptr_eq(view_of(&policy, &client, &here, CARD + 1),
	    &policy.top);
	ck_assert_ptr_eq(view_of(&policy, &client, &here, 0), &policy.top);
	views[1].asked = &here;
	views[1].asked_count = 1;
	ck_assert_ptr_eq(view_of(&policy, &client, &here, CARD), &views[1]);
	ck_assert_ptr_eq(view_of(&policy, &client, &named, CARD),
	    &policy.top);
	networks_fini(&policy.networks);
}
END_TEST

/* explain-to goes by the card as views do. */
START_TEST(told_by_a_card)
{
	struct prefix told[2] = {
		prefix_from("10.1.2.0/25"), prefix_from("2001:db8::/32") };
	struct policy policy = { .told = told, .told_count = 2 };
	struct addr client = addr_from("fe80::7"), in = addr_from("10.1.2.3");
	struct addr out = addr_from("10.1.2.203");
	struct policy_client by_card = { &client, &in, CARD };

	networks_add_link(&policy.networks, &(struct network_link){ CARD,
	    prefix_from("10.1.2.0/24") });
	ck_assert(policy_tells(&policy, &(struct policy_client){ &in, &in,
	    0 }));
	ck_assert(!policy_tells(&policy, &(struct policy_client){ &out, &in,
	    0 }));
	ck_assert(!policy_tells(&policy, &by_card));
	told[0] = prefix_from("10.1.0.0/16");
	ck_assert(policy_tells(&policy, &by_card));
	by_card.link = CARD + 1;
	ck_assert(!policy_tells(&policy, &by_card));
	by_card.link = 0;
	ck_assert(!policy_tells(&policy, &by_card));
	told[0] = prefix_from("fe80::/10");
	ck_assert(policy_tells(&policy, &by_card));
	networks_fini(&policy.networks);
}
END_TEST

START_TEST(view_of_nobody)
{
	struct view views[1] = { { 0 } };
	struct policy policy = { .views = views, .view_count = 1 };
	struct addr client = addr_from("10.1.2.3"), asked = { 0 };

	ck_assert_ptr_eq(view_of(&policy, &client, &asked, 0), &policy.top);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("networks");
	TCase *networks = tcase_create("networks");
	TCase *views = tcase_create("views");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(networks, networks_of_an_address, 0,
	    sizeof(network_cases) / sizeof(*network_cases));
	tcase_add_test(networks, networks_of_who_asks);
	tcase_add_test(networks, networks_of_who_asks_by_a_card);
	tcase_add_test(networks, networks_that_are_isolated);
	tcase_add_test(networks, networks_have_names);
	tcase_add_test(networks, networks_are_so_many);
	suite_add_tcase(suite, networks);
	tcase_add_loop_test(views, view_of_a_client, 0,
	    sizeof(view_cases) / sizeof(*view_cases));
	tcase_add_test(views, view_order);
	tcase_add_test(views, view_of_who_asks_by_a_card);
	tcase_add_test(views, told_by_a_card);
	tcase_add_test(views, view_of_nobody);
	suite_add_tcase(suite, views);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
