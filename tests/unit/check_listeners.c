/* SPDX-License-Identifier: BSD-2-Clause */
/* What `listen` says, and what it comes to on a machine with these
 * interfaces.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "listenplan.h"

/* ---- words ---- */

static const struct {
	const char *text, *printed;
	enum conf_listen_kind kind;
} good[] = {
	{"192.168.0.5", "192.168.0.5@53", CONF_LISTEN_ADDRESS},
	{"::1@5300", "::1@5300", CONF_LISTEN_ADDRESS},
	{"fd00::5", "fd00::5@53", CONF_LISTEN_ADDRESS},
	{"private", "private@53", CONF_LISTEN_PRIVATE},
	{"private@5353", "private@5353", CONF_LISTEN_PRIVATE},
	{"virbr0", "virbr0@53", CONF_LISTEN_INTERFACE},
	{"vboxnet0@5300", "vboxnet0@5300", CONF_LISTEN_INTERFACE},
	{"eth0.100", "eth0.100@53", CONF_LISTEN_INTERFACE},
	{"br-2f_x+y", "br-2f_x+y@53", CONF_LISTEN_INTERFACE},
	{"6to4", "6to4@53", CONF_LISTEN_INTERFACE},
	{"private0", "private0@53", CONF_LISTEN_INTERFACE},
	{"fifteen-letters", "fifteen-letters@53", CONF_LISTEN_INTERFACE},
};

START_TEST(words_are_read_and_printed)
{
	struct conf_listen listen = {0}, again = {0};
	char text[ENDPOINT_TEXT];

	ck_assert_ptr_null(conf_parse_listen(&listen, good[_i].text));
	ck_assert_int_eq(listen.kind, good[_i].kind);
	ck_assert_int_eq(listen.endpoint.addr.family != 0,
	    good[_i].kind == CONF_LISTEN_ADDRESS);
	ck_assert_str_eq(conf_print_listen(&listen, text), good[_i].printed);
	ck_assert_ptr_null(conf_parse_listen(&again, text));
	ck_assert_int_eq(again.kind, listen.kind);
	ck_assert_str_eq(again.interface, listen.interface);
	ck_assert_uint_eq(again.endpoint.port, listen.endpoint.port);
}
END_TEST

static const struct {
	const char *text, *wrong;
} bad[] = {
	{"", "neither"},
	{"@53", "neither"},
	{"192.168.0", "neither"},
	{"192.168.0.256", "neither"},
	{"1O.0.0.5", "neither"},
	{"10.0.0.x", "neither"},
	{"123", "neither"},
	{"sixteen-letters-", "neither"},
	{"eth0/24", "neither"},
	{"eth 0", "neither"},
	{"fd00:5", "neither"},
	{"1.1.1.1:53", "behind @"},
	{"eth0:53", "behind @"},
	{"private:53", "behind @"},
	{"private@", "port"},
	{"private@0", "port"},
	{"virbr0@x", "port"},
	{"virbr0@70000", "port"},
	{"virbr0@53@54", "port"},
	{"localhost", "127.0.0.1"},
	{"any", "0.0.0.0"},
	{"Attached", "'private'"},
};

START_TEST(what_is_no_word_is_told)
{
	struct conf_listen listen = {0};
	const char *wrong = conf_parse_listen(&listen, bad[_i].text);

	ck_assert_ptr_nonnull(wrong);
	ck_assert_msg(strstr(wrong, bad[_i].wrong) != NULL, "%s: %s",
	    bad[_i].text, wrong);
}
END_TEST

/* ---- plans ---- */

#define IFACES_MAX 300

static struct ifaces *
make_ifaces(void)
{
	struct ifaces *ifaces = memory_zeroed(1, sizeof *ifaces +
	    IFACES_MAX * sizeof ifaces->list[0]);

	ifaces->known = true;
	return ifaces;
}

static void
add_iface(struct ifaces *ifaces, const char *name, const char *address)
{
	struct iface *iface = &ifaces->list[ifaces->count++];

	ck_assert_uint_le(ifaces->count, IFACES_MAX);
	snprintf(iface->name, sizeof iface->name, "%s", name);
	ck_assert_ptr_null(addr_parse(&iface->addr, address,
	    strlen(address)));
	if (iface->addr.family == 6 && addr_is_link_local(&iface->addr))
		iface->scope = 70000 + (uint32_t)name[strlen(name) - 1];
	iface->prefix = prefix_of(&iface->addr, 24);
}

