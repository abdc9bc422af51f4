/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy and special names.  What query_step makes of them is told in
 * tests/scenes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "query/policy.h"
#include "query/special.h"

static struct addr
addr_from(const char *text)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return addr;
}

static struct upstream
upstream_from(const char *text)
{
	struct upstream upstream;

	memset(&upstream, 0xee, sizeof(upstream));	/* padding */
	upstream.transport = UPSTREAM_UDP;
	ck_assert_ptr_null(endpoint_parse(&upstream.endpoint, text,
	    strlen(text), 53));
	return upstream;
}

static bool
permits(const struct allow *allow, const char *client)
{
	struct addr addr = addr_from(client);

	return allow_permits(allow, &addr);
}

START_TEST(allow_any)
{
	struct allow allow = { .any = true };

	ck_assert(permits(&allow, "203.0.113.9"));
	ck_assert(permits(&allow, "2001:db8::1"));
}
END_TEST

START_TEST(allow_nobody)
{
	struct allow allow = { .any = false };

	ck_assert(!permits(&allow, "127.0.0.1"));
	ck_assert(!permits(&allow, "::1"));
}
END_TEST

START_TEST(allow_private_and_prefixes)
{
	struct prefix prefixes[2] = {
		{ addr_from("198.51.100.128"), 25 },
		{ addr_from("2001:db8:1::"), 48 },
	};
	struct allow allow = {
		.private = true, .prefixes = prefixes, .count = 2,
	};

	ck_assert(permits(&allow, "10.1.2.3"));
	ck_assert(permits(&allow, "100.64.0.1"));
	ck_assert(permits(&allow, "127.0.0.1"));
	ck_assert(permits(&allow, "fe80::1"));
	ck_assert(permits(&allow, "fd12::1"));
	ck_assert(permits(&allow, "198.51.100.200"));
	ck_assert(!permits(&allow, "198.51.100.127"));
	ck_assert(permits(&allow, "2001:db8:1:ffff::1"));
	ck_assert(!permits(&allow, "2001:db8:2::1"));
	ck_assert(!permits(&allow, "172.32.0.1"));
}
END_TEST