/* A host of VMs. */
static struct ifaces *
make_host(void)
{
	struct ifaces *ifaces = make_ifaces();

	add_iface(ifaces, "lo", "127.0.0.1");
	add_iface(ifaces, "lo", "::1");
	add_iface(ifaces, "eth0", "203.0.113.5");
	add_iface(ifaces, "eth0:1", "192.168.0.5");
	add_iface(ifaces, "eth0", "2001:db8::5");
	add_iface(ifaces, "eth0", "fe80::5");
	add_iface(ifaces, "eth01", "100.64.0.5");
	add_iface(ifaces, "eth01", "169.254.3.3");
	add_iface(ifaces, "virbr0", "192.168.122.1");
	add_iface(ifaces, "virbr0", "fd00:122::1");
	return ifaces;
}

/* Entries apart by spaces. */
static struct conf *
make_conf(const char *entries)
{
	struct conf *conf = conf_new_defaults();
	char *copy = memory_string(entries), *rest = NULL;

	conf_clear_listen(conf);
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		ck_assert_ptr_null(conf_parse_listen(conf_add_listen(conf),
		    word));
	free(copy);
	return conf;
}

/* "0! 127.0.0.1@53, 1 ..." with ! where it was written out. */
static void
print_plan(const struct listenplan *plan, char *text, size_t room)
{
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; i < plan->count && length < room; i++) {
		const struct listenplan_place *place = &plan->list[i];
		char address[ENDPOINT_TEXT];

		length += (size_t)snprintf(text + length, room - length,
		    "%s%zu%s%s", i ? " " : "", place->entry,
		    place->claim == LISTENPLAN_WRITTEN ? "!" : ":",
		    endpoint_print(&place->endpoint, address));
	}
}

static void
expect_plan(const char *entries, const char *wanted)
{
	struct ifaces *ifaces = make_host();
	struct conf *conf = make_conf(entries);
	struct listenplan plan;
	char text[2048];

	listenplan_init(&plan, conf, ifaces);
	print_plan(&plan, text, sizeof text);
	ck_assert_str_eq(text, wanted);
	ck_assert_uint_eq(plan.left_out, 0);
	listenplan_fini(&plan);
	conf_free(conf);
	ifaces_free(ifaces);
}

static const struct {
	const char *entries, *wanted;
} plans[] = {
	{"192.168.0.9 ::1@5300", "0!192.168.0.9@53 1!::1@5300"},
	{"virbr0@5300", "0:192.168.122.1@5300 0:fd00:122::1@5300"},
	/* Its labels are its own; another name that begins so is not. */
	{"eth0", "0:203.0.113.5@53 0:192.168.0.5@53 0:2001:db8::5@53 "
	    "0:fe80::5%70048@53"},
	{"eth01", "0:100.64.0.5@53 0:169.254.3.3@53"},
	{"vboxnet0", ""},
	{"private", "0:127.0.0.1@53 0:::1@53 0:192.168.0.5@53 "
	    "0:100.64.0.5@53 0:192.168.122.1@53 0:fd00:122::1@53"},
	/* Each entry tells what it stands for. */
	{"virbr0 private@5300 192.168.122.1",
	    "0:192.168.122.1@53 0:fd00:122::1@53 1:127.0.0.1@5300 "
	    "1:::1@5300 1:192.168.0.5@5300 1:100.64.0.5@5300 "
	    "1:192.168.122.1@5300 1:fd00:122::1@5300 2!192.168.122.1@53"},
	/* A wildcard takes those of its family and port. */
	{"0.0.0.0 virbr0 virbr0@5300",
	    "0!0.0.0.0@53 1:0.0.0.0@53 1:fd00:122::1@53 "
	    "2:192.168.122.1@5300 2:fd00:122::1@5300"},
	{"192.168.0.5 private 0.0.0.0 ::",
	    "0!0.0.0.0@53 1:0.0.0.0@53 1:::@53 2!0.0.0.0@53 3!::@53"},
};

START_TEST(entries_come_to_addresses)
{
	expect_plan(plans[_i].entries, plans[_i].wanted);
}
END_TEST

START_TEST(an_address_on_two_interfaces_is_one)
{
	struct ifaces *ifaces = make_ifaces();
	struct conf *conf = make_conf("private card");
	struct listenplan plan;

	add_iface(ifaces, "card", "10.0.0.1");
	add_iface(ifaces, "other", "10.0.0.1");
	add_iface(ifaces, "card", "10.0.0.1");
	listenplan_init(&plan, conf, ifaces);
	ck_assert_uint_eq(plan.count, 2);
	ck_assert_uint_eq(plan.list[0].entry, 0);
	ck_assert_uint_eq(plan.list[1].entry, 1);
	listenplan_fini(&plan);
	conf_free(conf);
	ifaces_free(ifaces);
}
END_TEST

/* The same link-local address at two interfaces is two. */
START_TEST(link_local_addresses_have_their_scope)
{
	struct ifaces *ifaces = make_ifaces();
	struct conf *conf = make_conf("br1 br2");
	struct listenplan plan;

	add_iface(ifaces, "br1", "fe80::1");
	add_iface(ifaces, "br2", "fe80::1");
	listenplan_init(&plan, conf, ifaces);
	ck_assert_uint_eq(plan.count, 2);
	ck_assert(!endpoint_equal(&plan.list[0].endpoint,
	    &plan.list[1].endpoint));
	listenplan_fini(&plan);
	conf_free(conf);
	ifaces_free(ifaces);
}
END_TEST

START_TEST(a_word_stands_for_so_many_and_no_more)
{
	enum { MORE = 3 };
	struct ifaces *ifaces = make_ifaces();
	struct conf *conf = make_conf("private 192.0.2.1");
	struct listenplan plan;
	char address[ADDR_TEXT];

	for (unsigned i = 0; i < LISTENPLAN_FOLLOWED_MAX + MORE; i++) {
		snprintf(address, sizeof address, "10.0.%u.%u", i / 256,
		    i % 256);
		add_iface(ifaces, "ipvs0", address);
	}
	listenplan_init(&plan, conf, ifaces);
	ck_assert_uint_eq(plan.count, LISTENPLAN_FOLLOWED_MAX + 1);
	ck_assert_uint_eq(plan.left_out, MORE);
	ck_assert_int_eq(plan.list[plan.count - 1].claim, LISTENPLAN_WRITTEN);
	listenplan_fini(&plan);
	conf_free(conf);
	ifaces_free(ifaces);
}
END_TEST

/* ---- own addresses ---- */

static const struct {
	const char *entries, *address;
	bool serves;
} asked[] = {
	{"192.168.0.5", "192.168.0.5", true},
	{"192.168.0.5", "192.168.0.5@5300", false},
	{"192.168.0.5", "192.168.122.1", false},
	{"virbr0", "192.168.122.1", true},
	{"virbr0", "192.168.0.5", false},
	{"private", "127.0.0.1", true},
	{"private", "fd00:122::1", true},
	{"private", "203.0.113.5", false},
	{"private", "192.168.0.1", false},
	{"0.0.0.0", "203.0.113.5", true},
	{"0.0.0.0", "127.0.0.1", true},
	{"0.0.0.0", "192.168.0.1", false},
	{"0.0.0.0", "2001:db8::5", false},
	{"::", "2001:db8::5", true},
};

START_TEST(own_addresses_are_known)
{
	struct ifaces *ifaces = make_host();
	struct conf *conf = make_conf(asked[_i].entries);
	struct endpoint endpoint;

	ck_assert_ptr_null(endpoint_parse(&endpoint, asked[_i].address,
	    strlen(asked[_i].address), 53));
	ck_assert_int_eq(listenplan_serves(conf, ifaces, &endpoint),
	    asked[_i].serves);
	conf_free(conf);
	ifaces_free(ifaces);
}
END_TEST

static TCase *
make_cases(void)
{
	TCase *tc = tcase_create("listeners");

	tcase_add_loop_test(tc, words_are_read_and_printed, 0,
	    sizeof good / sizeof *good);
	tcase_add_loop_test(tc, what_is_no_word_is_told, 0,
	    sizeof bad / sizeof *bad);
	tcase_add_loop_test(tc, entries_come_to_addresses, 0,
	    sizeof plans / sizeof *plans);
	tcase_add_test(tc, an_address_on_two_interfaces_is_one);
	tcase_add_test(tc, link_local_addresses_have_their_scope);
	tcase_add_test(tc, a_word_stands_for_so_many_and_no_more);
	tcase_add_loop_test(tc, own_addresses_are_known, 0,
	    sizeof asked / sizeof *asked);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("listeners");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