START_TEST(upstreams_id_is_of_what_is_in_it)
{
	struct upstreams a, b;

	memset(&a, 0, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	a.count = b.count = 2;
	a.list[0] = b.list[0] = upstream_from("192.0.2.1");
	a.list[1] = upstream_from("192.0.2.2@5353");
	b.list[1] = upstream_from("192.0.2.2@5353");
	upstreams_set_id(&a);
	upstreams_set_id(&b);
	ck_assert_uint_eq(a.id, b.id);
	b.list[1].endpoint.port = 53;
	upstreams_set_id(&b);
	ck_assert_uint_ne(a.id, b.id);
	b = a;
	b.list[1].transport = UPSTREAM_TCP;
	upstreams_set_id(&b);
	ck_assert_uint_ne(a.id, b.id);
	b = a;
	b.count = 1;
	upstreams_set_id(&b);
	ck_assert_uint_ne(a.id, b.id);
	b = a;
	b.list[0].endpoint.scope = 3;
	upstreams_set_id(&b);
	ck_assert_uint_ne(a.id, b.id);
}
END_TEST

static const struct route *
route_of(const struct view *view, const char *name)
{
	struct dname lower = dname_from(name);

	return view_route(view, lower.wire, lower.labels);
}

START_TEST(route_is_the_longest)
{
	struct route routes[3] = {
		{ .zone = dname_from("b.example.com.") },
		{ .zone = dname_from("example.com.") },
		{ .zone = dname_from(".") },
	};
	struct view view = { .routes = routes, .route_count = 3 };

	ck_assert_ptr_eq(route_of(&view, "a.b.example.com."), &routes[0]);
	ck_assert_ptr_eq(route_of(&view, "b.example.com."), &routes[0]);
	ck_assert_ptr_eq(route_of(&view, "xb.example.com."), &routes[1]);
	ck_assert_ptr_eq(route_of(&view, "example.com."), &routes[1]);
	ck_assert_ptr_eq(route_of(&view, "xexample.com."), &routes[2]);
	ck_assert_ptr_eq(route_of(&view, "com."), &routes[2]);
	ck_assert_ptr_eq(route_of(&view, "."), &routes[2]);
	view.route_count = 2;
	ck_assert_ptr_null(route_of(&view, "com."));
	ck_assert_ptr_null(route_of(&view, "."));
}
END_TEST

START_TEST(publisher_gives_back_what_was_there)
{
	struct policy *first = memory_zeroed(1, sizeof(*first));
	struct policy *second = memory_zeroed(1, sizeof(*second));
	struct publisher publisher = { .current = NULL };
	struct epoch_reader *reader = epoch_reader_new();
	uint64_t ticket;

	ck_assert_ptr_null(publisher_borrow(&publisher));
	ck_assert_ptr_null(publisher_swap(&publisher, first, &ticket));
	epoch_online(reader);
	ck_assert_ptr_eq(publisher_borrow(&publisher), first);
	ck_assert_ptr_eq(publisher_swap(&publisher, second, &ticket), first);
	ck_assert(!epoch_passed(ticket));
	epoch_offline(reader);
	ck_assert(epoch_passed(ticket));
	ck_assert_ptr_eq(publisher_borrow(&publisher), second);
	epoch_reader_free(reader);
	policy_free(first);
	policy_free(second);
	policy_free(NULL);
}
END_TEST

static struct special
special_of(const char *name)
{
	static const struct hash_key key = { 1, 2 };
	struct dname lower = dname_from(name);
	struct dname_path path;

	dname_path_set(&path, &key, lower.wire, lower.length);
	return special_find(&path);
}

struct special_case {
	const char *name;
	enum special_kind kind;
	unsigned labels;
};

static const struct special_case special_cases[] = {
	{ ".", SPECIAL_NONE, 0 },
	{ "a.", SPECIAL_NONE, 0 },
	{ "localhost.", SPECIAL_LOCALHOST, 1 },
	{ "a.localhost.", SPECIAL_LOCALHOST, 1 },
	{ "localhost.a.", SPECIAL_NONE, 0 },
	{ "xlocalhost.", SPECIAL_NONE, 0 },
	{ "invalid.", SPECIAL_EMPTY, 1 },
	{ "a.test.", SPECIAL_EMPTY, 1 },
	{ "a.b.local.", SPECIAL_EMPTY, 1 },
	{ "x\\005local.", SPECIAL_NONE, 0 },
	{ "a.internal.", SPECIAL_PRIVATE, 1 },
	{ "a.onion.", SPECIAL_EMPTY, 1 },
	{ "arpa.", SPECIAL_NONE, 0 },
	{ "in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "home.arpa.", SPECIAL_PRIVATE, 2 },
	{ "a.home.arpa.", SPECIAL_PRIVATE, 2 },
	{ "x\\004home.arpa.", SPECIAL_NONE, 0 },
	{ "10.in-addr.arpa.", SPECIAL_PRIVATE, 3 },
	{ "3.2.1.10.in-addr.arpa.", SPECIAL_PRIVATE, 3 },
	{ "x.10.in-addr.arpa.", SPECIAL_PRIVATE, 3 },
	{ "010.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "11.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "172.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "15.172.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "16.172.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "1.31.172.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "32.172.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "168.192.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "254.169.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "1.0.0.127.in-addr.arpa.", SPECIAL_PRIVATE, 3 },
	{ "0.in-addr.arpa.", SPECIAL_PRIVATE, 3 },
	{ "2.0.192.in-addr.arpa.", SPECIAL_PRIVATE, 5 },
	{ "3.0.192.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "100.51.198.in-addr.arpa.", SPECIAL_PRIVATE, 5 },
	{ "113.0.203.in-addr.arpa.", SPECIAL_PRIVATE, 5 },
	{ "255.255.255.255.in-addr.arpa.", SPECIAL_PRIVATE, 6 },
	{ "255.255.255.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "63.100.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "64.100.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "127.100.in-addr.arpa.", SPECIAL_PRIVATE, 4 },
	{ "128.100.in-addr.arpa.", SPECIAL_NONE, 0 },
	{ "ip6.arpa.", SPECIAL_NONE, 0 },
	{ "d.f.ip6.arpa.", SPECIAL_PRIVATE, 4 },
	{ "a.b.d.f.ip6.arpa.", SPECIAL_PRIVATE, 4 },
	{ "c.f.ip6.arpa.", SPECIAL_NONE, 0 },
	{ "e.f.ip6.arpa.", SPECIAL_NONE, 0 },
	{ "7.e.f.ip6.arpa.", SPECIAL_NONE, 0 },
	{ "8.e.f.ip6.arpa.", SPECIAL_PRIVATE, 5 },
	{ "x.b.e.f.ip6.arpa.", SPECIAL_PRIVATE, 5 },
	{ "8.b.d.0.1.0.0.2.ip6.arpa.", SPECIAL_PRIVATE, 10 },
	{ "9.b.d.0.1.0.0.2.ip6.arpa.", SPECIAL_NONE, 0 },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "ip6.arpa.", SPECIAL_PRIVATE, 34 },
	{ "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "ip6.arpa.", SPECIAL_NONE, 0 },
};

START_TEST(special_names)
{
	const struct special_case *it = &special_cases[_i];
	struct special special = special_of(it->name);

	ck_assert_msg(special.kind == it->kind, "%s: kind %d", it->name,
	    (int)special.kind);
	ck_assert_msg(special.labels == it->labels, "%s: %u labels", it->name,
	    special.labels);
}
END_TEST

/* What a route had stays its set while its list is empty, and for no longer. */
START_TEST(an_empty_list_keeps_its_set)
{
	struct route had = { .zone = dname_from("."), .to.count = 1 };
	struct route empty = { .zone = dname_from(".") };
	struct route other = { .zone = dname_from("test.") };
	struct route routes[2], later[2];
	struct view views[2] = { { .name = "a", .route_count = 1,
		.routes = &had } };
	struct policy before = { .top = { .route_count = 1, .routes = &had } };
	struct policy policy = { .top = { .route_count = 2,
		.routes = routes }, .view_count = 1, .views = &views[1] };

	upstreams_set_id(&had.to);
	upstreams_set_id(&empty.to);
	upstreams_set_id(&other.to);
	ck_assert_uint_ne(had.to.id, empty.to.id);
	routes[0] = other;
	routes[1] = empty;
	views[1] = (struct view){ .name = "b", .route_count = 1,
		.routes = later };
	later[0] = empty;
	before.view_count = 1;
	before.views = views;
	policy_keep_sets(&policy, NULL);
	ck_assert_uint_eq(routes[1].to.id, empty.to.id);
	policy_keep_sets(&policy, &before);
	ck_assert_uint_eq(routes[0].to.id, empty.to.id);
	ck_assert_uint_eq(routes[1].to.id, had.to.id);
	ck_assert_uint_eq(later[0].to.id, empty.to.id);
	/* Of a view of the same name alone. */
	views[1].name = "a";
	policy_keep_sets(&policy, &before);
	ck_assert_uint_eq(later[0].to.id, had.to.id);
	routes[1].to.count = 1;
	routes[1].to.id = 7;
	policy_keep_sets(&policy, &before);
	ck_assert_uint_eq(routes[1].to.id, 7);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("query");
	TCase *policy = tcase_create("policy");
	TCase *special = tcase_create("special");
	SRunner *runner;
	int failed;

	tcase_add_test(policy, allow_any);
	tcase_add_test(policy, allow_nobody);
	tcase_add_test(policy, allow_private_and_prefixes);
	tcase_add_test(policy, upstreams_id_is_of_what_is_in_it);
	tcase_add_test(policy, route_is_the_longest);
	tcase_add_test(policy, publisher_gives_back_what_was_there);
	tcase_add_test(policy, an_empty_list_keeps_its_set);
	suite_add_tcase(suite, policy);
	tcase_add_loop_test(special, special_names, 0,
	    sizeof(special_cases) / sizeof(*special_cases));
	suite_add_tcase(suite, special);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
